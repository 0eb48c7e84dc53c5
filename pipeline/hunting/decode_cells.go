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
// from the first null on.
type cells struct {
	kind     schema.Kind
	rows     int
	reserved int // rows that there is room for
	nulls    int
	valid    vector[byte]  // one bit a row; no memory while nulls is 0
	words    vector[int64] // Int64; Double: its bits; Timestamp: microseconds
	halves   vector[int32] // Timestamp: the seventh digits; String, JSON: where each row's text ends, behind a leading 0
	bytes    vector[byte]  // Bool: one bit a row; String, JSON: the text
	used     int           // of bytes, by text
	before   int           // used by the record before this one
}

func newCells(kind schema.Kind, mem memory.Allocator) *cells {
	return &cells{
		kind:   kind,
		valid:  vector[byte]{mem: mem},
		words:  vector[int64]{mem: mem},
		halves: vector[int32]{mem: mem},
		bytes:  vector[byte]{mem: mem},
	}
}

// reserve makes room for a number of rows in all. Each of them then takes one call of null, bool, int64, double,
// timestamp, text or readText, as befits the kind.
func (c *cells) reserve(rows int) {
	switch c.kind {
	case schema.Bool:
		c.bytes.grow(bitBytes(rows))
	case schema.Int64, schema.Double:
		c.words.grow(rows)
	case schema.Timestamp:
		c.words.grow(rows)
		c.halves.grow(rows)
	case schema.String, schema.JSON:
		c.halves.grow(rows + 1)
		c.halves.of[0] = 0
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
		c.endText()
	}
}

func (c *cells) bool(v bool) {
	bitutil.SetBitTo(c.bytes.of, c.rows, v)
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

func (c *cells) text(b []byte) {
	copy(c.room(len(b)), b)
	c.used += len(b)
	c.endText()
}

// room returns where the next text goes: n bytes or more.
func (c *cells) room(n int) []byte {
	if c.used+n > len(c.bytes.of) {
		c.bytes.grow(max(c.used+n, 2*c.used, c.before+c.before/8, 1024))
	}
	return c.bytes.of[c.used:]
}

func (c *cells) endText() {
	c.rows++
	c.halves.of[c.rows] = int32(c.used)
}

// appendArrays hands the rows over, as one Arrow array or, with the companion, two, and starts on the next record.
func (c *cells) appendArrays(arrays []arrow.Array) []arrow.Array {
	var valid *memory.Buffer
	if c.nulls > 0 {
		valid = c.valid.take(bitBytes(c.rows))
		defer valid.Release()
	}
	build := func(typ arrow.DataType, buffers ...*memory.Buffer) {
		d := array.NewData(typ, c.rows, append([]*memory.Buffer{valid}, buffers...), nil, c.nulls, 0)
		defer d.Release()
		arrays = append(arrays, array.MakeFromData(d))
		for _, b := range buffers {
			b.Release()
		}
	}
	switch c.kind {
	case schema.Bool:
		build(c.kind.Arrow(), c.bytes.take(bitBytes(c.rows)))
	case schema.Int64, schema.Double:
		build(c.kind.Arrow(), c.words.take(c.rows))
	case schema.Timestamp:
		build(c.kind.Arrow(), c.words.take(c.rows))
		build(arrow.PrimitiveTypes.Int32, c.halves.take(c.rows))
	case schema.String, schema.JSON:
		build(c.kind.Arrow(), c.halves.take(c.rows+1), c.bytes.take(c.used))
	}
	c.before, c.rows, c.reserved, c.nulls, c.used = c.used, 0, 0, 0, 0
	return arrays
}

// release gives up rows that were not handed over.
func (c *cells) release() {
	c.valid.release()
	c.words.release()
	c.halves.release()
	c.bytes.release()
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
