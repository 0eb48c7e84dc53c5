package parquet

import (
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
		words := values.Int32()
		s.each(b.AppendNull, func(i int) { b.UnsafeAppend(words[i]) })
	case *array.Int64Builder:
		words := values.Int64()
		s.each(b.AppendNull, func(i int) { b.UnsafeAppend(words[i]) })
	case *array.TimestampBuilder:
		words := values.Int64()
		s.each(b.AppendNull, func(i int) { b.UnsafeAppend(arrow.Timestamp(words[i])) })
	case *array.Float64Builder:
		words := values.Double()
		s.each(b.AppendNull, func(i int) { b.UnsafeAppend(words[i]) })
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
