package checkpoint_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/checkpoint"
	"huntlake/partition"
)

var errDone = errors.New("done before")

// step is one thing to get done, and how a state shows that it has been.
type step struct {
	done func(*checkpoint.State) bool
	body func(number int64) checkpoint.Body
}

// life is the whole life of a slice's rows.
func life() []step {
	r := reading(stamped(0), 1)
	var claimed int64
	staged := func(s *checkpoint.State) bool { return s.Totals.Rows > 0 }
	return []step{
		{func(s *checkpoint.State) bool { return len(s.Streams) > 0 },
			func(int64) checkpoint.Body { return plan(partition.Stamped, 0, 1, 10) }},
		{staged, func(int64) checkpoint.Body { return stage(receipt(r, 10, part{0, 10})) }},
		{func(s *checkpoint.State) bool { return len(s.Begun)+len(s.Days) > 0 },
			func(n int64) checkpoint.Body { return begin(n, 0, r) }},
		{func(s *checkpoint.State) bool {
			for n := range s.Begun {
				claimed = n
			}
			return len(s.Days) > 0
		}, func(int64) checkpoint.Body { return end(claimed, 0, 10, digest(10)) }},
	}
}

// do gets a step done as a program would: it opens the ledger anew after every error.
func (st step) do(t *testing.T, b *bucket) (tries int) {
	for tries = 1; tries < 100; tries++ {
		l, err := checkpoint.Open(t.Context(), b, options())
		if err != nil {
			continue
		}
		_, err = l.Append(t.Context(), func(s *checkpoint.State, number int64) (checkpoint.Body, error) {
			if st.done(s) {
				return nil, errDone
			}
			return st.body(number), nil
		})
		if err == nil || errors.Is(err, errDone) {
			return tries
		}
	}
	t.Fatal("no progress after 100 tries")
	return tries
}

// Every single operation of a slice's life fails, in every way: four commits are made all the same, each once.
func TestEveryFault(t *testing.T) {
	clean := newBucket()
	for _, st := range life() {
		st.do(t, clean)
	}
	ops := clean.ops
	want := encodedState(t, open(t, clean))
	for op := 1; op <= ops; op++ {
		for name, kind := range map[string]fault{"before": before, "after": after, "echo": echo} {
			b := newBucket()
			b.fail = func(n int, _ string) fault {
				if n == op {
					return kind
				}
				return none
			}
			for _, st := range life() {
				st.do(t, b)
			}
			if diff := cmp.Diff(want, encodedState(t, open(t, b))); diff != "" {
				t.Errorf("operation %d fails %s its effect: %s", op, name, diff)
			}
			if len(b.objects) != 4 {
				t.Errorf("operation %d fails %s its effect: %d commits", op, name, len(b.objects))
			}
		}
	}
}

// Many goroutines of many processes append to one bucket that fails now and then: the log has no gap, each note is in
// it once, and all agree on the state.
func TestManyWriters(t *testing.T) {
	const processes, goroutines, notes = 3, 3, 32
	for _, faulty := range []bool{false, true} {
		b := newBucket()
		ledgers := make([]*checkpoint.Ledger, processes)
		for i := range ledgers {
			ledgers[i] = open(t, b)
		}
		if r := rand.New(rand.NewPCG(3, 3)); faulty {
			b.fail = func(int, string) fault { return fault(max(0, r.IntN(20)-16)) }
		}
		var group sync.WaitGroup
		var want []string
		for i, l := range ledgers {
			for j := range goroutines {
				group.Go(func() {
					for k := range notes {
						insist(t, l, fmt.Sprintf("%d.%d.%d", i, j, k))
					}
				})
				for k := range notes {
					want = append(want, fmt.Sprintf("%d.%d.%d", i, j, k))
				}
			}
		}
		group.Wait()
		b.fail = func(int, string) fault { return none }
		agree(t, b, ledgers, want)
	}
}

// insist appends a note until it is in the ledger.
func insist(t *testing.T, l *checkpoint.Ledger, name string) {
	for range 1000 {
		_, err := l.Append(t.Context(), func(s *checkpoint.State, _ int64) (checkpoint.Body, error) {
			if slices.ContainsFunc(s.Gaps, func(g checkpoint.RecordedGap) bool { return g.Why == name }) {
				return nil, errDone
			}
			return note(name), nil
		})
		if err == nil || errors.Is(err, errDone) {
			return
		}
		if !errors.Is(err, errInjected) {
			t.Errorf("Append = %v", err)
			return
		}
	}
	t.Errorf("note %s was never appended", name)
}

func agree(t *testing.T, b *bucket, ledgers []*checkpoint.Ledger, want []string) {
	t.Helper()
	fresh := open(t, b)
	got := names(fresh)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the ledger's notes: %s", diff)
	}
	for n := range int64(len(want)) {
		if _, ok := b.objects[ours.LogKey(n+1)]; !ok {
			t.Errorf("commit %d is missing", n+1)
		}
	}
	for i, l := range ledgers {
		if err := l.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if encodedState(t, l) != encodedState(t, fresh) {
			t.Errorf("process %d has another state", i)
		}
	}
}
