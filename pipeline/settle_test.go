package pipeline_test

import (
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting/simulator"
)

// A first day that is exported in part is settled like any other: what the source holds of it from before the export is
// no growth.
func TestFirstDaySettles(t *testing.T) {
	src := &script{name: "Alpha"}
	for i := range 48 {
		at := partition.TickOf(start.Add(-time.Duration(i) * time.Hour))
		src.rows = append(src.rows, scriptRow{id: int64(i), at: at, stamp: at, shown: at})
	}
	w := newWorld(t, []simulator.Table{src})
	w.opts.Window, w.opts.Tables[0].Cursor = 20*time.Hour, pipeline.ByTimestampOnly // since 16:00
	w.run()
	w.pass(3 * 24 * time.Hour)
	if r := w.run().Total(); r.Waiting > 0 || r.Published != 21 {
		t.Errorf("%d rows published and %d still waiting, want 21 and none", r.Published, r.Waiting)
	}
}
