package pipeline_test

import (
	"context"
	"testing"

	"huntlake/pipeline/hunting/simulator"
)

// A run that ends between the first plans of a table's two streams leaves neither of them out for ever.
func TestStreamsAfterInterruption(t *testing.T) {
	tables, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 4, Tables: []string{"IdentityLogonEvents"}, Rows: 500, Unstamped: 0.3,
		Start: start.AddDate(0, 0, -20), End: start.AddDate(0, 0, -3),
	})
	if err != nil {
		t.Fatal(err)
	}
	for call := 1; call <= 8; call++ {
		ctx, stop := context.WithCancel(t.Context())
		w := newWorld(t, tables, func(o *simulator.Options) {
			o.Faults = func(n int, _ string) simulator.Fault {
				if n == call {
					stop()
				}
				return simulator.Fault{}
			}
		})
		w.opts.Parallel = 1
		began := w.now()
		if _, err := w.exporter().Run(ctx); err == nil && call < 6 {
			t.Fatalf("a run of %d calls was not interrupted", len(w.service.Calls()))
		}
		w.run()
		w.compare(tables[0], exported(began))
		if v, err := w.exporter().Verify(t.Context()); err != nil || !v.Clean() {
			t.Errorf("interrupted at call %d: %v %+v", call, err, v)
		}
		stop()
	}
}
