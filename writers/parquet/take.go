package parquet

import (
	"bytes"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// take takes the next n rows of the page.
func (c *cursor) take(n int) error {
	ids, values := []int32(nil), c.page.Data()
	if d := c.page.Dictionary(); d != nil {
		ids, values = values.Int32(), d.Page().Data()
	}
	s := selection{levels: c.page.DefinitionLevels()[c.row : c.row+n], ids: ids, at: c.value}
	switch b := c.values.(type) {
	case *array.BooleanBuilder:
		bits := values.Boolean()
		s.each(b.AppendNull, func(i int) { b.UnsafeAppend(bits[i/8]>>(i%8)&1 != 0) })
	case *array.Int32Builder:
		appendSelected(&s, b, values.Int32())
	case *array.Int64Builder:
		appendSelected(&s, b, values.Int64())
	case *array.TimestampBuilder:
		appendSelected(&s, b, arrow.GetData[arrow.Timestamp](arrow.GetBytes(values.Int64())))
	case *array.Float64Builder:
		appendSelected(&s, b, values.Double())
	case *textBuilder:
		b.take(&s, values)
	default:
		return fmt.Errorf("type %v is not one of the lake's", c.field.Type)
	}
	c.row += n
	c.value = s.at
	return nil
}

// selection is some rows of a page.
type selection struct {
	levels []byte  // of each row: 0 for null, 1 for a value
	ids    []int32 // of all values of the page, or nil: values are not numbered
	at     int     // the first row's value
}

// appendSelected appends the rows to b: words are the page's values, or the dictionary's. Most pages have no nulls.
func appendSelected[T any](s *selection, b interface{ AppendValues([]T, []bool) }, words []T) {
	n := len(s.levels)
	whole := bytes.IndexByte(s.levels, 0) < 0
	if whole && s.ids == nil {
		b.AppendValues(words[s.at:s.at+n], nil)
		s.at += n
		return
	}
	list := make([]T, 0, n)
	var zero T
	s.each(func() { list = append(list, zero) }, func(i int) { list = append(list, words[i]) })
	if whole {
		b.AppendValues(list, nil)
		return
	}
	valid := make([]bool, n)
	for i, level := range s.levels {
		valid[i] = level != 0
	}
	b.AppendValues(list, valid)
}

// each calls null for a null, else value with the value's place in the page, or in the dictionary.
func (s *selection) each(null func(), value func(i int)) {
	for _, level := range s.levels {
		switch {
		case level == 0:
			null()
			continue
		case s.ids == nil:
			value(s.at)
		default:
			value(int(s.ids[s.at]))
		}
		s.at++
	}
}
