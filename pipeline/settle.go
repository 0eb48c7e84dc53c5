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
	if !t.calling() || t.planning || t.settling.running || t.settling.tried >= settleRounds || len(t.reading) > 0 {
		return nil
	}
	for _, l := range t.lanes {
		if days := t.due(l.stream, t.watermark(l.stream)); len(days) > 0 && l.done {
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

// due are the days of a stream that ended long enough ago, and by the instant to which it has been read, and are not
// settled: also those of which no row has come yet.
func (t *track) due(stream partition.Stream, read partition.Tick) []partition.Date {
	if stream.Cursor() != partition.TimestampCursor {
		return nil
	}
	var days []partition.Date
	t.ledger.View(func(s *checkpoint.State) {
		r, planned := s.Streams[stream]
		if !planned {
			return
		}
		for day := partition.DateOf(r.Start); day.End() <= read && t.settles(day); day++ {
			if !s.IsSettled(stream, day) {
				days = append(days, day)
			}
		}
	})
	return days
}

// settles reports whether a day ended long enough ago to be counted again.
func (t *track) settles(day partition.Date) bool {
	return day.End().Add(settleAfter) <= t.tenant.clock.tick()
}

func (t *track) watermark(stream partition.Stream) (at partition.Tick) {
	t.ledger.View(func(s *checkpoint.State) { at, _ = s.Watermark(stream) })
	return at
}

// settle counts the days again, in one call, the first one from where the export began. Those that hold no more than was
// staged are settled; hours of the others that have grown are opened again.
func (t *track) settle(ctx context.Context, stream partition.Stream, days []partition.Date) error {
	first, last := days[0], days[len(days)-1]
	s := partition.Slice{Stream: stream, Start: max(first.Start(), t.start(stream)), End: last.End(), Floor: t.freshFloor()}
	h, err := t.askHistogram(ctx, s, binWidth(s.Start, s.End))
	if err != nil {
		return err
	}
	var grown []partition.Tick
	t.ledger.View(func(st *checkpoint.State) { grown = grownHours(st, h, stream) })
	for _, day := range days {
		if slices.ContainsFunc(grown, func(hour partition.Tick) bool { return partition.DateOf(hour) == day }) {
			continue
		}
		rows := h.Within(day.Start(), day.End()).Rows()
		_, err := t.ledger.Append(ctx, func(*checkpoint.State, int64) (checkpoint.Body, error) {
			return &checkpoint.Settled{Stream: stream, DT: day, Rows: rows}, nil
		})
		if t.lost(err) != nil {
			return err
		}
	}
	grown = slices.DeleteFunc(grown, func(hour partition.Tick) bool { return !slices.Contains(days, partition.DateOf(hour)) })
	return t.openAgain(ctx, stream, grown, s.Floor, counted(h))
}
