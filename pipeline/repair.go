package pipeline

import (
	"context"
	"fmt"
	"slices"

	"huntlake/partition"
)

// Repair verifies and opens the hours in which source and ledger differ again, so that the next Run brings in what the
// source has and the lake has not: it reads each range whole as the next generation and stages only the rows that the
// lake does not hold. An hour of which the source has less may hide such rows behind others that were deleted. Files that differ from the ledger are left as they are.
func (e *Exporter) Repair(ctx context.Context) (Verification, error) {
	return e.eachVerified(ctx, (*track).repair)
}

func (t *track) repair(ctx context.Context) (TableVerification, error) {
	v, err := t.verify(ctx)
	if err != nil {
		return v, err
	}
	for stream, cells := range t.differing {
		hours := make([]partition.Tick, len(cells))
		for i, c := range cells {
			hours[i] = c.Hour
		}
		if err := t.lost(t.openAgain(ctx, stream, hours, t.freshFloor(), t.recounted)); err != nil {
			return v, err
		}
	}
	t.table.Source.Stamp = t.table.Source.Stamp || slices.Contains(t.unread, partition.Stamped)
	for _, stream := range t.unread {
		if err := t.planWhole(ctx, &lane{stream: stream}); err != nil {
			return v, err
		}
	}
	return v, nil
}

// planWhole plans a stream up to the target: one that was found after the table's first plan.
func (t *track) planWhole(ctx context.Context, l *lane) error {
	for !l.done {
		if err := t.plan(ctx, l); err != nil {
			return fmt.Errorf("plan the %v rows: %w", l.stream, err)
		}
	}
	return nil
}

// eachVerified does work for every table of every tenant, and joins the errors of those that failed.
func (e *Exporter) eachVerified(ctx context.Context, work func(*track, context.Context) (TableVerification, error)) (Verification, error) {
	var v Verification
	err := e.eachClaimed(ctx, func(ctx context.Context, t *track) error {
		found, err := work(t, ctx)
		if err != nil {
			found.Fault = err.Error()
		}
		v.Tables = append(v.Tables, found)
		return err
	}, func(t *track, err error) {
		v.Tables = append(v.Tables, TableVerification{Tenant: t.tenant.id, Table: t.table.Table.Path(), Fault: err.Error()})
	})
	return v, err
}
