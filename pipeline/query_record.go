package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// maxQueryRecord is more than the service takes of a query, in bytes.
const maxQueryRecord = 1 << 20

// compareQuery returns whether there is a record of the table's query. One of another query is an error.
func (t *track) compareQuery(ctx context.Context) (there bool, err error) {
	have, err := t.opts().Bucket.Read(ctx, t.ledger.Key().QueryKey(), maxQueryRecord)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if want := t.queryRecord(); !bytes.Equal(have, want) {
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
	wrote := t.opts().Bucket.Create(ctx, t.ledger.Key().QueryKey(), t.queryRecord())
	if t.queryKept = wrote == nil; t.queryKept {
		return nil
	}
	var err error
	if t.queryKept, err = t.compareQuery(ctx); err != nil || t.queryKept {
		return err
	}
	return wrote
}

// queryRecord is the query without comments, on one line.
func (t *track) queryRecord() []byte {
	return []byte(t.table.Source.Name + " " + t.table.Source.Tail + "\n")
}

func brief(text []byte) string { return fmt.Sprintf("%.500q", bytes.TrimSpace(text)) }
