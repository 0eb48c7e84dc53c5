package main

import (
	"fmt"
	"strconv"
	"time"

	"huntlake/partition"
)

// count prints n with commas: 1,234,567.
func count[T int | int64](n T) string {
	digits := strconv.FormatInt(int64(n), 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// plural prints n of something: 1 file, 2 files.
func plural[T int | int64](n T, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return count(n) + " " + thing + "s"
}

// size prints bytes in three digits and a decimal unit: 45.2 MB.
func size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	v, unit := float64(n)/1000, 0
	for v >= 999.5 && unit < 3 {
		v, unit = v/1000, unit+1
	}
	digits := 2
	switch {
	case v >= 99.95:
		digits = 0
	case v >= 9.995:
		digits = 1
	}
	return fmt.Sprintf("%.*f %cB", digits, v, "kMGT"[unit])
}

// length prints a duration to a sensible precision: 340ms, 12.3s, 5m20s, 3h5m.
func length(d time.Duration) string {
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%ds", d/time.Minute, d%time.Minute/time.Second)
	case d >= time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return fmt.Sprintf("%dms", d.Milliseconds())
}

// minute prints an instant to the minute, which is what plans end on; "-" if there is none.
func minute(t partition.Tick) string {
	if t <= 0 {
		return "-"
	}
	return t.Time().Format("2006-01-02 15:04")
}
