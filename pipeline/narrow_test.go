package pipeline_test

import (
	"testing"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator"
)

// Answers that are refused for their size are split, down to what the service takes, and no row is lost on the way.
func TestTooBigIsSplit(t *testing.T) {
	tables := generate(t, 3000, "DeviceProcessEvents", "EmailEvents")
	w := newWorld(t, tables, func(o *simulator.Options) { o.Limits.MaxBytes = 400_000 })
	began := w.now()
	r := w.run()
	for _, table := range tables {
		w.compare(table, exported(began))
	}
	if total := r.Total(); total.Calls.Wasted == 0 {
		t.Errorf("no answer was refused: %+v", total.Calls)
	}
	t.Logf("%+v", r.Total().Calls)
}

// Ticks that hold more rows than a call may answer are cut by the other clock, and then by buckets.
func TestBigTicks(t *testing.T) {
	tables := generate(t, 2000, "EmailEvents", "AlertEvidence")
	for _, rows := range []int64{3, 10} {
		if testing.Short() && rows == 3 {
			continue
		}
		w := newWorld(t, tables)
		w.opts.Caps = partition.Caps{Rows: rows}
		began := w.now()
		r := w.run()
		for _, table := range tables {
			w.compare(table, exported(began))
		}
		if v, err := w.exporter().Verify(t.Context()); err != nil || !v.Clean() {
			t.Errorf("verify: %v %+v", err, v)
		}
		t.Logf("%d rows a call: %+v", rows, r.Total())
	}
}
