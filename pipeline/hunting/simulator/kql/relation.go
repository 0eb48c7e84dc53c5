package kql

import (
	"iter"

	"huntlake/schema"
)

// frame is the row that expressions are evaluated on.
type frame struct {
	source Source
	reader Reader
	row    int
}

// clock tells which expressions a source has an index for.
type clock uint8

const (
	noClock clock = iota
	timeClock
	ingestionClock
)

// expr is an expression bound to the columns of a relation.
type expr struct {
	typ   Type
	wire  string // the type's name in a response, where it is not the usual one of typ
	eval  func(*frame) Value
	konst bool // the same for every row; eval takes a nil frame
	clock clock
}

func constant(v Value, typ Type) expr {
	return expr{typ: typ, konst: true, eval: func(*frame) Value { return v }}
}

func (x expr) wireType() string {
	if x.wire != "" {
		return x.wire
	}
	return x.typ.Wire()
}

type column struct {
	name string
	x    expr
}

// relation is a source seen through row-wise operators: conditions to pass, and columns computed from its cells.
type relation struct {
	source  Source
	span    Range  // conditions that the source answers
	conds   []expr // and those that it does not
	columns []column
	ordered bool // the order of rows means something
}

// relationOf sees a source as it is. The time column is read from the source's index, which saves making the row.
func relationOf(s Source) *relation {
	r := &relation{source: s}
	for k, f := range s.Fields() {
		typ, _ := TypeOf(f.Type)
		x := expr{typ: typ, wire: f.Type, eval: func(f *frame) Value { return f.reader.Cell(k) }}
		if f.Name == s.TimeColumn() {
			x.clock = timeClock
			x.eval = func(f *frame) Value { return OfTime(f.source.Time(f.row)) }
		}
		r.columns = append(r.columns, column{f.Name, x})
	}
	return r
}

// with returns r with other columns, to be changed without changing r.
func (r *relation) with(columns []column) *relation {
	next := *r
	next.columns = columns
	return &next
}

func (r *relation) find(name string) (int, bool) {
	for i, c := range r.columns {
		if c.name == name {
			return i, true
		}
	}
	return 0, false
}

// fields returns the columns as a schema.
func (r *relation) fields() []schema.Field {
	fields := make([]schema.Field, len(r.columns))
	for i, c := range r.columns {
		fields[i] = schema.Field{Name: c.name, Type: c.x.wireType()}
	}
	return fields
}

// frame returns the frame to evaluate r's expressions on.
func (r *relation) frame() *frame {
	return &frame{source: r.source, reader: r.source.Read()}
}

func (f *frame) seek(row int) {
	f.row = row
	f.reader.Seek(row)
}

// rows returns the rows that pass every condition. The frame stands on the row that is yielded.
func (r *relation) rows(f *frame) iter.Seq[int] {
	return func(yield func(int) bool) {
		for row := range r.source.Rows(r.span) {
			f.seek(row)
			if r.passes(f) && !yield(row) {
				return
			}
		}
	}
}

func (r *relation) passes(f *frame) bool {
	for _, c := range r.conds {
		if v := unwrap(c.eval(f)); v.typ != Bool || v.num == 0 {
			return false
		}
	}
	return true
}

// choose collects the rows that pass, at most limit of them; a negative limit means all.
func (r *relation) choose(limit int) []uint32 {
	var rows []uint32
	for row := range r.rows(r.frame()) {
		if limit >= 0 && len(rows) >= limit {
			break
		}
		rows = append(rows, uint32(row))
	}
	return rows
}
