package checkpoint_test

import (
	"testing"

	"huntlake/checkpoint"
	"huntlake/partition"
)

// live plans, stages and publishes a day after the other.
func live(t *testing.T, s *checkpoint.State, from, days int) {
	t.Helper()
	for day := from; day < from+days; day++ {
		p := plan(partition.Stamped, 24*day, 24, 10)
		p.Slices[0].Slice.Floor, p.Floor = floor, floor
		r := reading(p.Slices[0].Slice, 1)
		more(t, s, p, stage(receipt(r, 10, part{day, 10})))
		more(t, s, begin(s.Number+1, day, r))
		more(t, s, end(s.Number, day, 10, digest(10)))
	}
}

// Of days that nothing is compared with any more, a state holds the sums; so years add little to it.
func TestOldDaysAreCondensed(t *testing.T) {
	s := checkpoint.NewState(ours)
	size := func() int {
		text, err := checkpoint.EncodeSnapshot(s)
		if err != nil {
			t.Fatal(err)
		}
		return len(text)
	}
	live(t, s, 0, 100)
	before := size()
	live(t, s, 100, 400)
	var sum checkpoint.Past
	files := 0
	for dt, day := range s.Days {
		if age := dayZero + 500 - dt; len(day.Files) > 0 != (age <= 73) {
			t.Errorf("a day %d days old has %d files and %d in its sum", age, len(day.Files), day.Past.Files)
		}
		if day.Rows() != 10 || day.Digest() != digest(10) {
			t.Errorf("%v has %d rows, digest %v", dt, day.Rows(), day.Digest())
		}
		files += len(day.Files)
		sum.Files, sum.Rows = sum.Files+day.Sum().Files, sum.Rows+day.Sum().Rows
	}
	if sum.Files != 500 || sum.Rows != 5000 || files > 76 {
		t.Errorf("%d files of %d rows, %d of them told apart", sum.Files, sum.Rows, files)
	}
	if grown := (size() - before) / 400; grown > 200 {
		t.Errorf("a day adds %d bytes to the state", grown)
	}
}

// While a slice of long ago is open, its days stay as they are: what it brings may be compared with them.
func TestOpenSliceKeepsDays(t *testing.T) {
	s := checkpoint.NewState(ours)
	live(t, s, 0, 3)
	more(t, s, plan(partition.Stamped, 72, 24, 10))
	live(t, s, 4, 150)
	if n := len(s.Days[dayZero].Files); n != 1 {
		t.Errorf("day 0, three days before an open slice, has %d files", n)
	}
	more(t, s, stage(receipt(reading(hours(partition.Stamped, 72, 96), 1), 10, part{3, 10})))
	live(t, s, 154, 1)
	if n := len(s.Days[dayZero].Files); n != 0 {
		t.Errorf("day 0 has %d files when the slice has been read", n)
	}
}

// Gaps of long ago are one to a day, a stream and a reason, and none of their rows is forgotten.
func TestOldGapsAreMerged(t *testing.T) {
	s := checkpoint.NewState(ours)
	live(t, s, 0, 3)
	one, lost := int64(1), int64(0)
	for i := range 48 {
		g := &checkpoint.Gap{Stream: partition.Stamped, Start: at(i), End: at(i + 1), Below: at(i), Why: "late", Rows: &one}
		if i%24 == 7 {
			g.Why, g.Rows = "unknown", nil
		}
		more(t, s, g)
	}
	live(t, s, 3, 20)
	if len(s.Gaps) != 48 {
		t.Errorf("%d gaps after some days, want each of 48", len(s.Gaps))
	}
	live(t, s, 23, 30)
	for _, g := range s.Gaps {
		if g.Rows != nil {
			lost += *g.Rows
		}
	}
	if len(s.Gaps) != 4 || lost != 46 {
		t.Errorf("%d gaps of %d rows, want four of 46", len(s.Gaps), lost)
	}
	if g := s.Gaps[0]; g.Start != at(0) || g.End != at(24) || g.Below != at(23) {
		t.Errorf("the first is of [%v, %v) below %v", g.Start, g.End, g.Below)
	}
}

// Along the time column a row may lie in the dt of an ingestion time long past: its file is told apart until no reading
// can come to the row's own time.
func TestForgedTimesKeepFiles(t *testing.T) {
	s := checkpoint.NewState(ours)
	for day := range 160 {
		p := plan(partition.Whole, 24*day, 24, 10)
		p.Slices[0].Slice.Floor, p.Floor = floor, floor
		r := reading(p.Slices[0].Slice, 1)
		more(t, s, p, stage(receipt(r, 10, part{day, 10})))
		more(t, s, &checkpoint.Settled{Stream: partition.Whole, DT: dayZero + partition.Date(day), Rows: 10})
		more(t, s, begin(s.Number+1, day, r))
		ended := end(s.Number, day, 10, digest(10))
		if day == 0 {
			ended.File.Newest = at(24 * 150)
		}
		more(t, s, ended)
	}
	if n := len(s.Days[dayZero].Files); n != 1 {
		t.Errorf("day 0, whose newest row lies 150 days later, has %d files", n)
	}
	if n := len(s.Days[dayZero+1].Files); n != 0 {
		t.Errorf("day 1 has %d files", n)
	}
}
