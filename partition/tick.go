package partition

import (
	"fmt"
	"strings"
	"time"
)

// Tick is an instant at the service's resolution: the number of 100-nanosecond intervals since
// 0001-01-01T00:00:00Z, which is how Kusto stores a datetime. It orders with <, compares with == and keys maps.
type Tick int64

// Lengths of time in ticks, and the bounds of a Kusto datetime.
const (
	Microsecond Tick = 10
	Millisecond Tick = 1000 * Microsecond
	Second      Tick = 1000 * Millisecond
	Minute      Tick = 60 * Second
	Hour        Tick = 60 * Minute
	Day         Tick = 24 * Hour

	MinTick Tick = 0
	MaxTick Tick = 3_155_378_975_999_999_999 // 9999-12-31T23:59:59.9999999Z

	// NoTick stands for an absent instant: a null datetime, a row without ingestion time.
	NoTick Tick = -1
)

// unixEpoch is 1970-01-01T00:00:00Z.
const unixEpoch Tick = 621_355_968_000_000_000

// TickOf returns the tick that t falls into. Times outside years 1 to 9999 are clamped to the bounds.
func TickOf(t time.Time) Tick {
	s := t.Unix()
	if s < -int64(unixEpoch/Second) {
		return MinTick
	}
	if s > int64((MaxTick-unixEpoch)/Second) {
		return MaxTick
	}
	return unixEpoch + Tick(s)*Second + Tick(t.Nanosecond()/100)
}

// TickOfMicros is the inverse of Micros.
func TickOfMicros(micros int64, digit int32) Tick {
	return unixEpoch + Tick(micros)*Microsecond + Tick(digit)
}

// Micros returns t as microseconds since the Unix epoch and the seventh fractional digit (0 to 9) that they drop.
func (t Tick) Micros() (micros int64, digit int32) {
	return int64(t.Floor(Microsecond)-unixEpoch) / int64(Microsecond), int32(t % Microsecond)
}

// Time returns t as a UTC time.
func (t Tick) Time() time.Time {
	d := t - unixEpoch
	s := d.Floor(Second)
	return time.Unix(int64(s/Second), int64(d-s)*100).UTC()
}

// Add returns t moved by d, whose part below 100 ns is dropped, clamped to the bounds of a datetime.
func (t Tick) Add(d time.Duration) Tick {
	return min(max(t+Tick(d/100), MinTick), MaxTick)
}

// Sub returns t-u, at most about 292 years either way.
func (t Tick) Sub(u Tick) time.Duration {
	const longest = Tick(1<<63-1) / 100
	return time.Duration(min(max(t-u, -longest), longest) * 100)
}

// Floor returns the start of the bin of the given width that t falls into, counted from tick zero as KQL's bin().
func (t Tick) Floor(width Tick) Tick {
	r := t % width
	if r < 0 {
		r += width
	}
	return t - r
}

// Ceil returns the first multiple of width at or after t.
func (t Tick) Ceil(width Tick) Tick {
	return -(-t).Floor(width)
}

// String prints t as RFC 3339 with exactly seven fractional digits: 28 characters that sort as time.
func (t Tick) String() string {
	if t == NoTick {
		return ""
	}
	return t.Time().Format("2006-01-02T15:04:05.0000000Z")
}

// compact prints t in 22 characters that are safe in a key and sort as time.
func (t Tick) compact() string {
	return strings.Replace(t.Time().Format("20060102T150405.0000000"), ".", "", 1)
}

// ParseTick reads an RFC 3339 instant in UTC with up to seven fractional digits; the empty string is NoTick.
func ParseTick(s string) (Tick, error) {
	if s == "" {
		return NoTick, nil
	}
	if !strings.HasSuffix(s, "Z") {
		return 0, fmt.Errorf("parse instant %q: want RFC 3339 in UTC, ending in Z", s)
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Nanosecond()%100 != 0 || t.Year() < 1 {
		return 0, fmt.Errorf("parse instant %q: want RFC 3339 with at most seven fractional digits", s)
	}
	return TickOf(t), nil
}

func parseCompact(s string) (Tick, error) {
	if len(s) != 22 {
		return 0, fmt.Errorf("parse instant %q: want 22 characters", s)
	}
	t, err := time.Parse("20060102T150405.0000000", s[:15]+"."+s[15:])
	if err != nil || t.Year() < 1 {
		return 0, fmt.Errorf("parse instant %q: want yyyymmddThhmmss and seven digits", s)
	}
	return TickOf(t), nil
}

// MarshalText prints t as String does.
func (t Tick) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what ParseTick reads.
func (t *Tick) UnmarshalText(b []byte) error {
	v, err := ParseTick(string(b))
	if err == nil {
		*t = v
	}
	return err
}
