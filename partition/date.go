package partition

import (
	"fmt"
	"time"
)

// Date is a UTC calendar day, counted from 0001-01-01: the dt of a partition.
type Date int32

// DateOf returns the day that t falls on.
func DateOf(t Tick) Date { return Date(t.Floor(Day) / Day) }

// Start returns the first instant of the day; End the first one after it.
func (d Date) Start() Tick { return Tick(d) * Day }

// End returns the first instant after the day.
func (d Date) End() Tick { return Tick(d+1) * Day }

// String prints the day as 2006-01-02.
func (d Date) String() string { return d.Start().Time().Format(time.DateOnly) }

// ParseDate reads what String prints.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1 {
		return 0, fmt.Errorf("parse date %q: want yyyy-mm-dd", s)
	}
	return DateOf(TickOf(t)), nil
}

// MarshalText prints d as String does.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDate reads.
func (d *Date) UnmarshalText(b []byte) error {
	v, err := ParseDate(string(b))
	if err == nil {
		*d = v
	}
	return err
}

// How far an event's own clock may be from its ingestion before it is no longer believed.
const (
	maxBehind = 35 * Day
	maxAhead  = Day
)

// DT returns the partition date of a row. It is a function of the row alone, so every reading of the row agrees on
// it: the day of its Timestamp, if that lies between 35 days before and one day after its ingestion, else the day of
// its ingestion. Either instant may be NoTick; a row without both lands on day zero.
func DT(timestamp, ingested Tick) Date {
	switch {
	case timestamp == NoTick && ingested == NoTick:
		return 0
	case ingested == NoTick:
		return DateOf(timestamp)
	case timestamp == NoTick, timestamp < ingested-maxBehind, timestamp > ingested+maxAhead:
		return DateOf(ingested)
	}
	return DateOf(timestamp)
}

// cellAhead is how many days after the hour of its cursor the day of a row is still told apart.
const cellAhead = 2

// CellDay returns the day under which a row is counted whose cursor lies in the given hour: the day of its Timestamp,
// but at most two days after the hour's. Any later day is a forged clock's, and without that bound one answer could
// make a receipt of as many days as it has rows. hour may be NoTick.
func CellDay(hour Tick, day Date) Date {
	if hour == NoTick {
		return day
	}
	return min(day, DateOf(hour)+cellAhead)
}
