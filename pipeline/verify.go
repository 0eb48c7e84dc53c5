package pipeline

import (
	"context"
	"errors"
	"maps"
	"slices"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline/hunting"
)

// Verification is what a verify found.
type Verification struct {
	Tables []TableVerification `json:"tables"`
}

// TableVerification is the part of one table of one tenant.
type TableVerification struct {
	Tenant string `json:"tenant"`
	Table  string `json:"table"`
	checkpoint.Verify
	Snapshot bool                     `json:"snapshot,omitempty"` // the source moves on: its count is for information
	Gaps     []checkpoint.RecordedGap `json:"gaps,omitempty"`
	Fault    string                   `json:"error,omitempty"` // why it could not all be compared; files may have been
}

// Clean reports whether everything was compared and nothing differs or is missing.
func (v Verification) Clean() bool {
	for _, t := range v.Tables {
		if len(t.Differences) > 0 || len(t.Gaps) > 0 || t.Fault != "" {
			return false
		}
	}
	return true
}

// Verify compares the source with the ledger, by counts, while the source still has the data; and the ledger with the
// files, by counts and digests, reading every file back. It records the result in the ledger. The error joins those of
// tables that could not be compared; differences are no error. Like Run it claims each tenant meanwhile: if another
// process works on one, the error is a *checkpoint.OwnedError.
func (e *Exporter) Verify(ctx context.Context) (Verification, error) {
	return e.eachVerified(ctx, (*track).verify)
}

func (t *track) verify(ctx context.Context) (TableVerification, error) {
	v := TableVerification{Tenant: t.tenant.id, Table: t.table.Table.Path()}
	if err := t.openTable(ctx); err != nil {
		return v, err
	}
	t.tell("verify", nil)
	var streams []partition.Stream
	t.ledger.View(func(s *checkpoint.State) {
		streams, v.Gaps = slices.Sorted(maps.Keys(s.Streams)), slices.Clone(s.Gaps)
	})
	if len(streams) == 0 {
		v.Differences = append(v.Differences, "nothing has been exported yet")
		return v, nil
	}
	compare := t.verifySource
	if v.Snapshot = t.snapshots(); v.Snapshot {
		compare = t.countSource
	} else if err := t.refuseSnapshots(); err != nil {
		return v, err
	}
	t.completeSource(streams)
	err := compare(ctx, streams, &v.Verify)
	if errors.Is(err, hunting.ErrQuota) {
		return v, err // the files can wait for the source to be asked as well
	}
	// The source may be gone for good, and then the files are all that can be proved.
	if err = errors.Join(err, t.verifyFiles(ctx, &v.Verify)); err != nil {
		return v, err
	}
	_, err = t.ledger.Append(ctx, func(*checkpoint.State, int64) (checkpoint.Body, error) { return &v.Verify, nil })
	return v, err
}
