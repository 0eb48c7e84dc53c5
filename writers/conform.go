package writers

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// binding says where a record's columns go: for each column of the schema aimed at, the index of the record's column
// of that name, or -1.
type binding struct {
	to   *arrow.Schema
	from []int
}

// bind matches columns by name. Columns that to does not have are left out. One of another type is an error.
func bind(have, to *arrow.Schema) (binding, error) {
	b := binding{to: to, from: make([]int, to.NumFields())}
	for i, f := range to.Fields() {
		b.from[i] = -1
		for _, k := range have.FieldIndices(f.Name) {
			if t := have.Field(k).Type; !arrow.TypeEqual(t, f.Type) {
				return b, fmt.Errorf("column %q has type %v, not %v", f.Name, t, f.Type)
			}
			b.from[i] = k
		}
	}
	return b, nil
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
	out := array.NewRecord(b.to, columns, rec.NumRows())
	for _, c := range columns {
		c.Release()
	}
	return out
}

// conformed calls fn with rec as a record of s.
func conformed(mem memory.Allocator, rec arrow.Record, s *arrow.Schema, fn func(arrow.Record) error) error {
	b, err := bind(rec.Schema(), s)
	if err != nil {
		return err
	}
	out := b.apply(mem, rec)
	defer out.Release()
	return fn(out)
}
