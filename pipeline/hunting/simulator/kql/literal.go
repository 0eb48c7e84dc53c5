package kql

import (
	"math"
	"strconv"
	"strings"
	"time"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/jsontext"
)

// literalType returns the type whose name is used like a function to write a literal: datetime(2026-11-22).
func literalType(name string) (Type, bool) {
	switch name {
	case "datetime", "date":
		return DateTime, true
	case "timespan", "time":
		return TimeSpan, true
	case "long":
		return Long, true
	case "int":
		return Int, true
	case "real", "double":
		return Real, true
	case "bool", "boolean":
		return Bool, true
	case "guid":
		return Guid, true
	case "dynamic":
		return Dynamic, true
	}
	return Null, false
}

func parseLiteral(typ Type, text string) (Value, bool) {
	if text == "null" {
		return Value{}, true
	}
	if typ == Dynamic {
		return parseDynamic(text)
	}
	return convert(OfString(strings.Trim(text, `"'`)), typ)
}

// parseDynamic reads JSON text and makes it compact.
func parseDynamic(text string) (Value, bool) {
	canonical, ok := jsontext.Canonical(text)
	return OfDynamic(canonical), ok
}

// parseNumber reads 12, 0x1f, 1.5, 1e3 and, with a unit, timespans such as 30d and 1.5h.
func parseNumber(text string) (Value, bool) {
	if n, err := strconv.ParseInt(text, 0, 64); err == nil && !strings.Contains(text, "_") && !isOctal(text) {
		return OfLong(n), true
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return OfLong(n), true
	}
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz")
	if unit, ok := timeUnit(text[len(digits):]); ok {
		if n, err := strconv.ParseInt(digits, 10, 64); err == nil && n < math.MaxInt64/int64(unit) {
			return OfSpan(partition.Tick(n) * unit), true
		}
		f, err := strconv.ParseFloat(digits, 64)
		return OfSpan(partition.Tick(math.Round(f * float64(unit)))), err == nil
	}
	f, err := strconv.ParseFloat(text, 64)
	return OfReal(f), err == nil && !strings.ContainsAny(text, "_xXpPnN")
}

// isOctal finds 010, which Go reads as eight and the language as ten.
func isOctal(text string) bool { return len(text) > 1 && text[0] == '0' && text[1]|0x20 != 'x' }

func timeUnit(text string) (partition.Tick, bool) {
	switch text {
	case "d", "day", "days":
		return partition.Day, true
	case "h", "hr", "hrs", "hour", "hours":
		return partition.Hour, true
	case "m", "min", "minute", "minutes":
		return partition.Minute, true
	case "s", "sec", "second", "seconds":
		return partition.Second, true
	case "ms", "milli", "millis", "millisecond", "milliseconds":
		return partition.Millisecond, true
	case "microsecond", "microseconds", "micro", "micros":
		return partition.Microsecond, true
	case "tick", "ticks":
		return 1, true
	}
	return 0, false
}

// ParseTime reads a datetime as todatetime() does: ISO 8601 with a date, optionally a time with 0 to 7 fractional
// digits, and a zone or none, which is UTC.
func ParseTime(text string) (partition.Tick, bool) {
	for _, layout := range [...]string{
		"2006-01-02T15:04:05.9999999Z07:00", "2006-01-02T15:04:05.9999999", "2006-01-02 15:04:05.9999999Z07:00",
		"2006-01-02 15:04:05.9999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02", "2006-01", "2006",
	} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() >= 1 && t.Nanosecond()%100 == 0 {
			return partition.TickOf(t), true
		}
	}
	return partition.NoTick, false
}

// parseSpan reads [-][d.]hh:mm[:ss[.fffffff]], whole days, or a number with a unit.
func parseSpan(text string) (Value, bool) {
	body, negative := strings.CutPrefix(text, "-")
	v, ok := parseClock(body)
	if !ok {
		v, ok = parseNumber(body)
		switch {
		case ok && v.typ == Long && v.num < int64(partition.MaxTick/partition.Day):
			v = OfSpan(partition.Tick(v.num) * partition.Day)
		case !ok || v.typ != TimeSpan:
			return Value{}, false
		}
	}
	if negative {
		v.num = -v.num
	}
	return v, true
}

func parseClock(text string) (Value, bool) {
	days := int64(0)
	if head, tail, ok := strings.Cut(text, "."); ok && strings.Contains(tail, ":") {
		n, err := strconv.ParseUint(head, 10, 24)
		if err != nil {
			return Value{}, false
		}
		days, text = int64(n), tail
	}
	for _, layout := range [...]string{"15:04:05.9999999", "15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			clock := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute +
				time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
			return OfSpan(partition.Tick(days)*partition.Day + partition.Tick(clock/100)), true
		}
	}
	return Value{}, false
}
