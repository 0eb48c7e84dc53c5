package configs

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	day     = 24 * time.Hour
	longest = 36500 * day
)

var (
	durationText = regexp.MustCompile(`^(?:(\d{1,5})d)?(?:(\d{1,7})h)?(?:(\d{1,7})m)?(?:(\d{1,7})s)?$`)
	sizeText     = regexp.MustCompile(`^(\d{1,9}) ?([A-Za-z]+)$`)
	shareText    = regexp.MustCompile(`^(\d{1,3}(?:\.\d{1,3})?) ?%$`)
)

// ParseDuration reads days, hours, minutes and seconds, in that order and each at most once: 30d, 1h30m, 90s.
func ParseDuration(s string) (time.Duration, error) {
	parts := durationText.FindStringSubmatch(s)
	if s == "" || parts == nil {
		return 0, fmt.Errorf("%q is not a length of time: write it like 30d, 12h, 10m or 1h30m", s)
	}
	var d time.Duration
	for i, unit := range []time.Duration{day, time.Hour, time.Minute, time.Second} {
		n, _ := strconv.Atoi("0" + parts[i+1]) // digits only, few enough: the pattern says so
		if time.Duration(n) > (longest-d)/unit {
			return 0, fmt.Errorf("%q is longer than a hundred years", s)
		}
		d += time.Duration(n) * unit
	}
	return d, nil
}

// FormatDuration prints whole seconds of d so that ParseDuration reads them back; a part below one second as Go does.
func FormatDuration(d time.Duration) string {
	if d <= 0 || d%time.Second != 0 {
		return d.String()
	}
	var b strings.Builder
	for _, unit := range []struct {
		length time.Duration
		letter byte
	}{{day, 'd'}, {time.Hour, 'h'}, {time.Minute, 'm'}, {time.Second, 's'}} {
		if n := d / unit.length; n > 0 {
			b.WriteString(strconv.FormatInt(int64(n), 10))
			b.WriteByte(unit.letter)
			d %= unit.length
		}
	}
	return b.String()
}

// sizeUnits are ordered by size, for FormatSize.
var sizeUnits = []struct {
	name  string
	bytes int64
}{
	{"TiB", 1 << 40}, {"TB", 1e12}, {"GiB", 1 << 30}, {"GB", 1e9}, {"MiB", 1 << 20}, {"MB", 1e6}, {"KiB", 1 << 10}, {"kB", 1e3}, {"KB", 1e3},
	{"B", 1},
}

// ParseSize reads a whole number of bytes with its unit: 128MiB, 1GiB, 500MB.
func ParseSize(s string) (int64, error) {
	parts := sizeText.FindStringSubmatch(s)
	if parts != nil {
		n, _ := strconv.ParseInt(parts[1], 10, 64) // at most nine digits
		for _, unit := range sizeUnits {
			if unit.name == parts[2] && n <= (1<<62)/unit.bytes {
				return n * unit.bytes, nil
			}
		}
	}
	return 0, fmt.Errorf("%q is not a size: write it like 128MiB, 1GiB or 500MB", s)
}

// FormatSize prints n in the largest unit that divides it, so that ParseSize reads it back.
func FormatSize(n int64) string {
	for _, unit := range sizeUnits {
		if n >= unit.bytes && n%unit.bytes == 0 {
			return strconv.FormatInt(n/unit.bytes, 10) + unit.name
		}
	}
	return strconv.FormatInt(n, 10) + "B"
}

// ParseShare reads a percentage, 80% or 12.5%, as a fraction. Its sign is not optional: 1 could mean either.
func ParseShare(s string) (float64, error) {
	parts := shareText.FindStringSubmatch(s)
	if parts == nil {
		return 0, fmt.Errorf("%q is not a share: write it like 80%%", s)
	}
	percent, err := strconv.ParseFloat(parts[1], 64)
	return percent / 100, err
}

func parseCount(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number", s)
	}
	return n, nil
}
