package pipeline

import (
	"context"
	"errors"
	"fmt"

	"huntlake/partition"
	"huntlake/pipeline/hunting"
)

// overview is the stamped rows of a table that was never planned, by half-minute, as the call counted them that found out
// which streams it has. It spares the first plan a call.
type overview struct {
	asked partition.Tick
	floor partition.Tick
	hist  partition.Histogram
}

// firstProbe finds out which streams a table has of which nothing is known, and counts its stamped rows by the way. Where
// that is too much for a call, or its answer may have been cut, it is a probe like any other.
func (t *track) firstProbe(ctx context.Context) ([]partition.Stream, error) {
	asked, floor := t.tenant.clock.tick(), t.freshFloor()
	start, end := t.firstStart(), t.target()
	if t.table.Cursor != Auto || start >= end {
		return t.probe(ctx, floor)
	}
	width := binWidth(start, end)
	query := t.table.Source.Overview(floor, width)
	f, err := t.figures(ctx, planning, query, rowsField, binField, oldestField)
	if errors.Is(err, hunting.ErrTooBig) || err == nil && (isCapLike(int64(f.rows)) || t.tenant.rowCap.reached(int64(f.rows))) {
		return t.probe(ctx, floor)
	}
	if err != nil {
		return nil, err
	}
	t.tenant.rowCap.suspect(int64(f.rows))
	streams, bins, err := f.split(floor, start, end, width)
	if err == nil {
		t.overview = &overview{asked: asked, floor: floor}
		t.overview.hist, err = partition.NewHistogram(start, end, bins)
	}
	if err != nil {
		return nil, fmt.Errorf("answer to %q: %w", query, err)
	}
	return streams, nil
}

// split tells the rows without an ingestion time from the others, and keeps the bins of those that begin in a range.
func (f figures) split(floor, start, end, width partition.Tick) (streams []partition.Stream, bins []partition.Bin, err error) {
	var stamped, without bool
	for i := range f.rows {
		b, err := f.bin(i, floor, width)
		if err != nil {
			return nil, nil, err
		}
		if b.Rows > 0 {
			stamped, without = stamped || b.Start != partition.NoTick, without || b.Start == partition.NoTick
		}
		if b.Start >= start && b.Start < end {
			bins = append(bins, b)
		}
	}
	if stamped {
		streams = append(streams, partition.Stamped)
	}
	if without {
		streams = append(streams, partition.Unstamped)
	}
	return streams, bins, nil
}

// spend gives a lane the overview, once, if it is what the lane would ask for now.
func (t *track) spend(l *lane, from partition.Tick) bool {
	o := t.overview
	if o == nil || l.stream != partition.Stamped {
		return false
	}
	t.overview = nil
	planned := t.frontier(l.stream) >= o.hist.End // by another process
	if planned || o.hist.Start != from || t.freshFloor()-slack/2 > o.floor || t.tenant.clock.wasAhead(o.asked) {
		return false
	}
	l.floor, l.hist = o.floor, &o.hist
	return true
}

// binWidth is the width at which a range is counted first: an edge or, for more than a month, several.
func binWidth(from, end partition.Tick) partition.Tick {
	return max(partition.Edge, partition.BinWidth(from, end))
}
