package pipeline_test

import (
	"slices"
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/schema"
)

// Schemas tells the columns of every table whose ledger has any, how many files it has and from which day on.
func TestSchemas(t *testing.T) {
	tables := append(generate(t, 300, "AlertInfo"), newMade("Empty", "Text:String"))
	w := newWorld(t, tables)
	if got, err := w.exporter().Schemas(t.Context()); err != nil || len(got) != 0 {
		t.Fatalf("before the first run: %v, %v", got, err)
	}
	report := w.run()
	got, err := w.exporter().Schemas(t.Context())
	if err != nil || len(got) != 2 {
		t.Fatalf("%d tables, %v", len(got), err)
	}
	first := partition.DateOf(partition.TickOf(start))
	keep := exported(start)
	for _, r := range simulator.Rows(tables[0], partition.TickOf(start)) {
		if keep(r) {
			first = min(first, partition.DT(r.Time, r.Ingested))
		}
	}
	if files := report.Total().Files; got[0].Files != files || got[0].First != first {
		t.Errorf("%d files from %v on, want %d from %v", got[0].Files, got[0].First, files, first)
	}
	w.pass(90 * 24 * time.Hour) // the ledger no longer tells the files of the days apart
	w.run()
	if later, err := w.exporter().Schemas(t.Context()); err != nil || later[0].Files != got[0].Files || later[0].First != first {
		t.Errorf("three months later: %+v, %v", later, err)
	}
	if got[1].Files != 0 || got[1].First != 0 {
		t.Errorf("a table without rows has %d files from %v on", got[1].Files, got[1].First)
	}
	if !slices.ContainsFunc(got[1].Columns.Columns, func(c schema.Column) bool { return c.Name == "Text" }) {
		t.Errorf("a table without rows has the columns %v", got[1].Columns)
	}
}
