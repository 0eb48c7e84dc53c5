package pipeline_test

import (
	"context"
	"testing"

	"huntlake/pipeline/hunting/simulator"
)

// Answers that are cut at a tenth of what was counted, without a word, are split until they are whole, and it comes to
// an end.
func TestCutAnswers(t *testing.T) {
	tables := generate(t, 600, "AlertInfo")
	const most = 400
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	w := newWorld(t, tables, func(o *simulator.Options) {
		o.Limits.MaxRows = 60
		o.Faults = func(call int, _ string) simulator.Fault {
			if call > most {
				stop()
			}
			return simulator.Fault{}
		}
	})
	began := w.now()
	if _, err := w.exporter().Run(ctx); err != nil {
		t.Fatalf("after %d calls: %v", len(w.service.Calls()), err)
	}
	w.compare(tables[0], exported(began))
}
