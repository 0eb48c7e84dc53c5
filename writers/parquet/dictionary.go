package parquet

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/zeebo/xxh3"
)

// slots is an open-addressing hash table from values, which it does not hold, to their ids.
type slots struct {
	table  []uint32 // id+1, or 0; its length is a power of two
	hashes []uint64 // by id
}

const minSlots = 1 << 8

// room makes place for one more value.
func (s *slots) room() {
	if 2*len(s.hashes) < len(s.table) {
		return
	}
	s.table = make([]uint32, max(minSlots, 2*len(s.table)))
	for id, h := range s.hashes {
		i := s.start(h)
		for s.table[i] != 0 {
			i = s.next(i)
		}
		s.table[i] = uint32(id + 1)
	}
}

func (s *slots) start(hash uint64) uint64 { return hash & uint64(len(s.table)-1) }
func (s *slots) next(i uint64) uint64     { return (i + 1) & uint64(len(s.table)-1) }

// insert puts the next id at slot i.
func (s *slots) insert(i, hash uint64) uint32 {
	s.hashes = append(s.hashes, hash)
	s.table[i] = uint32(len(s.hashes))
	return uint32(len(s.hashes) - 1)
}

func (s *slots) reset() {
	clear(s.table)
	s.hashes = s.hashes[:0]
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
	hash := xxh3.HashString(text)
	i := d.start(hash)
	for ; d.table[i] != 0; i = d.next(i) {
		if id := d.table[i] - 1; d.hashes[id] == hash && string(d.text(id)) == text {
			return id
		}
	}
	d.plain = appendText(d.plain, text)
	d.ends = append(d.ends, uint32(len(d.plain)))
	return d.insert(i, hash)
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
	hash := hi ^ lo
	i := d.start(hash)
	for ; d.table[i] != 0; i = d.next(i) {
		if id := d.table[i] - 1; d.words[id] == word {
			return id
		}
	}
	d.words = append(d.words, word)
	return d.insert(i, hash)
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
