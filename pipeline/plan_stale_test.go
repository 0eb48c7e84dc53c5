package pipeline_test

import (
	"testing"
	"time"

	"huntlake/pipeline"
	"huntlake/pipeline/hunting/simulator"
)

// Rows expire while a run reads others. What is read before it does is not given up; once some has, what is left is counted
// anew at once, and not slice by slice.
func TestRowsExpireDuringRun(t *testing.T) {
	edge := start.AddDate(0, 0, -30)
	tables, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 8, Tables: []string{"DeviceProcessEvents"}, Rows: 2000, Start: edge.Add(20 * time.Minute), End: edge.Add(60 * time.Minute),
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		call time.Duration // what each takes; 45 are needed
		rows int64         // that are read, at least
		gaps int
	}{
		"after it was read": {time.Minute, 2000, 0},
		"before":            {75 * time.Second, 1700, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tables)
			w.opts.Caps.Rows, w.opts.Parallel, w.opts.LeaseLife = 50, 1, 24*time.Hour
			seen := 0
			w.opts.Progress = func(pipeline.Event) {
				calls := len(w.service.Calls())
				w.pass(time.Duration(calls-seen) * c.call)
				seen = calls
			}
			if got := w.run().Total(); got.Rows < c.rows || got.Gaps != c.gaps || got.Calls.Recount > 0 {
				t.Errorf("%+v, want %+v and nothing counted slice by slice", got, c)
			}
			v, err := w.exporter().Verify(t.Context())
			if err != nil || len(v.Tables[0].Differences) > 0 {
				t.Fatalf("verify: %v %+v", err, v)
			}
			w.compare(tables[0], func(r simulator.Row) bool {
				for _, g := range v.Tables[0].Gaps {
					if g.Start <= r.Ingested && r.Time < g.Below {
						return false
					}
				}
				return true
			})
		})
	}
}
