package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline/hunting"
)

// maxQueryRecord is more than the service takes of a query, in bytes.
const maxQueryRecord = 1 << 20

// CheckLedgers opens the ledger of every table of every tenant, as a run does first, and holds named queries against their
// records. It changes nothing. The error joins what a run would refuse to go on with.
func (e *Exporter) CheckLedgers(ctx context.Context) error {
	var errs []error
	for _, tenant := range e.opts.Tenants {
		for _, table := range e.opts.Tables {
			if _, _, err := e.openTable(ctx, tenant.ID, table); err != nil {
				errs = append(errs, fmt.Errorf("tenant %s: %s: %w", tenant.ID, table.Table.Path(), err))
			}
		}
	}
	return errors.Join(errs...)
}

// openTable opens a ledger and returns whether there is a record of its query, if it has one. It returns the ledger, too,
// where that is a record of another query, which is an error.
func (e *Exporter) openTable(ctx context.Context, tenant string, table Table) (ledger *checkpoint.Ledger, recorded bool, err error) {
	if ledger, err = e.openLedger(ctx, tenant, table.Table); err == nil && table.Table.Query {
		recorded, err = e.compareQuery(ctx, ledger.Key(), table.Source)
	}
	if err == nil {
		err = e.refuseOrphans(ctx, ledger)
	}
	return ledger, recorded, err
}

// compareQuery returns whether there is a record of a ledger's query. One of another query is an error.
func (e *Exporter) compareQuery(ctx context.Context, ledger partition.Ledger, query hunting.Source) (there bool, err error) {
	have, err := e.opts.Bucket.Read(ctx, ledger.QueryKey(), maxQueryRecord)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if want := queryRecord(query); !bytes.Equal(have, want) {
		return true, fmt.Errorf("the table was begun with another query, and the rows of both would lie in it: give the new one a name of its own, or take the old one back; it was %s, and is %s",
			brief(have), brief(want))
	}
	return true, nil
}

// keepQuery records the table's query, before anything is planned of it. The record is created once and never changes,
// so that of two processes with different queries one goes on. A crash before it leaves nothing; one after it, a table
// of no rows that keeps its query.
func (t *track) keepQuery(ctx context.Context) error {
	if !t.table.Table.Query || t.queryKept {
		return nil
	}
	wrote := t.opts().Bucket.Create(ctx, t.ledger.Key().QueryKey(), queryRecord(t.table.Source))
	if t.queryKept = wrote == nil; t.queryKept {
		return nil
	}
	var err error
	if t.queryKept, err = t.tenant.exporter.compareQuery(ctx, t.ledger.Key(), t.table.Source); err != nil || t.queryKept {
		return err
	}
	return wrote
}

// queryRecord is the query without comments, on one line.
func queryRecord(query hunting.Source) []byte { return []byte(query.Name + " " + query.Tail + "\n") }

func brief(text []byte) string { return fmt.Sprintf("%.500q", bytes.TrimSpace(text)) }
