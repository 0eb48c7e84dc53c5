package kql

import (
	"iter"

	"huntlake/partition"
	"huntlake/schema"
)

// Source is a table as one query sees it. Rows are numbered; the numbers need not be dense and fit 32 bits.
type Source interface {
	// Fields returns the columns in order.
	Fields() []schema.Field
	// TimeColumn names the column that Time returns, "" if there is none.
	TimeColumn() string
	// Rows returns the rows that r contains, each once, in an order that is the same every time.
	Rows(r Range) iter.Seq[int]
	// Time returns a row's value of the time column, Ingested its ingestion_time(); NoTick is null.
	Time(row int) partition.Tick
	Ingested(row int) partition.Tick
	// Read returns a reader of the columns in the order of Fields. Readers are independent of each other.
	Read() Reader
}

// Reader gives out the cells of one row after another.
type Reader interface {
	// Seek goes to a row.
	Seek(row int)
	// Cell returns the row's value of the k-th of the columns that the reader was made for. Only cells that are asked
	// for need be made.
	Cell(k int) Value
}

// Interval is a half-open range of instants. The zero Interval holds all, null too; any other holds no null.
type Interval struct {
	From, To partition.Tick
	Bounded  bool
}

// Contains reports whether t lies in the interval.
func (v Interval) Contains(t partition.Tick) bool {
	return !v.Bounded || t != partition.NoTick && t >= v.From && t < v.To
}

// And returns the part of v that lies in [from, to).
func (v Interval) And(from, to partition.Tick) Interval {
	if !v.Bounded {
		return Interval{From: from, To: to, Bounded: true}
	}
	return Interval{From: max(v.From, from), To: min(v.To, to), Bounded: true}
}

// Range is what a source can find without looking at its rows.
type Range struct {
	Time      Interval // of the time column
	Ingested  Interval // of ingestion_time()
	Unstamped bool     // only rows without ingestion_time()
}

// Contains reports whether a row with these instants lies in the range.
func (r Range) Contains(timestamp, ingested partition.Tick) bool {
	return r.Time.Contains(timestamp) && r.Ingested.Contains(ingested) && !(r.Unstamped && ingested != partition.NoTick)
}

// records is a Source that an operator has computed; compute runs when the rows are first asked for.
type records struct {
	fields  []schema.Field
	compute func() [][]Value
	rows    [][]Value
	done    bool
}

func (s *records) Fields() []schema.Field      { return s.fields }
func (s *records) TimeColumn() string          { return "" }
func (s *records) Time(int) partition.Tick     { return partition.NoTick }
func (s *records) Ingested(int) partition.Tick { return partition.NoTick }

func (s *records) Rows(r Range) iter.Seq[int] {
	return func(yield func(int) bool) {
		if !r.Contains(partition.NoTick, partition.NoTick) {
			return
		}
		if !s.done {
			s.rows, s.done = s.compute(), true
		}
		for i := range s.rows {
			if !yield(i) {
				return
			}
		}
	}
}

func (s *records) Read() Reader { return &recordReader{source: s} }

type recordReader struct {
	source *records
	row    int
}

func (r *recordReader) Seek(row int)     { r.row = row }
func (r *recordReader) Cell(k int) Value { return r.source.rows[r.row][k] }

// chosen is a Source that holds some rows of another one, in a given order.
type chosen struct {
	Source
	compute func() []uint32
	rows    []uint32
	done    bool
}

func (s *chosen) Rows(r Range) iter.Seq[int] {
	return func(yield func(int) bool) {
		if !s.done {
			s.rows, s.done = s.compute(), true
		}
		for _, i := range s.rows {
			row := int(i)
			if r.Contains(s.Time(row), s.Ingested(row)) && !yield(row) {
				return
			}
		}
	}
}
