package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"huntlake/bench"
	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/schema"
)

// now is when everything is measured.
var now = time.Date(2026, 11, 22, 12, 0, 30, 0, time.UTC)

// growth is what a lake of some age costs.
type growth struct {
	commits  int
	snapshot int // bytes
	open     requests
	took     time.Duration
	heap     uint64 // bytes that the open ledger holds
	status   requests
	hour     requests // a run that reads one more hour
}

// measureGrowth opens a lake of so many commits, asks for its status and exports one more hour.
func measureGrowth(t *testing.T, commits int) growth {
	t.Helper()
	clock := func() time.Time { return now }
	tables, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 1, Tables: []string{"DeviceProcessEvents"}, Rows: 2000, Start: now.Add(-48 * time.Hour), End: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	key := partition.Ledger{Tenant: bench.Tenant, Table: partition.Table{Name: "DeviceProcessEvents"}}
	columns := tables[0].Columns(partition.TickOf(now))
	columns = append(columns, schema.Field{Name: schema.IngestionTime, Type: "DateTime"})
	h := newHistory(t, key, columns, commits, partition.TickOf(now).Floor(partition.Hour)-partition.Hour)
	s := newStore(t.Context(), clock)
	h.put(t, s)
	g := growth{commits: int(h.state.Number), snapshot: len(h.snapshot)}
	runtime.GC()
	runtime.GC()
	before, began := heap(), time.Now()
	var l *checkpoint.Ledger
	g.open = s.during(func() {
		if l, err = checkpoint.Open(t.Context(), s.bucket, checkpoint.Options{Ledger: key}); err != nil {
			t.Fatal(err)
		}
	})
	g.took = time.Since(began)
	runtime.GC()
	runtime.GC()
	g.heap = heap() - min(before, heap())
	l.View(func(st *checkpoint.State) {
		if st.Number != h.state.Number || st.Totals != h.state.Totals {
			t.Errorf("opened at commit %d, want %d", st.Number, h.state.Number)
		}
	})
	e := exporter(t, s, clock, tables)
	g.status = s.during(func() {
		if _, err := e.Status(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	g.hour = s.during(func() {
		r, err := e.Run(t.Context())
		if err != nil || r.Total().Rows == 0 || r.Total().Calls.Data != 1 {
			t.Fatalf("run: %+v, %v", r.Total(), err)
		}
	})
	return g
}

// exporter exports from a service of its own, without limits.
func exporter(t *testing.T, s *store, clock func() time.Time, tables []simulator.Table, change ...func(*pipeline.Options)) *pipeline.Exporter {
	t.Helper()
	_, client := bench.Service(t, simulator.Options{Tables: tables, Limits: unlimited}, clock, nil)
	var nonces atomic.Int64
	opts := pipeline.Options{
		Bucket: s.bucket, Program: "huntlake/bench", Now: clock,
		Nonce:   func() string { return fmt.Sprintf("%016x", nonces.Add(1)) },
		Tenants: []pipeline.Tenant{{ID: bench.Tenant, API: client}},
		Tables:  []pipeline.Table{tableOf(tables[0].Name())},
	}
	for _, c := range change {
		c(&opts)
	}
	e, err := pipeline.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func tableOf(name string) pipeline.Table {
	return pipeline.Table{
		Table:  partition.Table{Name: name},
		Source: hunting.Source{Name: name, TimeColumn: "Timestamp", Stamp: true, Keys: []string{"ReportId", "DeviceId"}},
		Cursor: pipeline.ByIngestion,
	}
}

var unlimited = simulator.Limits{CallsPerMinute: -1, CallsPerHour: -1, RunTimePerHour: -1, RunTimePerDay: -1}
