package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/schema"
)

// sums is the rows of a slice, added up by something.
type sums struct {
	query string
	want  []schema.Field
	doubt func(rows int64) bool // whether an answer of so many rows is to be held against a count
}

// askSums refuses an answer that lacks some of the sums: it is too big for one call, whatever the service says.
func (t *track) askSums(ctx context.Context, s partition.Slice, q sums) (figures, error) {
	f, err := t.figures(ctx, planning, q.query, q.want...)
	if err != nil {
		return f, err
	}
	whole, err := t.isWhole(ctx, s, f, q.doubt)
	if err == nil && !whole {
		err = fmt.Errorf("the answer to %q was cut at %d rows: %w", q.query, f.rows, hunting.ErrTooBig)
	}
	return f, err
}

// isWhole reports whether sums of a slice are all of them. An answer of so many rows that doubt is in order is held
// against a count of the slice.
func (t *track) isWhole(ctx context.Context, s partition.Slice, f figures, doubt func(int64) bool) (bool, error) {
	rows := int64(f.rows)
	if rows == t.tenant.rowCap.at() || !doubt(rows) {
		t.tenant.rowCap.suspect(rows)
		return !t.tenant.rowCap.reached(rows), nil
	}
	n, err := t.askCount(ctx, planning, s)
	if err != nil {
		return false, err
	}
	var sum int64
	for _, rows := range f.columns[rowsField.Name] {
		sum += rows
	}
	if sum < n {
		t.tenant.rowCap.learn(rows)
	}
	return sum >= n, nil
}

// halvings is how often a range that is too much to count in one call is halved: enough for a month of minutes under
// any cap that there ever was. Where so little is refused as too much, something else is the matter.
const halvings = 5

// halve cuts a slice at the edge of a bin in the middle of where its rows are to be expected.
func (t *track) halve(s partition.Slice, width partition.Tick) ([]partition.Slice, bool) {
	now := t.tenant.clock.tick()
	low, high := max(s.Start, now-retention-partition.Day), min(s.End, now+partition.Day)
	return s.SplitAt((low + (high-low)/2).Floor(width))
}

// askCount counts a slice, by halves where that is too much.
func (t *track) askCount(ctx context.Context, p purpose, s partition.Slice) (int64, error) {
	return t.countHalves(ctx, p, s, halvings)
}

func (t *track) countHalves(ctx context.Context, p purpose, s partition.Slice, left int) (int64, error) {
	n, err := t.countBy(ctx, p, t.sourceOf(s).Count(s))
	if halves, ok := t.halve(s, 1); ok && left > 0 && errors.Is(err, hunting.ErrTooBig) {
		var sum int64
		for _, half := range halves {
			n, err := t.countHalves(ctx, p, half, left-1)
			if err != nil {
				return 0, err
			}
			sum += n
		}
		return sum, nil
	}
	return n, err
}

// countBy asks a query whose answer is a count.
func (t *track) countBy(ctx context.Context, p purpose, query string) (int64, error) {
	f, err := t.figures(ctx, p, query, countField)
	if err != nil {
		return 0, err
	}
	if f.rows != 1 {
		return 0, fmt.Errorf("answer to %q: %d rows, want one", query, f.rows)
	}
	return f.columns[countField.Name][0], nil
}

// askHistogram counts a slice by bins of its cursor, by halves where that is too much.
func (t *track) askHistogram(ctx context.Context, s partition.Slice, width partition.Tick) (partition.Histogram, error) {
	return t.binHalves(ctx, s, width, halvings)
}

func (t *track) binHalves(ctx context.Context, s partition.Slice, width partition.Tick, left int) (partition.Histogram, error) {
	h, err := t.histogram(ctx, s, t.table.Source.Histogram(s, width), partition.Span{Start: s.Start, End: s.End, Width: width})
	halves, ok := t.halve(s, width)
	if !ok || left == 0 || !errors.Is(err, hunting.ErrTooBig) {
		return h, err
	}
	early, err := t.binHalves(ctx, halves[0], width, left-1)
	if err != nil {
		return h, err
	}
	late, err := t.binHalves(ctx, halves[1], width, left-1)
	return partition.Histogram{Start: s.Start, End: s.End, Bins: slices.Concat(early.Bins, late.Bins)}, err
}

// askStamps counts a stamped slice by bins of the other clock, Timestamp.
func (t *track) askStamps(ctx context.Context, s partition.Slice, width partition.Tick) (partition.Histogram, error) {
	end := s.Ceiling
	if end == 0 {
		end = partition.MaxTick + 1 // the last instant of all can be forged too
	}
	return t.histogram(ctx, s, t.table.Source.Stamps(s, width), partition.Span{Start: s.Floor, End: end, Width: width})
}

func (t *track) histogram(ctx context.Context, s partition.Slice, query string, span partition.Span) (partition.Histogram, error) {
	f, err := t.askSums(ctx, s, sums{query, []schema.Field{rowsField, binField, oldestField}, isCapLike})
	if err != nil {
		return partition.Histogram{}, err
	}
	bins := make([]partition.Bin, f.rows)
	for i := range bins {
		if bins[i], err = f.bin(i, s.Floor, span.Width); err != nil {
			return partition.Histogram{}, fmt.Errorf("answer to %q: %w", query, err)
		}
	}
	h, err := partition.NewHistogram(span.Start, span.End, bins)
	if err != nil {
		return h, fmt.Errorf("answer to %q: %w", query, err)
	}
	return h, nil
}

// bin is the i-th bin of an answer, none of whose rows may be older than floor.
func (f figures) bin(i int, floor, width partition.Tick) (partition.Bin, error) {
	start, oldest := f.ticks(binField.Name, i), f.ticks(oldestField.Name, i)
	if oldest < floor {
		return partition.Bin{}, fmt.Errorf("the oldest row of bin %v is of %v, which was not asked for", start, oldest)
	}
	return partition.Bin{Start: start, End: start + width, Rows: f.columns[rowsField.Name][i], Oldest: oldest}, nil
}
