package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"time"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/writers"
)

// stragglerSize is what rows that come late for a published dt are gathered to before they get a file of their own.
const stragglerSize = 64 << 20

// errNothingRipe ends a publish that found nothing to claim.
var errNothingRipe = errors.New("nothing to publish")

// wantPublish publishes one file at a time per table: first what was begun and not ended, by whomever, then what is
// ripe.
func (t *track) wantPublish() *task {
	if t.merging {
		return nil
	}
	found, idle := false, t.idle()
	t.ledger.View(func(s *checkpoint.State) {
		_, begun := t.begun(s)
		_, _, ripe := t.ripe(s, idle)
		found = begun || ripe
	})
	if !found {
		return nil
	}
	return &task{
		expires: partition.MaxTick, // it costs no call: calls first
		begin:   func() { t.merging = true },
		run:     func(ctx context.Context) error { return t.publish(ctx, idle) },
		finish:  func() { t.merging = false },
		last:    true,
	}
}

// publish claims inputs, writes the file and records it.
//
// publish-begin comes before the file, so that a file that readers see is always one that the ledger expects; and
// publish-end after it, so that staged rows are forgotten only when readers have them. A crash between the two leaves
// a publish without an end: the next run of whatever version finishes it, and takes the file that is already there if
// it holds exactly the inputs' rows.
func (t *track) publish(ctx context.Context, idle bool) error {
	number, begun, err := t.claim(ctx, idle)
	if errors.Is(err, errNothingRipe) {
		return nil
	}
	if err != nil {
		return err
	}
	merges := t.tenant.exporter.merges
	if err := merges.Acquire(ctx, 1); err != nil {
		return err
	}
	defer merges.Release(1)
	t.tell("publish", nil)
	file, err := t.merge(ctx, number, begun)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, writers.ErrDamaged) {
		return t.stuck(ctx, number, err)
	}
	if err == nil {
		_, err = t.ledger.Append(ctx, func(*checkpoint.State, int64) (checkpoint.Body, error) {
			return &checkpoint.PublishEnd{File: file}, nil
		})
	}
	if err != nil {
		return t.overtaken(ctx, err, func(s *checkpoint.State) bool { return s.Begun[number].Key != "" })
	}
	t.count(func(r *TableReport) {
		r.Files++
		r.Published += file.Rows
		r.FileBytes += file.Bytes
	})
	return nil
}

// claim takes up a publish that was begun, or begins one.
func (t *track) claim(ctx context.Context, idle bool) (number int64, begun checkpoint.PublishBegin, err error) {
	found := false
	t.ledger.View(func(s *checkpoint.State) {
		if number, found = t.begun(s); found {
			begun = s.Begun[number]
		}
	})
	if found {
		return number, begun, nil
	}
	c, err := t.ledger.Append(ctx, func(s *checkpoint.State, n int64) (checkpoint.Body, error) {
		dt, inputs, ripe := t.ripe(s, idle)
		if !ripe {
			return nil, errNothingRipe
		}
		return &checkpoint.PublishBegin{DT: dt, Inputs: inputs, Key: s.FileKey(dt, n)}, nil
	})
	if err != nil {
		return 0, begun, err
	}
	return c.Number, *c.Body.(*checkpoint.PublishBegin), nil
}

// begun is the oldest publish without an end, but for those that were found to be stuck.
func (t *track) begun(s *checkpoint.State) (number int64, found bool) {
	for n := range s.Begun {
		if !t.isStuck(n) && (!found || n < number) {
			number, found = n, true
		}
	}
	return number, found
}

func (t *track) isStuck(number int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stuckAt[number]
}

// stuckError is a publish that cannot be finished, which keeps no other from being.
type stuckError struct{ err error }

func (e *stuckError) Error() string {
	return e.err.Error() + "; its rows were read and are gone: restore the object, or move the table's ledger and files away and export it anew"
}

func (e *stuckError) Unwrap() error { return e.err }

// stuck finds out why an input of a publish is not there, or not whole. Another process may have finished the publish and
// swept the staged objects since; otherwise somebody has deleted what only a sweep may delete, or the store has damaged it.
func (t *track) stuck(ctx context.Context, number int64, err error) error {
	if err := t.ledger.Refresh(ctx); err != nil {
		return err
	}
	open := false
	t.ledger.View(func(s *checkpoint.State) { _, open = s.Begun[number] })
	if !open {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stuckAt[number] = true
	return &stuckError{err}
}

// merge writes the output of a publish and reads it back. One that another process has ended since it was claimed has no
// inputs any more, and is rejected.
func (t *track) merge(ctx context.Context, number int64, begun checkpoint.PublishBegin) (checkpoint.File, error) {
	var inputs []writers.Input
	var out writers.Output
	open := false
	t.ledger.View(func(s *checkpoint.State) {
		_, open = s.Begun[number]
		for _, in := range begun.Inputs {
			st, sec, _ := s.Section(in, begun.DT)
			inputs = append(inputs, writers.Input{Key: st.Object, Section: writers.Section(sec.Section)})
		}
		out = writers.Output{
			Key: begun.Key, Schema: s.Schema.Arrow(), TimeColumn: timeColumn(s.Schema, t.table.Source.TimeColumn),
			Program: t.opts().Program,
			Metadata: map[string]string{
				"huntlake.tenant":  s.Ledger.Tenant,
				"huntlake.table":   s.Ledger.Table.Path(),
				"huntlake.dt":      begun.DT.String(),
				"huntlake.publish": strconv.FormatInt(number, 10),
				"huntlake.schema":  s.Schema.Fingerprint(),
				"huntlake.program": t.opts().Program,
			},
		}
	})
	if !open {
		return checkpoint.File{}, fmt.Errorf("%w: publish %d has ended", checkpoint.ErrRejected, number)
	}
	f, err := t.opts().Bucket.Publish(ctx, inputs, out)
	if err != nil {
		return checkpoint.File{}, fmt.Errorf("publish %s: %w", begun.Key, err)
	}
	return checkpoint.File{
		Number: number, Key: f.Key, Rows: f.Rows, Bytes: f.Bytes, Digest: f.Digest,
		Oldest: f.Oldest, Newest: f.Newest, Time: partition.TickOf(t.opts().Now()),
	}, nil
}

// ripe picks the oldest dt of which rows are to be published now, and the readings to take them from. idle: nothing is
// left to read or plan in this run.
func (t *track) ripe(s *checkpoint.State, idle bool) (dt partition.Date, inputs []checkpoint.Reading, ok bool) {
	for day, readings := range s.Unpublished() {
		if ok && day >= dt {
			continue
		}
		if in := t.ripeInputs(s, day, idle, readings...); len(in) > 0 {
			dt, inputs, ok = day, in, true
		}
	}
	return dt, inputs, ok
}

// clockError is how far ahead of this machine's clock another one may be that staged something. What was staged by one
// that is further off has waited long enough: nobody knows for how long.
const clockError = time.Hour

// ripeInputs is as many of the readings as make one file of a dt, if it is ripe: its rows fill a file, or have waited
// long enough, or the run is at its end. Stragglers, which come for a dt long after it was published, wait for more.
func (t *track) ripeInputs(s *checkpoint.State, dt partition.Date, idle bool, readings ...checkpoint.Reading) []checkpoint.Reading {
	if t.snapshots() {
		return wholeSnapshot(s, dt, readings)
	}
	var inputs []checkpoint.Reading
	var bytes int64
	oldest, late := partition.MaxTick, s.Days[dt].Closed != 0
	for _, r := range readings {
		if !s.IsSettled(r.Slice.Stream, checkpoint.SettleDay(r.Slice, dt)) {
			continue
		}
		st, sec, _ := s.Section(r, dt)
		if len(inputs) == checkpoint.MaxInputs || (bytes > 0 && bytes+sec.Length > t.opts().TargetSize) {
			return inputs
		}
		inputs, bytes, oldest = append(inputs, r), bytes+sec.Length, min(oldest, st.Time)
		late = late && st.Number > s.Days[dt].Closed
	}
	waited := partition.TickOf(t.opts().Now()).Sub(oldest)
	if waited < -clockError {
		waited = math.MaxInt64
	}
	switch {
	case len(inputs) == 0:
		return nil
	case late:
		if bytes >= stragglerSize || waited >= 24*time.Hour {
			return inputs
		}
		return nil
	case bytes >= t.opts().TargetSize, waited >= t.opts().MaxDelay, t.opts().OneShot && idle:
		return inputs
	}
	return nil
}

// wholeSnapshot is all readings of a dt's snapshot, once it is settled: there is nothing to wait for then.
func wholeSnapshot(s *checkpoint.State, dt partition.Date, readings []checkpoint.Reading) []checkpoint.Reading {
	if !s.IsSettled(partition.Snapshot, dt) {
		return nil
	}
	return readings
}

// idle reports whether nothing is left to read or plan in this run.
func (t *track) idle() bool {
	if !t.calling() {
		return t.underway == 0
	}
	if t.planning || len(t.reading) > 0 {
		return false
	}
	return !t.unfinished()
}
