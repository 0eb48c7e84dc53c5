package simulator

import (
	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
)

// Change is what happens to one column of a table at one instant.
type Change struct {
	At     partition.Tick
	Until  partition.Tick // when it is undone; only for Vanishes. 0: it is for good
	Column string
	Kind   ChangeKind
	Type   string // of the column from then on, as a schema names it; only for Retyped
}

// away reports whether the column is not known at an instant.
func (c Change) away(at partition.Tick) bool { return at >= c.At && (c.Until == 0 || at < c.Until) }

// ChangeKind is a kind of Change.
type ChangeKind uint8

// The kinds of change.
const (
	Appears  ChangeKind = iota // unknown until then; null in every row that arrived before
	Vanishes                   // unknown from then on
	Retyped                    // of another type from then on, in old rows too; what cannot be converted is null
)

// Changing returns t with changes to some of its columns, at most one to each.
func Changing(t Table, changes ...Change) Table {
	c := changing{Table: t, changes: map[string]Change{}}
	for _, change := range changes {
		c.changes[change.Column] = change
	}
	return c
}

type changing struct {
	Table
	changes map[string]Change
}

func (c changing) Columns(at partition.Tick) []schema.Field {
	var fields []schema.Field
	for _, f := range c.Table.Columns(at) {
		change, ok := c.changes[f.Name]
		switch {
		case ok && change.Kind == Appears && at < change.At, ok && change.Kind == Vanishes && change.away(at):
			continue
		case ok && change.Kind == Retyped && at >= change.At:
			f.Type = change.Type
		}
		fields = append(fields, f)
	}
	return fields
}

func (c changing) Gone(row int) partition.Tick { return gone(c.Table, row) }

func (c changing) Read(fields []schema.Field) kql.Reader {
	r := changingReader{Reader: c.Table.Read(fields), table: c.Table, turns: make([]turn, len(fields))}
	for k, f := range fields {
		change, ok := c.changes[f.Name]
		switch {
		case ok && change.Kind == Appears:
			r.turns[k].since = change.At
		case ok && change.Kind == Retyped && f.Type == change.Type:
			r.turns[k].typ, _ = kql.TypeOf(f.Type)
		}
	}
	return &r
}

type changingReader struct {
	kql.Reader
	table Table
	turns []turn
	row   int
}

// turn is what a change makes of a cell.
type turn struct {
	since partition.Tick // null in rows that arrived before
	typ   kql.Type       // to convert to; Null leaves the type
}

func (r *changingReader) Seek(row int) {
	r.row = row
	r.Reader.Seek(row)
}

func (r *changingReader) Cell(k int) kql.Value {
	t := r.turns[k]
	switch {
	case t.since > 0 && r.table.Arrived(r.row) < t.since:
		return kql.Value{}
	case t.typ != kql.Null:
		return r.Reader.Cell(k).As(t.typ)
	}
	return r.Reader.Cell(k)
}
