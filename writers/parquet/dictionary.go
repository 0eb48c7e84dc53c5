package parquet

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/zeebo/xxh3"

	"huntlake/schema"
)

// textDictionary numbers distinct texts in the order they come in.
type textDictionary struct {
	slots schema.Slots
	plain []byte   // each text behind its length in four bytes: the body of the dictionary page
	ends  []uint32 // of each text in plain
}

// id returns the number of text.
func (d *textDictionary) id(text string) int32 {
	hash := uint32(xxh3.HashString(text))
	at, id := d.slots.First(hash)
	for ; id >= 0; at, id = d.slots.Next(at, hash) {
		if string(d.text(id)) == text {
			return id
		}
	}
	d.plain = appendText(d.plain, text)
	d.ends = append(d.ends, uint32(len(d.plain)))
	return d.slots.Put(at, hash)
}

// text returns the text with the given number.
func (d *textDictionary) text(id int32) []byte {
	start := uint32(4)
	if id > 0 {
		start += d.ends[id-1]
	}
	return d.plain[start:d.ends[id]]
}

func (d *textDictionary) len() int { return len(d.ends) }

func (d *textDictionary) reset() {
	d.slots.Reset()
	d.plain, d.ends = d.plain[:0], d.ends[:0]
}

func appendText[T string | []byte](dst []byte, text T) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(text))), text...)
}

// wordDictionary numbers distinct words in the order they come in.
type wordDictionary struct {
	slots schema.Slots
	words []uint64
}

// id returns the number of word.
func (d *wordDictionary) id(word uint64) int32 {
	hi, lo := bits.Mul64(word^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	hash := uint32(hi ^ lo)
	at, id := d.slots.First(hash)
	for ; id >= 0; at, id = d.slots.Next(at, hash) {
		if d.words[id] == word {
			return id
		}
	}
	d.words = append(d.words, word)
	return d.slots.Put(at, hash)
}

// appendIDs appends the numbers of words, which often repeat the one before.
func (d *wordDictionary) appendIDs(ids []int32, words []uint64) []int32 {
	for i, w := range words {
		if i > 0 && w == words[i-1] {
			ids = append(ids, ids[len(ids)-1])
		} else {
			ids = append(ids, d.id(w))
		}
	}
	return ids
}

func (d *wordDictionary) reset() {
	d.slots.Reset()
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
func (s *seen) first(id int32) bool {
	if s.pages[id] == s.page {
		return false
	}
	s.pages[id] = s.page
	return true
}

func (s *seen) reset() {
	s.pages, s.page = slices.Delete(s.pages, 0, len(s.pages)), 0
}
