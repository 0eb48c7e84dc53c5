package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"huntlake/bench"
	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
)

// fleet is what many tenants in one process cost.
type fleet struct {
	tenants   int
	peak      uint64   // bytes of heap after the first round, garbage, services and lake included
	idle      requests // of a round in which nothing has come
	idleCalls int
	first     time.Duration // when the first of the small tenants had asked for all its rows, in virtual time,
	last      time.Duration // and when the last one had
	alone     time.Duration // when one has that has the process for itself
	whale     time.Duration // when the one had that has fifty times as much
}

const (
	smallRows = 250
	fleetCap  = 50 // rows of an answer
)

// measureFleet exports so many small tenants and a large one at once, each with a quota of its own. Ten minutes later it
// exports them again, when nothing has come.
func measureFleet(t *testing.T, tenants int) fleet {
	t.Helper()
	alone := runFleet(t, 1)
	f := runFleet(t, tenants)
	f.alone = alone.last
	return f
}

func runFleet(t *testing.T, tenants int) (f fleet) {
	t.Helper()
	f.tenants = tenants
	bench.Bubble(t, func(ctx context.Context) {
		before := heap()
		clock := bench.Clock(now)
		s := newStore(ctx, clock)
		done := ends{at: map[string]time.Time{}}
		var list []pipeline.Tenant
		for i := range tenants {
			rows := smallRows
			if i == 0 && tenants > 1 {
				rows *= 50
			}
			list = append(list, newTenant(t, i, rows, clock, &done))
		}
		var nonces atomic.Int64
		e, err := pipeline.New(pipeline.Options{
			Bucket: s.bucket, Program: "huntlake/bench", Now: clock, OneShot: true, Tenants: list,
			Nonce:  func() string { return fmt.Sprintf("%016x", nonces.Add(1)) },
			Tables: []pipeline.Table{tableOf("AlertInfo")}, Caps: partition.Caps{Rows: fleetCap, Bytes: 49_000_000},
		})
		if err != nil {
			t.Fatal(err)
		}
		round := func() pipeline.Report {
			r, err := e.Run(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		round()
		f.peak = heap() - min(before, heap())
		done.spread(&f)
		time.Sleep(10 * time.Minute)
		f.idle = s.during(func() { f.idleCalls = round().Total().Calls.Total() })
	})
	return f
}

// ends is when each tenant asked for rows last.
type ends struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (e *ends) spread(f *fleet) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var small []time.Duration
	for id, at := range e.at {
		if f.tenants > 1 && id == tenantID(0) {
			f.whale = at.Sub(now)
			continue
		}
		small = append(small, at.Sub(now))
	}
	f.first, f.last = slices.Min(small), slices.Max(small)
}

func tenantID(i int) string { return fmt.Sprintf("00000000-0000-0000-0000-%012d", i+1) }

func newTenant(t *testing.T, i, rows int, clock func() time.Time, done *ends) pipeline.Tenant {
	t.Helper()
	tables, err := simulator.Generate(simulator.GenerateOptions{
		Seed: uint64(i), Tables: []string{"AlertInfo"}, Rows: rows, Start: now.Add(-29 * 24 * time.Hour), End: now.Add(-5 * 24 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	quota := bench.Quota(t, budgets, clock)
	_, api := bench.Service(t, simulator.Options{
		Tables: tables, Limits: unlimited, Wait: hunting.Sleep, Faults: func(int, string) simulator.Fault {
			done.mu.Lock()
			defer done.mu.Unlock()
			done.at[tenantID(i)] = clock()
			return simulator.Fault{}
		},
	}, clock, quota)
	return pipeline.Tenant{ID: tenantID(i), API: api, Quota: quota}
}

// budgets are those of the text that the project began with, but for the run time, of which small tables need none.
var budgets = hunting.QuotaOptions{CallsPerMinute: 10}
