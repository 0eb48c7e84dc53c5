package checkpoint_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/schema"
)

func TestWatermark(t *testing.T) {
	s := states(t, "empty")
	if at, ok := s.Watermark(partition.Stamped); ok || at != 0 {
		t.Errorf("a stream that was never planned: %v, %v", at, ok)
	}
	read := func(hour int, rows int64) checkpoint.Body {
		return stage(receipt(reading(stamped(hour), 1), rows, part{0, rows}))
	}
	for _, c := range []struct {
		name string
		body checkpoint.Body
		want int
	}{
		{"planned", plan(partition.Stamped, 0, 1, 10, 0, 20, 30), 0},
		{"a later slice is read", read(2, 20), 0},
		{"the first is read", read(0, 10), 3},
		{"the last is read", read(3, 30), 4},
		{"more is planned", plan(partition.Stamped, 4, 1, 0, 7), 5},
		{"one is opened again", again(6, reading(stamped(2), 2), 21), 2},
		{"it expires", gapBelow(stamped(2), floor+1, 0), 5},
	} {
		more(t, s, c.body)
		if got, ok := s.Watermark(partition.Stamped); !ok || got != at(c.want) {
			t.Errorf("%s: the watermark is %v, want %v", c.name, got, at(c.want))
		}
	}
}

func TestOpenAndUnpublished(t *testing.T) {
	s := states(t, "again")
	first, second := reading(stamped(0), 1), reading(stamped(0), 2)
	if got, want := s.Open(), []checkpoint.Reading{second, reading(stamped(2), 1), reading(stamped(3), 1)}; !slices.Equal(got, want) {
		t.Errorf("Open = %v, want %v", got, want)
	}
	more(t, s, stage(altered(receipt(second, 12, part{0, 2}), func(r *checkpoint.Receipt) { r.Held = 10 })))
	want := map[partition.Date][]checkpoint.Reading{dayZero: {first, second}, dayZero + 1: {first}}
	if diff := cmp.Diff(want, s.Unpublished()); diff != "" {
		t.Errorf("Unpublished: %s", diff)
	}
	more(t, s, begin(5, 0, first))
	want[dayZero] = []checkpoint.Reading{second}
	if diff := cmp.Diff(want, s.Unpublished()); diff != "" {
		t.Errorf("Unpublished after a claim: %s", diff)
	}
	if rows, sum := s.InputSums(s.Begun[5]); rows != 6 || sum != digest(6) {
		t.Errorf("InputSums = %d, %v", rows, sum)
	}
	if _, _, ok := s.Section(first, dayZero+2); ok {
		t.Error("a dt without rows has a section")
	}
}

// What a look has handed out is not changed by later commits.
func TestHandedOut(t *testing.T) {
	s := states(t, "staged")
	r := reading(stamped(0), 1)
	staged, _, _ := s.Section(r, dayZero)
	more(t, s, begin(3, 0, r))
	begun, day := s.Begun[3], s.Days[dayZero]
	claimed, _, _ := s.Section(r, dayZero)
	more(t, s, end(3, 0, 6, digest(6)), begin(5, 1, r))
	for i, want := range []int64{6, 4} {
		if staged.Sections[i].Rows != want || staged.Sections[i].Publish != 0 || claimed.Sections[i].Rows != want {
			t.Errorf("section %d changed: %+v, %+v", i, staged.Sections, claimed.Sections)
		}
	}
	if len(day.Files) != 0 || len(begun.Inputs) != 1 || begun.Inputs[0] != r {
		t.Errorf("files or inputs changed: %+v, %+v", day, begun)
	}
}

func TestRange(t *testing.T) {
	s := fold(t, plan(partition.Stamped, 0, 1, 1))
	for i, f := range []partition.Tick{floor + 5, floor + 2} {
		p := plan(partition.Stamped, i+1, 1, 1)
		p.Floor, p.Slices[0].Slice.Floor = f, f
		more(t, s, p)
	}
	if got, want := s.Streams[partition.Stamped], (checkpoint.Range{Start: at(0), End: at(3), Floor: floor + 5, First: floor}); got != want {
		t.Errorf("the range is %+v, want %+v", got, want)
	}
}

// The children of a split are read at their parent's generation, and compared as it would have been.
func TestSplitInherits(t *testing.T) {
	column := schema.Column{Source: "A", Type: "String", Name: "A", Kind: schema.String}
	halves, _ := stamped(0).SplitAt(at(0) + partition.Minute)
	parts := split(stamped(0), 6, halves...)
	parts.Children[1].Rows = 0
	s := fold(t, &checkpoint.Schema{Table: schema.Table{Columns: []schema.Column{column}}}, plan(partition.Stamped, 0, 1, 10),
		stage(altered(receipt(reading(stamped(0), 1), 10, part{0, 10}), func(r *checkpoint.Receipt) { r.Columns = 1 })),
		again(1, reading(stamped(0), 2), 12), parts)
	want := map[partition.Slice]checkpoint.Leaf{
		halves[0]: {Generation: 2, Open: true, Counted: 6, Columns: 1}, halves[1]: {Generation: 2, Columns: 1},
	}
	if diff := cmp.Diff(want, s.Leaves); diff != "" {
		t.Errorf("leaves: %s", diff)
	}
}

func TestDaySums(t *testing.T) {
	s := states(t, "ended")
	r := reading(stamped(0), 2)
	more(t, s, again(4, r, 12), stage(altered(receipt(r, 12, part{0, 2}), func(r *checkpoint.Receipt) { r.Held = 10 })),
		begin(7, 0, r), end(7, 0, 2, digest(2)))
	day := s.Days[dayZero]
	if day.Rows() != 8 || day.Digest() != digest(6).Add(digest(2)) || len(day.Files) != 2 {
		t.Errorf("the day holds %d rows, digest %v, in %d files", day.Rows(), day.Digest(), len(day.Files))
	}
	if got := s.Published(); !slices.Equal(got, []partition.Date{dayZero}) {
		t.Errorf("Published = %v", got)
	}
}

// A state forgets what lies 35 days behind the frontier, but never a slice that is still to be read, and no day
// becomes unsettled by it.
func TestForget(t *testing.T) {
	const day = 24
	s := fold(t, plan(partition.Whole, 0, day, 5, 0, 5),
		stage(receipt(reading(hours(partition.Whole, 0, day), 1), 5, part{0, 5})), settled(partition.Whole, 0), settled(partition.Whole, 1))
	first, empty, open := hours(partition.Whole, 0, day), hours(partition.Whole, day, 2*day), hours(partition.Whole, 2*day, 3*day)
	for _, c := range []struct {
		days int // the frontier
		want []partition.Slice
		kept []partition.Date
	}{
		{36, []partition.Slice{first, empty, open}, []partition.Date{dayZero, dayZero + 1}},
		{37, []partition.Slice{empty, open}, []partition.Date{dayZero + 1}},
		{38, []partition.Slice{open}, nil},
		{60, []partition.Slice{open}, nil},
	} {
		from := int((s.Streams[partition.Whole].End - at(0)) / partition.Hour)
		more(t, s, plan(partition.Whole, from, c.days*day-from, 0))
		for _, slice := range []partition.Slice{first, empty, open} {
			if _, got := s.Leaves[slice]; got != slices.Contains(c.want, slice) {
				t.Errorf("frontier at day %d: leaf %v is there: %v", c.days, slice, got)
			}
		}
		for d := range partition.Date(2) {
			if got := s.Settled[partition.Whole][dayZero+d]; got != slices.Contains(c.kept, dayZero+d) {
				t.Errorf("frontier at day %d: day %d is remembered as settled: %v", c.days, d, got)
			}
			if !s.IsSettled(partition.Whole, dayZero+d) {
				t.Errorf("frontier at day %d: day %d is not settled", c.days, d)
			}
		}
		cells := len(s.Cells[partition.Whole])
		if kept := slices.Contains(c.kept, dayZero); kept != (cells == 1) {
			t.Errorf("frontier at day %d: %d cells", c.days, cells)
		}
	}
}

func TestSettleDay(t *testing.T) {
	two := hours(partition.Whole, 12, 60) // day 0, 12:00, to day 2, 12:00
	for dt, want := range map[int]int{-400: 0, 0: 0, 1: 1, 2: 2, 3: 2, 400: 2} {
		if got := checkpoint.SettleDay(two, dayZero+partition.Date(dt)); got != dayZero+partition.Date(want) {
			t.Errorf("SettleDay of day %d = %v, want day %d", dt, got, want)
		}
	}
	upToMidnight := hours(partition.Whole, 0, 24)
	if got := checkpoint.SettleDay(upToMidnight, dayZero+1); got != dayZero {
		t.Errorf("a slice that ends at midnight settles with %v", got)
	}
}

// The newest changes of schema are kept, and the oldest go.
func TestChangesAreBounded(t *testing.T) {
	column := schema.Column{Source: "A", Type: "String", Name: "A", Kind: schema.String}
	s := states(t, "empty")
	for i := range 150 {
		kind := schema.Gone
		if i == 149 {
			kind = schema.Returned
		}
		more(t, s, &checkpoint.Schema{Table: schema.Table{Columns: []schema.Column{column}}, Changes: []schema.Change{
			{Kind: schema.Retyped, Column: "A"}, {Kind: kind, Column: "A"},
		}})
	}
	if n := len(s.Changes); n != 200 || s.Changes[0].Number != 51 || s.Changes[n-1].Kind != schema.Returned {
		t.Errorf("%d changes, from commit %d to %s", n, s.Changes[0].Number, s.Changes[n-1].Kind)
	}
}

func TestCostOfAnswers(t *testing.T) {
	s := states(t, "empty")
	sampled := with(plan(partition.Stamped, 0, 1, 10), func(p *checkpoint.Plan) {
		p.Sample = &checkpoint.Sample{Rows: 200, Bytes: 400_000, RunTime: time.Second}
	})
	more(t, s, sampled)
	if s.Cost.Answers != 1 || s.Cost.BytesPerRow != 2000 || s.Totals.Calls != 0 {
		t.Errorf("after a sample the cost is %+v, of %d calls", s.Cost, s.Totals.Calls)
	}
	more(t, s, stage(receipt(reading(stamped(0), 1), 10, part{0, 10})))
	if s.Cost.Answers != 2 || s.Cost.BytesPerRow != 1500 || s.Totals.Calls != 1 || s.Totals.Bytes != 10_000 {
		t.Errorf("after an answer the cost is %+v, totals %+v", s.Cost, s.Totals)
	}
}

func TestCellText(t *testing.T) {
	for text, want := range map[string]checkpoint.Cell{
		"2026-11-22T05:00:00.0000000Z/2026-11-22": {Hour: at(5), Day: dayZero},
		"/2026-11-22": {Hour: partition.NoTick, Day: dayZero},
	} {
		var got checkpoint.Cell
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("UnmarshalText(%q) = %+v, %v", text, got, err)
		}
		if back, _ := want.MarshalText(); string(back) != text {
			t.Errorf("MarshalText(%+v) = %q, want %q", want, back, text)
		}
	}
	for _, bad := range []string{"", "/", "2026-11-22", "2026-11-22T05:00:00Z", "x/2026-11-22", "/2026-11-22/2026-11-22"} {
		if err := new(checkpoint.Cell).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("UnmarshalText(%q) is accepted", bad)
		}
	}
	day, hour := checkpoint.Cell{Hour: at(5), Day: dayZero + 1}, checkpoint.Cell{Hour: at(6), Day: dayZero}
	if day.Compare(hour) <= 0 || hour.Compare(checkpoint.Cell{Hour: at(7), Day: dayZero}) >= 0 || day.Compare(day) != 0 {
		t.Error("cells are not ordered by day, then hour")
	}
}
