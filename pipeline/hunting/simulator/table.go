package simulator

import (
	"iter"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
)

// Table is where a Service gets the rows of one table from. Rows are numbered from 0 to Len()-1. A table must not
// change, but for what it says of its columns; its methods are safe for concurrent use.
type Table interface {
	Name() string
	// TimeColumn names the column that retention looks at, "" for a table that holds a current state.
	TimeColumn() string
	// Columns returns the columns, in order, that the service shows at an instant.
	Columns(at partition.Tick) []schema.Field
	// Len returns the number of rows, those that are still to arrive included.
	Len() int
	// Time returns a row's value of the time column; NoTick is null, or a table without one.
	Time(row int) partition.Tick
	// Ingested returns a row's ingestion_time(); NoTick is null.
	Ingested(row int) partition.Tick
	// Arrived returns when a row becomes visible: at its ingestion time, if it has one, or later. NoTick: it was always
	// there.
	Arrived(row int) partition.Tick
	// Read returns a reader of the given columns, which are some that Columns has returned, as they were then. It is
	// not safe for concurrent use.
	Read(columns []schema.Field) kql.Reader
}

// Mortal is a Table whose rows may cease to be there: deleted, or replaced by others of the same table.
type Mortal interface {
	Table
	// Gone returns the first instant, after Arrived, at which a row is no longer there. NoTick: it stays.
	Gone(row int) partition.Tick
}

// Living returns t with rows that are there from one instant until before another, in place of what t says of them;
// NoTick leaves that end open. What a row holds does not change, so a row that changes is two rows.
func Living(t Table, life func(row int) (from, until partition.Tick)) Table { return living{t, life} }

type living struct {
	Table
	life func(row int) (from, until partition.Tick)
}

func (l living) Arrived(row int) partition.Tick {
	from, _ := l.life(row)
	return from
}

func (l living) Gone(row int) partition.Tick {
	_, until := l.life(row)
	return until
}

// gone returns when a row of any table is no longer there.
func gone(t Table, row int) partition.Tick {
	if m, ok := t.(Mortal); ok {
		return m.Gone(row)
	}
	return partition.NoTick
}

// there reports whether a row is visible at an instant.
func there(t Table, row int, at partition.Tick) bool {
	until := gone(t, row)
	return t.Arrived(row) <= at && (until == partition.NoTick || at < until)
}

// Row is a row as an export must hold it.
type Row struct {
	Time     partition.Tick // NoTick: null, or no time column
	Ingested partition.Tick // NoTick: null
	Values   []kql.Value    // in the order of Columns; good until the next row
}

// Rows returns every row of t that is there at an instant, retention apart, and its columns as of then: the truth that
// an export is held against.
func Rows(t Table, at partition.Tick) iter.Seq2[int, Row] {
	return func(yield func(int, Row) bool) {
		fields := t.Columns(at)
		read := t.Read(fields)
		values := make([]kql.Value, len(fields))
		for i := range t.Len() {
			if !there(t, i, at) {
				continue
			}
			read.Seek(i)
			for k := range values {
				values[k] = read.Cell(k)
			}
			if !yield(i, Row{Time: t.Time(i), Ingested: t.Ingested(i), Values: values}) {
				return
			}
		}
	}
}
