package checkpoint_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/checkpoint"
	"huntlake/partition"
)

// What is staged is added up by the hour of its commits; a clock that runs ahead is forgotten in time like any other,
// and what the lake held already counts for nothing.
func TestPace(t *testing.T) {
	s := checkpoint.NewState(ours)
	must := func(at partition.Tick, body checkpoint.Body) {
		t.Helper()
		c := commit(s, body)
		c.Time = at
		if err := checkpoint.Fold(s, c); err != nil {
			t.Fatal(err)
		}
	}
	counts := make([]int64, 64)
	for i := range counts {
		counts[i] = 10
	}
	must(at(0), oneColumn())
	must(at(0), plan(partition.Stamped, 0, 1, counts...))
	read := func(i int) *checkpoint.Stage {
		return stage(receipt(reading(stamped(i), 1), 10, part{0, 10}))
	}
	bytes := receipt(reading(stamped(0), 1), 10, part{0, 10}).Answer
	must(at(5)+20*partition.Minute, read(0))
	must(at(7), read(1))
	must(at(5)+10*partition.Minute, read(2)) // another machine, whose clock is behind
	want := []checkpoint.PaceHour{
		{Hour: at(5), Since: at(5) + 10*partition.Minute, Answers: 2, Rows: 20, Bytes: 2 * bytes},
		{Hour: at(7), Since: at(7), Answers: 1, Rows: 10, Bytes: bytes},
	}
	if diff := cmp.Diff(want, s.Pace); diff != "" {
		t.Error(diff)
	}
	must(at(1_000_000), read(3)) // a clock that is a century ahead
	for i := range 50 {
		must(at(8+i), read(4+i))
	}
	if n := len(s.Pace); n != 48 || s.Pace[0].Hour != at(10) || s.Pace[n-1].Hour != at(57) {
		t.Errorf("%d hours from %v to %v", n, s.Pace[0].Hour, s.Pace[n-1].Hour)
	}
	must(at(60), again(64, reading(stamped(0), 2), 12))
	more := receipt(reading(stamped(0), 2), 12, part{0, 3})
	more.Held, more.Columns = 9, 1
	must(at(60), stage(more))
	if p := s.Pace[len(s.Pace)-1]; p.Rows != 3 || p.Bytes != more.Answer/4 {
		t.Errorf("of 12 rows of which 9 were held: %+v, want a quarter of %d bytes", p, more.Answer)
	}
}
