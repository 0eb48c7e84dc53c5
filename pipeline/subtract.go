package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/schema"
	"huntlake/writers"
)

// multiset counts rows by the digest of their canonical values.
type multiset map[schema.Digest]int64

// rest takes what the lake holds of a slice away from a new reading of it, row by row, and returns what is left to
// stage. Rows are compared over the columns that the slice's first reading had and the source still has: one that came
// or went since would make an old row look new. Of those that were away in between, see away.go.
//
// If the lake holds rows of an hour that the source no longer shows there, and that have not expired, they have been
// deleted or, if the source shows others, have changed in place. Nobody can say which replaces which, so nothing of that
// hour is staged. The receipt says what was found.
func (t *track) rest(ctx context.Context, r *checkpoint.Receipt, records []arrow.Record, table schema.Table) ([]arrow.Record, error) {
	slice := r.Reading.Slice
	held, err := t.held(ctx, slice, table, t.edge()+slack/3)
	if err != nil {
		return nil, fmt.Errorf("compare %v with the lake: %w", r.Reading, err)
	}
	read, err := held.subtract(records)
	if err != nil {
		return nil, fmt.Errorf("compare %v with the lake: %w", r.Reading, err)
	}
	for _, n := range read {
		r.Held += n.held
	}
	changed := map[partition.Tick]bool{}
	for hour, lake := range held.rows {
		if n := read[hour]; lake > n.shown {
			changed[hour] = true
			r.Changed = append(r.Changed, checkpoint.ChangedHour{Hour: hour, Rows: n.fresh(), Over: n.shown + n.fresh() - lake})
		}
	}
	slices.SortFunc(r.Changed, func(a, b checkpoint.ChangedHour) int { return cmp.Compare(a.Hour, b.Hour) })
	return held.left(records, changed), nil
}

// commonColumns are those of the first n columns, or of all if n is 0, that the source still has.
func commonColumns(table schema.Table, n int) schema.Table {
	var out schema.Table
	for i, c := range table.Columns {
		if !c.Gone && (n == 0 || i < n) {
			out.Columns = append(out.Columns, c)
		}
	}
	return out
}

// held is the rows of a slice that lie in the lake, published or staged; those with a Timestamp below edge have expired at
// the source, or are about to. Where a staged object has gone, another process has published and swept it since the ledger
// was read: a second look finds its rows in the file.
func (t *track) held(ctx context.Context, slice partition.Slice, table schema.Table, edge partition.Tick) (*holding, error) {
	h, err := t.holding(ctx, slice, table, edge)
	if !errors.Is(err, fs.ErrNotExist) {
		return h, err
	}
	if err := t.ledger.Refresh(ctx); err != nil {
		return nil, err
	}
	return t.holding(ctx, slice, table, edge)
}

func (t *track) holding(ctx context.Context, slice partition.Slice, table schema.Table, edge partition.Tick) (*holding, error) {
	compared := commonColumns(table, t.leaf(slice).Columns)
	h := &holding{
		slice: slice, edge: edge, counts: multiset{}, wholes: multiset{}, rows: map[partition.Tick]int64{},
		time: timeColumn(table, t.table.Source.TimeColumn), bucket: bucketing{slice, table, t.sourceOf(slice).Keys},
	}
	var err error
	if h.compared, err = newRowHasher(compared); err != nil {
		return nil, err
	}
	if all := commonColumns(table, 0); len(all.Columns) > len(compared.Columns) {
		if h.all, err = newRowHasher(all); err != nil {
			return nil, err
		}
	}
	var away map[string]bool
	t.ledger.View(func(s *checkpoint.State) { away = awayOnce(s) })
	if h.incomplete, err = newIncomplete(compared, away); err != nil {
		return nil, err
	}
	return h, t.scan(ctx, slice, table.Arrow(), h.add)
}

// scan calls fn with the rows of the sections and files that may hold rows of a slice.
func (t *track) scan(ctx context.Context, slice partition.Slice, s *arrow.Schema, fn func(arrow.Record) error) error {
	inputs, files := t.holders(slice)
	for _, in := range inputs {
		if err := t.opts().Bucket.ScanStaged(ctx, in, s, fn); err != nil {
			return err
		}
	}
	for _, key := range files {
		if err := t.opts().Bucket.Scan(ctx, key, s, fn); err != nil {
			return err
		}
	}
	return nil
}

// holders are the staged sections and published files that may hold rows of a slice: those of the days in which the
// ledger counted rows at the slice's hours. A row whose clock runs far ahead lies in the day of its ingestion, which
// the cells of a stream along Timestamp do not tell; there the files' own bounds do. They come in an order of their own,
// so that a run can be repeated.
func (t *track) holders(slice partition.Slice) (inputs []writers.Input, files []string) {
	t.ledger.View(func(s *checkpoint.State) {
		days := map[partition.Date]bool{}
		for cell := range s.Cells[slice.Stream] {
			if cell.Hour+partition.Hour > slice.Start && cell.Hour < slice.End {
				days[cell.Day], days[partition.DateOf(cell.Hour)] = true, true
			}
		}
		if slice.Stream == partition.Whole {
			for dt := range s.Days {
				days[dt] = true
			}
		}
		for r, st := range s.Staged {
			for _, sec := range st.Sections {
				if r.Slice.Stream == slice.Stream && (days[sec.DT] || slice.Stream == partition.Whole) && r.Slice.Start < slice.End && r.Slice.End > slice.Start {
					inputs = append(inputs, writers.Input{Key: st.Object, Section: writers.Section(sec.Section)})
				}
			}
		}
		for dt := range days {
			for _, f := range s.Days[dt].Files {
				if f.Newest >= lowest(slice) && f.Oldest < highest(slice) {
					files = append(files, f.Key)
				}
			}
		}
	})
	slices.SortFunc(inputs, compareInputs)
	slices.Sort(files)
	return inputs, files
}

func compareInputs(a, b writers.Input) int {
	return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Offset, b.Offset))
}

// holding is the rows that the lake holds of a slice, and the way to compare a new reading with them.
type holding struct {
	slice      partition.Slice
	edge       partition.Tick
	compared   rowHasher
	all        rowHasher // of all columns that the source has, if more than the compared ones; else none
	time       string
	counts     multiset                 // by the compared columns
	wholes     multiset                 // by all
	incomplete *incomplete              // nil: there are no such rows
	rows       map[partition.Tick]int64 // by hour of the cursor, those that the source is to show
	expired    int64                    // the others
	bucket     bucketing
	fresh      [][]bool           // of each record of a new reading: which rows the lake does not hold
	hours      [][]partition.Tick // of each of its rows
}

// tally is what a new reading shows of an hour.
type tally struct {
	received int64
	held     int64 // of those, rows that the lake holds
	shown    int64 // of those, rows that the source was to show
}

func (n tally) fresh() int64 { return n.received - n.held }

// add takes the slice's rows out of a record of the lake.
func (h *holding) add(rec arrow.Record) error {
	stamps, arrivals, err := h.clocks(rec)
	if err != nil {
		return err
	}
	inBucket, err := h.bucket.of(rec)
	if err != nil {
		return err
	}
	wanted := func(i int) bool { return h.slice.Contains(stamps[i], arrivals[i]) && inBucket(i) }
	hashes := h.compared.of(rec)
	for i, hash := range hashes {
		switch {
		case !wanted(i):
			continue
		case stamps[i] < h.edge:
			h.expired++
		default:
			h.rows[h.hour(stamps[i], arrivals[i])]++
		}
		h.counts[hash]++
	}
	if h.all.hasher != nil {
		for i, hash := range h.all.of(rec) {
			if wanted(i) {
				h.wholes[hash]++
			}
		}
	}
	if h.incomplete != nil {
		h.incomplete.add(rec, hashes, wanted)
	}
	return nil
}

// subtract marks the rows of a new reading that are not in the holding, whose counts it uses up, and counts by hour. What
// is alike in all columns goes first: of rows that differ in those alone that are not compared, each is its own.
func (h *holding) subtract(records []arrow.Record) (map[partition.Tick]tally, error) {
	read := map[partition.Tick]tally{}
	for _, rec := range records {
		stamps, arrivals, err := h.clocks(rec)
		if err != nil {
			return nil, err
		}
		fresh, hours := make([]bool, len(stamps)), make([]partition.Tick, len(stamps))
		for i := range stamps {
			fresh[i], hours[i] = true, h.hour(stamps[i], arrivals[i])
			n := read[hours[i]]
			n.received++
			read[hours[i]] = n
		}
		h.fresh, h.hours = append(h.fresh, fresh), append(h.hours, hours)
	}
	for _, alike := range []likeness{h.inAll, h.inCompared, h.butForNulls} {
		if err := h.take(records, alike, read); err != nil {
			return nil, err
		}
	}
	return read, nil
}

// likeness finds the row of the lake that a row of a record is, by its hash over the compared columns.
type likeness func(arrow.Record) (find func(row int) (held schema.Digest, found bool))

func none(int) (schema.Digest, bool) { return schema.Digest{}, false }

func (h *holding) inAll(rec arrow.Record) func(int) (schema.Digest, bool) {
	if h.all.hasher == nil {
		return none
	}
	whole, compared := h.all.of(rec), h.compared.of(rec)
	return func(i int) (schema.Digest, bool) {
		if h.wholes[whole[i]] == 0 {
			return schema.Digest{}, false
		}
		h.wholes[whole[i]]--
		return compared[i], true
	}
}

func (h *holding) inCompared(rec arrow.Record) func(int) (schema.Digest, bool) {
	compared := h.compared.of(rec)
	return func(i int) (schema.Digest, bool) { return compared[i], h.counts[compared[i]] > 0 }
}

func (h *holding) butForNulls(rec arrow.Record) func(int) (schema.Digest, bool) {
	if h.incomplete == nil {
		return none
	}
	cells, steady := h.incomplete.cells(rec), h.incomplete.steady.of(rec)
	return func(i int) (schema.Digest, bool) { return h.incomplete.match(steady[i], cells[i], h.counts) }
}

// take takes rows that are still marked for rows of the lake that they are alike.
func (h *holding) take(records []arrow.Record, alike likeness, read map[partition.Tick]tally) error {
	for k, rec := range records {
		stamps, _, err := h.clocks(rec)
		if err != nil {
			return err
		}
		find := alike(rec)
		for i := range stamps {
			if !h.fresh[k][i] {
				continue
			}
			held, found := find(i)
			if !found {
				continue
			}
			h.fresh[k][i] = false
			n := read[h.hours[k][i]]
			h.use(held, stamps[i], &n)
			read[h.hours[k][i]] = n
		}
	}
	return nil
}

// use takes a row of the lake for one that was read.
func (h *holding) use(hash schema.Digest, stamp partition.Tick, n *tally) {
	h.counts[hash]--
	n.held++
	if stamp >= h.edge {
		n.shown++
	}
}

// left returns the rows that subtract has marked, but for those of some hours.
func (h *holding) left(records []arrow.Record, without map[partition.Tick]bool) (left []arrow.Record) {
	for k, rec := range records {
		wanted := func(i int) bool { return h.fresh[k][i] && !without[h.hours[k][i]] }
		for i, n := 0, int(rec.NumRows()); i < n; i++ {
			from := i
			for i < n && wanted(i) {
				i++
			}
			if i > from {
				left = append(left, rec.NewSlice(int64(from), int64(i)))
			}
		}
	}
	return left
}

// clocks returns the event time and the ingestion time of each row of a record, NoTick for none.
func (h *holding) clocks(rec arrow.Record) (stamps, arrivals []partition.Tick, err error) {
	if stamps, err = ticks(rec, h.time); err != nil {
		return nil, nil, err
	}
	if len(rec.Schema().FieldIndices(schema.IngestionTime)) == 0 {
		return stamps, slices.Repeat([]partition.Tick{partition.NoTick}, len(stamps)), nil // the table has none
	}
	arrivals, err = ticks(rec, schema.IngestionTime)
	return stamps, arrivals, err
}

func ticks(rec arrow.Record, column string) ([]partition.Tick, error) {
	values, err := numbers(rec, column)
	out := make([]partition.Tick, len(values))
	for i, v := range values {
		out[i] = partition.Tick(v)
	}
	return out, err
}

// hour is that of a row's cursor.
func (h *holding) hour(stamp, arrival partition.Tick) partition.Tick {
	if h.slice.Stream.Cursor() == partition.TimestampCursor {
		return stamp.Floor(partition.Hour)
	}
	return arrival.Floor(partition.Hour)
}

// project keeps some columns of a lake record, whose names are unique.
func project(rec arrow.Record, width *arrow.Schema) arrow.Record {
	fields, columns := make([]arrow.Field, width.NumFields()), make([]arrow.Array, width.NumFields())
	for i, f := range width.Fields() {
		at := rec.Schema().FieldIndices(f.Name)[0]
		fields[i], columns[i] = rec.Schema().Field(at), rec.Column(at)
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), columns, rec.NumRows())
}

func release(records []arrow.Record) {
	for _, r := range records {
		r.Release()
	}
}
