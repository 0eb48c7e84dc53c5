package pipeline_test

import (
	"errors"
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
)

// Buckets of which some have been read stay what they are, though the columns that another run would choose buckets by
// have changed meanwhile: with the table's columns, or with the program.
func TestBucketsStayWhatTheyAre(t *testing.T) {
	at := partition.TickOf(start.Add(-5 * time.Hour))
	src := &script{name: "Alpha"}
	for id := range int64(70) {
		src.rows = append(src.rows, scriptRow{id: id, at: at, stamp: at, shown: at})
	}
	for name, other := range map[string][]string{"all text columns": nil, "more columns": {"ReportId", "DeviceId"}} {
		t.Run(name, func(t *testing.T) {
			appears := partition.TickOf(start.Add(30 * time.Minute))
			w := newWorld(t, []simulator.Table{simulator.Changing(src, simulator.Change{At: appears, Column: "Going", Kind: simulator.Appears})})
			w.opts.Caps.Rows, w.opts.Parallel = 10, 1
			w.opts.Tables[0].Source.Keys = []string{"DeviceId"}
			if other == nil {
				w.opts.Tables[0].Source.Keys = nil
			}
			var err error
			if w.quota, err = hunting.NewQuota(hunting.QuotaOptions{CallsPerHour: 12, Now: w.now}); err != nil {
				t.Fatal(err)
			}
			for runs := 1; ; runs++ {
				_, err := w.exporter().Run(t.Context())
				var spent *hunting.QuotaError
				if err == nil && runs > 1 {
					break
				}
				if !errors.As(err, &spent) || runs > 10 {
					t.Fatalf("run %d: %v", runs, err)
				}
				w.pass(spent.Until.Sub(w.now()))
				if other != nil {
					w.opts.Tables[0].Source.Keys = other
				}
			}
			w.quota = nil
			if got := w.differences(); got != "" {
				t.Errorf("verify says %q", got)
			}
			if rows := w.lake("Alpha"); len(rows) != 70 {
				t.Errorf("%d different rows in the lake, want 70", len(rows))
			}
		})
	}
}
