package parquet

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// bools encodes a column of booleans.
type bools struct {
	bits bitmap
	ones int
}

func (b *bools) size() int { return b.bits.n / 8 }

func (b *bools) add(a arrow.Array, from, to, _ int) int {
	values := a.(*array.Boolean)
	for i := from; i < to; i++ {
		if values.IsValid(i) {
			v := values.Value(i)
			b.bits.append(v)
			if v {
				b.ones++
			}
		}
	}
	return to
}

func (b *bools) page() page {
	p := page{plain: b.bits.bytes}
	if b.bits.n > 0 {
		p.bounds = bounds{[]byte{1}, []byte{0}}
		if b.ones < b.bits.n {
			p.bounds.lo = []byte{0}
		}
		if b.ones > 0 {
			p.bounds.hi = []byte{1}
		}
	}
	b.bits.reset()
	b.ones = 0
	return p
}

func (b *bools) chunk() ([]byte, int, []byte) { return nil, 0, nil }

// bitmap is a sequence of bits, the first of them the lowest of the first byte.
type bitmap struct {
	bytes []byte
	n     int
}

func (m *bitmap) append(bit bool) {
	if m.n%8 == 0 {
		m.bytes = append(m.bytes, 0)
	}
	if bit {
		m.bytes[m.n/8] |= 1 << (m.n % 8)
	}
	m.n++
}

func (m *bitmap) appendOnes(n int) {
	for ; n > 0 && m.n%8 != 0; n-- {
		m.append(true)
	}
	for ; n >= 8; n -= 8 {
		m.bytes = append(m.bytes, 0xff)
		m.n += 8
	}
	for range n {
		m.append(true)
	}
}

func (m *bitmap) reset() { m.bytes, m.n = m.bytes[:0], 0 }
