package pipeline_test

import (
	"testing"
	"time"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/pipeline/hunting/simulator/synth"
)

// Plans are committed in chunks that grow with what is known and end on edges, also where bins are finer: a
// month that was planned at once would be planned by what a single answer has taught.
func TestChunks(t *testing.T) {
	tables, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 3, Tables: []string{"DeviceProcessEvents"}, Rows: 12_000, Shape: synth.Even,
		Start: start.Add(-4 * 24 * time.Hour), End: start.Add(-24 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, tables)
	w.opts.Caps, w.opts.Window = partition.Caps{Rows: 60, Bytes: 49_000_000}, 5*24*time.Hour
	w.run()
	var chunks []int
	for _, body := range w.commits(t, "DeviceProcessEvents") {
		if p, ok := body.(*checkpoint.Plan); ok {
			chunks = append(chunks, len(p.Slices))
			if p.End%partition.Edge != 0 {
				t.Errorf("a plan ends at %v", p.End)
			}
		}
	}
	if len(chunks) < 6 || chunks[0] != 1 || chunks[1] != 2 || chunks[2] > 9 || max(chunks[3], chunks[4], chunks[5]) > 20 {
		t.Errorf("chunks of %d slices", chunks)
	}
}

// The first slice of a table is a small one; where so many rows come at once that no edge makes one, it takes a few calls
// to read them, not one for every small slice.
func TestFirstSlice(t *testing.T) {
	for name, c := range map[string]struct {
		spread time.Duration // of the rows
		first  int64         // rows of the largest slice in the first plan, at most
		slices int           // of it, at most
	}{
		"spread over a week": {7 * 24 * time.Hour, 2500, 1},
		"in one second":      {time.Second, 5000, 5},
	} {
		t.Run(name, func(t *testing.T) {
			tables, err := simulator.Generate(simulator.GenerateOptions{
				Seed: 5, Tables: []string{"AlertInfo"}, Rows: 20_000, Shape: synth.Even,
				Start: start.AddDate(0, 0, -20), End: start.AddDate(0, 0, -20).Add(c.spread),
			})
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, tables)
			w.opts.Tables[0].Cursor, w.opts.Caps.Rows = pipeline.ByTimestampOnly, 5000
			began := w.now()
			calls := w.run().Total().Calls
			w.compare(tables[0], exported(began))
			var first *checkpoint.Plan
			for _, body := range w.commits(t, "AlertInfo") {
				if p, ok := body.(*checkpoint.Plan); ok && first == nil {
					first = p
				}
			}
			if first == nil || len(first.Slices) > c.slices {
				t.Fatalf("the first plan is %+v", first)
			}
			for _, s := range first.Slices {
				if s.Rows > c.first {
					t.Errorf("a first slice of %d rows", s.Rows)
				}
			}
			if calls.Plan > 3 || calls.Data > 7 {
				t.Errorf("%+v", calls)
			}
		})
	}
}

// commits are the bodies of a table's commits, in their order.
func (w *world) commits(t *testing.T, table string) (bodies []checkpoint.Body) {
	t.Helper()
	ledger := partition.Ledger{Tenant: tenantID, Table: partition.Table{Name: table}}
	log, err := w.bucket.List(t.Context(), ledger.Prefix()+"log/", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range log {
		text, err := w.bucket.Read(t.Context(), o.Key, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		c, err := checkpoint.DecodeCommit(text)
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, c.Body)
	}
	return bodies
}
