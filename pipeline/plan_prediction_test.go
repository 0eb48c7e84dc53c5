package pipeline_test

import (
	"math"
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/pipeline/hunting/simulator/synth"
)

// TestPlanPredicts holds the calls that a plan expects against those that a run made right after it makes: of a month
// that was never read, of which only a sample is known, and of the days that follow it.
func TestPlanPredicts(t *testing.T) {
	cases := []struct {
		name  string
		shape synth.Shape
		rows  int // of each table
		caps  partition.Caps
	}{
		{"even", synth.Even, 9_000, partition.Caps{Rows: 125, Bytes: 250_000}},
		{"office", synth.Office, 9_000, partition.Caps{Rows: 125, Bytes: 250_000}},
		{"storm", synth.Storm, 6_000, partition.Caps{Rows: 60, Bytes: 120_000}}, // whose minutes are too big for a call
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() && c.shape != synth.Storm {
				t.Skip("one shape is enough")
			}
			opts := simulator.GenerateOptions{
				Seed: 11, Tables: []string{"DeviceProcessEvents", "EmailEvents"}, Rows: c.rows, Shape: c.shape,
				Start: start.Add(-30 * 24 * time.Hour), End: start.Add(15 * 24 * time.Hour),
			}
			stamped, err := simulator.Generate(opts)
			if err != nil {
				t.Fatal(err)
			}
			opts.Tables, opts.Unstamped = []string{"IdentityLogonEvents"}, 0.2
			mixed, err := simulator.Generate(opts)
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, append(stamped, mixed...))
			w.opts.Caps = c.caps
			w.predict("first", 0.05)
			w.pass(15 * 24 * time.Hour)
			w.predict("second", 0.02)
		})
	}
}

// predict plans and runs. The two must agree within a part of the calls, or within one call.
func (w *world) predict(which string, within float64) {
	w.t.Helper()
	preview, err := w.exporter().Plan(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	var want pipeline.Calls
	for _, t := range preview.Tables {
		w.t.Logf("%s: plan %+v, %d rows", t.Table, t.Calls, t.Rows)
		want.Plan, want.Data = want.Plan+t.Calls.Plan, want.Data+t.Calls.Data
	}
	r := w.run()
	for _, t := range r.Tenants[0].Tables {
		w.t.Logf("%s: run  %+v, %d rows", t.Table, t.Calls, t.Rows)
	}
	got := r.Total().Calls
	off := math.Abs(float64(got.Total() - want.Total()))
	w.t.Logf("%s run: %d calls expected (%d planning), %d made (%+v): off by %.1f %%", which, want.Total(), want.Plan, got.Total(), got, 100*off/float64(got.Total()))
	if off > 1 && off > within*float64(got.Total()) {
		w.t.Errorf("%s run: %d calls expected, %d made", which, want.Total(), got.Total())
	}
}
