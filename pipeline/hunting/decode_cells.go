package hunting

import (
	"math"
	"unsafe"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"huntlake/schema"
)

// cells builds one column of a record. Arrow's builders do the same, but look for room, mark validity and call through
// tables of functions at every value; here room for rows is made for all columns at once, and marks are kept only
// from the first null on. Texts are numbered as they are read, each distinct one is kept once, and that is as far as
// most texts get: what follows, up to the Parquet file, goes by the numbers.
type cells struct {
	kind     schema.Kind
	rows     int
	reserved int // rows that there is room for
	nulls    int
	valid    vector[byte]  // one bit a row; no memory while nulls is 0
	words    vector[int64] // Int64; Double: its bits; Timestamp: microseconds
	halves   vector[int32] // Timestamp: the seventh digits; String, JSON: the texts' numbers
	bits     vector[byte]  // Bool: one bit a row
	texts    texts         // String, JSON
}

func newCells(kind schema.Kind, mem memory.Allocator) *cells {
	return &cells{
		kind:   kind,
		valid:  vector[byte]{mem: mem},
		words:  vector[int64]{mem: mem},
		halves: vector[int32]{mem: mem},
		bits:   vector[byte]{mem: mem},
		texts:  newTexts(mem),
	}
}

// reserve makes room for a number of rows in all. Each of them then takes one call of null, bool, int64, double,
// timestamp, text or readText, as befits the kind.
func (c *cells) reserve(rows int) {
	switch c.kind {
	case schema.Bool:
		c.bits.grow(bitBytes(rows))
	case schema.Int64, schema.Double:
		c.words.grow(rows)
	case schema.Timestamp:
		c.words.grow(rows)
		c.halves.grow(rows)
	case schema.String, schema.JSON:
		c.halves.grow(rows)
		c.texts.reserve(rows)
	}
	c.reserved = rows
	if c.nulls > 0 {
		c.mark()
	}
}

// mark makes room for marks, and marks all rows to come as valid.
func (c *cells) mark() {
	marked := len(c.valid.of)
	c.valid.grow(bitBytes(c.reserved))
	memory.Set(c.valid.of[marked:], math.MaxUint8)
}

func bitBytes(rows int) int { return (rows + 7) / 8 }

func (c *cells) null() {
	if c.nulls == 0 {
		c.mark()
	}
	c.nulls++
	bitutil.ClearBit(c.valid.of, c.rows)
	switch c.kind {
	case schema.Bool:
		c.bool(false)
	case schema.Int64, schema.Double:
		c.int64(0)
	case schema.Timestamp:
		c.timestamp(0, 0)
	case schema.String, schema.JSON:
		c.number(0)
	}
}

// repeatTo takes the value of the last row again, as often as it takes to have the given number of rows.
func (c *cells) repeatTo(rows int) {
	if c.rows < rows {
		c.repeat(rows)
	}
}

func (c *cells) repeat(rows int) {
	last := c.rows - 1
	if c.nulls > 0 && bitutil.BitIsNotSet(c.valid.of, last) {
		bitutil.SetBitsTo(c.valid.of, int64(c.rows), int64(rows-c.rows), false)
		c.nulls += rows - c.rows
	}
	switch c.kind {
	case schema.Bool:
		bitutil.SetBitsTo(c.bits.of, int64(c.rows), int64(rows-c.rows), bitutil.BitIsSet(c.bits.of, last))
	case schema.Int64, schema.Double:
		spread(c.words.of[last:rows])
	case schema.Timestamp:
		spread(c.words.of[last:rows])
		spread(c.halves.of[last:rows])
	case schema.String, schema.JSON:
		spread(c.halves.of[last:rows])
	}
	c.rows = rows
}

// spread makes all values the first.
func spread[T any](values []T) {
	for i := range values[1:] {
		values[i+1] = values[0]
	}
}

func (c *cells) bool(v bool) {
	bitutil.SetBitTo(c.bits.of, c.rows, v)
	c.rows++
}

func (c *cells) int64(v int64) {
	c.words.of[c.rows] = v
	c.rows++
}

func (c *cells) double(v float64) { c.int64(int64(math.Float64bits(v))) }

func (c *cells) timestamp(micros int64, digit int32) {
	c.halves.of[c.rows] = digit
	c.int64(micros)
}

func (c *cells) text(b []byte) { c.number(c.texts.add(b)) }

func (c *cells) number(id int32) {
	c.halves.of[c.rows] = id
	c.rows++
}

// appendArrays hands the rows over, as one Arrow array or, with the companion, two, and starts on the next record.
func (c *cells) appendArrays(arrays []arrow.Array) []arrow.Array {
	var valid *memory.Buffer
	if c.nulls > 0 {
		valid = c.valid.take(bitBytes(c.rows))
		defer valid.Release()
	}
	build := func(typ arrow.DataType, buffer *memory.Buffer, dictionary *array.Data) {
		d := array.NewDataWithDictionary(typ, c.rows, []*memory.Buffer{valid, buffer}, c.nulls, 0, dictionary)
		defer d.Release()
		arrays = append(arrays, array.MakeFromData(d))
		buffer.Release()
	}
	switch c.kind {
	case schema.Bool:
		build(c.kind.Arrow(), c.bits.take(bitBytes(c.rows)), nil)
	case schema.Int64, schema.Double:
		build(c.kind.Arrow(), c.words.take(c.rows), nil)
	case schema.Timestamp:
		build(c.kind.Arrow(), c.words.take(c.rows), nil)
		build(arrow.PrimitiveTypes.Int32, c.halves.take(c.rows), nil)
	case schema.String, schema.JSON:
		words := c.texts.take()
		defer words.Release()
		build(schema.Numbered, c.halves.take(c.rows), words)
	}
	c.rows, c.reserved, c.nulls = 0, 0, 0
	return arrays
}

// release gives up rows that were not handed over.
func (c *cells) release() {
	c.valid.release()
	c.words.release()
	c.halves.release()
	c.bits.release()
	c.texts.release()
}

// vector is a slice in an allocator's memory.
type vector[T byte | int32 | int64] struct {
	mem memory.Allocator
	buf *memory.Buffer // nil before the first grow
	of  []T
}

// grow makes of at least n long, and keeps what is in it.
func (v *vector[T]) grow(n int) {
	if v.buf == nil {
		v.buf = memory.NewResizableBuffer(v.mem)
	}
	v.buf.ResizeNoShrink(n * int(unsafe.Sizeof(T(0))))
	v.of = arrow.GetData[T](v.buf.Buf())
}

// take returns the first n elements as a buffer that the caller releases, and leaves the vector empty. Answers wait
// in memory to be staged, so what is less than half full moves to a buffer of its own size: Go's allocator never
// gives the rest of one back.
func (v *vector[T]) take(n int) *memory.Buffer {
	v.grow(n)
	full, size := v.buf, n*int(unsafe.Sizeof(T(0)))
	v.buf, v.of = nil, nil
	if full.Cap() <= 2*size {
		full.Resize(size)
		return full
	}
	defer full.Release()
	b := memory.NewResizableBuffer(v.mem)
	b.Resize(size)
	copy(b.Bytes(), full.Buf())
	return b
}

func (v *vector[T]) release() {
	if v.buf != nil {
		v.buf.Release()
	}
	v.buf, v.of = nil, nil
}
