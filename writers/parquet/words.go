package parquet

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// words encodes a column of numbers or instants, each as the eight or four low bytes of a word.
type words struct {
	width  int
	double bool
	known  wordDictionary
	plain  bool // the dictionary has been given up: known stays what its pages need
	ids    []int32
	body   []uint64 // the page's values
	all    int      // size in PLAIN encoding of the pages before it
	out    []byte
}

func (w *words) size() int { return w.width * len(w.body) }

func (w *words) add(a arrow.Array, from, to, _ int) int {
	n := len(w.body)
	switch a := a.(type) {
	case *array.Int64:
		w.body = appendWords(w.body, a, a.Int64Values(), from, to)
	case *array.Timestamp:
		w.body = appendWords(w.body, a, a.TimestampValues(), from, to)
	case *array.Int32:
		w.body = appendWords(w.body, a, a.Int32Values(), from, to)
	case *array.Float64:
		for i := from; i < to; i++ {
			if a.IsValid(i) {
				w.body = append(w.body, math.Float64bits(a.Value(i)))
			}
		}
	default:
		panic(fmt.Sprintf("parquet: a column of numbers has type %v", a.DataType()))
	}
	if !w.plain {
		w.ids = w.known.appendIDs(w.ids, w.body[n:])
	}
	return to
}

func appendWords[T ~int64 | ~int32](dst []uint64, a arrow.Array, values []T, from, to int) []uint64 {
	if a.NullN() == 0 {
		for _, v := range values[from:to] {
			dst = append(dst, uint64(v))
		}
		return dst
	}
	for i := from; i < to; i++ {
		if a.IsValid(i) {
			dst = append(dst, uint64(values[i]))
		}
	}
	return dst
}

func (w *words) page() page {
	p := page{ids: w.ids, bounds: w.bounds()}
	first := w.all == 0
	w.all += w.size()
	if first && 2*w.width*len(w.known.words) > w.all {
		w.known.reset()
		w.plain = true
	}
	if w.plain {
		w.out = w.appendPlain(w.out[:0], w.body)
		p = page{plain: w.out, bounds: p.bounds}
	}
	w.plain = w.plain || !pays(w.all, w.width*len(w.known.words))
	w.ids, w.body = w.ids[:0], w.body[:0]
	return p
}

func (w *words) appendPlain(dst []byte, values []uint64) []byte {
	for _, v := range values {
		if w.width == 4 {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(v))
		} else {
			dst = binary.LittleEndian.AppendUint64(dst, v)
		}
	}
	return dst
}

func (w *words) bounds() bounds {
	if w.double {
		return boundsOfDoubles(w.body)
	}
	if len(w.body) == 0 {
		return bounds{}
	}
	lo, hi := int64(w.body[0]), int64(w.body[0])
	for _, v := range w.body {
		lo, hi = min(lo, int64(v)), max(hi, int64(v))
	}
	return bounds{w.appendPlain(nil, []uint64{uint64(lo)}), w.appendPlain(nil, []uint64{uint64(hi)})}
}

// boundsOfDoubles leaves NaN out, and lets bounds of zero hold both zeros, as the format demands.
func boundsOfDoubles(values []uint64) bounds {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if f := math.Float64frombits(v); f == f {
			lo, hi = min(lo, f), max(hi, f)
		}
	}
	if lo > hi {
		return bounds{}
	}
	if lo == 0 {
		lo = math.Copysign(0, -1)
	}
	if hi == 0 {
		hi = 0
	}
	return bounds{
		binary.LittleEndian.AppendUint64(nil, math.Float64bits(lo)), binary.LittleEndian.AppendUint64(nil, math.Float64bits(hi)),
	}
}

func (w *words) chunk() ([]byte, int, []byte) {
	n := len(w.known.words)
	w.out = w.appendPlain(w.out[:0], w.known.words)
	w.known.reset()
	w.plain, w.all = false, 0
	return w.out, n, nil
}
