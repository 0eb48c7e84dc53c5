package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline/hunting"
)

// A table without a time column has one snapshot a dt. The source gives no view that lasts longer than a call, so the
// snapshot is counted, in as many buckets as it takes calls to read, read, and counted again: it is taken if each bucket
// holds what it held before, and else tried again. What a crash leaves is read on, if it is still of today, since the
// counts afterwards decide in any case.

// snapshotTries is how many generations are opened for one dt. They are in the ledger, so that no restart makes more.
const snapshotTries = 3

// snapshot is what a run knows of the snapshot that it takes.
type snapshot struct {
	taken   int    // the newest generation that this run has opened: it is read to its end, midnight or not
	broken  int    // the newest generation that cannot be settled any more
	why     string // the newest try has failed
	parts   int    // how many buckets the next one needs, 0 where its rows tell
	sample  bool   // a query could not be run: the table may have other columns by now
	refused int    // commits that another process was faster than
}

// snapshots reports whether the table holds a state, and no events.
func (t *track) snapshots() bool { return t.table.Source.TimeColumn == "" }

// step is what a snapshot needs next.
type step uint8

const (
	nothingDue step = iota
	waiting         // for answers that are under way
	readNext
	countAgain // after everything has been read
	openNext
	giveUp
)

// next is the step that a state asks for, the reading that it is about, and the dt.
func (t *track) next(s *checkpoint.State) (step, checkpoint.Reading, partition.Date) {
	st, today := &s.Snapshot, partition.DateOf(t.tenant.clock.tick())
	if t.continues(s, today) {
		for _, r := range s.Open() {
			if !t.reading[r.Slice] {
				return readNext, r, st.DT
			}
		}
		if len(t.reading) > 0 {
			return waiting, checkpoint.Reading{}, st.DT
		}
		return countAgain, checkpoint.Reading{}, st.DT
	}
	switch {
	case len(t.reading) > 0:
		return waiting, checkpoint.Reading{}, st.DT
	case today > st.DT && st.Tries > 0 && st.Done < st.DT:
		return giveUp, checkpoint.Reading{}, st.DT // its day is over
	case today < st.DT || today < nextSnapshot(st, t.table.Every):
		return nothingDue, checkpoint.Reading{}, today
	case today == st.DT && st.Tries >= snapshotTries:
		return giveUp, checkpoint.Reading{}, today
	}
	return openNext, checkpoint.Reading{}, today
}

// continues reports whether the newest generation is to be read on: it can still be settled, and it is of today or this
// run has opened it.
func (t *track) continues(s *checkpoint.State, today partition.Date) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(s.Leaves) > 0 && t.snap.broken != s.Generation && (s.Snapshot.DT == today || t.snap.taken == s.Generation)
}

// nextSnapshot is the first dt of which another snapshot is due: at most one a day. A dt that was over before its tries
// were is followed by the next day.
func nextSnapshot(st *checkpoint.Standing, every time.Duration) partition.Date {
	if st.Done == 0 {
		return 0
	}
	if st.Last < st.Done && st.DT == st.Done && st.Tries < snapshotTries {
		return st.Done + 1
	}
	const day = 24 * time.Hour
	return st.Done + max(1, partition.Date((every+day-1)/day))
}

// wantSnapshot makes a task of the next step. Today's state is gone when the day ends; a further try comes after
// whatever else there is to call for, by when the source may have calmed down.
func (t *track) wantSnapshot() *task {
	if !t.calling() || t.planning {
		return nil
	}
	var what step
	var r checkpoint.Reading
	var dt partition.Date
	generation, tries := 0, 0
	t.ledger.View(func(s *checkpoint.State) {
		if what, r, dt = t.next(s); s.Snapshot.DT == dt {
			tries = s.Snapshot.Tries
		}
		generation = s.Generation
	})
	w := &task{expires: dt.End() - retention, begin: func() { t.planning = true }, finish: func() { t.planning = false }}
	switch what {
	case readNext:
		w.begin, w.finish = func() { t.reading[r.Slice] = true }, func() { delete(t.reading, r.Slice) }
		w.run = func(ctx context.Context) error { return t.readPart(ctx, r) }
	case countAgain:
		w.expires = partition.MinTick
		w.run = func(ctx context.Context) error { return t.settleSnapshot(ctx, generation) }
	case openNext:
		if tries > 0 {
			w.expires = partition.MaxTick
		}
		w.run = func(ctx context.Context) error { return t.openSnapshot(ctx, dt, generation) }
	case giveUp:
		w.run = func(ctx context.Context) error { return t.considerGivingUp(ctx, dt, generation) }
	default:
		return nil
	}
	return w
}

// snapshotDue reports whether the run has something left to do for a snapshot.
func (t *track) snapshotDue() (due bool) {
	t.ledger.View(func(s *checkpoint.State) {
		what, _, _ := t.next(s)
		due = what != nothingDue
	})
	return due
}

// openSnapshots opens the ledger of a snapshot table. It makes no call.
func (t *track) openSnapshots(ctx context.Context) (err error) {
	if err := t.openTable(ctx); err != nil {
		return err
	}
	t.ledger.View(func(s *checkpoint.State) {
		for stream := range s.Streams {
			if stream != partition.Snapshot {
				err = fmt.Errorf("%s was exported as events, and cannot go on as snapshots: set mode: event, or move what there is of it in the lake away", t.table.Table.Path())
			}
		}
	})
	t.table.Source.Stamp = false
	return err
}

// readPart makes one call for a slice of a snapshot and stages its rows. What does not hold what was counted ends the
// try.
func (t *track) readPart(ctx context.Context, r checkpoint.Reading) error {
	leaf, source := t.leaf(r.Slice), t.keyed()
	if !leaf.Open || leaf.Generation != r.Generation {
		return nil // another process has read it, or opened the next generation
	}
	query, called := source.Rows(r.Slice), t.tenant.clock.tick()
	a, release, err := t.askRows(ctx, query, leaf.Counted)
	if hopeless(err) {
		t.wasted()
		t.breakOff(r.Generation, fmt.Sprintf("%v could not be read: %v", r.Slice, err))
		t.learn(err, 4*max(1, r.Slice.Of))
		return nil
	}
	if err != nil {
		return err
	}
	defer release()
	if a.Rows != leaf.Counted || a.Rows >= checkpoint.RowCap {
		return t.doubtPart(ctx, r, leaf.Counted, a.Rows)
	}
	return t.lostReading(ctx, r, t.stage(ctx, checkpoint.Receipt{
		Reading: r, Query: query, Counted: []int64{leaf.Counted}, Received: a.Rows, Answer: a.Bytes, RunTime: a.Elapsed,
		Called: called, Answered: t.tenant.clock.tick(),
	}, a))
}

// errUnreadable is a table that was counted, and cannot be read.
var errUnreadable = errors.New("it cannot be read")

// hopeless reports whether a call would fail in the same way if it was made again, by what the service has said of the
// query. What stands on the way to it, or before a call, says nothing of the table: a page has no code, and neither has
// a bucket that cannot be written.
func hopeless(err error) bool {
	var refusal *hunting.Error
	if errors.As(err, &refusal) && refusal.Code != "" && errors.Is(refusal, hunting.ErrPermanent) {
		return true
	}
	return errors.Is(err, hunting.ErrTooBig) || errors.Is(err, errUnreadable)
}

// doubtPart counts a slice again whose answer does not hold what was counted: either the source has moved, or the answer
// was cut, and the try is over; or the answer was wrong, and the slice is asked once more.
func (t *track) doubtPart(ctx context.Context, r checkpoint.Reading, counted, received int64) error {
	t.wasted()
	now, err := t.countBy(ctx, recounting, t.keyed().Count(r.Slice))
	if err != nil && !hopeless(err) {
		return err
	}
	same := err == nil && now == counted
	if same && received < counted && t.tenant.rowCap.learn(received) || !same || !t.again(r.Slice) {
		t.breakOff(r.Generation, fmt.Sprintf("%v held %d rows when it was counted, and %d when it was read", r.Slice, counted, received))
	}
	return nil
}

// breakOff ends a try: its generation is not read on.
func (t *track) breakOff(generation int, why string) {
	t.blame(why)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.snap.broken = generation
	clear(t.useless)
}

// blame keeps why the newest try has failed.
func (t *track) blame(why string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.snap.why = why
	t.opts().Logger.Warn("snapshot is not taken", "tenant", t.tenant.id, "table", t.table.Table.Path(), "reason", why)
}

// learn takes from a call's failure what the next try is to do otherwise: read in more parts, if it was too big, or ask
// for the columns first.
func (t *track) learn(err error, parts int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if errors.Is(err, hunting.ErrTooBig) {
		t.snap.parts = max(t.snap.parts, parts)
		return
	}
	t.snap.sample = true
}

// settleSnapshot counts again what has been read whole, in one call, and accepts it if every slice holds what it held
// before. If not, the counts are those of the next try, which begins at once.
//
// A crash before the commit leaves a generation that is counted again by the next run; one after it, a snapshot that is
// to be published, by whoever opens the ledger next.
func (t *track) settleSnapshot(ctx context.Context, generation int) error {
	before, st := t.plannedParts(generation)
	if len(before) == 0 {
		return nil // another process has settled it, or opened the next one
	}
	after, err := t.countParts(ctx, recounting, t.keyed(), len(before))
	if hopeless(err) {
		t.breakOff(generation, fmt.Sprintf("the source could not count it a second time: %v", err))
		t.learn(err, 0)
		return nil
	}
	if err != nil {
		return err
	}
	if why := moved(before, after); why != "" {
		t.breakOff(generation, why)
		if st.Tries >= snapshotTries || partition.DateOf(t.tenant.clock.tick()) != st.DT || t.partsFor(after) > len(after) {
			return nil
		}
		return t.openGeneration(ctx, &checkpoint.Plan{DT: st.DT, Generation: generation + 1, Keys: st.Keys}, after)
	}
	_, err = t.ledger.Append(ctx, func(s *checkpoint.State, _ int64) (checkpoint.Body, error) {
		if s.Generation != generation {
			return nil, errFaster
		}
		return &checkpoint.Settled{Stream: partition.Snapshot, DT: st.DT, Rows: sum(after)}, nil
	})
	return t.faster(err)
}

// moved says how two counts of a snapshot differ, or nothing.
func moved(before, after []int64) string {
	if slices.Equal(before, after) {
		return ""
	}
	n := 0
	for k := range before {
		if before[k] != after[k] {
			n++
		}
	}
	return fmt.Sprintf("it held %d rows before it was read and %d afterwards, with other numbers in %d of %d parts", sum(before), sum(after), n, len(before))
}

// considerGivingUp gives a dt up, unless the service's time, which is asked for if no answer has told it yet, says that
// there is something else to do.
func (t *track) considerGivingUp(ctx context.Context, dt partition.Date, generation int) error {
	if err := t.hear(ctx); err != nil && !hopeless(err) {
		return err
	}
	stays := false
	t.ledger.View(func(s *checkpoint.State) {
		what, _, day := t.next(s)
		stays = what == giveUp && day == dt
	})
	if !stays {
		return nil
	}
	return t.giveUpSnapshot(ctx, dt, generation)
}

// giveUpSnapshot commits that a dt has no snapshot, and nothing more is asked for it. It is the table's error, too, unless
// the dt is over: today's snapshot may be due.
func (t *track) giveUpSnapshot(ctx context.Context, dt partition.Date, generation int) error {
	t.mu.Lock()
	why := t.snap.why
	t.mu.Unlock()
	if why == "" {
		why = "it could not be counted, changed while it was read, or was not read to its end"
	}
	today := partition.DateOf(t.tenant.clock.tick())
	tries := 0
	var due partition.Date
	_, err := t.ledger.Append(ctx, func(s *checkpoint.State, _ int64) (checkpoint.Body, error) {
		if s.Generation != generation || s.Snapshot.Done >= dt {
			return nil, errFaster
		}
		if tries == 0 {
			tries = s.Snapshot.Tries
			why = fmt.Sprintf("none of %d tries has come to an end; at the last one, %s", tries, why)
		}
		due = nextSnapshot(&checkpoint.Standing{Done: dt}, t.table.Every)
		return &checkpoint.Gap{Stream: partition.Snapshot, Start: dt.Start(), End: dt.End(), Below: dt.End(), Why: why}, nil
	})
	if err != nil {
		return t.faster(err)
	}
	t.count(func(r *TableReport) { r.Gaps++ })
	if dt < today {
		t.opts().Logger.Warn("the day of a snapshot is over", "tenant", t.tenant.id, "table", t.table.Table.Path(), "dt", dt.String(), "reason", why)
		return nil
	}
	return fmt.Errorf("no snapshot of %v could be taken: %s; the next is due on %v", dt, why, due)
}

// errFaster ends a commit for a generation that another process has replaced or settled.
var errFaster = errors.New("another process was faster")

// faster takes errFaster, and a rejected commit, for what they are; but not for ever.
func (t *track) faster(err error) error {
	if !errors.Is(err, errFaster) && !errors.Is(err, checkpoint.ErrRejected) {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.snap.refused++; t.snap.refused > maxRefused {
		return fmt.Errorf("snapshot of %s: %w", t.table.Table.Path(), err)
	}
	return nil
}
