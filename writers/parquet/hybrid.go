package parquet

import (
	"encoding/binary"
	"math/bits"
)

// appendHybrid appends numbers as they lie in a data page: their width in bits, then runs, either of one number that
// repeats or of eight numbers and more, bit-packed. Rows of a burst repeat each other, a few at a time, so the shorter
// form is chosen anew for every eight numbers.
func appendHybrid(dst []byte, numbers []int32) []byte {
	most := int32(0)
	for _, n := range numbers {
		most |= n
	}
	e := hybrid{dst: append(dst, byte(bits.Len32(uint32(most)))), width: bits.Len32(uint32(most))}
	for len(numbers) >= group {
		repeated := runLen(numbers)
		if e.repeatPays(numbers[:group], repeated) {
			e.repeat(numbers[0], repeated)
			numbers = numbers[repeated:]
		} else {
			e.pack(numbers[:group])
			numbers = numbers[group:]
		}
	}
	e.endPacked()
	for len(numbers) > 0 {
		n := runLen(numbers)
		e.repeat(numbers[0], n)
		numbers = numbers[n:]
	}
	return e.dst
}

// group is how many numbers are packed together.
const group = 8

// hybrid is what appendHybrid appends to.
type hybrid struct {
	dst    []byte
	width  int
	packed int // bytes of the bit-packed run at the end of dst, whose header is still to come
}

// runLen returns how often the first number is repeated.
func runLen(numbers []int32) int {
	n := 1
	for n < len(numbers) && numbers[n] == numbers[0] {
		n++
	}
	return n
}

// repeatPays reports whether eight numbers take less as runs of repeated ones than bit-packed.
func (e *hybrid) repeatPays(numbers []int32, first int) bool {
	if first >= group {
		return true
	}
	runs := 1
	for i := first; i < group; i++ {
		if numbers[i] != numbers[i-1] {
			runs++
		}
	}
	return runs*(1+(e.width+7)/8) < e.width
}

func (e *hybrid) repeat(number int32, n int) {
	e.endPacked()
	e.dst = binary.AppendUvarint(e.dst, uint64(n)<<1)
	for b := 0; b < e.width; b += 8 {
		e.dst = append(e.dst, byte(number>>b))
	}
}

func (e *hybrid) pack(numbers []int32) {
	word, filled := uint64(0), 0
	for _, n := range numbers {
		word |= uint64(uint32(n)) << filled
		for filled += e.width; filled >= 8; filled -= 8 {
			e.dst = append(e.dst, byte(word))
			word >>= 8
		}
	}
	e.packed += e.width
}

// endPacked puts the header before the bit-packed run at the end.
func (e *hybrid) endPacked() {
	if e.packed == 0 {
		return
	}
	var room [binary.MaxVarintLen32]byte
	header := binary.AppendUvarint(room[:0], uint64(e.packed/e.width)<<1|1)
	e.dst = append(e.dst, header...)
	run := e.dst[len(e.dst)-len(header)-e.packed:]
	copy(run[len(header):], run)
	copy(run, header)
	e.packed = 0
}
