package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/schema"
)

// A bucket is chosen by columns. If one of them goes from the source, no question about the bucket is answered any more,
// and its siblings may have been read already: nobody can cut what is left by other columns. So what is open of the range
// is closed, and the range is read again, as a whole or in buckets by the columns that are left; then the lake tells which
// rows are still missing.

// lacksKey reports whether err may be the refusal of a question by columns of which one is gone, and one is. A few rows
// of the slice tell, whose columns are pinned.
func (t *track) lacksKey(ctx context.Context, s partition.Slice, keys []string, err error) (bool, error) {
	if !hopeless(err) || errors.Is(err, hunting.ErrTooBig) {
		return false, nil
	}
	s.Bucket, s.Of = 0, 0
	a, err := t.askSample(ctx, planning, s)
	if err != nil {
		return false, err
	}
	defer a.Release()
	fields := a.Fields
	if t.table.Source.Stamp { // which samples do without
		fields = append(slices.Clone(fields), schema.Field{Name: schema.IngestionTime, Type: "DateTime"})
	}
	table, err := t.evolve(ctx, fields)
	if err != nil {
		return false, err
	}
	there := commonColumns(table, 0).Columns
	return slices.ContainsFunc(keys, func(key string) bool {
		return !slices.ContainsFunc(there, func(c schema.Column) bool { return c.Source == key })
	}), nil
}

// rekey looks for the cause of a bucket's refusal in its key columns, and opens its range again if it lies there. A crash
// before the plan leaves the other buckets open, of which the next run says the same; after the last of them is closed, a
// range that has grown.
func (t *track) rekey(ctx context.Context, r checkpoint.Reading, refusal error) error {
	keys := t.leaf(r.Slice).Keys
	gone, err := t.lacksKey(ctx, r.Slice, keys, refusal)
	if err != nil || !gone {
		return errors.Join(refusal, err)
	}
	whole := partition.Slice{Stream: r.Slice.Stream, Start: r.Slice.Start, End: r.Slice.End, Floor: t.freshFloor()}
	again, err := t.recounted(ctx, whole)
	if err != nil {
		return err
	}
	open := t.openWithin(whole)
	if !slices.Contains(open, r) {
		return nil // a sibling, in the same way, or another process was faster
	}
	t.opts().Logger.Warn("a column that chose buckets is gone: their range is read again", "tenant", t.tenant.id, "table", t.table.Table.Path(), "range", whole.String())
	for _, r := range open { // in order, so that of two siblings the second one is refused at once
		if err := t.closeUnread(ctx, r, keys); err != nil {
			return err
		}
	}
	if again.Rows == 0 {
		return nil
	}
	return t.planAgain(ctx, whole.Stream, whole.Floor, []checkpoint.PlannedSlice{checkpoint.NewPlannedSlice(again)})
}

// openWithin are the open slices that may share rows with one.
func (t *track) openWithin(s partition.Slice) (open []checkpoint.Reading) {
	t.ledger.View(func(st *checkpoint.State) {
		open = slices.DeleteFunc(st.Open(), func(r checkpoint.Reading) bool {
			return r.Slice.Stream != s.Stream || r.Slice.Start >= s.End || s.Start >= r.Slice.End
		})
	})
	return open
}

// closeUnread closes a slice whose rows are to be read in another way, by a gap: of no rows, unless some of them may have
// expired.
func (t *track) closeUnread(ctx context.Context, r checkpoint.Reading, keys []string) error {
	g := &checkpoint.Gap{
		Stream: r.Slice.Stream, Start: r.Slice.Start, End: r.Slice.End, Below: r.Slice.Floor + 1, Slice: &r.Slice, Rows: new(int64),
		Why: fmt.Sprintf("one of the columns %q, which chose buckets of it, is gone at the source: its range is read again", keys),
	}
	if edge := t.freshFloor(); expiry(r.Slice, t.leaf(r.Slice)) < edge {
		g.Below, g.Rows = max(g.Below, edge), nil
	}
	if _, err := t.ledger.Append(ctx, func(*checkpoint.State, int64) (checkpoint.Body, error) { return g, nil }); err != nil {
		return fmt.Errorf("close %v: %w", r.Slice, err)
	}
	t.count(func(r *TableReport) { r.Gaps++ })
	return nil
}
