package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"huntlake/checkpoint"
	"huntlake/pipeline/hunting"
	"huntlake/schema"
	"huntlake/writers"
)

// finishing is how long an answer that has come may take to become durable after the run was interrupted: its call
// has been paid for.
const finishing = 30 * time.Second

// stage makes an answer's rows durable and commits the receipt.
//
// The object comes first. A crash before the commit leaves an object that no commit names: the slice is still open,
// the next run reads it again under another nonce, and the sweep removes the orphan once the slice is closed. A crash
// after the commit leaves everything.
func (t *track) stage(ctx context.Context, r checkpoint.Receipt, a *hunting.Answer) error {
	ctx, cancel := lingering(ctx)
	defer cancel()
	if err := t.checkColumns(a.Fields); err != nil && !t.snapshots() {
		return err
	}
	table, err := t.evolve(ctx, a.Fields)
	if err != nil {
		return err
	}
	r.Schema, r.Columns = table.Fingerprint(), len(table.Columns)
	if a.Rows > 0 {
		if err := t.upload(ctx, &r, a, table); err != nil {
			return err
		}
	}
	_, err = t.ledger.Append(ctx, func(*checkpoint.State, int64) (checkpoint.Body, error) {
		return &checkpoint.Stage{Receipts: []checkpoint.Receipt{r}}, nil
	})
	if err != nil {
		return err
	}
	t.count(func(rep *TableReport) {
		rep.Rows += r.Fresh()
		rep.Bytes += r.Answer
	})
	t.tell("read", nil)
	return nil
}

// lingering is a context that ends some time after ctx does.
func lingering(ctx context.Context) (context.Context, context.CancelFunc) {
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(finishing, cancel) })
	return lasting, func() {
		stop()
		cancel()
	}
}

// upload writes the rows as one staged object and completes the receipt with what it holds. Of a slice that was read
// before, only the rows that the lake does not hold are staged.
func (t *track) upload(ctx context.Context, r *checkpoint.Receipt, a *hunting.Answer, table schema.Table) error {
	records, err := conform(a, table)
	defer func() { release(records) }()
	if err == nil {
		err = checkPlaces(r.Reading.Slice, records, timeColumn(table, t.table.Source.TimeColumn))
	}
	if err != nil {
		return fmt.Errorf("slice %v: %w", r.Reading.Slice, err)
	}
	if r.Reading.Generation > 1 && !t.snapshots() {
		left, err := t.rest(ctx, r, records, table)
		if err != nil || len(left) == 0 {
			return err
		}
		release(records)
		records = left
	}
	key := t.ledger.Key().StagedKey(r.Reading.Slice, r.Reading.Generation, t.opts().Nonce())
	opts := writers.StageOptions{
		TimeColumn: timeColumn(table, t.table.Source.TimeColumn), Stream: r.Reading.Slice.Stream, Allocator: t.opts().Allocator,
	}
	t.ledger.View(func(s *checkpoint.State) { opts.DT = s.Snapshot.DT })
	staged, err := t.opts().Bucket.Stage(ctx, key, records, opts)
	if err != nil {
		return fmt.Errorf("stage %v: %w", r.Reading.Slice, err)
	}
	r.Object, r.Bytes = staged.Key, staged.Bytes
	for _, s := range staged.Sections {
		r.Sections = append(r.Sections, checkpoint.Section(s))
	}
	if t.snapshots() {
		return nil // its rows have no hour to be counted in
	}
	for _, c := range staged.Cells {
		r.Cells = append(r.Cells, checkpoint.CellRows{Cell: checkpoint.Cell{Hour: c.Hour, Day: c.Day}, Rows: c.Rows})
	}
	return nil
}

// conform turns an answer's records into the lake's.
func conform(a *hunting.Answer, table schema.Table) ([]arrow.Record, error) {
	records := make([]arrow.Record, 0, len(a.Records))
	for _, rec := range a.Records {
		lake, err := table.Conform(rec, a.Fields)
		if err != nil {
			return records, err
		}
		records = append(records, lake)
	}
	return records, nil
}

// timeColumn is the lake's name of the table's time column, "" for a snapshot.
func (t *track) timeColumn() (name string) {
	t.ledger.View(func(s *checkpoint.State) { name = timeColumn(s.Schema, t.table.Source.TimeColumn) })
	return name
}

// timeColumn is the lake's name of the source's time column, "" for a snapshot.
func timeColumn(table schema.Table, source string) string {
	for _, c := range table.Columns {
		if c.Source == source && c.Kind == schema.Timestamp {
			return c.Name
		}
	}
	return ""
}
