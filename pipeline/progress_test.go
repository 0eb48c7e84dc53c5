package pipeline_test

import (
	"strings"
	"testing"

	"huntlake/pipeline"
	"huntlake/pipeline/hunting/simulator"
)

// What a run is said to have to read holds what the one before it had planned and left, also where that has been counted
// again meanwhile.
func TestProgressOfResumedRun(t *testing.T) {
	tables := generate(t, 2000, "AlertInfo")
	broken := false
	rowCalls := 0
	w := newWorld(t, tables, func(o *simulator.Options) {
		o.Faults = func(_ int, query string) simulator.Fault {
			if !strings.Contains(query, "summarize") {
				rowCalls++
			}
			if broken && rowCalls > 5 {
				return simulator.FaultMissingRole()
			}
			return simulator.Fault{}
		}
	})
	w.opts.Caps, w.opts.Parallel = small(100), 1
	var last pipeline.Event
	w.opts.Progress = func(e pipeline.Event) { last = e }
	broken = true
	if _, err := w.exporter().Run(t.Context()); err == nil || last.Rows == 0 || last.Rows >= last.Planned {
		t.Fatalf("the first run: %v, %+v", err, last)
	}
	left := last.Planned - last.Rows
	broken = false
	w.run()
	if last.Rows != left || last.Planned != left {
		t.Errorf("the second run: %d rows of %d, want %d of those that were left", last.Rows, last.Planned, left)
	}
}
