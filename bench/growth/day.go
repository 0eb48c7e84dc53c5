package main

import (
	"runtime"
	"runtime/metrics"
	"sync/atomic"
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting/simulator"
)

// publishing is what a day of many slices costs that are staged and published.
type publishing struct {
	slices, files int
	spent         requests
	took          time.Duration
	peak          uint64 // bytes of heap, garbage included, at most
}

// measureDay exports a day slice by slice, and publishes it as it comes.
func measureDay(t *testing.T, slices int) (p publishing) {
	t.Helper()
	const rowsOfSlice = 25
	day := now.Truncate(24 * time.Hour).Add(-48 * time.Hour)
	tables, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 1, Tables: []string{"AlertInfo"}, Rows: slices * rowsOfSlice, Start: day, End: day.Add(24 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return now }
	s := newStore(t.Context(), clock)
	var peak atomic.Uint64
	e := exporter(t, s, clock, tables, func(o *pipeline.Options) {
		o.Caps, o.Window, o.MaxDelay, o.OneShot = partition.Caps{Rows: rowsOfSlice, Bytes: 49_000_000}, 120*time.Hour, 24*time.Hour, true
		o.Progress = func(pipeline.Event) { peak.Store(max(peak.Load(), heap())) } // near enough where two come at once
	})
	runtime.GC()
	before, began := heap(), time.Now()
	var r pipeline.Report
	p.spent = s.during(func() {
		if r, err = e.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	p.took, p.peak = time.Since(began), peak.Load()-min(before, peak.Load())
	p.slices, p.files = r.Total().Calls.Data, r.Total().Files
	if r.Total().Published == 0 || r.Total().Waiting > 0 {
		t.Fatalf("published %d rows, %d are waiting", r.Total().Published, r.Total().Waiting)
	}
	return p
}

// heap is the bytes of the heap in use.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
