package writers

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// gatherer copies rows out of several records of the same columns. In what it makes, strings are numbered.
type gatherer struct {
	mem      memory.Allocator
	recs     []arrow.Record
	schema   *arrow.Schema
	lexicons []*lexicon // by column; nil where it is not of strings
	numbers  [][]int32  // by column, of the batch at hand
	sizes    []int32    // of the batch's rows, without the texts that came before
	fixed    int32      // size of a row's values without its texts
	likely   int        // rows of the batch before, and a few more
}

func newGatherer(mem memory.Allocator, recs []arrow.Record) *gatherer {
	g := &gatherer{mem: mem, recs: recs, likely: stagedRows}
	fields := stagedSchema(recs[0].Schema()).Fields()
	for i, f := range fields {
		switch f.Type.ID() {
		case arrow.STRING, arrow.DICTIONARY:
			fields[i].Type = stagedTexts
			g.lexicons = append(g.lexicons, newLexicon(recs, i))
			g.fixed += 2
		default:
			g.lexicons = append(g.lexicons, nil)
			g.fixed += 8
		}
	}
	g.numbers = make([][]int32, len(fields))
	g.schema = arrow.NewSchema(fields, nil)
	return g
}

// record returns as many of the rows as make one record, in their order, or nil if there are none, and how many it
// took. The caller releases it.
func (g *gatherer) record(refs []ref) (arrow.Record, int) {
	if len(refs) == 0 {
		return nil, 0
	}
	n := g.batch(refs[:min(len(refs), g.likely, stagedRows)])
	g.likely = n + n/8 + 64
	refs = refs[:n]
	columns := make([]arrow.Array, len(g.lexicons))
	for i, l := range g.lexicons {
		if l != nil {
			columns[i] = l.column(g.mem, g.numbers[i][:n])
		} else {
			columns[i] = g.column(i, refs)
		}
		defer columns[i].Release()
	}
	return array.NewRecord(g.schema, columns, int64(n)), n
}

// batch numbers the texts of the rows, and returns how many rows fit into a record: what a row adds to its size does
// not depend on the rows behind it.
func (g *gatherer) batch(refs []ref) int {
	g.sizes = append(g.sizes[:0], make([]int32, len(refs))...)
	for i, l := range g.lexicons {
		if l == nil {
			continue
		}
		g.numbers[i] = append(g.numbers[i][:0], make([]int32, len(refs))...)
		l.begin()
		l.add(refs, g.numbers[i], g.sizes)
	}
	bytes := 0
	for i, size := range g.sizes {
		if bytes += int(g.fixed + size); i > 0 && bytes > stagedBytes {
			return i
		}
	}
	return len(refs)
}

// column gathers a column of another type than strings.
func (g *gatherer) column(i int, refs []ref) arrow.Array {
	b := array.NewBuilder(g.mem, g.schema.Field(i).Type)
	defer b.Release()
	b.Reserve(len(refs))
	switch b := b.(type) {
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
	default:
		panic(fmt.Sprintf("writers: a column of the lake has type %v", b.Type()))
	}
	return b.NewArray()
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
