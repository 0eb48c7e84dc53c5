package schema

import "fmt"

// ParseDateTime reads a datetime as the API writes it, `2026-01-02T15:04:05Z` with up to seven fractional digits, in
// the years 0001 to 9999. It returns the microseconds since 1970-01-01T00:00:00Z, rounded down, and the seventh digit,
// 0 to 9. Any other form is an error: another offset, an eighth digit, a day that does not exist.
func ParseDateTime(b []byte) (micros int64, digit int32, err error) {
	if len(b) < len("2006-01-02T15:04:05Z") || len(b) > len("2006-01-02T15:04:05.0000000Z") ||
		b[4] != '-' || b[7] != '-' || b[10] != 'T' || b[13] != ':' || b[16] != ':' || b[len(b)-1] != 'Z' {
		return 0, 0, errDateTime(b)
	}
	year, ok0 := number(b[:4])
	month, ok1 := number(b[5:7])
	day, ok2 := number(b[8:10])
	hour, ok3 := number(b[11:13])
	minute, ok4 := number(b[14:16])
	second, ok5 := number(b[17:19])
	ticks, ok6 := fraction(b[19 : len(b)-1])
	if !(ok0 && ok1 && ok2 && ok3 && ok4 && ok5 && ok6) ||
		year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59 {
		return 0, 0, errDateTime(b)
	}
	seconds := ((daysSince1970(year, month, day)*24+hour)*60+minute)*60 + second
	return seconds*1e6 + ticks/10, int32(ticks % 10), nil
}

func errDateTime(b []byte) error {
	return fmt.Errorf("parse datetime %.40q: want yyyy-mm-ddThh:mm:ss, up to seven fractional digits, Z", b)
}

func number(b []byte) (n int64, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// fraction reads "" or a point and one to seven digits, as 100-nanosecond intervals.
func fraction(b []byte) (ticks int64, ok bool) {
	if len(b) == 0 {
		return 0, true
	}
	if b[0] != '.' || len(b) == 1 {
		return 0, false
	}
	ticks, ok = number(b[1:])
	for i := len(b); i < len(".0000000"); i++ {
		ticks *= 10
	}
	return ticks, ok
}

func daysIn(year, month int64) int64 {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysSince1970 counts in years that begin in March, so that the leap day is the last one.
func daysSince1970(year, month, day int64) int64 {
	if month <= 2 {
		year, month = year-1, month+12
	}
	const fromMarchOfYear0 = 719_468
	return 365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 1 - fromMarchOfYear0
}
