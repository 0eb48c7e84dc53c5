package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"huntlake/checkpoint"
	"huntlake/partition"
)

// Status is what the ledgers say. Making it asks nothing of the source.
type Status struct {
	Tables    []TableStatus `json:"tables"`
	Forecasts []Forecast    `json:"forecasts"` // one to a tenant
	Others    []OtherTable  `json:"others,omitempty"`
}

// OtherTable is a table that a tenant has a ledger of, and that nobody asks for: it is neither exported nor verified, and
// what waits to be published stays where it is.
type OtherTable struct {
	Tenant string `json:"tenant"`
	Table  string `json:"table"`
}

// TableStatus is the status of one table of one tenant.
type TableStatus struct {
	Tenant  string                    `json:"tenant"`
	Table   string                    `json:"table"`
	Streams []StreamStatus            `json:"streams"`
	Open    int                       `json:"open_slices"`
	Unread  int64                     `json:"open_rows"`
	Totals  checkpoint.Totals         `json:"totals"`
	Waiting int64                     `json:"waiting"` // rows staged and not yet published
	Files   int                       `json:"files"`
	Bytes   int64                     `json:"file_bytes"`
	Days    int                       `json:"days"`
	Columns int                       `json:"columns"`
	Changes []checkpoint.SchemaChange `json:"schema_changes,omitempty"` // after the first commit
	Gaps    []checkpoint.RecordedGap  `json:"gaps,omitempty"`

	Snapshot *SnapshotStatus `json:"snapshot,omitempty"` // of a table without a time column

	Verdict *checkpoint.RecordedVerify `json:"verify,omitempty"`
	Fault   string                     `json:"error,omitempty"`
}

// StreamStatus is how far a stream has come.
type StreamStatus struct {
	Stream    partition.Stream `json:"stream"`
	Start     partition.Tick   `json:"start"`
	Watermark partition.Tick   `json:"watermark"`
	Frontier  partition.Tick   `json:"frontier"`
}

// SnapshotStatus is where the snapshots of a table stand.
type SnapshotStatus struct {
	Last string         `json:"last,omitempty"` // the dt of the newest one
	Time partition.Tick `json:"time"`           // when it was found to be whole
	Rows int64          `json:"rows"`
	Next string         `json:"next,omitempty"` // the dt of which the next one is due; "" is today's
}

// Status reads the ledgers of every table of every tenant.
func (e *Exporter) Status(ctx context.Context) (Status, error) {
	var out Status
	var errs []error
	for _, tenant := range e.opts.Tenants {
		var p prospect
		for _, table := range e.opts.Tables {
			st := TableStatus{Tenant: tenant.ID, Table: table.Table.Path()}
			ledger, err := e.openLedger(ctx, tenant.ID, table.Table)
			if err != nil {
				st.Fault = err.Error()
				errs = append(errs, fmt.Errorf("tenant %s: %w", tenant.ID, err))
				p.closed = append(p.closed, st.Table)
			} else {
				ledger.View(func(s *checkpoint.State) {
					st.fill(s)
					if table.Source.TimeColumn == "" {
						st.Snapshot = snapshotStatus(&s.Snapshot, table.Every) // it does not expire: no forecast
						return
					}
					p.add(st.Table, s)
				})
			}
			out.Tables = append(out.Tables, st)
		}
		out.Forecasts = append(out.Forecasts, p.forecast(tenant.ID, partition.TickOf(e.opts.Now()), e.opts.Settle))
	}
	for _, tenant := range e.opts.Tenants {
		others, err := e.others(ctx, tenant.ID, partition.LedgersPrefix(tenant.ID))
		out.Others, errs = append(out.Others, others...), append(errs, err)
	}
	return out, errors.Join(errs...)
}

// others lists the ledgers of a folder that are none of the Exporter's tables.
func (e *Exporter) others(ctx context.Context, tenant, folder string) (others []OtherTable, err error) {
	children, err := e.opts.Bucket.Children(ctx, folder)
	if err != nil {
		return nil, fmt.Errorf("list the ledgers of tenant %s: %w", tenant, err)
	}
	for _, c := range children {
		table, is, further := partition.LedgerAt(tenant, c)
		switch {
		case further:
			inside, err := e.others(ctx, tenant, c)
			if err != nil {
				return nil, err
			}
			others = append(others, inside...)
		case is && !slices.ContainsFunc(e.opts.Tables, func(t Table) bool { return t.Table == table }):
			others = append(others, OtherTable{tenant, table.Path()})
		}
	}
	return others, nil
}

func snapshotStatus(st *checkpoint.Standing, every time.Duration) *SnapshotStatus {
	out := &SnapshotStatus{Time: st.Time, Rows: st.Rows}
	if st.Last > 0 {
		out.Last = st.Last.String()
	}
	if next := nextSnapshot(st, every); next > 0 {
		out.Next = next.String()
	}
	return out
}

func (st *TableStatus) fill(s *checkpoint.State) {
	for _, stream := range slices.Sorted(maps.Keys(s.Streams)) {
		r := s.Streams[stream]
		at, _ := s.Watermark(stream)
		st.Streams = append(st.Streams, StreamStatus{stream, r.Start, at, r.End})
	}
	st.Open, st.Unread = s.Unread()
	for _, staged := range s.Staged {
		for _, sec := range staged.Sections {
			st.Waiting += sec.Rows
		}
	}
	for _, day := range s.Days {
		sum := day.Sum()
		st.Days++
		st.Files += sum.Files
		st.Bytes += sum.Bytes
	}
	st.Totals, st.Columns, st.Verdict = s.Totals, len(s.Schema.Columns), s.Verdict
	st.Gaps = slices.Clone(s.Gaps)
	for _, c := range s.Changes {
		if c.Number != s.Changes[0].Number {
			st.Changes = append(st.Changes, c)
		}
	}
}
