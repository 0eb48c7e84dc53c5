package parquet

import (
	"unsafe"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/parquet-go/parquet-go/encoding"

	"huntlake/schema"
)

// textBuilder builds a column of strings: numbered for as long as its pages are, else not. A chunk's pages are numbered
// first, if any are, and all by one dictionary.
type textBuilder struct {
	words   *array.String // the chunk's dictionary; nil before the first page that has it
	numbers *array.Int32Builder
	texts   *array.StringBuilder
	plain   bool // the record has texts that are not numbered: all are in texts
}

func newTextBuilder(mem memory.Allocator) *textBuilder {
	return &textBuilder{numbers: array.NewInt32Builder(mem), texts: array.NewStringBuilder(mem)}
}

// Reserve makes room for n rows.
func (b *textBuilder) Reserve(n int) { b.numbers.Reserve(n) }

// take takes the rows of a page whose values are given, or, if the page is numbered, its dictionary's.
func (b *textBuilder) take(s *selection, values encoding.Values) {
	if s.ids != nil && !b.plain {
		if b.words == nil {
			b.words = dictionary(values)
		}
		numbers := selection{levels: s.levels, at: s.at} // the values taken are the numbers themselves
		appendSelected(&numbers, b.numbers, s.ids)
		s.at = numbers.at
		return
	}
	b.spell()
	data, offsets := values.ByteArray()
	size, again := 0, *s
	again.each(func() {}, func(i int) { size += int(offsets[i+1] - offsets[i]) })
	b.texts.ReserveData(size)
	s.each(b.texts.AppendNull, func(i int) {
		v := data[offsets[i]:offsets[i+1]]
		b.texts.Append(unsafe.String(unsafe.SliceData(v), len(v))) // Append copies it
	})
}

// dictionary wraps a dictionary, which stays where it is until the pages are closed.
func dictionary(values encoding.Values) *array.String {
	data, ends := values.ByteArray()
	buffers := []*memory.Buffer{nil, memory.NewBufferBytes(arrow.Uint32Traits.CastToBytes(ends)), memory.NewBufferBytes(data)}
	d := array.NewData(arrow.BinaryTypes.String, len(ends)-1, buffers, nil, 0, 0)
	defer d.Release()
	return array.NewStringData(d)
}

// spell turns the numbers of the record so far into texts.
func (b *textBuilder) spell() {
	if b.plain {
		return
	}
	b.plain = true
	numbers := b.numbers.NewInt32Array()
	defer numbers.Release()
	for i, k := range numbers.Int32Values() {
		if numbers.IsNull(i) {
			b.texts.AppendNull()
		} else {
			b.texts.Append(b.words.Value(int(k)))
		}
	}
}

// NewArray returns the rows taken so far.
func (b *textBuilder) NewArray() arrow.Array {
	if b.plain || b.words == nil {
		b.spell() // there may be nothing but nulls
		b.plain = false
		return b.texts.NewArray()
	}
	numbers := b.numbers.NewArray()
	defer numbers.Release()
	return array.NewDictionaryArray(schema.Numbered, numbers, b.words)
}

// Release gives up what is left.
func (b *textBuilder) Release() {
	b.numbers.Release()
	b.texts.Release()
	if b.words != nil {
		b.words.Release()
	}
}
