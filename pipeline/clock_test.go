package pipeline_test

import (
	"testing"
	"time"

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
