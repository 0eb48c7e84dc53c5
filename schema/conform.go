package schema

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Conform returns rec, a record of ResponseArrow(fields), as a record of the lake: columns renamed and in t's order,
// those that the response lacks all null. No value is copied; a column that came dictionary-encoded stays so. The
// caller releases the result. Errors: a field that t has no column for, a record that was not built for the fields.
func (t Table) Conform(rec arrow.Record, fields []Field) (arrow.Record, error) {
	indices, err := t.Bind(fields)
	if err != nil {
		return nil, err
	}
	from, err := t.origins(rec, indices)
	if err != nil {
		return nil, err
	}
	lake := t.Arrow().Fields()
	columns := make([]arrow.Array, len(lake))
	for i := range lake {
		if from[i] < 0 {
			columns[i] = array.MakeArrayOfNull(memory.DefaultAllocator, lake[i].Type, int(rec.NumRows()))
			defer columns[i].Release()
			continue
		}
		columns[i] = rec.Column(from[i])
		lake[i].Type = columns[i].DataType()
	}
	return array.NewRecord(arrow.NewSchema(lake, nil), columns, rec.NumRows()), nil
}

// origins returns, for each Arrow field of t, the column of rec that fills it, or -1. indices are Bind's.
func (t Table) origins(rec arrow.Record, indices []int) ([]int, error) {
	start := make([]int, len(t.Columns)+1)
	for i, c := range t.Columns {
		start[i+1] = start[i] + c.Kind.width()
	}
	from := make([]int, start[len(t.Columns)])
	for i := range from {
		from[i] = -1
	}
	next := 0
	for _, c := range indices {
		for i := start[c]; i < start[c+1]; i++ {
			from[i] = next
			next++
		}
	}
	if int(rec.NumCols()) != next {
		return nil, fmt.Errorf("conform record: it has %d columns, its fields take %d", rec.NumCols(), next)
	}
	return from, nil
}
