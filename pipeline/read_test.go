package pipeline_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"huntlake/pipeline/hunting/simulator"
)

// Answers that are cut at a tenth of what was counted, without a word, are split until they are whole, and it comes to
// an end.
func TestCutAnswers(t *testing.T) {
	tables, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 1, Tables: []string{"AlertInfo"}, Rows: 600, Start: start.Add(-76 * time.Hour), End: start.Add(-73 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
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
	if n := len(w.service.Calls()); n < 20 {
		t.Errorf("%d calls: nothing was cut", n)
	}
}

// A commit that is wrong, rather than late, ends its table: the calls it took are not made again and again.
func TestWrongCommitIsNotRepeated(t *testing.T) {
	const most = 50
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	w := newWorld(t, generate(t, 400, "DeviceProcessEvents", "AlertInfo"), func(o *simulator.Options) {
		o.Faults = func(call int, _ string) simulator.Fault {
			if call > most {
				stop()
			}
			return simulator.Fault{}
		}
	})
	w.opts.Caps.Rows, w.opts.Parallel = 100, 1
	w.opts.Nonce = func() string { return "not-a-nonce-" + w.nonce() } // no key of a staged object may hold it
	_, err := w.exporter().Run(ctx)
	if err == nil || strings.Count(err.Error(), "the ledger does not take what should be right") != 2 {
		t.Errorf("run: %v", err)
	}
	if n := w.dataCalls(); n > 2 {
		t.Errorf("%d calls for rows that cannot be staged", n)
	}
}
