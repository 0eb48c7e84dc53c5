package pipeline_test

import (
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator"
)

// between keeps what runs from the first to the last instant export together.
func between(first, last time.Time) func(simulator.Row) bool {
	early, late := exported(first), exported(last)
	return func(r simulator.Row) bool {
		return early(r) || late(r) && r.Time >= partition.TickOf(first).Add(-29*24*time.Hour)
	}
}

// Runs that follow each other export every row once, those that arrive late among them.
func TestRunsFollow(t *testing.T) {
	for name, unstamped := range map[string]float64{"stamped": 0, "some unstamped": 0.3, "all unstamped": 1} {
		t.Run(name, func(t *testing.T) {
			tables, err := simulator.Generate(simulator.GenerateOptions{
				Seed: 2, Tables: []string{"DeviceNetworkEvents", "AlertInfo"}, Rows: 3000, Unstamped: unstamped,
				Start: start.Add(-30 * 24 * time.Hour), End: start.Add(4 * 24 * time.Hour),
			})
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, tables)
			first := w.now()
			for range 4 * 6 {
				w.run()
				w.pass(4 * time.Hour)
			}
			w.pass(3 * 24 * time.Hour) // until the last day has settled
			last := w.now()
			w.run()
			w.pass(25 * time.Hour) // what came late has been gathered for a day
			w.run()
			if _, err := w.exporter().Repair(t.Context()); err != nil { // alerts that came after their day had settled
				t.Fatal(err)
			}
			w.run()
			w.pass(25 * time.Hour)
			w.run()
			for _, table := range tables {
				w.compare(table, between(first, last))
			}
			v, err := w.exporter().Verify(t.Context())
			if err != nil || !v.Clean() {
				t.Errorf("verify: %v %+v", err, v)
			}
		})
	}
}
