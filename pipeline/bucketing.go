package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/schema"
)

// source is the table as it is asked for: the columns that choose a bucket are those that it turned out to have, among the
// first columns, if that is not 0, and were never away. They are limited so where rows that lie in the lake have no more:
// by a column that came later, or was away, these would lie in another bucket than at the source, and be staged again.
func (t *track) source(columns int) hunting.Source {
	source := t.table.Source
	t.ledger.View(func(s *checkpoint.State) {
		if len(s.Schema.Columns) > 0 {
			source.Keys = pinnedKeys(printable(steady(commonColumns(s.Schema, columns), awayOnce(s)), s.Schema), source.Keys)
		}
	})
	return source
}

// printable are those of the columns whose values are printed here as the source does, whatever types they ever had.
func printable(columns, all schema.Table) schema.Table {
	return schema.Table{Columns: slices.DeleteFunc(slices.Clone(columns.Columns), func(c schema.Column) bool {
		return slices.ContainsFunc(all.Columns, func(other schema.Column) bool {
			return other.Source == c.Source && !slices.Contains([]schema.Kind{schema.String, schema.Int64, schema.Timestamp}, other.Kind)
		})
	})}
}

// pinColumns pins the columns of a table of which no rows have come yet, by a few rows of a slice.
func (t *track) pinColumns(ctx context.Context, s partition.Slice) error {
	pinned := false
	t.ledger.View(func(st *checkpoint.State) { pinned = len(st.Schema.Columns) > 0 })
	if pinned {
		return nil
	}
	a, err := t.askSample(ctx, planning, s)
	if err != nil {
		return err
	}
	defer a.Release()
	_, err = t.evolve(ctx, a.Fields)
	return err
}

// sourceOf is the table as a slice is asked for. A bucket is chosen by the columns that its slice was split by, whatever
// columns this run would choose: its siblings may have been read already. A slice whose floor is about to rise is no leaf
// yet; of those that it may come from, which can be of several generations, the last one counts.
func (t *track) sourceOf(s partition.Slice) hunting.Source {
	source := t.source(0)
	if s.Of == 0 {
		return source
	}
	t.ledger.View(func(st *checkpoint.State) {
		if leaf, ok := st.Leaves[s]; ok {
			source.Keys = leaf.Keys
			return
		}
		last := 0
		for slice, leaf := range st.Leaves {
			if len(leaf.Keys) > 0 && leaf.Generation > last && sameButFloor(slice, s) {
				source.Keys, last = leaf.Keys, leaf.Generation
			}
		}
	})
	return source
}

// bucketing tells which rows of the lake lie in the bucket of a slice, by the same hash of the key columns that the
// source was asked with.
type bucketing struct {
	slice partition.Slice
	table schema.Table
	keys  []string // sources of the key columns
}

// of returns whether a row of rec, a record of the table's lake schema, lies in the bucket.
func (b bucketing) of(rec arrow.Record) (func(row int) bool, error) {
	if b.slice.Of == 0 {
		return func(int) bool { return true }, nil
	}
	texts := make([]func(row int) string, len(b.keys))
	for k, key := range b.keys {
		var err error
		if texts[k], err = b.text(rec, key); err != nil {
			return nil, err
		}
	}
	values := make([]string, len(b.keys))
	return func(row int) bool {
		for k, text := range texts {
			values[k] = text(row)
		}
		return hunting.BucketOf(values, b.slice.Of) == b.slice.Bucket
	}, nil
}

// text prints the values of a key column as the source's tostring does. One that was retyped has several columns in the
// lake, of which a row fills one.
func (b bucketing) text(rec arrow.Record, key string) (func(row int) string, error) {
	var kinds []func(row int) string
	for _, c := range b.table.Columns {
		if c.Source != key {
			continue
		}
		text, err := columnText(rec, rec.Schema().FieldIndices(c.Name)[0], key)
		if err != nil {
			return nil, err
		}
		kinds = append(kinds, text)
	}
	if len(kinds) == 0 {
		return nil, fmt.Errorf("no key column %s", key)
	}
	return func(row int) (text string) {
		for i := 0; i < len(kinds) && text == ""; i++ {
			text = kinds[i](row)
		}
		return text
	}, nil
}

func columnText(rec arrow.Record, at int, key string) (func(row int) string, error) {
	switch col := rec.Column(at).(type) {
	case *array.String:
		return orNull(col, func(row int) string { return col.Value(row) }), nil
	case *array.Int64:
		return orNull(col, func(row int) string { return strconv.FormatInt(col.Value(row), 10) }), nil
	case *array.Timestamp:
		digits := rec.Column(at + 1).(*array.Int32)
		return orNull(col, func(row int) string {
			return partition.TickOfMicros(int64(col.Value(row)), digits.Value(row)).String()
		}), nil
	}
	return nil, fmt.Errorf("key column %s is a %s, whose text is the source's alone to know", key, rec.Column(at).DataType())
}

// orNull prints null as the empty text.
func orNull(col arrow.Array, text func(row int) string) func(row int) string {
	return func(row int) string {
		if col.IsNull(row) {
			return ""
		}
		return text(row)
	}
}
