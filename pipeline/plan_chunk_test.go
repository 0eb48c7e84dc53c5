package pipeline_test

import (
	"testing"
	"time"

	"huntlake/checkpoint"
	"huntlake/partition"
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
	ledger := partition.Ledger{Tenant: tenantID, Table: partition.Table{Name: "DeviceProcessEvents"}}
	log, err := w.bucket.List(t.Context(), ledger.Prefix()+"log/", 0)
	if err != nil {
		t.Fatal(err)
	}
	var chunks []int
	for _, o := range log {
		text, err := w.bucket.Read(t.Context(), o.Key, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		c, err := checkpoint.DecodeCommit(text)
		if err != nil {
			t.Fatal(err)
		}
		if p, ok := c.Body.(*checkpoint.Plan); ok {
			chunks = append(chunks, len(p.Slices))
			if p.End%partition.Edge != 0 {
				t.Errorf("plan %d ends at %v", c.Number, p.End)
			}
		}
	}
	if len(chunks) < 6 || chunks[0] != 1 || chunks[1] != 2 || chunks[2] > 9 || max(chunks[3], chunks[4], chunks[5]) > 20 {
		t.Errorf("chunks of %d slices", chunks)
	}
}
