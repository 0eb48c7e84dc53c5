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
	more(t, s, stage(receipt(reading(stamped(0), 1), 1, part{0, 1})))
	over := reading(stamped(0), 2)
	over.Slice.Floor = floor + 9
	more(t, s, with(again(3, over, 1), func(p *checkpoint.Plan) { p.Floor = floor + 9 }))
	if got, want := s.Streams[partition.Stamped], (checkpoint.Range{Start: at(0), End: at(3), Floor: floor + 5, First: floor}); got != want {
		t.Errorf("the range is %+v, want %+v", got, want)
	}
}

// What is read again lies over the tiles and is gone once it has been read; a tile that is read again stays.
func TestReadAgain(t *testing.T) {
	type leaves = map[partition.Slice]checkpoint.Leaf
	two, below := hours(partition.Stamped, 0, 2), floor+partition.Day
	early, _ := two.SplitAt(at(0) + 30*partition.Minute)
	narrowed := two
	narrowed.Floor = below
	over := func(rows int64) checkpoint.Leaf {
		return checkpoint.Leaf{Again: true, Generation: 2, Open: true, Counted: rows, Columns: 1}
	}
	tile := checkpoint.Leaf{Generation: 1, Counted: 10, Held: 10, Columns: 1}
	for name, c := range map[string]struct {
		bodies []checkpoint.Body
		want   leaves // beside the second tile, of no rows
	}{
		"opened": {nil, leaves{stamped(0): tile, two: over(12)}},
		"read": {[]checkpoint.Body{stage(reread12(two))}, leaves{
			stamped(0): tile, stamped(1): {Generation: 1, Columns: 1}, // its first rows are those
		}},
		"expired":       {[]checkpoint.Body{gapBelow(two, below, 0)}, leaves{stamped(0): tile}},
		"partly":        {[]checkpoint.Body{gapBelow(two, below, 4)}, leaves{stamped(0): tile, narrowed: over(4)}},
		"split":         {[]checkpoint.Body{split(two, 6, early...)}, leaves{stamped(0): tile, early[0]: over(6), early[1]: over(6)}},
		"split in vain": {[]checkpoint.Body{split(two, 0, early...)}, leaves{stamped(0): tile}},
		"split into tiles": {[]checkpoint.Body{with(split(two, 12, stamped(0), stamped(1)), func(p *checkpoint.Split) { p.Children[1].Rows = 0 })},
			leaves{stamped(0): {Generation: 2, Open: true, Counted: 12, Held: 10, Columns: 1}}},
		"split into tiles, and read": {[]checkpoint.Body{
			with(split(two, 12, stamped(0), stamped(1)), func(p *checkpoint.Split) { p.Children[1].Rows = 0 }), stage(reread12(stamped(0))),
		}, leaves{stamped(0): {Generation: 2, Counted: 12, Held: 12, Columns: 1}}},
	} {
		s := fold(t, oneColumn(), plan(partition.Stamped, 0, 1, 10, 0),
			stage(altered(receipt(reading(stamped(0), 1), 10, part{0, 10}), func(r *checkpoint.Receipt) { r.Columns = 1 })),
			again(2, reading(two, 2), 12))
		more(t, s, c.bodies...)
		if _, said := c.want[stamped(1)]; !said {
			c.want[stamped(1)] = checkpoint.Leaf{Generation: 1}
		}
		if diff := cmp.Diff(c.want, s.Leaves); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// reread12 is a receipt of generation 2 that finds two rows more than the ten of generation 1.
func reread12(s partition.Slice) checkpoint.Receipt {
	return altered(receipt(reading(s, 2), 12, part{0, 2}), func(r *checkpoint.Receipt) { r.Held = 10 })
}

func oneColumn() *checkpoint.Schema {
	return &checkpoint.Schema{Table: schema.Table{Columns: []schema.Column{{Source: "A", Type: "String", Name: "A", Kind: schema.String}}}}
}

// A range is compared over the fewest columns that any of its tiles was first staged with.
func TestFirstColumns(t *testing.T) {
	wide := oneColumn()
	wide.Table.Columns = append(wide.Table.Columns, schema.Column{Source: "B", Type: "String", Name: "B", Kind: schema.String})
	columns := func(hour, n int) checkpoint.Body {
		return stage(altered(receipt(reading(stamped(hour), 1), 5, part{0, 5}), func(r *checkpoint.Receipt) { r.Columns = n }))
	}
	s := fold(t, oneColumn(), plan(partition.Stamped, 0, 1, 5, 0, 5), columns(2, 1), wide, columns(0, 2))
	for _, c := range []struct{ from, to, want int }{{0, 2, 2}, {1, 2, 0}, {1, 3, 1}, {0, 3, 1}} {
		over := hours(partition.Stamped, c.from, c.to)
		over.Floor++
		s := clone(t, s)
		more(t, s, again(3, reading(over, 2), 12))
		if got := s.Leaves[over].Columns; got != c.want {
			t.Errorf("hours %d to %d are compared over %d columns, want %d", c.from, c.to, got, c.want)
		}
	}
}

func clone(t *testing.T, s *checkpoint.State) *checkpoint.State {
	t.Helper()
	text, err := checkpoint.EncodeSnapshot(s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := checkpoint.DecodeSnapshot(ours, text)
	if err != nil {
		t.Fatal(err)
	}
	return back
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

// A day is closed by the first publish that ends when every stream has been read a day past its end.
func TestDayClosed(t *testing.T) {
	r := reading(stamped(0), 1)
	s := fold(t, plan(partition.Stamped, 0, 1, 12), stage(receipt(r, 12, part{-1, 4}, part{0, 5}, part{1, 3})),
		begin(3, 0, r), end(3, 0, 5, digest(5)))
	if s.Days[dayZero].Closed != 0 {
		t.Errorf("day 0 is closed by %d, an hour after it began", s.Days[dayZero].Closed)
	}
	more(t, s, plan(partition.Stamped, 1, 47, 0), plan(partition.Unstamped, 0, 47, 0), begin(7, -1, r), end(7, -1, 4, digest(4)))
	late := reading(hours(partition.Stamped, 0, 2), 2)
	more(t, s, again(48, late, 14), stage(altered(receipt(late, 14, part{-1, 1}, part{0, 1}), func(r *checkpoint.Receipt) { r.Held = 12 })),
		begin(11, -1, late), end(11, -1, 1, digest(1)), begin(13, 0, late), end(13, 0, 1, digest(1)))
	if got := s.Days[dayZero-1].Closed; got != 8 {
		t.Errorf("day -1 is closed by %d, want the first end, 8", got)
	}
	if got := s.Days[dayZero].Closed; got != 0 {
		t.Errorf("day 0 is closed by %d, and the unstamped rows were read for 47 hours", got)
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

// The newest changes of schema are kept, and the oldest go, but for what tells of a column that it was away.
func TestChangesAreBounded(t *testing.T) {
	s := states(t, "empty")
	for i := range 150 {
		kind := schema.Gone
		if i == 149 {
			kind = schema.Returned
		}
		more(t, s, with(oneColumn(), func(p *checkpoint.Schema) {
			p.Changes = []schema.Change{{Kind: schema.Retyped, Column: "A"}, {Kind: kind, Column: "A"}}
		}))
	}
	if n := len(s.Changes); n != 200 || s.Changes[0].Number != 51 || s.Changes[n-1].Kind != schema.Returned {
		t.Errorf("%d changes, from commit %d to %s", n, s.Changes[0].Number, s.Changes[n-1].Kind)
	}
	for range 300 {
		more(t, s, with(oneColumn(), func(p *checkpoint.Schema) { p.Changes = []schema.Change{{Kind: schema.Retyped, Column: "B"}} }))
	}
	if n := len(s.Changes); n != 201 || s.Changes[0].Kind != schema.Gone || s.Changes[0].Number != 149 || s.Changes[1].Column != "B" {
		t.Errorf("%d changes, the oldest %+v", n, s.Changes[0])
	}
}

// Samples and answers teach what rows cost; only answers are counted.
func TestCostOfAnswers(t *testing.T) {
	s := states(t, "empty")
	more(t, s, with(plan(partition.Stamped, 0, 1, 10), func(p *checkpoint.Plan) {
		p.Sample = &checkpoint.Sample{Rows: 200, Bytes: 400_000, RunTime: time.Second}
	}))
	want := partition.Cost{}.Observe(200, 400_000, time.Second)
	if s.Cost != want || want.Answers != 1 || s.Totals.Calls != 0 {
		t.Errorf("after a sample the cost is %+v, want %+v, of %d calls", s.Cost, want, s.Totals.Calls)
	}
	more(t, s, stage(receipt(reading(stamped(0), 1), 10, part{0, 10})))
	want = want.Observe(10, 10_000, 10*perRow)
	if s.Cost != want || want.Answers != 2 || s.Totals.Calls != 1 || s.Totals.Bytes != 10_000 {
		t.Errorf("after an answer the cost is %+v, want %+v, totals %+v", s.Cost, want, s.Totals)
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
