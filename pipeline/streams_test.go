package pipeline_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"huntlake/partition"
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

// Rows of the other stream that first come weeks after the probe are found by a later run, and exported.
func TestOtherStreamComesLate(t *testing.T) {
	const turn = 20 // days after the first run
	tables, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 8, Tables: []string{"IdentityLogonEvents"}, Rows: 900, Unstamped: 0.4,
		Start: start.AddDate(0, 0, -10), End: start.AddDate(0, 0, turn+5),
	})
	if err != nil {
		t.Fatal(err)
	}
	base, from := tables[0], partition.TickOf(start.AddDate(0, 0, turn))
	for name, late := range map[string]bool{"unstamped": false, "stamped": true} {
		t.Run(name, func(t *testing.T) {
			comesLate := func(row int) bool { return (base.Ingested(row) != partition.NoTick) == late }
			table := simulator.Living(base, func(row int) (since, until partition.Tick) {
				if comesLate(row) && base.Time(row) < from {
					return partition.MaxTick, partition.NoTick
				}
				return base.Arrived(row), partition.NoTick
			})
			w := newWorld(t, []simulator.Table{table})
			for range turn + 7 {
				w.run()
				w.pass(24 * time.Hour)
			}
			w.pass(24 * time.Hour) // until the last day has settled
			w.run()
			w.pass(25 * time.Hour)
			w.run()
			probes := 0
			for _, c := range w.service.Calls() {
				if strings.Contains(c.Query, "First = min(ingestion_time())") {
					probes++
				}
			}
			if probes < turn || probes > turn+2 {
				t.Errorf("%d probes: want one a day, until both streams are known", probes)
			}
			w.compare(table, func(simulator.Row) bool { return true })
			if v, err := w.exporter().Verify(t.Context()); err != nil || !v.Clean() {
				t.Errorf("verify: %v %+v", err, v)
			}
		})
	}
}

// Rows with an ingestion time that come to a table which had none, for days that no probe looks at, are named by a verify
// and brought in by its repair.
func TestStampedRowsComeLate(t *testing.T) {
	src := &script{name: "Alpha"}
	for i := range 48 {
		at := partition.TickOf(start.Add(-time.Duration(i+2) * time.Hour))
		src.rows = append(src.rows, scriptRow{id: int64(i), at: at, stamp: partition.NoTick, shown: at})
	}
	for i := range 20 {
		came := partition.TickOf(start.Add(40*time.Hour + time.Duration(i)*time.Minute))
		src.rows = append(src.rows, scriptRow{id: int64(100 + i), at: came.Add(-6 * 24 * time.Hour), stamp: came, shown: came})
	}
	w := newWorld(t, []simulator.Table{src})
	for range 4 {
		w.run()
		w.pass(24 * time.Hour)
	}
	v, err := w.exporter().Repair(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(v.Tables[0].Differences, "\n"); !strings.Contains(got, "rows with an ingestion time have not been exported") {
		t.Errorf("verify: %q", got)
	}
	w.run()
	w.pass(25 * time.Hour)
	w.run()
	w.holdsOnce(68)
	w.verifies("of all")
}
