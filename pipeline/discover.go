package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/schema"
)

// sampleRows is how many rows an answer is asked for to see how wide they are.
const sampleRows = 200

// slack is how long after it was planned a slice is expected to be read at the latest. Rows that will have expired by
// then are below its floor.
const slack = 15 * partition.Minute

// freshFloor is the Timestamp below which rows may be gone before a slice planned now is read.
func (t *track) freshFloor() partition.Tick {
	return (t.edge() + slack).Ceil(partition.Second)
}

// edge is the Timestamp below which rows have expired by now.
func (t *track) edge() partition.Tick { return t.tenant.clock.service() - retention }

// firstStart is where a stream that was never planned begins: on a whole hour, as a verify counts by hours.
func (t *track) firstStart() partition.Tick {
	return t.tenant.clock.tick().Add(-t.opts().Window).Floor(partition.Hour)
}

// target is where a plan made now ends.
func (t *track) target() partition.Tick {
	return t.tenant.clock.tick().Add(-t.opts().Settle).Floor(partition.Minute)
}

// openTable opens the ledger of a table, and makes sure that a named query is the one that the table was begun with:
// rows of two queries in one table would be told apart by nobody, and the history of the second one would never be read.
func (t *track) openTable(ctx context.Context) (err error) {
	t.ledger, t.queryKept, err = t.tenant.exporter.openTable(ctx, t.tenant.id, t.table)
	if t.ledger == nil {
		return err
	}
	var left int64 // by earlier runs
	t.ledger.View(func(s *checkpoint.State) { _, left = s.Unread() })
	t.mu.Lock()
	t.planned = left
	t.mu.Unlock()
	return err
}

// streams opens the ledger and returns the table's streams, and whether that took a probe: of a table that was never
// probed and, once a day, of one that had rows of one stream alone so far. It is at most one call.
func (t *track) streams(ctx context.Context) (streams []partition.Stream, probed bool, err error) {
	if err := t.openTable(ctx); err != nil {
		return nil, false, err
	}
	if err := t.refuseSnapshots(); err != nil {
		return nil, false, err
	}
	var last partition.Tick
	t.ledger.View(func(s *checkpoint.State) {
		streams, last = union(s.Found, slices.Collect(maps.Keys(s.Streams))), s.Probed
	})
	if probed = t.probeDue(streams, last); probed {
		find := t.firstProbe
		if len(streams) > 0 {
			find = func(ctx context.Context) ([]partition.Stream, error) {
				return t.probe(ctx, max(t.freshFloor(), last-partition.Day))
			}
		}
		found, err := find(ctx)
		if err != nil {
			return nil, false, err
		}
		if streams = union(streams, found); len(streams) == 0 {
			streams = []partition.Stream{partition.Stamped} // until there are rows that say otherwise
		}
	}
	for _, stream := range streams {
		t.lanes = append(t.lanes, &lane{stream: stream})
	}
	t.completeSource(streams)
	return streams, probed, nil
}

// refuseSnapshots is the error of a table that was exported as snapshots and is to go on as events.
func (t *track) refuseSnapshots() error {
	taken := false
	t.ledger.View(func(s *checkpoint.State) { _, taken = s.Streams[partition.Snapshot] })
	if !taken {
		return nil
	}
	return fmt.Errorf("%s was exported as snapshots, and cannot go on as events: set mode: snapshot, or move what there is of it in the lake away", t.table.Table.Path())
}

// probeDue reports whether the table is to be probed: one that never was, and daily one that may turn out to have the
// other stream as well. Then the rows looked at are those since the day before the last probe, as months of a table are
// many.
func (t *track) probeDue(known []partition.Stream, last partition.Tick) bool {
	if len(known) == 0 {
		return true
	}
	one := len(known) == 1 && (known[0] == partition.Stamped || known[0] == partition.Unstamped)
	return t.table.Cursor == Auto && one && partition.DateOf(last) < partition.DateOf(t.tenant.clock.tick())
}

// union adds to streams those of more that it lacks, ascending.
func union(streams, more []partition.Stream) []partition.Stream {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(streams, more))))
}

// found commits what a probe has found.
func (t *track) found(ctx context.Context, streams []partition.Stream) error {
	_, err := t.ledger.Append(ctx, func(s *checkpoint.State, _ int64) (checkpoint.Body, error) {
		return &checkpoint.Schema{Table: s.Schema, Streams: union(s.Found, streams)}, nil
	})
	return err
}

// sampleWidth asks for a few rows of a table of which none have come yet, to foresee what reading it takes: a run learns
// that from its first slice.
func (t *track) sampleWidth(ctx context.Context) error {
	if t.cost().Answers > 0 || len(t.lanes) == 0 {
		return nil
	}
	s := partition.Slice{Stream: t.lanes[0].stream, Start: t.firstStart(), End: t.target(), Floor: t.freshFloor()}
	a, err := t.askSample(ctx, foreseeing, s)
	if err != nil {
		return err
	}
	defer a.Release()
	if err := t.checkColumns(a.Fields); err != nil {
		return err
	}
	t.sample = &checkpoint.Sample{Rows: a.Rows, Bytes: a.Bytes, RunTime: a.Elapsed}
	return nil
}

// askSample asks for fewer rows where so many are refused as too big.
func (t *track) askSample(ctx context.Context, p purpose, s partition.Slice) (*hunting.Answer, error) {
	for n := sampleRows; ; n /= 10 {
		a, err := t.ask(ctx, p, hunting.Query{Text: t.table.Source.Sample(s, n)})
		if n < 10 || !errors.Is(err, hunting.ErrTooBig) {
			return a, err
		}
	}
}

// probe asks which streams a table has, by its rows from an instant on: none if it has no rows there. Rows of the other
// stream that come later are found by a later probe, or by a verify.
func (t *track) probe(ctx context.Context, from partition.Tick) ([]partition.Stream, error) {
	switch t.table.Cursor {
	case ByIngestion:
		return []partition.Stream{partition.Stamped}, nil
	case ByTimestampOnly:
		return []partition.Stream{partition.Whole}, nil
	}
	rows, without, err := t.askProbe(ctx, from, t.tenant.clock.tick(), halvings)
	if err != nil {
		return nil, err
	}
	switch {
	case rows == 0:
		return nil, nil
	case without == 0:
		return []partition.Stream{partition.Stamped}, nil
	case without == rows:
		return []partition.Stream{partition.Unstamped}, nil
	}
	return []partition.Stream{partition.Stamped, partition.Unstamped}, nil
}

// askProbe counts the rows of a range of Timestamp, and those without ingestion time, by halves where that is too much.
func (t *track) askProbe(ctx context.Context, from, to partition.Tick, left int) (rows, without int64, err error) {
	query := t.table.Source.Probe(from, to)
	f, err := t.figures(ctx, planning, query, rowsField, unstamped)
	if middle := from + (to-from)/2; left > 0 && errors.Is(err, hunting.ErrTooBig) {
		rows, without, err = t.askProbe(ctx, from, middle, left-1)
		if err != nil {
			return 0, 0, err
		}
		moreRows, moreWithout, err := t.askProbe(ctx, middle, to, left-1)
		return rows + moreRows, without + moreWithout, err
	}
	if err != nil {
		return 0, 0, err
	}
	if f.rows != 1 {
		return 0, 0, fmt.Errorf("answer to %q: %d rows, want one", query, f.rows)
	}
	return f.columns[rowsField.Name][0], f.columns[unstamped.Name][0], nil
}

// completeSource fills in what only the streams of the table tell: whether rows have an ingestion time.
func (t *track) completeSource(streams []partition.Stream) {
	t.table.Source.Stamp = slices.ContainsFunc(streams, func(s partition.Stream) bool { return s != partition.Unstamped })
}

// pinnedKeys are the columns of wanted or, where the table lacks some of them, as a named query may leave them out, those
// that it has and every column of text. The table has no columns that are gone, which cannot be asked for. The order is the table's, so that it is the same whoever asks, and how often.
func pinnedKeys(table schema.Table, wanted []string) []string {
	has := func(name string) bool {
		return slices.ContainsFunc(table.Columns, func(c schema.Column) bool { return c.Source == name })
	}
	lacking := len(wanted) == 0 || slices.ContainsFunc(wanted, func(name string) bool { return !has(name) })
	var keys []string
	for _, c := range table.Columns {
		text := lacking && c.Kind == schema.String && isKey(c.Source) && len(keys) < maxKeys
		if (text || slices.Contains(wanted, c.Source)) && !slices.Contains(keys, c.Source) {
			keys = append(keys, c.Source)
		}
	}
	return keys
}

// maxKeys bounds the columns that choose a bucket, and with them the length of a query.
const maxKeys = 100

// isKey reports whether a column's name may stand in a query: it comes from an answer, and could be a query itself.
func isKey(name string) bool {
	return hunting.Source{Name: "T", Keys: []string{name}}.Validate() == nil
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
