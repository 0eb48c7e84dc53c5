package pipeline

import (
	"context"
	"errors"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline/hunting"
)

// lane is a stream in a run: the part of it that has been counted and not yet planned.
type lane struct {
	stream  partition.Stream
	hist    *partition.Histogram // nil before it is asked
	floor   partition.Tick       // the histogram's
	done    bool                 // planned up to the target
	refused int                  // plans that met a ledger they did not fit
}

// A plan is committed a few slices at a time, so that what answers teach about the width of rows is used at once: a small
// one to learn from, then a few, then larger chunks, as more is known.
const (
	firstRows = 2500 // of the first slice of a table of which nothing is known: few enough for rows of 20 kB
	firstFew  = 2    // after it: if the call for one of them hangs, the other shows how to go on
	grows     = 3    // slices that are planned for each answer that has come
	chunk     = 16   // and no more: the width drifts from hour to hour
)

// maxRefused is how often another process may be faster before a stream is left to it.
const maxRefused = 5

// wantPlan asks for more slices once the planned ones are all being read: of the stream that is furthest behind, and
// first of one that was never planned.
func (t *track) wantPlan() *task {
	if t.planning || !t.calling() || len(t.reading) > 0 && t.learning() {
		return nil
	}
	var next *lane
	at := partition.MaxTick
	for _, l := range t.lanes {
		if planned := t.plannedTo(l.stream); !l.done && planned < at {
			next, at = l, planned
		}
	}
	if next == nil {
		return nil
	}
	return &task{
		expires: t.frontier(next.stream),
		begin:   func() { t.planning = true },
		run:     func(ctx context.Context) error { return t.plan(ctx, next) },
		finish:  func() { t.planning = false },
	}
}

// learning reports whether so little is known of the width of rows that the next chunk is better planned when another
// answer has come.
func (t *track) learning() bool { return t.cost().Answers <= 1 }

// frontier is the end of what is planned of a stream, or where its first plan will begin.
func (t *track) frontier(stream partition.Stream) partition.Tick {
	if at := t.plannedTo(stream); at != partition.MinTick {
		return at
	}
	return t.firstStart()
}

// plannedTo is the end of what is planned of a stream, or MinTick.
func (t *track) plannedTo(stream partition.Stream) (at partition.Tick) {
	t.ledger.View(func(s *checkpoint.State) { at = s.Streams[stream].End })
	return at
}

// start is the first instant of what has been planned of a stream.
func (t *track) start(stream partition.Stream) partition.Tick {
	at := t.frontier(stream)
	t.ledger.View(func(s *checkpoint.State) {
		if r, ok := s.Streams[stream]; ok {
			at = r.Start
		}
	})
	return at
}

// plan counts what is left of the lane, if it has not been, and commits its next chunk.
func (t *track) plan(ctx context.Context, l *lane) error {
	if l.hist == nil || l.stale(t.edge()) {
		if err := t.survey(ctx, l); err != nil {
			return err
		}
	}
	if l.hist == nil {
		l.done = true
		return nil
	}
	if l.hist.Rows() == 0 { // there may never be an answer that tells its columns
		if err := t.pinColumns(ctx, l.slice(l.hist.Start, l.hist.End)); err != nil {
			return err
		}
	}
	t.tell("plan", nil)
	slices, short := t.nextChunk(ctx, l, t.cost())
	if len(slices) == 0 {
		return short
	}
	if err := t.keepQuery(ctx); err != nil {
		return err
	}
	_, err := t.ledger.Append(ctx, func(*checkpoint.State, int64) (checkpoint.Body, error) {
		return t.planBody(l, slices), nil
	})
	if errors.Is(err, checkpoint.ErrRejected) && l.refused < maxRefused {
		l.hist, l.refused = nil, l.refused+1 // another process has moved the frontier: count again from there
		return t.lost(err)
	}
	if err != nil {
		return err
	}
	l.advance(slices[len(slices)-1].Slice.End)
	return short
}

// stale reports whether rows that the lane has counted have expired since. Not earlier: to count anew gives up what expires
// within the slack, and that may yet be read.
func (l *lane) stale(edge partition.Tick) bool {
	oldest := l.hist.Oldest()
	return oldest != partition.NoTick && oldest < edge
}

// advance drops what has been planned, up to end.
func (l *lane) advance(end partition.Tick) {
	rest := l.hist.Within(end, l.hist.End)
	l.hist = &rest
	if l.done = end == rest.End; l.done {
		l.hist = nil
	}
}

// survey counts the lane from its frontier to the target, having recorded what of that has expired already. On the
// stamped stream the histogram starts a day earlier, which costs no call, and hours that have grown there since they
// were read are opened again.
func (t *track) survey(ctx context.Context, l *lane) error {
	frontier := t.frontier(l.stream)
	from := frontier
	if l.stream == partition.Stamped {
		from = max(frontier-overlap, t.start(l.stream))
	}
	var before int64
	if l.hist != nil {
		before = l.hist.Rows()
	}
	if err := t.countLane(ctx, l, from); err != nil || l.hist == nil {
		return err
	}
	if err := t.recordUnread(ctx, l.stream, frontier); err != nil {
		return err
	}
	if err := t.reopenGrown(ctx, l, frontier); err != nil {
		return err
	}
	l.advance(frontier)
	t.mu.Lock()
	t.planned += l.hist.Rows() - before
	t.mu.Unlock()
	return nil
}

// reopenGrown opens the hours of the histogram's range, up to the frontier, that hold more rows than were staged.
func (t *track) reopenGrown(ctx context.Context, l *lane, frontier partition.Tick) error {
	var grown []partition.Tick
	t.ledger.View(func(s *checkpoint.State) { grown = grownHours(s, l.hist.Within(l.hist.Start, frontier), l.stream) })
	return t.lost(t.openAgain(ctx, l.stream, grown, l.floor, counted(*l.hist)))
}

// countLane asks for the histogram up to the target. A lane that has reached the target keeps none. Where the answer is
// a run's first, it may be what tells that the local clock runs ahead: the target was one that rows are still to come
// before, and the lane is counted again.
func (t *track) countLane(ctx context.Context, l *lane, from partition.Tick) error {
	asked, end := t.tenant.clock.tick(), t.target()
	l.hist = nil
	if t.frontier(l.stream) >= end {
		return nil
	}
	if t.spend(l, from) {
		return nil
	}
	l.floor = t.freshFloor()
	h, err := t.askHistogram(ctx, l.slice(from, end), binWidth(from, end))
	if err == nil && t.tenant.clock.wasAhead(asked) {
		return t.countLane(ctx, l, from)
	}
	l.hist = &h
	return err
}

func (l *lane) slice(start, end partition.Tick) partition.Slice {
	return partition.Slice{Stream: l.stream, Start: start, End: end, Floor: l.floor}
}

// nextChunk cuts the slices that are committed next, once the spans among them whose bins cannot be packed well have
// been asked for again at finer bins. If the quota is spent before that is done, the slices come with that error: the
// bins that are too big are split when they are read. To ask for all of them again in every run might use up the quota
// of each before it has come to anything.
func (t *track) nextChunk(ctx context.Context, l *lane, cost partition.Cost) (next []partition.Planned, err error) {
	const rounds = 4 // from a month to a tick
	for round := 0; ; round++ {
		next = t.pack(l, cost)
		hot := l.hist.Hot(cost.RowsPerCall(t.caps()))
		for i, span := range hot {
			if span.Start >= next[len(next)-1].Slice.End {
				hot = hot[:i]
				break
			}
		}
		if round == rounds || len(hot) == 0 || err != nil {
			return next, err
		}
		if err = t.refine(ctx, l, hot); err != nil && !errors.Is(err, hunting.ErrQuota) {
			return nil, err
		}
	}
}

// refine asks again for spans of the lane, at finer bins.
func (t *track) refine(ctx context.Context, l *lane, hot []partition.Span) error {
	for _, span := range hot {
		finer, err := t.askHistogram(ctx, l.slice(span.Start, span.End), span.Width)
		if err != nil {
			return err
		}
		h := l.hist.Refine(finer)
		l.hist = &h
	}
	return nil
}

// pack cuts what is committed next of the lane: a chunk of slices. A range without rows is one slice that is proved by the
// count alone.
func (t *track) pack(l *lane, cost partition.Cost) []partition.Planned {
	most := cost.RowsPerCall(t.caps())
	limit, n := most, int(min(max((cost.Answers-1)*grows, firstFew), chunk))
	if cost.Answers == 0 {
		limit, n = min(limit, firstRows), 1
	}
	head := l.hist.Head(limit, n)
	part := l.slice(head.Start, head.End)
	if len(head.Bins) == 0 {
		return []partition.Planned{{Slice: part}}
	}
	if cost.Answers == 0 { // up to the first edge may be many times as many: they are no hundred calls
		limit = min(most, max(limit, head.Rows()/firstFew))
	}
	return partition.Pack(part, head, limit)
}

// planBody makes the commit. If another process has moved the frontier, Fold refuses it.
func (t *track) planBody(l *lane, slices []partition.Planned) checkpoint.Body {
	p := &checkpoint.Plan{
		Stream: l.stream, Start: slices[0].Slice.Start, End: slices[len(slices)-1].Slice.End, Floor: l.floor,
	}
	for _, s := range slices {
		p.Slices = append(p.Slices, checkpoint.NewPlannedSlice(s))
	}
	return p
}

// cost is what the ledger has learned of the table.
func (t *track) cost() partition.Cost {
	var c partition.Cost
	t.ledger.View(func(s *checkpoint.State) { c = s.Cost })
	return c
}

// planCost is cost, or what a sample says of a table of which no rows have come yet.
func (t *track) planCost() partition.Cost {
	c := t.cost()
	if c.Answers == 0 && t.sample != nil {
		c = c.Observe(t.sample.Rows, t.sample.Bytes, 0)
	}
	return c
}
