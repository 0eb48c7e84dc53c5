package pipeline

import (
	"context"
	"errors"
	"fmt"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline/hunting"
)

// errSmallest says that a slice cannot be split.
var errSmallest = errors.New("it cannot be made smaller: its rows share one instant and one key")

// narrow replaces a slice that is too big for a call by at least two smaller ones: along its cursor, down to the
// tick; then along the other clock; and only then by hash buckets.
func (t *track) narrow(ctx context.Context, s partition.Slice, rows int64, why string) error {
	// Halves are what is wanted. Bins rarely meet in the middle, so that a limit of one half would make three parts.
	limit := min(t.cost().RowsPerCall(t.caps()), (3*rows+3)/4)
	var keys []string // that buckets were counted by
	byBucket := func(ctx context.Context, s partition.Slice, limit int64) (children []partition.Planned, err error) {
		children, keys, err = t.byBucket(ctx, s, limit)
		return children, err
	}
	for _, way := range []func(context.Context, partition.Slice, int64) ([]partition.Planned, error){
		t.byCursor, t.byOther, byBucket,
	} {
		children, err := way(ctx, s, limit)
		if err != nil {
			return err
		}
		if len(children) > 1 {
			return t.split(ctx, s, children, keys, why)
		}
	}
	return fmt.Errorf("slice %v: %s, and %w", s, why, errSmallest)
}

// split commits the children; keys are the columns that buckets were counted by, which another answer may since have
// added to.
func (t *track) split(ctx context.Context, s partition.Slice, children []partition.Planned, keys []string, why string) error {
	body := &checkpoint.Split{Slice: s, Why: why, Keys: keys}
	for _, c := range children {
		body.Children = append(body.Children, checkpoint.NewPlannedSlice(c))
	}
	_, err := t.ledger.Append(ctx, func(*checkpoint.State, int64) (checkpoint.Body, error) { return body, nil })
	return err
}

// byCursor cuts along the cursor. Rows that all fall into one bin are first set apart from the empty time around it,
// so that the next attempt asks for finer bins.
func (t *track) byCursor(ctx context.Context, s partition.Slice, limit int64) ([]partition.Planned, error) {
	if s.Stream.Cursor() == partition.NoCursor || s.End-s.Start == 1 || s.Ceiling != 0 || s.Of != 0 {
		return nil, nil
	}
	h, err := t.askHistogram(ctx, s, partition.BinWidth(s.Start, s.End))
	if err != nil {
		return nil, err
	}
	switch len(h.Bins) {
	case 0: // the rows are gone
		parts, _ := s.SplitAt(s.Start + 1)
		return []partition.Planned{{Slice: parts[0]}, {Slice: parts[1]}}, nil
	case 1:
		return setApart(s, h.Bins[0]), nil
	}
	return partition.Pack(s, h, min(limit, h.Rows()-1)), nil
}

// setApart cuts a slice around the only bin that has rows.
func setApart(s partition.Slice, b partition.Bin) []partition.Planned {
	out := []partition.Planned{{Slice: s, Rows: b.Rows, Oldest: b.Oldest}}
	if parts, ok := s.SplitAt(b.Start); ok {
		out = []partition.Planned{{Slice: parts[0]}, {Slice: parts[1], Rows: b.Rows, Oldest: b.Oldest}}
	}
	last := &out[len(out)-1]
	if parts, ok := last.Slice.SplitAt(b.End); ok {
		last.Slice = parts[0]
		out = append(out, partition.Planned{Slice: parts[1]})
	}
	return out
}

// byOther cuts a stamped slice along Timestamp.
func (t *track) byOther(ctx context.Context, s partition.Slice, limit int64) ([]partition.Planned, error) {
	if s.Stream != partition.Stamped || s.Of != 0 {
		return nil, nil
	}
	end := s.Ceiling
	if end == 0 {
		end = max(s.End, s.Floor) + partition.Day // later Timestamps are forged; they get bins of their own all the same
	}
	coarser := 0
	for width := partition.BinWidth(s.Floor, end); ; width = max(1, width/partition.MaxBins) {
		h, err := t.askStamps(ctx, s, width)
		for ; errors.Is(err, hunting.ErrTooBig) && coarser < 2; coarser++ {
			width *= 32 // fewer bins
			h, err = t.askStamps(ctx, s, width)
		}
		if err != nil {
			return nil, err
		}
		if len(h.Bins) > 1 {
			return partition.PackOther(s, h, min(limit, h.Rows()-1)), nil
		}
		if width == 1 || len(h.Bins) == 0 {
			return nil, nil
		}
	}
}

// limitOf returns how many rows of a slice make an answer, for the buckets cannot be cut again. Where the table's rows, as
// far as they are known, would let all of the slice be one answer, and it was refused as too big, it is its own rows that
// are wide: a few of them tell.
func (t *track) limitOf(ctx context.Context, s partition.Slice, rows, limit int64) (int64, error) {
	if t.cost().RowsPerCall(t.caps()) < rows || t.caps().Bytes == 0 {
		return limit, nil
	}
	a, err := t.askSample(ctx, planning, s)
	if err != nil {
		return 0, err
	}
	defer a.Release()
	if a.Bytes > 0 {
		limit = min(limit, max(1, t.caps().Bytes*a.Rows/a.Bytes))
	}
	return limit, nil
}

// byBucket cuts by hash of the key columns, which it returns. The buckets' counts are asked first and must add up to the
// slice's.
func (t *track) byBucket(ctx context.Context, s partition.Slice, limit int64) (planned []partition.Planned, keys []string, err error) {
	if s.Of != 0 {
		return nil, nil, nil
	}
	if err := t.pinColumns(ctx, s); err != nil {
		return nil, nil, err
	}
	source := t.source(t.leaf(s).Columns)
	if len(source.Keys) == 0 {
		return nil, nil, nil
	}
	rows, err := t.askCount(ctx, planning, s)
	if err != nil {
		return nil, nil, err
	}
	if limit, err = t.limitOf(ctx, s, rows, limit); err != nil {
		return nil, nil, err
	}
	n := int(min(rows/limit*5/4+2, partition.MaxBuckets))
	children, ok := s.SplitBuckets(n)
	if !ok {
		return nil, nil, nil
	}
	query := source.Buckets(s, n)
	f, err := t.figures(ctx, planning, query, rowsField, bucketField)
	if err != nil {
		return t.byOtherKeys(ctx, s, limit, source.Keys, err)
	}
	planned = make([]partition.Planned, n)
	for k, c := range children {
		planned[k].Slice = c
	}
	var sum int64
	for i := range f.rows {
		k := f.columns[bucketField.Name][i]
		if k < 0 || k >= int64(n) {
			return nil, nil, fmt.Errorf("answer to %q: bucket %d of %d", query, k, n)
		}
		planned[k].Rows += f.columns[rowsField.Name][i]
		sum += f.columns[rowsField.Name][i]
	}
	if sum != rows {
		return nil, nil, fmt.Errorf("slice %v: its %d buckets hold %d rows, it holds %d", s, n, sum, rows)
	}
	return planned, source.Keys, nil
}

// byOtherKeys cuts by the columns that are left, if the question by all of them was refused since one is gone.
func (t *track) byOtherKeys(ctx context.Context, s partition.Slice, limit int64, keys []string, refusal error) ([]partition.Planned, []string, error) {
	gone, err := t.lacksKey(ctx, s, keys, refusal)
	if err != nil || !gone {
		return nil, nil, errors.Join(refusal, err)
	}
	return t.byBucket(ctx, s, limit)
}
