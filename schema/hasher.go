package schema

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/zeebo/xxh3"
)

// Hasher computes one hash per row, which add up to the Digest of the rows.
//
// A row's hash is XXH3-128 over the 16 little-endian bytes (Lo, then Hi) of the sum, modulo 2^128, of its cells'
// hashes. Null cells have none. A cell's hash is XXH3-128 of its canonical bytes, with the XXH3-64 of its column's
// name as the seed. So it does not depend on the order of columns, on columns that are all null, or on how rows are
// cut into records. Canonical bytes:
//
//	string             the text
//	int64, int32       8 bytes, little-endian
//	timestamp[us]      8 bytes, little-endian: microseconds since 1970
//	double             8 bytes, little-endian: IEEE 754 bits, one NaN for all; -0 is not 0
//	bool               1 byte, 0 or 1
//
// These rules are part of the ledger's format and must not change: receipts of years ago are held against them.
//
// A Hasher is not for concurrent use.
type Hasher struct {
	seeds   []uint64    // by column
	words   []wordsHash // by column
	numbers []int32     // of one column: room to work in
}

// wordsHash is the hashes of the words of a column's dictionary, which may be shared by many records.
type wordsHash struct {
	of     arrow.ArrayData // the dictionary
	hashes []Digest        // zero: not hashed yet
}

// NewHasher returns a Hasher for records of s, whose strings may also come dictionary-encoded. A column of another type
// than those above is an error.
func NewHasher(s *arrow.Schema) (*Hasher, error) {
	h := &Hasher{seeds: make([]uint64, s.NumFields()), words: make([]wordsHash, s.NumFields())}
	for i, f := range s.Fields() {
		if !hashable(f.Type) {
			return nil, fmt.Errorf("hash column %q: type %v has no canonical form", f.Name, f.Type)
		}
		h.seeds[i] = xxh3.HashString(f.Name)
	}
	return h, nil
}

func hashable(typ arrow.DataType) bool {
	switch t := typ.(type) {
	case *arrow.StringType, *arrow.Int64Type, *arrow.Int32Type, *arrow.Float64Type, *arrow.BooleanType:
		return true
	case *arrow.TimestampType:
		return t.Unit == arrow.Microsecond
	case *arrow.DictionaryType:
		return t.ValueType.ID() == arrow.STRING
	}
	return false
}

// Rows appends the hash of each row of rec to hashes.
func (h *Hasher) Rows(rec arrow.Record, hashes []Digest) []Digest {
	first := len(hashes)
	hashes = append(hashes, make([]Digest, rec.NumRows())...)
	rows := hashes[first:]
	for i, seed := range h.seeds {
		h.add(rows, rec.Column(i), seed, &h.words[i])
	}
	for i := range rows {
		rows[i] = rows[i].mixed()
	}
	return hashes
}

func (d Digest) mixed() Digest {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], d.Lo)
	binary.LittleEndian.PutUint64(b[8:], d.Hi)
	return Digest(xxh3.Hash128(b[:]))
}

// add adds the hash of each cell of a column to its row.
func (h *Hasher) add(rows []Digest, column arrow.Array, seed uint64, words *wordsHash) {
	switch c := column.(type) {
	case *array.String:
		addStrings(rows, c, seed)
	case *array.Dictionary:
		h.numbers = Numbers(c, h.numbers)
		addNumbered(rows, c, h.numbers, seed, words)
	case *array.Int64:
		addWords(rows, c, seed, func(i int) uint64 { return uint64(c.Value(i)) })
	case *array.Int32:
		addWords(rows, c, seed, func(i int) uint64 { return uint64(int64(c.Value(i))) })
	case *array.Timestamp:
		addWords(rows, c, seed, func(i int) uint64 { return uint64(c.Value(i)) })
	case *array.Float64:
		addWords(rows, c, seed, func(i int) uint64 { return canonicalBits(c.Value(i)) })
	case *array.Boolean:
		addBools(rows, c, seed)
	default:
		panic(fmt.Sprintf("schema: hash a record of another schema: %v", column.DataType()))
	}
}

// addStrings compares before it hashes: half of all cells and more repeat the one above.
func addStrings(rows []Digest, c *array.String, seed uint64) {
	var last string
	cell := Digest(xxh3.HashString128Seed(last, seed))
	for i := range rows {
		if c.IsNull(i) {
			continue
		}
		if s := c.Value(i); s != last {
			last, cell = s, Digest(xxh3.HashString128Seed(s, seed))
		}
		rows[i] = rows[i].Add(cell)
	}
}

// addNumbered hashes each word of a dictionary once, when it is met first.
func addNumbered(rows []Digest, c *array.Dictionary, numbers []int32, seed uint64, known *wordsHash) {
	words := c.Dictionary().(*array.String)
	if known.of != words.Data() {
		known.of = words.Data()
		known.hashes = append(known.hashes[:0], make([]Digest, words.Len())...)
	}
	for i, k := range numbers {
		if c.IsNull(i) {
			continue
		}
		if known.hashes[k] == (Digest{}) {
			known.hashes[k] = Digest(xxh3.HashString128Seed(words.Value(int(k)), seed))
		}
		rows[i] = rows[i].Add(known.hashes[k])
	}
}

func addWords(rows []Digest, c arrow.Array, seed uint64, value func(int) uint64) {
	var b [8]byte
	for i := range rows {
		if c.IsNull(i) {
			continue
		}
		binary.LittleEndian.PutUint64(b[:], value(i))
		rows[i] = rows[i].Add(Digest(xxh3.Hash128Seed(b[:], seed)))
	}
}

func addBools(rows []Digest, c *array.Boolean, seed uint64) {
	hashes := map[bool]Digest{
		false: Digest(xxh3.Hash128Seed([]byte{0}, seed)),
		true:  Digest(xxh3.Hash128Seed([]byte{1}, seed)),
	}
	for i := range rows {
		if c.IsValid(i) {
			rows[i] = rows[i].Add(hashes[c.Value(i)])
		}
	}
}

func canonicalBits(v float64) uint64 {
	if math.IsNaN(v) {
		v = math.NaN()
	}
	return math.Float64bits(v)
}
