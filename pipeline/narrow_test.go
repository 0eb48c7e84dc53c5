package pipeline_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/pipeline/hunting/simulator/kql"
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

// An instant that takes more answers than the table's other rows would let expect is cut into as many buckets as its own
// rows need, since buckets cannot be cut again.
func TestWideInstant(t *testing.T) {
	for name, stamped := range map[string]bool{"stamped": true, "unstamped": false} {
		for _, narrow := range []int{0, 4000} {
			t.Run(fmt.Sprintf("%s, %d narrow rows before", name, narrow), func(t *testing.T) {
				m := newMade("Batch", "DeviceId:String Text:String")
				add := func(id int, at partition.Tick, text string) {
					stamp := partition.NoTick
					if stamped {
						stamp = at
					}
					m.add(at, stamp, kql.OfString(fmt.Sprintf("device-%d", id)), kql.OfString(text))
				}
				for i := range narrow {
					add(-i, partition.TickOf(start.AddDate(0, 0, -9).Add(time.Duration(i)*time.Second)), strings.Repeat("n", 100))
				}
				for i := range 800 {
					add(i, partition.TickOf(start.AddDate(0, 0, -5)), strings.Repeat(fmt.Sprint(i%10), 2400))
				}
				w := newWorld(t, []simulator.Table{m}, func(o *simulator.Options) { o.Limits.MaxBytes = 500_000 })
				w.opts.Caps.Bytes = 490_000
				if rows := w.run().Total().Rows; rows != int64(800+narrow) {
					t.Errorf("%d rows are staged", rows)
				}
			})
		}
	}
}
