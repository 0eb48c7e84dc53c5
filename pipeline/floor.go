package pipeline

import (
	"context"
	"errors"
	"fmt"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/schema"
)

// recordUnread commits a gap if part of what was never planned has expired: rows whose cursor lies between the
// frontier and the retention's edge and that nobody has read.
func (t *track) recordUnread(ctx context.Context, stream partition.Stream, frontier partition.Tick) error {
	edge := t.freshFloor()
	errKnown := errors.New("no gap")
	_, err := t.ledger.Append(ctx, func(s *checkpoint.State, _ int64) (checkpoint.Body, error) {
		r, planned := s.Streams[stream]
		if !planned || r.End != frontier || frontier >= edge || recorded(s, stream, frontier, edge) {
			return nil, errKnown
		}
		return &checkpoint.Gap{
			Stream: stream, Start: frontier, End: edge, Below: edge,
			Why: "no run read it before the source's 30 days were over",
		}, nil
	})
	if errors.Is(err, errKnown) {
		return nil
	}
	if err == nil {
		t.count(func(r *TableReport) { r.Gaps++ })
	}
	return err
}

// recorded reports whether a gap from the same frontier, up to about the same edge, is in the ledger.
func recorded(s *checkpoint.State, stream partition.Stream, start, edge partition.Tick) bool {
	for _, g := range s.Gaps {
		if g.Slice == nil && g.Stream == stream && g.Start == start && g.End >= edge-slack {
			return true
		}
	}
	return false
}

// raiseFloor gives up the rows of a slice that have expired while it waited. It returns false if the slice has been
// replaced by one with a higher floor, or closed, and is not to be read as it is; else safe is what the source's edge may
// pass before another row of it is lost.
func (t *track) raiseFloor(ctx context.Context, r checkpoint.Reading, leaf checkpoint.Leaf) (safe partition.Tick, same bool, err error) {
	at, edge := t.tenant.clock.tick(), t.edge()
	if safe = max(lowest(r.Slice), leaf.Oldest); edge <= safe {
		return safe, true, nil
	}
	counted := leaf.Counted
	g := &checkpoint.Gap{
		Stream: r.Slice.Stream, Start: r.Slice.Start, End: r.Slice.End, Below: t.nextFloor(r.Slice), Slice: &r.Slice,
		Why: "it expired at the source before it could be read",
	}
	narrowed := r.Slice
	narrowed.Floor = g.Below
	if lowest(narrowed) < highest(narrowed) {
		if g.Left, err = t.askCount(ctx, recounting, narrowed); err != nil {
			return 0, false, err
		}
	} else if err := t.hear(ctx); err != nil {
		return 0, false, err
	}
	if t.tenant.clock.wasAhead(at) {
		return t.raiseFloor(ctx, r, leaf) // the count is a run's first answer, and tells that less has expired
	}
	lost := counted - g.Left
	if r.Generation > 1 && lost > 0 { // the lake holds what earlier readings staged
		expired, all, err := t.heldBelow(ctx, r.Slice, g.Below)
		if err != nil {
			return 0, false, fmt.Errorf("what has expired of %v: %w", r.Slice, err)
		}
		lost = min(lost-expired, counted-all)
	}
	if lost <= 0 {
		return g.Below, true, nil // no row is that old that the lake has not
	}
	g.Rows = &lost
	if _, err := t.ledger.Append(ctx, func(*checkpoint.State, int64) (checkpoint.Body, error) { return g, nil }); err != nil {
		return 0, false, fmt.Errorf("gap in %v: %w", r.Slice, err)
	}
	t.count(func(r *TableReport) { r.Gaps++ })
	return 0, false, nil
}

// hear asks for no rows of the table, if no answer has told the service's time yet.
func (t *track) hear(ctx context.Context) error {
	if t.tenant.clock.isHeard() {
		return nil
	}
	a, err := t.ask(ctx, planning, hunting.Query{Text: t.table.Source.Schema()})
	if err != nil {
		return err
	}
	a.Release()
	return nil
}

// nextFloor is the floor that a slice rises to. Each time that it passes while the slice waits for its next call, the
// next one is twice as far ahead: where the quota lets so few calls through that a count and a reading of the same
// slice lie further apart than the slack, the floor would be raised for ever and the slice never read.
func (t *track) nextFloor(slice partition.Slice) partition.Tick {
	floor, ahead := t.freshFloor(), slack
	t.ledger.View(func(s *checkpoint.State) {
		for _, g := range s.Gaps {
			if g.Slice != nil && sameButFloor(*g.Slice, slice) && ahead < maxAhead {
				ahead *= 2
			}
		}
	})
	return floor + ahead - slack
}

// maxAhead bounds what is given up of a slice before it has expired.
const maxAhead = partition.Day

func sameButFloor(a, b partition.Slice) bool {
	a.Floor = b.Floor
	return a == b
}

// heldBelow counts the rows of a slice that lie in the lake: those with a Timestamp below edge, and all of them.
func (t *track) heldBelow(ctx context.Context, slice partition.Slice, edge partition.Tick) (below, all int64, err error) {
	var table schema.Table
	t.ledger.View(func(s *checkpoint.State) { table = s.Schema })
	h, err := t.held(ctx, slice, table, edge)
	if err != nil {
		return 0, 0, err
	}
	all = h.expired
	for _, n := range h.rows {
		all += n
	}
	return h.expired, all, nil
}

// lowest is the smallest Timestamp that a slice can hold, highest the end of those.
func lowest(s partition.Slice) partition.Tick {
	if s.Stream.Cursor() == partition.TimestampCursor {
		return max(s.Start, s.Floor)
	}
	return s.Floor
}

func highest(s partition.Slice) partition.Tick {
	switch {
	case s.Stream.Cursor() == partition.TimestampCursor:
		return s.End
	case s.Ceiling != 0:
		return s.Ceiling
	}
	return partition.MaxTick + 1 // the last instant of all can be forged too
}
