package checkpoint_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"huntlake/checkpoint"
	"huntlake/partition"
)

// writer is a process with its own, usually stale, view of a ledger. What it proposes is valid on that view.
type writer struct {
	r    *rand.Rand
	src  *source
	view *checkpoint.State
	lake *lake
}

// propose draws the next body that the writer would commit, or nil.
func (w *writer) propose(number int64) checkpoint.Body {
	switch w.r.IntN(12) {
	case 0, 1:
		return w.plan(pick(w.r, w.lake.streams), w.r.IntN(3) == 0)
	case 2:
		return w.split()
	case 3:
		return w.settle()
	case 4, 5:
		return w.begin(number)
	case 6, 7:
		return w.end()
	}
	return w.read(1 + w.r.IntN(3))
}

// plan extends a stream up to the source's clock and, if asked to, opens again what has grown above a floor.
func (w *writer) plan(stream partition.Stream, again bool) checkpoint.Body {
	p := &checkpoint.Plan{Stream: stream, Floor: w.src.edge() + partition.Tick(1+w.r.IntN(7*24))*partition.Hour}
	r, known := w.view.Streams[stream]
	if p.Start, p.End = at(0), w.src.clock-partition.Hour; known {
		p.Start, p.End = r.End, max(r.End, p.End)
	}
	switch {
	case p.Start < p.End:
		p.Slices = w.tile(partition.Slice{Stream: stream, Start: p.Start, End: p.End, Floor: p.Floor})
	}
	if again && known {
		p.Again, p.Generation = w.grown(stream, w.src.edge()), max(w.view.Generation, 1)+1
	}
	if len(p.Slices)+len(p.Again) == 0 {
		return nil
	}
	return p
}

// grown are ranges of a stream of which the source shows more than the lake holds, as far as the writer knows, and that
// it does not know to be read.
func (w *writer) grown(stream partition.Stream, floor partition.Tick) (out []checkpoint.PlannedSlice) {
	r := w.view.Streams[stream]
	wide := partition.Tick(1+w.r.IntN(30)) * partition.Hour
	for s := (partition.Slice{Stream: stream, Start: r.Start, Floor: max(0, floor)}); s.Start < r.End; s.Start = s.End {
		s.End = min(s.Start+wide, r.End)
		out = append(out, w.ifGrown(s)...)
	}
	return out
}

func (w *writer) ifGrown(s partition.Slice) []checkpoint.PlannedSlice {
	for leaf := range w.view.Leaves {
		overlap := leaf.Start < s.End && s.Start < leaf.End
		if w.view.Leaves[leaf].Open && leaf.Stream == s.Stream && overlap {
			return nil
		}
	}
	rows := w.src.read(s)
	if len(w.rest(rows)) == 0 {
		return nil
	}
	return []checkpoint.PlannedSlice{{Slice: s, Rows: int64(len(rows))}}
}

func (w *writer) tile(s partition.Slice) (out []checkpoint.PlannedSlice) {
	for s.Start < s.End {
		c := s
		c.End = min(s.End, s.Start+1+partition.Tick(w.r.Int64N(int64(2*partition.Day))))
		out = append(out, checkpoint.PlannedSlice{Slice: c, Rows: w.src.count(c)})
		s.Start = c.End
	}
	return out
}

// leaves are the slices of the view that are wanted, in order.
func (w *writer) leaves(want func(checkpoint.Leaf) bool) (out []partition.Slice) {
	for s, leaf := range w.view.Leaves {
		if want(leaf) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b partition.Slice) int { return cmp.Or(a.Compare(b), cmp.Compare(a.Ceiling, b.Ceiling)) })
	return out
}

func isOpen(l checkpoint.Leaf) bool { return l.Open }

func (w *writer) split() checkpoint.Body {
	open := w.leaves(isOpen)
	if len(open) == 0 {
		return nil
	}
	s := pick(w.r, open)
	var children []partition.Slice
	ok := false
	switch w.r.IntN(3) {
	case 0:
		children, ok = s.SplitAt(s.Start + partition.Tick(w.r.Int64N(int64(max(1, s.End-s.Start)))))
	case 1:
		children, ok = s.SplitOther(s.Floor+partition.Tick(w.r.Int64N(int64(40*partition.Day))), s.Floor+40*partition.Day)
	case 2:
		children, ok = s.SplitBuckets(2 + w.r.IntN(3))
	}
	if !ok {
		return nil
	}
	p := &checkpoint.Split{Slice: s, Why: "test"}
	for _, c := range children {
		p.Children = append(p.Children, checkpoint.PlannedSlice{Slice: c, Rows: w.src.count(c)})
	}
	return p
}

// read stages up to n open slices; or it gives up what has expired of the first.
func (w *writer) read(n int) checkpoint.Body {
	open := w.leaves(isOpen)
	w.r.Shuffle(len(open), func(i, j int) { open[i], open[j] = open[j], open[i] })
	p := &checkpoint.Stage{}
	for _, s := range open[:min(n, len(open))] {
		if s.Floor < w.src.edge() {
			return w.gap(s)
		}
		p.Receipts = append(p.Receipts, w.receipt(s))
	}
	if len(p.Receipts) == 0 {
		return nil
	}
	return p
}

func (w *writer) gap(s partition.Slice) checkpoint.Body {
	narrowed := s
	narrowed.Floor = w.src.edge() + partition.Hour
	return &checkpoint.Gap{
		Stream: s.Stream, Start: s.Start, End: s.End, Below: narrowed.Floor, Why: "test", Slice: &s, Left: w.src.count(narrowed),
	}
}

// receipt is an honest reading: the rows that the writer knows the lake to hold are subtracted.
func (w *writer) receipt(s partition.Slice) checkpoint.Receipt {
	leaf := w.view.Leaves[s]
	rows := w.src.read(s)
	r := checkpoint.Receipt{
		Reading: checkpoint.Reading{Slice: s, Generation: leaf.Generation}, Query: "test",
		Counted: []int64{leaf.Counted}, Received: int64(len(rows)), Answer: int64(700 * len(rows)), RunTime: perRow,
	}
	if r.Received != leaf.Counted {
		r.Counted = append(r.Counted, r.Received)
	}
	if w.r.IntN(8) == 0 {
		r.Counted, r.Moved = []int64{leaf.Counted, r.Received + 1, r.Received + 2}, true
	}
	rest := w.rest(rows)
	if r.Held = r.Received - int64(len(rest)); len(rest) > 0 {
		w.lake.nonces++
		r.Object = ours.StagedKey(s, leaf.Generation, fmt.Sprintf("n%d", w.lake.nonces))
		w.lake.objects[r.Object] = rest
	}
	for dt, part := range byDT(rest) {
		sec := checkpoint.Section{DT: dt, Offset: r.Bytes, Length: int64(len(part)), Rows: int64(len(part))}
		for _, e := range part {
			sec.Digest = sec.Digest.Add(e.digest())
		}
		r.Bytes += sec.Length
		r.Sections = append(r.Sections, sec)
		r.Cells = append(r.Cells, checkpoint.CellRows{Cell: checkpoint.Cell{Hour: part[0].cursor().Floor(partition.Hour), Day: dt}, Rows: sec.Rows})
	}
	return r
}

// rest is the rows that the writer does not know the lake to hold.
func (w *writer) rest(rows []event) (out []event) {
	for _, e := range rows {
		if p, ok := w.lake.staged[e.id]; !ok || p.number > w.view.Number {
			out = append(out, e)
		}
	}
	return out
}

// byDT yields events by dt, in order.
func byDT(events []event) func(func(partition.Date, []event) bool) {
	days := map[partition.Date][]event{}
	for _, e := range events {
		days[e.dt()] = append(days[e.dt()], e)
	}
	return func(yield func(partition.Date, []event) bool) {
		for _, dt := range slices.Sorted(maps.Keys(days)) {
			if !yield(dt, days[dt]) {
				return
			}
		}
	}
}

func (w *writer) settle() checkpoint.Body {
	stream := pick(w.r, w.lake.streams)
	r, ok := w.view.Streams[stream]
	if at, _ := w.view.Watermark(stream); !ok || stream.Cursor() != partition.TimestampCursor || at == 0 {
		return nil
	}
	first := partition.DateOf(r.Start)
	day := first + partition.Date(w.r.IntN(int(partition.DateOf(r.End)-first)+1))
	if r.Start > day.Start() && day != first {
		return nil
	}
	return &checkpoint.Settled{Stream: stream, DT: day}
}

// begin claims a dt's rows. One time in eight it does not look whether they are settled.
func (w *writer) begin(number int64) checkpoint.Body {
	staged := w.view.Unpublished()
	if len(staged) == 0 {
		return nil
	}
	dt := pick(w.r, slices.Sorted(maps.Keys(staged)))
	careless := w.r.IntN(8) == 0
	inputs := slices.DeleteFunc(staged[dt], func(r checkpoint.Reading) bool {
		return !careless && !w.view.IsSettled(r.Slice.Stream, checkpoint.SettleDay(r.Slice, dt))
	})
	if len(inputs) == 0 {
		return nil
	}
	inputs = inputs[:min(len(inputs), 1+w.r.IntN(checkpoint.MaxInputs))]
	return &checkpoint.PublishBegin{DT: dt, Inputs: inputs, Key: w.view.FileKey(dt, number)}
}

func (w *writer) end() checkpoint.Body {
	if len(w.view.Begun) == 0 {
		return nil
	}
	number := pick(w.r, slices.Sorted(maps.Keys(w.view.Begun)))
	begun := w.view.Begun[number]
	rows, digest := w.view.InputSums(begun)
	return &checkpoint.PublishEnd{File: checkpoint.File{Number: number, Key: begun.Key, Rows: rows, Bytes: 9, Digest: digest}}
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
