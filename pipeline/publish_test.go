package pipeline_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting/simulator"
)

// heard is a log that calls each with every message.
type heard struct {
	slog.Handler
	each func(message string)
}

func (h heard) Handle(_ context.Context, r slog.Record) error {
	h.each(r.Message)
	return nil
}

func (h heard) Enabled(context.Context, slog.Level) bool { return true }

// A publish that another process ends between the claim and the merge, and whose staged objects that one has swept, is
// no error of the table, although the ledger has been folded past its end meanwhile.
func TestPublishEndedMeanwhile(t *testing.T) {
	var reads atomic.Int32
	var first, lost sync.Once
	reading, release, folded := make(chan struct{}), make(chan struct{}), make(chan struct{})
	tables := generate(t, 200, "DeviceProcessEvents")
	w := newWorld(t, tables, func(o *simulator.Options) {
		o.Faults = func(_ int, query string) simulator.Fault {
			if strings.HasSuffix(query, "extend _IngestionTime = ingestion_time()") && reads.Add(1) == 2 {
				close(reading)
				<-release // a slice, not the first, is being read all the while
			}
			return simulator.Fault{}
		}
	})
	w.opts.Caps.Rows, w.opts.Parallel, w.opts.TargetSize = 10, 2, 1 // what is staged is ripe at once
	w.opts.Claim = "both"                                           // no lease keeps the two apart
	began := w.now()
	other := w.exporter()
	w.opts.Logger = slog.New(heard{each: func(message string) {
		if message == "another process was faster" {
			lost.Do(func() { close(folded) })
		}
	}})
	w.opts.Progress = func(e pipeline.Event) {
		if e.Stage != "publish" {
			return
		}
		first.Do(func() {
			<-reading // it is this run's slice, not the other's
			if _, err := other.Run(t.Context()); err != nil {
				t.Errorf("the other run: %v", err)
			}
			close(release)
			<-folded
		})
	}
	w.run()
	w.compare(tables[0], exported(began))
}

// Stragglers that a machine has staged whose clock was a year ahead do not wait for that year.
func TestStragglersOfClockAhead(t *testing.T) {
	src := &script{name: "Alpha"}
	for i := range 24 * 40 {
		at := partition.TickOf(start.AddDate(0, 0, -20).Add(time.Duration(i) * time.Hour))
		src.rows = append(src.rows, scriptRow{id: int64(i), at: at, stamp: at, shown: at})
	}
	for i := range 5 {
		at := partition.TickOf(start.Add(30*time.Hour + time.Duration(i)*time.Minute))
		src.rows = append(src.rows, scriptRow{id: int64(5000 + i), at: at - 10*partition.Day, stamp: at, shown: at})
	}
	w := newWorld(t, []simulator.Table{src})
	w.run()
	w.pass(36 * time.Hour)
	right := w.opts.Now
	w.opts.Now = func() time.Time { return w.now().AddDate(1, 0, 0) }
	w.opts.Gone, w.opts.Process = func(string) bool { return true }, "host/1" // its claim does not stand in the way
	w.run()
	w.opts.Now = right
	for range 3 {
		w.pass(24 * time.Hour)
		w.run()
	}
	late := 0
	for row, n := range w.lake("Alpha") {
		for i := range 5 {
			if strings.Contains(row, fmt.Sprintf("ReportId=%d\x1f", int64(1)<<60+5000+int64(i))) {
				late += n
			}
		}
	}
	if late != 5 {
		t.Errorf("%d of 5 stragglers are published", late)
	}
}
