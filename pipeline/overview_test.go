package pipeline_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"huntlake/pipeline"
	"huntlake/pipeline/hunting/simulator"
)

// The call that finds out which streams a table has is the first histogram of one of them: a new table of one stream is
// planned with one call, of two streams with two. Where it is too much for a call, or may have been cut, each takes one
// more.
func TestFirstCalls(t *testing.T) {
	isOverview := func(query string) bool {
		return strings.Contains(query, "by Bin = bin(ingestion_time(), 30s)") && !strings.Contains(query, "where ingestion_time()")
	}
	cases := []struct {
		name      string
		unstamped float64
		refuse    bool
		plan      int
	}{
		{"stamped", 0, false, 1},
		{"stamped, refused", 0, true, 3},
		{"two streams", 0.3, false, 2},
		{"two streams, refused", 0.3, true, 4},
		{"unstamped", 1, false, 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tables, err := simulator.Generate(simulator.GenerateOptions{
				Seed: 4, Tables: []string{"IdentityLogonEvents"}, Rows: 300, Unstamped: c.unstamped,
				Start: start.AddDate(0, 0, -20), End: start.AddDate(0, 0, -3),
			})
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, tables, func(o *simulator.Options) {
				o.Faults = func(_ int, query string) (f simulator.Fault) {
					if c.refuse && isOverview(query) {
						f = simulator.FaultResultSize()
					}
					return f
				}
			})
			began := w.now()
			calls := w.run().Total().Calls
			settling := 0
			for _, call := range w.service.Calls() {
				if strings.Contains(call.Query, "isnull(ingestion_time()) | summarize Rows") {
					settling++
				}
			}
			if c.unstamped > 0 {
				calls.Plan -= settling - 1 // all but the stream's first histogram
			}
			if calls.Plan != c.plan {
				t.Errorf("%d calls to plan, want %d: %+v", calls.Plan, c.plan, calls)
			}
			w.compare(tables[0], exported(began))
			if v, err := w.exporter().Verify(t.Context()); err != nil || !v.Clean() {
				t.Errorf("verify: %v %+v", err, v)
			}
		})
	}
}

// What another process has planned since a table's first call is not planned again by what that call has counted.
func TestOverviewOvertaken(t *testing.T) {
	var other *pipeline.Exporter
	var overtaken atomic.Bool
	tables := generate(t, 2000, "DeviceProcessEvents")
	var w *world
	w = newWorld(t, tables, func(o *simulator.Options) {
		o.Faults = func(_ int, query string) simulator.Fault {
			if strings.HasSuffix(query, "| take 200") && overtaken.CompareAndSwap(false, true) {
				if _, err := other.Run(t.Context()); err != nil {
					t.Errorf("the other run: %v", err)
				}
				w.pass(2 * time.Minute) // there is something left to plan
			}
			return simulator.Fault{}
		}
	})
	w.opts.Claim = "both"          // no lease keeps the two apart
	w.opts.Window = 20 * time.Hour // less than the overlap of two histograms
	other = w.exporter()
	w.run()
	w.verifies("of both runs")
}
