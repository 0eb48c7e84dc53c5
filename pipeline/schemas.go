package pipeline

import (
	"context"
	"slices"
	"strings"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/schema"
)

// TableSchema is the columns that the published files of a table have, in all tenants together.
type TableSchema struct {
	Table   partition.Table
	Columns schema.Table
	Files   int            // published ones
	First   partition.Date // the oldest dt of any; zero if there is none
}

// Schemas reads the pinned columns of every table from the ledgers. A table of which nothing is pinned yet is left
// out. Where tenants differ, the first one's columns come first, and a name stands for the first one's column.
func (e *Exporter) Schemas(ctx context.Context) ([]TableSchema, error) {
	var out []TableSchema
	for _, table := range e.opts.Tables {
		t := TableSchema{Table: table.Table}
		for _, tenant := range e.opts.Tenants {
			ledger, err := e.openLedger(ctx, tenant.ID, table.Table)
			if err != nil {
				return nil, err
			}
			ledger.View(func(s *checkpoint.State) {
				t.add(s.Schema.Columns)
				t.count(s)
			})
		}
		if len(t.Columns.Columns) > 0 {
			out = append(out, t)
		}
	}
	return out, nil
}

// add appends the columns whose names are new.
func (t *TableSchema) add(columns []schema.Column) {
	for _, c := range columns {
		known := slices.ContainsFunc(t.Columns.Columns, func(k schema.Column) bool { return strings.EqualFold(k.Name, c.Name) })
		if !known {
			t.Columns.Columns = append(t.Columns.Columns, c)
		}
	}
}

// count adds the published files of a tenant.
func (t *TableSchema) count(s *checkpoint.State) {
	for _, dt := range s.Published() {
		if t.Files == 0 || dt < t.First {
			t.First = dt
		}
		t.Files += s.Days[dt].Sum().Files
	}
}
