package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/schema"
)

// purpose is what a call is counted as.
type purpose func(*Calls) *int

func planning(c *Calls) *int   { return &c.Plan }
func reading(c *Calls) *int    { return &c.Data }
func recounting(c *Calls) *int { return &c.Recount }

// foreseeing is what only a preview asks, which tells what a run will: its calls are none of the run's.
func foreseeing(*Calls) *int { return new(int) }

// ask makes one call.
func (t *track) ask(ctx context.Context, p purpose, q hunting.Query) (*hunting.Answer, error) {
	outage := &t.tenant.outage
	answered, err := outage.begin()
	if err != nil {
		return nil, err
	}
	q.Table = t.table.Table.Path()
	t.count(func(r *TableReport) { *p(&r.Calls)++ })
	a, err := t.tenant.api.Run(ctx, q)
	outage.end(ctx, q.Table, answered, err)
	if errors.Is(err, io.ErrUnexpectedEOF) { // however often it was asked for: something on the way may cut what is long
		err = fmt.Errorf("%w, or the connection is bad: %w", hunting.ErrTooBig, err)
	}
	if err != nil {
		return nil, err
	}
	t.tenant.rowCap.saw(a.Rows)
	if err := t.tenant.clock.observe(a.Date); err != nil {
		a.Release()
		return nil, err
	}
	t.opts().Logger.Debug("answer", "tenant", t.tenant.id, "table", t.table.Table.Path(), "rows", a.Rows, "bytes", a.Bytes, "elapsed", a.Elapsed, "query", q.Text)
	return a, nil
}

// figures is an answer of numbers and instants, column by column.
type figures struct {
	rows    int
	columns map[string][]int64 // instants are ticks, a null is NoTick
}

// figures asks for a small answer and reads it whole. Every column of want must be there.
func (t *track) figures(ctx context.Context, p purpose, text string, want ...schema.Field) (figures, error) {
	a, err := t.ask(ctx, p, hunting.Query{Text: text, Want: want})
	if err != nil {
		return figures{}, err
	}
	defer a.Release()
	f := figures{rows: int(a.Rows), columns: map[string][]int64{}}
	for _, w := range want {
		for _, rec := range a.Records {
			values, err := numbers(rec, w.Name)
			if err != nil {
				return f, fmt.Errorf("answer to %q: %w", text, err)
			}
			f.columns[w.Name] = append(f.columns[w.Name], values...)
		}
		if n := f.absurd(w); n != nil {
			return f, fmt.Errorf("answer to %q: column %s says %d", text, w.Name, *n)
		}
		if len(f.columns[w.Name]) != f.rows {
			return f, fmt.Errorf("answer to %q: column %s has %d values for %d rows", text, w.Name, len(f.columns[w.Name]), f.rows)
		}
	}
	return f, nil
}

func (f figures) ticks(name string, i int) partition.Tick { return partition.Tick(f.columns[name][i]) }

// mostRows is more rows than a source will ever have, and few enough that sums of such numbers stay in bounds.
const mostRows = 1 << 40

// absurd returns a value of a column of counts that is none.
func (f figures) absurd(w schema.Field) *int64 {
	for i, n := range f.columns[w.Name] {
		if w.Type == rowsField.Type && w != bucketField && (n < 0 || n > mostRows) {
			return &f.columns[w.Name][i]
		}
	}
	return nil
}

// numbers reads an integer or datetime column.
func numbers(rec arrow.Record, name string) ([]int64, error) {
	indices := rec.Schema().FieldIndices(name)
	if len(indices) != 1 {
		return nil, fmt.Errorf("no column %s", name)
	}
	out := make([]int64, rec.NumRows())
	switch col := rec.Column(indices[0]).(type) {
	case *array.Int64:
		for i := range out {
			if out[i] = col.Value(i); col.IsNull(i) {
				out[i] = int64(partition.NoTick)
			}
		}
	case *array.Timestamp:
		digits, ok := rec.Column(indices[0] + 1).(*array.Int32)
		if !ok {
			return nil, fmt.Errorf("column %s has no seventh digit", name)
		}
		for i := range out {
			if out[i] = int64(partition.TickOfMicros(int64(col.Value(i)), digits.Value(i))); col.IsNull(i) {
				out[i] = int64(partition.NoTick)
			}
		}
	default:
		return nil, fmt.Errorf("column %s is a %s, want a number or a datetime", name, col.DataType())
	}
	return out, nil
}

var (
	rowsField   = schema.Field{Name: "Rows", Type: "Int64"}
	countField  = schema.Field{Name: "Count", Type: "Int64"}
	bucketField = schema.Field{Name: "Bucket", Type: "Int64"}
	binField    = schema.Field{Name: "Bin", Type: "DateTime"}
	dayField    = schema.Field{Name: "Day", Type: "DateTime"}
	oldestField = schema.Field{Name: "Oldest", Type: "DateTime"}
	unstamped   = schema.Field{Name: "Unstamped", Type: "Int64"}
)
