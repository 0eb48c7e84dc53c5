package parquet

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/zeebo/xxh3"
)

// slots is an open-addressing hash table from values, which it does not hold, to their numbers. A slot is empty, zero,
// or a value's hash above its number plus one.
type slots struct {
	table []uint64 // its length is a power of two
	used  int
}

const minSlots = 1 << 8

func slot(hash, id uint32) uint64 { return uint64(hash)<<32 | uint64(id+1) }

func hashOf(slot uint64) uint32 { return uint32(slot >> 32) }
func idOf(slot uint64) uint32   { return uint32(slot) - 1 }

// mask turns a hash into the place to look at first.
func (s *slots) mask() uint32 { return uint32(len(s.table) - 1) }

// room makes place for one more value.
func (s *slots) room() {
	if 2*s.used < len(s.table) {
		return
	}
	old := s.table
	s.table = make([]uint64, max(minSlots, 2*len(old)))
	for _, e := range old {
		if e != 0 {
			i := hashOf(e) & s.mask()
			for s.table[i] != 0 {
				i = (i + 1) & s.mask()
			}
			s.table[i] = e
		}
	}
}

// put numbers a value, at an empty place.
func (s *slots) put(i, hash uint32) uint32 {
	id := uint32(s.used)
	s.table[i] = slot(hash, id)
	s.used++
	return id
}

func (s *slots) reset() {
	clear(s.table)
	s.used = 0
}

// textDictionary numbers distinct texts in the order they come in.
type textDictionary struct {
	slots
	plain []byte   // each text behind its length in four bytes: the body of the dictionary page
	ends  []uint32 // of each text in plain
}

// id returns the number of text.
func (d *textDictionary) id(text string) uint32 {
	d.room()
	hash := uint32(xxh3.HashString(text))
	mask := d.mask()
	i := hash & mask
	for e := d.table[i]; e != 0; e = d.table[i] {
		if hashOf(e) == hash && string(d.text(idOf(e))) == text {
			return idOf(e)
		}
		i = (i + 1) & mask
	}
	d.plain = appendText(d.plain, text)
	d.ends = append(d.ends, uint32(len(d.plain)))
	return d.put(i, hash)
}

// text returns the text with the given number.
func (d *textDictionary) text(id uint32) []byte {
	start := uint32(4)
	if id > 0 {
		start += d.ends[id-1]
	}
	return d.plain[start:d.ends[id]]
}

func (d *textDictionary) len() int { return len(d.ends) }

func (d *textDictionary) reset() {
	d.slots.reset()
	d.plain, d.ends = d.plain[:0], d.ends[:0]
}

func appendText(dst []byte, text string) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(text))), text...)
}

// wordDictionary numbers distinct words in the order they come in.
type wordDictionary struct {
	slots
	words []uint64
}

// id returns the number of word.
func (d *wordDictionary) id(word uint64) uint32 {
	d.room()
	hi, lo := bits.Mul64(word^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	hash := uint32(hi ^ lo)
	mask := d.mask()
	i := hash & mask
	for e := d.table[i]; e != 0; e = d.table[i] {
		if hashOf(e) == hash && d.words[idOf(e)] == word {
			return idOf(e)
		}
		i = (i + 1) & mask
	}
	d.words = append(d.words, word)
	return d.put(i, hash)
}

func (d *wordDictionary) reset() {
	d.slots.reset()
	d.words = d.words[:0]
}

// seen marks the ids of one page.
type seen struct {
	pages []uint32 // by id: the last page it was seen in
	page  uint32
}

func (s *seen) next(ids int) {
	s.page++
	s.pages = append(s.pages, make([]uint32, max(ids-len(s.pages), 0))...)
}

// first reports whether id was not asked about since next.
func (s *seen) first(id uint32) bool {
	if s.pages[id] == s.page {
		return false
	}
	s.pages[id] = s.page
	return true
}

func (s *seen) reset() {
	s.pages, s.page = slices.Delete(s.pages, 0, len(s.pages)), 0
}
