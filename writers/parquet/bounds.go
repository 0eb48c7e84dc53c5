package parquet

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go/format"
)

// bounds are the least and the greatest of some values in PLAIN encoding, without a text's length; nil if there is no
// value to bound: all are null, or NaN.
type bounds struct{ lo, hi []byte }

// order compares two values in PLAIN encoding, without a text's length.
type order func(a, b []byte) int

func compareInt64(a, b []byte) int {
	return cmp.Compare(int64(binary.LittleEndian.Uint64(a)), int64(binary.LittleEndian.Uint64(b)))
}

func compareInt32(a, b []byte) int {
	return cmp.Compare(int32(binary.LittleEndian.Uint32(a)), int32(binary.LittleEndian.Uint32(b)))
}

func compareDouble(a, b []byte) int {
	return cmp.Compare(math.Float64frombits(binary.LittleEndian.Uint64(a)), math.Float64frombits(binary.LittleEndian.Uint64(b)))
}

// with returns the bounds of b's and c's values together.
func (b bounds) with(c bounds, compare order) bounds {
	if b.lo == nil {
		return c
	}
	if c.lo != nil && compare(c.lo, b.lo) < 0 {
		b.lo = c.lo
	}
	if c.hi != nil && compare(c.hi, b.hi) > 0 {
		b.hi = c.hi
	}
	return b
}

// Bounds of texts are kept short where the format allows any value at or beyond the true one, in the column index; a
// chunk's statistics are exact, and left out if they are longer than exactLimit, since parquet-go's structure cannot
// mark them as inexact.
const (
	shortLimit = 64
	exactLimit = 1024
)

// short returns bounds that hold b's, cut to shortLimit where they are texts.
func (b bounds) short() bounds {
	if len(b.lo) > shortLimit {
		b.lo = b.lo[:runeStart(b.lo, shortLimit)]
	}
	if len(b.hi) > shortLimit {
		b.hi = above(b.hi)
	}
	return b
}

// runeStart returns the last start of a character at or before byte i.
func runeStart(text []byte, i int) int {
	for i > 0 && !utf8.RuneStart(text[i]) {
		i--
	}
	return i
}

// above returns a short text that sorts after text, or text itself where there is none.
func above(text []byte) []byte {
	for end := runeStart(text, shortLimit); end > 0; {
		r, size := utf8.DecodeLastRune(text[:end])
		if r == utf8.RuneError && size == 1 {
			return text
		}
		end -= size
		if r == 0xD7FF {
			r = 0xDFFF // what lies between is no character
		}
		if r < utf8.MaxRune {
			return utf8.AppendRune(bytes.Clone(text[:end]), r+1)
		}
	}
	return text
}

// columnIndex collects the bounds of a chunk's pages.
type columnIndex struct {
	compare order
	format.ColumnIndex
	chunk     bounds
	unbounded bool // a page has values without bounds (NaN alone), which the index cannot express
}

func (x *columnIndex) add(b bounds, rows, nulls int) {
	x.chunk = x.chunk.with(b, x.compare)
	x.unbounded = x.unbounded || b.lo == nil && nulls < rows
	b = b.short()
	if b.lo == nil {
		b = bounds{[]byte{}, []byte{}}
	}
	x.NullPages = append(x.NullPages, nulls == rows)
	x.NullCounts = append(x.NullCounts, int64(nulls))
	x.MinValues = append(x.MinValues, b.lo)
	x.MaxValues = append(x.MaxValues, b.hi)
}

// done returns the index, or false if there is none.
func (x *columnIndex) done() (format.ColumnIndex, bool) {
	if x.unbounded {
		return format.ColumnIndex{}, false
	}
	x.BoundaryOrder = format.Unordered
	if x.ascending(x.MinValues) && x.ascending(x.MaxValues) {
		x.BoundaryOrder = format.Ascending
	}
	return x.ColumnIndex, true
}

func (x *columnIndex) ascending(values [][]byte) bool {
	var last []byte
	for i, v := range values {
		if x.NullPages[i] {
			continue
		}
		if last != nil && x.compare(last, v) > 0 {
			return false
		}
		last = v
	}
	return true
}

// statistics returns the exact bounds of the chunk, unless they are too long to keep.
func (x *columnIndex) statistics(nulls int64) format.Statistics {
	s := format.Statistics{NullCount: nulls}
	if x.chunk.lo != nil && !x.unbounded && len(x.chunk.lo) <= exactLimit && len(x.chunk.hi) <= exactLimit {
		s.MinValue, s.MaxValue = x.chunk.lo, x.chunk.hi
	}
	return s
}
