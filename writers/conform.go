package writers

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"huntlake/schema"
)

// binding says where a record's columns go: for each column of the schema aimed at, the index of the record's column
// of that name, or -1.
type binding struct {
	to   *arrow.Schema
	from []int
}

// bind matches columns by name. Columns that to does not have are left out. One of another type is an error; strings
// may be numbered in the one and not in the other.
func bind(have, to *arrow.Schema) (binding, error) {
	fields := to.Fields()
	b := binding{from: make([]int, len(fields))}
	for i, f := range fields {
		b.from[i] = -1
		for _, k := range have.FieldIndices(f.Name) {
			t := have.Field(k).Type
			if !arrow.TypeEqual(unnumbered(t), unnumbered(f.Type)) {
				return b, fmt.Errorf("column %q has type %v, not %v", f.Name, t, f.Type)
			}
			b.from[i], fields[i].Type = k, t
		}
	}
	meta := to.Metadata()
	b.to = arrow.NewSchema(fields, &meta)
	return b, nil
}

func unnumbered(t arrow.DataType) arrow.DataType {
	if d, ok := t.(*arrow.DictionaryType); ok {
		return d.ValueType
	}
	return t
}

// apply returns rec with the columns of b.to; those that rec lacks are null. The caller releases it.
func (b binding) apply(mem memory.Allocator, rec arrow.Record) arrow.Record {
	columns := make([]arrow.Array, len(b.from))
	for i, k := range b.from {
		if k >= 0 {
			columns[i] = rec.Column(k)
			columns[i].Retain()
		} else {
			columns[i] = array.MakeArrayOfNull(mem, b.to.Field(i).Type, int(rec.NumRows()))
		}
	}
	return recordOf(b.to, columns, rec.NumRows())
}

// recordOf makes a record of columns, which it releases.
func recordOf(s *arrow.Schema, columns []arrow.Array, rows int64) arrow.Record {
	out := array.NewRecord(s, columns, rows)
	for _, c := range columns {
		c.Release()
	}
	return out
}

// conformed calls fn with rec as a record of s, whose strings are not numbered.
func conformed(mem memory.Allocator, rec arrow.Record, s *arrow.Schema, fn func(arrow.Record) error) error {
	b, err := bind(rec.Schema(), s)
	if err != nil {
		return err
	}
	bound := b.apply(mem, rec)
	defer bound.Release()
	columns := make([]arrow.Array, bound.NumCols())
	for i, c := range bound.Columns() {
		if d, ok := c.(*array.Dictionary); ok {
			columns[i] = texts(mem, d)
		} else {
			c.Retain()
			columns[i] = c
		}
	}
	out := recordOf(s, columns, rec.NumRows())
	defer out.Release()
	return fn(out)
}

// texts returns a numbered column as one that is not.
func texts(mem memory.Allocator, a *array.Dictionary) arrow.Array {
	b := array.NewStringBuilder(mem)
	defer b.Release()
	b.Reserve(a.Len())
	words := a.Dictionary().(*array.String)
	for i, k := range schema.Numbers(a, nil) {
		if a.IsNull(i) {
			b.AppendNull()
		} else {
			b.Append(words.Value(int(k)))
		}
	}
	return b.NewArray()
}
