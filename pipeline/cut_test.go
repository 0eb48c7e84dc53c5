package pipeline_test

import (
	"fmt"
	"testing"
	"time"

	"huntlake/pipeline/hunting/simulator"
)

// A service that cuts answers without a word at fewer rows than documented, as it did in earlier years, is found out:
// histograms, rows and the answers of verify are asked for in smaller parts, nothing is lost, and little is wasted.
func TestSilentCaps(t *testing.T) {
	tables := generate(t, 24_000, "AlertInfo")
	for _, rows := range []int{10_000, 6_000, 5_000, 4_567} {
		t.Run(fmt.Sprint(rows), func(t *testing.T) {
			w := newWorld(t, tables, func(o *simulator.Options) { o.Limits.MaxRows = rows })
			began := w.now()
			r := w.run()
			w.compare(tables[0], exported(began))
			total := r.Total()
			if total.Calls.Wasted == 0 && rows == 4_567 || total.Calls.Wasted > 6 || total.Calls.Total() > 100 {
				t.Errorf("%+v", total.Calls)
			}
			if v, err := w.exporter().Verify(t.Context()); err != nil || !v.Clean() {
				t.Errorf("verify: %v %+v", err, v)
			}
			cut := 0
			for _, c := range w.service.Calls() {
				if c.Total > c.Rows {
					cut++
				}
			}
			if cut == 0 || cut > 12 {
				t.Errorf("%d answers of %d were cut", cut, len(w.service.Calls()))
			}
			t.Logf("%+v, %d cut", total.Calls, cut)
		})
	}
}

// An answer that is cut while the source moves, so that no two counts agree, is not taken for all there is.
func TestCutWhileMoving(t *testing.T) {
	base := generate(t, 3_000, "AlertInfo")[0]
	life := lives{}
	for row := range 600 {
		life.from(row*5, start.Add(time.Duration(row/20)*time.Second))
	}
	var w *world
	w = newWorld(t, []simulator.Table{simulator.Living(base, life.of)}, func(o *simulator.Options) {
		o.Limits.MaxRows = 1_100
		o.Faults = func(int, string) simulator.Fault {
			w.pass(time.Second)
			return simulator.Fault{}
		}
	})
	began := w.now()
	calls := w.run().Total().Calls
	w.pass(time.Minute)
	if _, err := w.exporter().Repair(t.Context()); err != nil { // what came after its hour was read
		t.Fatal(err)
	}
	w.run()
	w.pass(25 * time.Hour) // stragglers are gathered for a day
	last := w.now()
	w.run()
	w.compare(base, between(began, last))
	if calls.Wasted == 0 || calls.Wasted > 12 {
		t.Errorf("%+v", calls)
	}
}
