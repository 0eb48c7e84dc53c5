package writers

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// gatherer copies rows out of several records of the same columns.
type gatherer struct {
	mem    memory.Allocator
	recs   []arrow.Record
	schema *arrow.Schema // of what it makes: strings are plain
}

func newGatherer(mem memory.Allocator, recs []arrow.Record) *gatherer {
	fields := stagedSchema(recs[0].Schema()).Fields()
	for i, f := range fields {
		if d, ok := f.Type.(*arrow.DictionaryType); ok {
			fields[i].Type = d.ValueType
		}
	}
	return &gatherer{mem: mem, recs: recs, schema: arrow.NewSchema(fields, nil)}
}

// record returns the rows that refs name, in their order, or nil if they name none. The caller releases it.
func (g *gatherer) record(refs []ref) arrow.Record {
	if len(refs) == 0 {
		return nil
	}
	b := array.NewRecordBuilder(g.mem, g.schema)
	defer b.Release()
	b.Reserve(len(refs))
	for i := range g.schema.Fields() {
		switch b := b.Field(i).(type) {
		case *array.BooleanBuilder:
			gather(g, i, refs, b.AppendNull, func(a *array.Boolean, row int) { b.UnsafeAppend(a.Value(row)) })
		case *array.Int32Builder:
			gather(g, i, refs, b.AppendNull, func(a *array.Int32, row int) { b.UnsafeAppend(a.Value(row)) })
		case *array.Int64Builder:
			gather(g, i, refs, b.AppendNull, func(a *array.Int64, row int) { b.UnsafeAppend(a.Value(row)) })
		case *array.Float64Builder:
			gather(g, i, refs, b.AppendNull, func(a *array.Float64, row int) { b.UnsafeAppend(a.Value(row)) })
		case *array.TimestampBuilder:
			gather(g, i, refs, b.AppendNull, func(a *array.Timestamp, row int) { b.UnsafeAppend(a.Value(row)) })
		case *array.StringBuilder:
			size := 0
			gather(g, i, refs, func() {}, func(a arrow.Array, row int) { size += len(text(a, row)) })
			b.ReserveData(size)
			gather(g, i, refs, b.AppendNull, func(a arrow.Array, row int) { b.Append(text(a, row)) })
		}
	}
	return b.NewRecord()
}

// gather calls null or value for each row of one column.
func gather[A arrow.Array](g *gatherer, column int, refs []ref, null func(), value func(a A, row int)) {
	columns := make([]A, len(g.recs))
	for i, rec := range g.recs {
		columns[i] = rec.Column(column).(A)
	}
	for _, r := range refs {
		a := columns[r.rec]
		if a.IsNull(int(r.row)) {
			null()
		} else {
			value(a, int(r.row))
		}
	}
}

// text returns a value of a column of strings, however they are encoded.
func text(a arrow.Array, row int) string {
	switch a := a.(type) {
	case *array.String:
		return a.Value(row)
	case *array.Dictionary:
		return a.Dictionary().(*array.String).Value(a.GetValueIndex(row))
	}
	panic(fmt.Sprintf("writers: a column of strings has type %v", a.DataType()))
}

// sizes returns about how many bytes each row of rec takes.
func sizes(rec arrow.Record) []int32 {
	rows := make([]int32, rec.NumRows())
	fixed := int32(0)
	for _, column := range rec.Columns() {
		switch column.(type) {
		case *array.String, *array.Dictionary:
			for i := range rows {
				if column.IsValid(i) {
					rows[i] += int32(len(text(column, i)))
				}
			}
			fixed += 4
		default:
			fixed += 8
		}
	}
	for i := range rows {
		rows[i] += fixed
	}
	return rows
}
