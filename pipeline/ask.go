package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/schema"
)

// purpose is what a call is counted as.
type purpose func(*Calls) *int

func planning(c *Calls) *int   { return &c.Plan }
func reading(c *Calls) *int    { return &c.Data }
func recounting(c *Calls) *int { return &c.Recount }

// ask makes one call. want is the schema assumed should rows come before it.
func (t *track) ask(ctx context.Context, p purpose, text string, want []schema.Field) (*hunting.Answer, error) {
	t.count(func(r *TableReport) { *p(&r.Calls)++ })
	a, err := t.tenant.api.Run(ctx, hunting.Query{Table: t.table.Table.Path(), Text: text, Want: want})
	if err != nil {
		return nil, err
	}
	t.tenant.clock.observe(a.Date)
	t.opts().Logger.Debug("answer", "tenant", t.tenant.id, "table", t.table.Table.Path(), "rows", a.Rows, "bytes", a.Bytes, "elapsed", a.Elapsed, "query", text)
	return a, nil
}

// figures is an answer of numbers and instants, column by column.
type figures struct {
	rows    int
	columns map[string][]int64 // instants are ticks, a null is NoTick
}

// figures asks for a small answer and reads it whole. Every column of want must be there.
func (t *track) figures(ctx context.Context, p purpose, text string, want ...schema.Field) (figures, error) {
	a, err := t.ask(ctx, p, text, want)
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
		if len(f.columns[w.Name]) != f.rows {
			return f, fmt.Errorf("answer to %q: column %s has %d values for %d rows", text, w.Name, len(f.columns[w.Name]), f.rows)
		}
	}
	return f, nil
}

func (f figures) ticks(name string, i int) partition.Tick { return partition.Tick(f.columns[name][i]) }

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

// askCount counts a slice.
func (t *track) askCount(ctx context.Context, p purpose, s partition.Slice) (int64, error) {
	query := t.table.Source.Count(s)
	f, err := t.figures(ctx, p, query, countField)
	if err != nil {
		return 0, err
	}
	if f.rows != 1 {
		return 0, fmt.Errorf("answer to %q: %d rows, want one", query, f.rows)
	}
	return f.columns[countField.Name][0], nil
}

// halved is the longest range that is not counted by halves any more: where so little is refused as too much, something
// else is the matter.
const halved = 2 * partition.Day

// askHistogram counts a slice by bins of its cursor. Where that is too much to count in one call, each half is counted.
func (t *track) askHistogram(ctx context.Context, s partition.Slice, width partition.Tick) (partition.Histogram, error) {
	h, err := t.histogram(ctx, t.table.Source.Histogram(s, width), partition.Span{Start: s.Start, End: s.End, Width: width})
	halves, ok := s.SplitAt((s.Start + (s.End-s.Start)/2).Floor(width))
	if !ok || s.End-s.Start <= halved || !errors.Is(err, hunting.ErrTooBig) {
		return h, err
	}
	early, err := t.askHistogram(ctx, halves[0], width)
	if err != nil {
		return h, err
	}
	late, err := t.askHistogram(ctx, halves[1], width)
	return partition.Histogram{Start: s.Start, End: s.End, Bins: slices.Concat(early.Bins, late.Bins)}, err
}

// askStamps counts a stamped slice by bins of the other clock, Timestamp.
func (t *track) askStamps(ctx context.Context, s partition.Slice, width partition.Tick) (partition.Histogram, error) {
	end := s.Ceiling
	if end == 0 {
		end = partition.MaxTick + 1 // the last instant of all can be forged too
	}
	return t.histogram(ctx, t.table.Source.Stamps(s, width), partition.Span{Start: s.Floor, End: end, Width: width})
}

func (t *track) histogram(ctx context.Context, query string, span partition.Span) (partition.Histogram, error) {
	f, err := t.figures(ctx, planning, query, rowsField, binField, oldestField)
	if err != nil {
		return partition.Histogram{}, err
	}
	if f.rows >= checkpoint.RowCap {
		return partition.Histogram{}, fmt.Errorf("answer to %q: %d bins reach the row cap", query, f.rows)
	}
	bins := make([]partition.Bin, f.rows)
	for i := range bins {
		start := f.ticks(binField.Name, i)
		bins[i] = partition.Bin{
			Start: start, End: start + span.Width, Rows: f.columns[rowsField.Name][i], Oldest: f.ticks(oldestField.Name, i),
		}
	}
	h, err := partition.NewHistogram(span.Start, span.End, bins)
	if err != nil {
		return h, fmt.Errorf("answer to %q: %w", query, err)
	}
	return h, nil
}
