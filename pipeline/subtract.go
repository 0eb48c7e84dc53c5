package pipeline

import (
	"context"
	"fmt"

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
// or went since would make an old row look new.
//
// If the lake holds rows that the source no longer shows, and the source shows others, rows have changed in place.
// Nobody can say which replaces which, so nothing is staged and the receipt says how many.
func (t *track) rest(ctx context.Context, r *checkpoint.Receipt, records []arrow.Record, table schema.Table) ([]arrow.Record, error) {
	leaf := t.leaf(r.Reading.Slice)
	compared := commonColumns(table, leaf.Columns)
	held, rows, err := t.held(ctx, r.Reading.Slice, table, compared)
	if err != nil {
		return nil, fmt.Errorf("compare %v with the lake: %w", r.Reading, err)
	}
	left, matched, err := subtract(records, compared, held)
	if err != nil {
		return nil, fmt.Errorf("compare %v with the lake: %w", r.Reading, err)
	}
	r.Held = matched
	if unmatched := rows - matched; unmatched > 0 && matched < r.Received && r.Reading.Slice.Of == 0 {
		r.Changed, r.Held = min(unmatched, r.Received-matched), r.Received
		release(left)
		return nil, nil
	}
	return left, nil
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

// held is the rows of a slice that lie in the lake, published or staged, and their number.
func (t *track) held(ctx context.Context, slice partition.Slice, table, compared schema.Table) (multiset, int64, error) {
	collect := &collector{slice: slice, counts: multiset{}, width: compared.Arrow(), time: timeColumn(table, t.table.Source.TimeColumn)}
	var err error
	if collect.hasher, err = schema.NewHasher(collect.width); err != nil {
		return nil, 0, err
	}
	inputs, files := t.holders(slice)
	for _, in := range inputs {
		if err := t.opts().Bucket.ScanStaged(ctx, in, table.Arrow(), collect.add); err != nil {
			return nil, 0, err
		}
	}
	for _, key := range files {
		if err := t.opts().Bucket.Scan(ctx, key, table.Arrow(), collect.add); err != nil {
			return nil, 0, err
		}
	}
	return collect.counts, collect.rows, nil
}

// holders are the staged sections and published files that may hold rows of a slice: those of the days in which the
// ledger counted rows at the slice's hours. A row whose clock runs far ahead lies in the day of its ingestion, which
// the cells of a stream along Timestamp do not tell; there the files' own bounds do.
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
	return inputs, files
}

// collector gathers the rows of a slice.
type collector struct {
	slice  partition.Slice
	width  *arrow.Schema // the compared columns
	time   string
	hasher *schema.Hasher
	counts multiset
	rows   int64
	hashes []schema.Digest
}

func (c *collector) add(rec arrow.Record) error {
	stamps, err := numbers(rec, c.time)
	if err != nil {
		return err
	}
	ingested, err := numbers(rec, schema.IngestionTime)
	if err != nil {
		ingested = nil // the table has none
	}
	narrow := project(rec, c.width)
	defer narrow.Release()
	c.hashes = c.hasher.Rows(narrow, c.hashes[:0])
	for i, at := range stamps {
		arrived := partition.NoTick
		if ingested != nil {
			arrived = partition.Tick(ingested[i])
		}
		if c.slice.Contains(partition.Tick(at), arrived) {
			c.counts[c.hashes[i]]++
			c.rows++
		}
	}
	return nil
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

// subtract returns the rows of records that are not in held, which it uses up, and how many were.
func subtract(records []arrow.Record, compared schema.Table, held multiset) (left []arrow.Record, matched int64, err error) {
	width := compared.Arrow()
	hasher, err := schema.NewHasher(width)
	if err != nil {
		return nil, 0, err
	}
	var hashes []schema.Digest
	for _, rec := range records {
		narrow := project(rec, width)
		hashes = hasher.Rows(narrow, hashes[:0])
		narrow.Release()
		for i, from := 0, 0; i <= len(hashes); i++ {
			if i < len(hashes) && held[hashes[i]] == 0 {
				continue
			}
			if i > from {
				left = append(left, rec.NewSlice(int64(from), int64(i)))
			}
			if i < len(hashes) {
				held[hashes[i]]--
				matched++
			}
			from = i + 1
		}
	}
	return left, matched, nil
}

func release(records []arrow.Record) {
	for _, r := range records {
		r.Release()
	}
}
