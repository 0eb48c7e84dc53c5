package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/bloom/xxhash"

	"huntlake/schema"
)

// texts encodes a column of strings.
type texts struct {
	words     textDictionary
	plain     bool // the dictionary has been given up: words stays what its pages need
	ids       []int32
	body      []byte // values in PLAIN encoding, once the dictionary has been given up
	bytes     int    // size in PLAIN encoding of the page's values
	all       int    // and of all pages before it
	seen      seen
	renumbers []renumbering // by slot
	filtered  bool
	hashes    []uint64 // of the values that are not in the dictionary, if filtered
}

// renumbering maps the dictionary of one record's column to words.
type renumbering struct {
	column  *array.Dictionary
	numbers []int32         // of its rows
	texts   *array.String   // its dictionary
	of      arrow.ArrayData // which may be that of the column before
	ids     []int32         // of the texts in words; -1: not met yet
}

func (t *texts) size() int { return t.bytes }

func (t *texts) add(a arrow.Array, from, to, slot int) int {
	switch a := a.(type) {
	case *array.String:
		return t.addPlain(a, from, to)
	case *array.Dictionary:
		return t.addNumbered(a, from, to, t.renumber(a, slot))
	}
	panic(fmt.Sprintf("parquet: a column of strings has type %v", a.DataType()))
}

func (t *texts) addPlain(a *array.String, from, to int) int {
	last, lastID := "", int32(-1)
	for i := from; i < to; i++ {
		if a.IsNull(i) {
			continue
		}
		v := a.Value(i)
		if !t.plain {
			if v != last || lastID < 0 {
				last, lastID = v, t.words.id(v)
			}
			t.ids = append(t.ids, lastID)
		} else {
			addBody(t, v)
		}
		if t.bytes += 4 + len(v); t.bytes >= pageBytes {
			return i + 1
		}
	}
	return to
}

func addBody[T string | []byte](t *texts, v T) {
	t.body = appendText(t.body, v)
	if t.filtered {
		t.hashes = append(t.hashes, xxhash.Sum64(t.body[len(t.body)-len(v):]))
	}
}

// renumber returns how the words of a, which came in the slot-th record, are numbered here.
func (t *texts) renumber(a *array.Dictionary, slot int) *renumbering {
	for len(t.renumbers) <= slot {
		t.renumbers = append(t.renumbers, renumbering{})
	}
	r := &t.renumbers[slot]
	if r.column == a {
		return r
	}
	r.column, r.texts = a, a.Dictionary().(*array.String)
	r.numbers = schema.Numbers(a, r.numbers)
	if r.of != r.texts.Data() {
		r.of = r.texts.Data()
		r.ids = r.ids[:0]
		for range r.texts.Len() {
			r.ids = append(r.ids, -1)
		}
	}
	return r
}

func (t *texts) addNumbered(a *array.Dictionary, from, to int, r *renumbering) int {
	ends := r.texts.ValueOffsets()
	nulls := a.NullN() > 0
	ids, size := t.ids, t.bytes
	i := from
	for ; i < to && size < pageBytes; i++ {
		if nulls && a.IsNull(i) {
			continue
		}
		k := r.numbers[i]
		if !t.plain {
			if r.ids[k] < 0 {
				r.ids[k] = t.words.id(r.texts.Value(int(k)))
			}
			ids = append(ids, r.ids[k])
		} else {
			addBody(t, r.texts.Value(int(k)))
		}
		size += 4 + int(ends[k+1]-ends[k])
	}
	t.ids, t.bytes = ids, size
	return i
}

func (t *texts) page() page {
	first := t.all == 0
	t.all += t.bytes
	t.bytes = 0
	if t.plain {
		return t.plainPage()
	}
	p := page{ids: t.ids, bounds: t.boundsOfIDs()}
	t.ids = t.ids[:0]
	if first && !repeats(t.all, len(t.words.plain)) {
		for _, id := range p.ids {
			addBody(t, t.words.text(id))
		}
		t.words.reset()
		t.plain = true
		return t.plainPage()
	}
	t.plain = !pays(t.all, len(t.words.plain))
	return p
}

func (t *texts) plainPage() page {
	p := page{plain: t.body, bounds: boundsOfBody(t.body)}
	t.body = t.body[:0]
	return p
}

func (t *texts) boundsOfIDs() bounds {
	var b bounds
	t.seen.next(t.words.len())
	for _, id := range t.ids {
		if t.seen.first(id) {
			b = b.withText(t.words.text(id))
		}
	}
	return b.clone()
}

func boundsOfBody(body []byte) bounds {
	var b bounds
	for len(body) > 0 {
		end := 4 + binary.LittleEndian.Uint32(body)
		b = b.withText(body[4:end:end])
		body = body[end:]
	}
	return b.clone()
}

func (b bounds) withText(text []byte) bounds {
	if b.lo == nil {
		return bounds{text, text}
	}
	if bytes.Compare(text, b.lo) < 0 {
		b.lo = text
	} else if bytes.Compare(text, b.hi) > 0 {
		b.hi = text
	}
	return b
}

// clone returns bounds that do not lie in a buffer that is about to be used again.
func (b bounds) clone() bounds { return bounds{bytes.Clone(b.lo), bytes.Clone(b.hi)} }

func (t *texts) chunk() ([]byte, int, []byte) {
	words, n := t.words.plain, t.words.len()
	var filter []byte
	if t.filtered {
		filter = t.filter()
	}
	t.words.reset()
	t.seen.reset()
	t.plain, t.all, t.hashes = false, 0, t.hashes[:0]
	clear(t.renumbers)
	return words, n, filter
}

// bitsPerValue makes one in a hundred look-ups of what is not there read the column in vain.
const bitsPerValue = 10

// filter returns the split-block Bloom filter of the chunk's values: the words of the dictionary, and what came after it
// was given up.
func (t *texts) filter() []byte {
	for id := range int32(t.words.len()) {
		t.hashes = append(t.hashes, xxhash.Sum64(t.words.text(id)))
	}
	if len(t.hashes) == 0 {
		return nil
	}
	f := make(bloom.SplitBlockFilter, bloom.NumSplitBlocksOf(int64(len(t.hashes)), bitsPerValue))
	f.InsertBulk(t.hashes)
	return f.Bytes()
}
