package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/schema"
)

// sampleRows is how many rows a first answer is asked for, to learn how wide they are.
const sampleRows = 200

// slack is how long after it was planned a slice is expected to be read at the latest. Rows that will have expired by
// then are below its floor.
const slack = 15 * partition.Minute

// freshFloor is the Timestamp below which rows may be gone before a slice planned now is read.
func (t *track) freshFloor() partition.Tick {
	return (t.tenant.clock.tick() - retention + slack).Ceil(partition.Second)
}

// firstStart is where a stream that was never planned begins: on a whole hour, as a verify counts by hours.
func (t *track) firstStart() partition.Tick {
	return t.tenant.clock.tick().Add(-t.opts().Window).Floor(partition.Hour)
}

// target is where a plan made now ends.
func (t *track) target() partition.Tick {
	return t.tenant.clock.tick().Add(-t.opts().Settle).Floor(partition.Minute)
}

// discover finds the streams and columns of a table that was never planned. It is one or two calls, and commits
// nothing.
func (t *track) discover(ctx context.Context) ([]partition.Stream, []schema.Field, error) {
	streams, err := t.probe(ctx)
	if err != nil {
		return nil, nil, err
	}
	t.completeSource(streams)
	s := partition.Slice{Stream: streams[0], Start: t.firstStart(), End: t.target(), Floor: t.freshFloor()}
	a, err := t.askSample(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	defer a.Release()
	if err := t.checkColumns(a.Fields); err != nil {
		return nil, nil, err
	}
	t.sample = &checkpoint.Sample{Rows: a.Rows, Bytes: a.Bytes, RunTime: a.Elapsed}
	fields := a.Fields
	if t.table.Source.Stamp && !has(fields, schema.IngestionTime) {
		fields = append(fields, schema.Field{Name: schema.IngestionTime, Type: "DateTime"})
	}
	return streams, fields, nil
}

// askSample asks for fewer rows where so many are refused as too big.
func (t *track) askSample(ctx context.Context, s partition.Slice) (*hunting.Answer, error) {
	for n := sampleRows; ; n /= 10 {
		a, err := t.ask(ctx, planning, t.table.Source.Sample(s, n), nil)
		if n < 10 || !errors.Is(err, hunting.ErrTooBig) {
			return a, err
		}
	}
}

// probe asks which streams a table has. A table without rows, or of which none is unstamped, gets the stamped stream
// alone; an unstamped one is added when a verify finds such rows.
func (t *track) probe(ctx context.Context) ([]partition.Stream, error) {
	switch t.table.Cursor {
	case ByIngestion:
		return []partition.Stream{partition.Stamped}, nil
	case ByTimestampOnly:
		return []partition.Stream{partition.Whole}, nil
	}
	query := t.table.Source.Probe(t.freshFloor(), t.tenant.clock.tick())
	f, err := t.figures(ctx, planning, query, rowsField, unstamped)
	if err != nil {
		return nil, err
	}
	if f.rows != 1 {
		return nil, fmt.Errorf("answer to %q: %d rows, want one", query, f.rows)
	}
	rows, without := f.columns[rowsField.Name][0], f.columns[unstamped.Name][0]
	switch {
	case without == 0:
		return []partition.Stream{partition.Stamped}, nil
	case without == rows:
		return []partition.Stream{partition.Unstamped}, nil
	}
	return []partition.Stream{partition.Stamped, partition.Unstamped}, nil
}

// missed adds the stamped stream to a table of which only the unstamped one was planned, if there are such rows. The
// unstamped stream is always planned first (see wantPlan), so a table of which the stamped one was planned has no
// other, as far as its probe saw; but where only the unstamped one was, the run may have been killed in between.
func (t *track) missed(ctx context.Context, planned []partition.Stream) ([]partition.Stream, error) {
	if t.table.Cursor != Auto || len(planned) != 1 || planned[0] != partition.Unstamped {
		return planned, nil
	}
	found, err := t.probe(ctx)
	if err == nil && slices.Contains(found, partition.Stamped) {
		planned = []partition.Stream{partition.Stamped, partition.Unstamped}
	}
	return planned, err
}

// completeSource fills in what only the streams and columns of the table tell: whether rows have an ingestion time,
// and which columns choose a bucket where the configuration named none.
func (t *track) completeSource(streams []partition.Stream) {
	t.table.Source.Stamp = false
	for _, s := range streams {
		if s != partition.Unstamped {
			t.table.Source.Stamp = true
		}
	}
	if len(t.table.Source.Keys) > 0 {
		return
	}
	t.ledger.View(func(s *checkpoint.State) {
		for _, c := range s.Schema.Columns {
			if c.Kind == schema.String && !c.Gone {
				t.table.Source.Keys = append(t.table.Source.Keys, c.Source)
			}
		}
	})
}

// checkColumns refuses a named query that drops what a row's place is told by.
func (t *track) checkColumns(fields []schema.Field) error {
	name := t.table.Source.TimeColumn
	for _, f := range fields {
		if f.Name == name {
			if kind, err := schema.KindOf(f.Type); err != nil || kind != schema.Timestamp {
				return fmt.Errorf("column %s of %s is a %s, want a datetime", name, t.table.Table.Path(), f.Type)
			}
			return nil
		}
	}
	return fmt.Errorf("%s has no column %s, which says what day a row belongs to: keep it in the query", t.table.Table.Path(), name)
}

func has(fields []schema.Field, name string) bool {
	for _, f := range fields {
		if f.Name == name {
			return true
		}
	}
	return false
}
