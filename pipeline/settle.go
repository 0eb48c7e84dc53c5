package pipeline

import (
	"context"
	"slices"
	"time"

	"huntlake/checkpoint"
	"huntlake/partition"
)

// settleAfter is how long after its end a day on the timestamp cursor is counted again: on that clock rows come late
// by nature, and what has been published cannot be added to without a file of crumbs.
const settleAfter = 36 * time.Hour

// settling is what a run knows of the settling of a stream: days that it has found to be still growing are left to
// the next run.
type settling struct {
	running bool
	tried   int
}

// settleRounds bounds how often one run recounts a stream whose days have grown.
const settleRounds = 3

// wantSettle recounts the days of a stream on the timestamp cursor that are due.
func (t *track) wantSettle() *task {
	if !t.calling() || t.settling.running || t.settling.tried >= settleRounds || len(t.reading) > 0 {
		return nil
	}
	for _, l := range t.lanes {
		if days := t.due(l.stream); len(days) > 0 && l.done {
			return &task{
				expires: days[0].Start(),
				begin:   func() { t.settling.running, t.settling.tried = true, t.settling.tried+1 },
				run:     func(ctx context.Context) error { return t.lost(t.settle(ctx, l.stream, days)) },
				finish:  func() { t.settling.running = false },
			}
		}
	}
	return nil
}

// due are the days with unpublished rows that ended long enough ago, are read to their end and are not settled.
func (t *track) due(stream partition.Stream) []partition.Date {
	if stream.Cursor() != partition.TimestampCursor {
		return nil
	}
	now := t.tenant.clock.tick()
	var days []partition.Date
	t.ledger.View(func(s *checkpoint.State) {
		at, _ := s.Watermark(stream)
		for dt, readings := range s.Unpublished() {
			for _, r := range readings {
				day := checkpoint.SettleDay(r.Slice, dt)
				if r.Slice.Stream == stream && day.End().Add(settleAfter) <= now && day.End() <= at && !s.IsSettled(stream, day) {
					days = append(days, day)
				}
			}
		}
	})
	slices.Sort(days)
	return slices.Compact(days)
}

// settle counts the days again, in one call. Those that hold no more than was staged are settled; slices of the
// others are opened again.
func (t *track) settle(ctx context.Context, stream partition.Stream, days []partition.Date) error {
	first, last := days[0], days[len(days)-1]
	s := partition.Slice{Stream: stream, Start: first.Start(), End: last.End(), Floor: t.freshFloor()}
	h, err := t.askHistogram(ctx, s, max(partition.Minute, partition.BinWidth(s.Start, s.End).Ceil(partition.Minute)))
	if err != nil {
		return err
	}
	var again []partition.Slice
	for _, day := range days {
		rows := h.Within(day.Start(), day.End()).Rows()
		if rows > t.staged(stream, day) {
			again = append(again, t.overlapping(stream, day, h)...)
			continue
		}
		_, err := t.ledger.Append(ctx, func(*checkpoint.State, int64) (checkpoint.Body, error) {
			return &checkpoint.Settled{Stream: stream, DT: day, Rows: rows}, nil
		})
		if t.lost(err) != nil {
			return err
		}
	}
	slices.SortFunc(again, partition.Slice.Compare)
	return t.openAgain(ctx, stream, slices.Compact(again))
}

// staged is how many rows of a day of a stream the ledger has.
func (t *track) staged(stream partition.Stream, day partition.Date) (rows int64) {
	t.ledger.View(func(s *checkpoint.State) {
		for cell, n := range s.Cells[stream] {
			if cell.Day == day {
				rows += n
			}
		}
	})
	return rows
}

// overlapping are the leaves of a day that may have grown: those that h shows to have, and those that reach beyond h.
func (t *track) overlapping(stream partition.Stream, day partition.Date, h partition.Histogram) []partition.Slice {
	var out []partition.Slice
	t.ledger.View(func(s *checkpoint.State) {
		out = grown(s, h, stream)
		for slice, leaf := range s.Leaves {
			outside := slice.Start < h.Start || slice.End > h.End
			if slice.Stream == stream && !leaf.Open && outside && slice.Start < day.End() && slice.End > day.Start() {
				out = append(out, slice)
			}
		}
	})
	return out
}

// openAgain counts slices that seem to have grown, one by one, and commits that those which have are to be read as
// their next generation.
func (t *track) openAgain(ctx context.Context, stream partition.Stream, again []partition.Slice) error {
	var body *checkpoint.Plan
	for _, slice := range again {
		leaf := t.leaf(slice)
		rows, err := t.askCount(ctx, recounting, slice)
		if err != nil {
			return err
		}
		if rows <= leaf.Counted {
			continue
		}
		if body == nil {
			at := t.frontier(stream)
			body = &checkpoint.Plan{Stream: stream, Start: at, End: at, Floor: t.freshFloor()}
		}
		body.Again = append(body.Again, checkpoint.PlannedAgain{
			Reading: checkpoint.Reading{Slice: slice, Generation: leaf.Generation + 1}, Rows: rows,
		})
	}
	if body == nil {
		return nil
	}
	_, err := t.ledger.Append(ctx, func(*checkpoint.State, int64) (checkpoint.Body, error) { return body, nil })
	return err
}
