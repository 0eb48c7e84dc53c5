package pipeline_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"huntlake/checkpoint"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting/simulator"
)

// A local clock that runs ahead of the service's makes no plan reach into rows that are still to come, and calls none
// expired that are there: not in the first run of a table, and not in the next, whose first answer is a histogram or a
// count.
func TestLocalClockAhead(t *testing.T) {
	tables, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 6, Tables: []string{"DeviceNetworkEvents"}, Rows: 1500, Unstamped: 0.3,
		Start: start.Add(-29 * 24 * time.Hour), End: start.Add(24 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, ahead := range []time.Duration{time.Hour, 50 * time.Hour} {
		t.Run(ahead.String(), func(t *testing.T) {
			w := newWorld(t, tables)
			w.opts.Now = func() time.Time { return w.now().Add(ahead) }
			first := w.now()
			for range 8 {
				w.run()
				w.pass(4 * time.Hour)
			}
			w.pass(3 * 24 * time.Hour)
			last := w.now()
			w.run()
			w.pass(25 * time.Hour)
			w.run()
			w.compare(tables[0], between(first, last))
			v, err := w.exporter().Verify(t.Context())
			if err != nil || !v.Clean() {
				t.Errorf("verify: %v %+v", err, v)
			}
		})
	}
}

// A local clock that is ahead when a run begins gives up nothing that was left open, before an answer has told the time.
func TestClockAheadGivesUpNothing(t *testing.T) {
	for _, c := range []struct {
		table simulator.Table
		stop  int // the call at which the run before ends
		ahead time.Duration
		gaps  bool // whether the service's time is so, too
	}{
		{recent(t, 1), 5, 40 * 24 * time.Hour, false},
		{recent(t, 1), 5, 40 * 24 * time.Hour, true},
		{generate(t, 700, inventory)[0], 8, 30 * time.Hour, false},
		{generate(t, 700, inventory)[0], 8, 30 * time.Hour, true},
	} {
		t.Run(fmt.Sprint(c.table.Name(), " ", c.gaps), func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			w := newWorld(t, []simulator.Table{c.table}, func(o *simulator.Options) {
				o.Faults = func(n int, _ string) simulator.Fault {
					if n == c.stop {
						stop()
					}
					return simulator.Fault{}
				}
			})
			w.opts.Parallel, w.opts.Caps.Rows, w.opts.Tables[0].Cursor = 1, 60, pipeline.ByTimestampOnly
			if _, err := w.exporter().Run(ctx); err == nil {
				t.Fatal("the run was not interrupted")
			}
			open := 0
			state(w, c.table.Name()).View(func(s *checkpoint.State) { open, _ = s.Unread() })
			if open == 0 {
				t.Fatal("nothing was left open")
			}
			if c.gaps {
				w.pass(c.ahead)
			} else {
				w.opts.Now = func() time.Time { return w.now().Add(c.ahead) }
			}
			w.run()
			state(w, c.table.Name()).View(func(s *checkpoint.State) {
				if (len(s.Gaps) > 0) != c.gaps {
					t.Errorf("gaps: %+v", s.Gaps)
				}
			})
			if c.gaps {
				return
			}
			if w.opts.Now = w.now; c.table.TimeColumn() != "" {
				w.pass(72 * time.Hour) // its days settle
				w.run()
			}
			w.compare(c.table, everything)
		})
	}
}
