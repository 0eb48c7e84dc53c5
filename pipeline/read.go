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
	"huntlake/schema"
)

// wantRead picks the open slice that expires first.
func (t *track) wantRead() *task {
	if !t.calling() {
		return nil
	}
	var best checkpoint.Reading
	expires, found := partition.MaxTick, false
	t.ledger.View(func(s *checkpoint.State) {
		for slice, leaf := range s.Leaves {
			r := checkpoint.Reading{Slice: slice, Generation: leaf.Generation}
			if at := expiry(slice, leaf); leaf.Open && !t.reading[slice] && !t.aside[slice] && (!found || at < expires || at == expires && r.Compare(best) < 0) {
				best, expires, found = r, at, true
			}
		}
	})
	if !found {
		return nil
	}
	return &task{
		expires: expires,
		begin:   func() { t.reading[best.Slice] = true },
		run: func(ctx context.Context) error {
			return unreadable(best.Slice, t.lostReading(ctx, best, t.read(ctx, best)))
		},
		finish: func() { delete(t.reading, best.Slice) },
	}
}

// maxAside is how many slices of a table are set aside in a run before it is left alone: by then it is no matter of single
// values.
const maxAside = 10

// asideError is a slice whose answer cannot be read, whatever is tried, and which keeps no other from being.
type asideError struct {
	slice partition.Slice
	err   error
}

func (e *asideError) Error() string { return e.err.Error() }

func (e *asideError) Unwrap() error { return e.err }

// unreadable marks an error that is about what one slice holds: a value that is none, or rows that fit into no answer.
func unreadable(s partition.Slice, err error) error {
	value := errors.As(err, new(*hunting.DecodeError)) && errors.Is(err, hunting.ErrPermanent)
	if value || errors.Is(err, errSmallest) {
		return &asideError{s, err}
	}
	return err
}

// expiry is the smallest Timestamp in a slice as far as it is known.
func expiry(s partition.Slice, leaf checkpoint.Leaf) partition.Tick {
	if leaf.Oldest != 0 {
		return leaf.Oldest
	}
	return max(s.Floor, s.Start)
}

// read makes one call for a slice and stages its rows; or, if the slice cannot be read as it is, splits it or raises
// its floor, or opens its range again, and leaves what comes of it to later tasks.
func (t *track) read(ctx context.Context, r checkpoint.Reading) error {
	err := t.readAsPlanned(ctx, r)
	if err == nil || r.Slice.Of == 0 {
		return err
	}
	return t.rekey(ctx, r, err)
}

func (t *track) readAsPlanned(ctx context.Context, r checkpoint.Reading) error {
	leaf := t.leaf(r.Slice)
	if !leaf.Open || leaf.Generation != r.Generation {
		return nil // another process has read it
	}
	safe, same, err := t.raiseFloor(ctx, r, leaf)
	if err != nil || !same {
		return err
	}
	if why := t.tooBig(leaf.Counted); why != "" {
		if err := t.narrow(ctx, r.Slice, leaf.Counted, why); !errors.Is(err, errSmallest) {
			return err
		}
	}
	query := t.sourceOf(r.Slice).Rows(r.Slice)
	called := t.tenant.clock.tick()
	a, release, err := t.askRows(ctx, query, leaf.Counted)
	if errors.Is(err, hunting.ErrTooBig) {
		t.wasted()
		if err := t.refused(leaf.Counted, err); err != nil {
			return err
		}
		return t.smaller(ctx, r.Slice, leaf.Counted, err)
	}
	if err != nil {
		return err
	}
	defer release()
	t.answered()
	receipt := checkpoint.Receipt{
		Reading: r, Query: query, Received: a.Rows, Answer: a.Bytes, RunTime: a.Elapsed,
		Called: called, Answered: t.tenant.clock.tick(),
	}
	trusted, err := t.trust(ctx, &receipt, leaf.Counted, safe)
	if err != nil || !trusted {
		return err
	}
	return t.stage(ctx, receipt, a)
}

// lost takes a rejected commit for what it is: another process was faster, and the ledger knows better.
func (t *track) lost(err error) error {
	if errors.Is(err, checkpoint.ErrRejected) {
		t.opts().Logger.Info("another process was faster", "tenant", t.tenant.id, "table", t.table.Table.Path(), "reason", err)
		return nil
	}
	return err
}

// overtaken is lost, unless the ledger, read anew, says that what the commit was about still waits for it: then nobody
// was faster, the commit itself is wrong, and would be every time that the same call was made again.
func (t *track) overtaken(ctx context.Context, err error, waits func(*checkpoint.State) bool) error {
	if !errors.Is(err, checkpoint.ErrRejected) {
		return err
	}
	if err := t.ledger.Refresh(ctx); err != nil {
		return err
	}
	waiting := false
	t.ledger.View(func(s *checkpoint.State) { waiting = waits(s) })
	if waiting {
		return fmt.Errorf("the ledger does not take what should be right: %w", err)
	}
	return t.lost(err)
}

func (t *track) lostReading(ctx context.Context, r checkpoint.Reading, err error) error {
	return t.overtaken(ctx, err, func(s *checkpoint.State) bool {
		leaf := s.Leaves[r.Slice]
		return leaf.Open && leaf.Generation == r.Generation
	})
}

// maxRefusals is how many answers in a row, with none between them that came, are refused as too big before the table
// is left alone: that many halvings make a few rows of what fills an answer, and each refusal may have cost the tenant
// minutes of its CPU.
const maxRefusals = 20

// refused takes note of an answer to a slice of so many rows that was refused as too big, and returns an error if a
// smaller one will not do either.
func (t *track) refused(rows int64, err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refusals++
	if t.refusals >= maxRefusals {
		return fmt.Errorf("%d answers in a row were too big for the service, the last one of %d rows; leave it some time: %w", t.refusals, rows, err)
	}
	return nil
}

// smaller splits a slice of which the answer was refused. One that cannot be split is asked for once more: gateways give
// the same answers when they are in trouble themselves, which a moment later they may not be.
func (t *track) smaller(ctx context.Context, s partition.Slice, rows int64, refusal error) error {
	err := fmt.Errorf("slice %v: %w, and %w", s, refusal, errSmallest)
	if rows > 1 {
		err = t.narrow(ctx, s, rows, refusal.Error())
	}
	if errors.Is(err, errSmallest) && t.again(s) {
		return hunting.Sleep(ctx, respite)
	}
	return err
}

// respite is how long a gateway is left alone that has refused what cannot be asked for in smaller parts.
const respite = 4 * time.Second

// again reports whether a slice may be asked for once more, after an answer that was of no use.
func (t *track) again(s partition.Slice) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.useless[s]++
	return t.useless[s] < 2
}

func (t *track) answered() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refusals = 0
}

func (t *track) wasted() { t.count(func(r *TableReport) { r.Calls.Wasted++ }) }

func (t *track) leaf(s partition.Slice) checkpoint.Leaf {
	var leaf checkpoint.Leaf
	t.ledger.View(func(st *checkpoint.State) { leaf = st.Leaves[s] })
	return leaf
}

// fields is what the newest answer's schema is known to be.
func (t *track) fields() []schema.Field {
	var out []schema.Field
	t.ledger.View(func(s *checkpoint.State) {
		for _, c := range s.Schema.Columns {
			if !c.Gone {
				out = append(out, schema.Field{Name: c.Source, Type: c.Type})
			}
		}
	})
	return out
}

// tooBig says why a slice of so many rows is not to be asked as it is, or nothing: it is over the row cap, or rows
// have turned out so wide since it was planned that the answer is all but certain to be refused. Where that is a toss-up,
// it is asked for: to split it takes two calls more, and a refusal one more than that.
func (t *track) tooBig(rows int64) string {
	caps := t.caps()
	if rows > caps.Rows {
		return fmt.Sprintf("%d rows are over the cap of %d", rows, caps.Rows)
	}
	if bytes := t.cost().LeastBytes(rows); rows > 1 && bytes > caps.Bytes {
		return fmt.Sprintf("%d rows are expected to take %d bytes, over the cap of %d", rows, bytes, caps.Bytes)
	}
	return ""
}

// trust holds an answer's row count against the plan's. A count that does not match is asked again, at most twice: an
// answer that agrees with a recount is taken; one that ends where the service cuts answers is split; one that disagrees
// with two equal counts, or lies beyond all of them, is wrong, and the slice is asked again and at last split; if the
// counts differ, the source is moving, and the receipt says so. If the source's edge has passed what was safe when the
// call began, as where the machine slept meanwhile, fewer rows than were planned may be what has not expired: the slice is
// asked again, once the others are given up. Of what is read again the lake may have them all, and no floor rises: that is
// asked for once more and no further.
func (t *track) trust(ctx context.Context, r *checkpoint.Receipt, counted int64, safe partition.Tick) (bool, error) {
	r.Counted = []int64{counted}
	capped := t.tenant.rowCap.reached(r.Received)
	for len(r.Counted) <= 2 && (capped || r.Received != r.Counted[len(r.Counted)-1]) {
		n, err := t.askCount(ctx, recounting, r.Reading.Slice)
		if err != nil {
			return false, err
		}
		r.Counted = append(r.Counted, n)
		if capped {
			break
		}
	}
	last := r.Counted[len(r.Counted)-1]
	switch {
	case min(last, r.Received) < counted && t.edge() > safe && (r.Reading.Generation == 1 || t.again(r.Reading.Slice)):
		t.wasted()
		return false, nil
	case capped && (r.Received < last || r.Received >= checkpoint.RowCap), r.Received < last && t.tenant.rowCap.learn(r.Received):
		t.wasted()
		return false, t.narrow(ctx, r.Reading.Slice, max(last, r.Received), fmt.Sprintf("the answer was cut at %d rows", r.Received))
	case r.Received == last:
		return true, nil
	case r.Counted[1] != last && r.Received >= slices.Min(r.Counted) && r.Received <= slices.Max(r.Counted):
		r.Moved = true
		return true, nil
	}
	return false, t.distrust(ctx, r)
}

// distrust deals with an answer that does not hold what the source keeps counting: one more try, then a split.
func (t *track) distrust(ctx context.Context, r *checkpoint.Receipt) error {
	t.wasted()
	slice, last := r.Reading.Slice, r.Counted[len(r.Counted)-1]
	t.opts().Logger.Warn("answer does not hold what was counted", "tenant", t.tenant.id, "table", t.table.Table.Path(), "slice", slice.String(), "received", r.Received, "counted", last)
	if t.again(slice) {
		return nil
	}
	if last < 2 {
		return fmt.Errorf("slice %v: the source counts %d rows and answers %d, again and again", slice, last, r.Received)
	}
	return t.narrow(ctx, slice, last, fmt.Sprintf("%d rows received, %d counted", r.Received, last))
}
