package hunting

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/zeebo/xxh3"

	"huntlake/schema"
)

const (
	highBits = 0x8080808080808080
	// textStep is how much room a column has at least for what readText copies in one go.
	textStep = 64
	// maxEscape is the length of the longest escape, a pair of surrogates.
	maxEscape = len(`\ud83d\ude00`)
)

var errUTF8 = errors.New("text is not valid UTF-8")

// texts numbers the distinct texts of one column of a record.
//
// A text is read to the end of what is kept, numbered, and, if it is known, given up again by not moving that end.
type texts struct {
	slots  schema.Slots
	bytes  vector[byte]  // the distinct texts, one behind the other
	ends   vector[int32] // of each of them in bytes, behind a leading 0
	used   int           // of bytes
	before int           // used by the record before this one
}

func newTexts(mem memory.Allocator) texts {
	return texts{bytes: vector[byte]{mem: mem}, ends: vector[int32]{mem: mem}}
}

func (t *texts) reserve(rows int) {
	t.ends.grow(rows + 1)
	t.ends.of[0] = 0
}

// add numbers a text.
func (t *texts) add(b []byte) int32 {
	start := t.used
	copy(t.room(len(b)), b)
	t.used += len(b)
	return t.number(start)
}

// number returns the number of the text that was read to start.
func (t *texts) number(start int) int32 {
	text := t.bytes.of[start:t.used]
	hash := uint32(xxh3.Hash(text))
	at, id := t.slots.First(hash)
	for ; id >= 0; at, id = t.slots.Next(at, hash) {
		if bytes.Equal(t.bytes.of[t.ends.of[id]:t.ends.of[id+1]], text) {
			t.used = start
			return id
		}
	}
	id = t.slots.Put(at, hash)
	t.ends.of[id+1] = int32(t.used)
	return id
}

// room returns where the next text goes: n bytes or more.
func (t *texts) room(n int) []byte {
	if t.used+n > len(t.bytes.of) {
		t.bytes.grow(max(t.used+n, 2*t.used, t.before+t.before/8, 1024))
	}
	return t.bytes.of[t.used:]
}

// take hands the texts over, in the order of their numbers, and starts on the next record.
func (t *texts) take() *array.Data {
	n := t.slots.Len()
	ends, bytes := t.ends.take(n+1), t.bytes.take(t.used)
	defer ends.Release()
	defer bytes.Release()
	t.slots.Reset()
	t.before, t.used = t.used, 0
	return array.NewData(arrow.BinaryTypes.String, n, []*memory.Buffer{nil, ends, bytes}, nil, 0, 0)
}

func (t *texts) release() {
	t.bytes.release()
	t.ends.release()
}

// read reads a string and returns its number. Eight bytes at a time are loaded, stored and searched for what must not be
// taken as it is.
func (t *texts) read(s *scanner) (int32, error) {
	start := t.used
	seen := uint64(0)
	s.pos++
	for {
		dst := t.bytes.of[t.used:]
		if len(dst) < textStep {
			dst = t.room(textStep)
		}
		n, word, special := copyPlain(dst, s.buf[s.pos:])
		seen |= word
		t.used += n
		s.pos += n
		if special == 0 {
			continue
		}
		switch b := s.buf[s.pos]; {
		case b == '"':
			s.pos++
			if seen&highBits != 0 && !utf8.Valid(t.bytes.of[start:t.used]) {
				return 0, errUTF8
			}
			return t.number(start), nil
		case b == '\\':
			if err := t.readEscape(s); err != nil {
				return 0, err
			}
		case s.pos < s.end:
			return 0, fmt.Errorf("string holds a bare %q", b)
		case t.used-start > s.limit:
			return 0, errTooLong
		case !s.more():
			return 0, s.ended()
		}
	}
}

// copyPlain copies from src to dst up to the first byte that is special, or as far as there is room for whole words,
// and returns how many bytes it copied, all their bits, and whether there is a special byte. It may write beyond them.
func copyPlain(dst, src []byte) (n int, seen, special uint64) {
	for len(dst) >= wordBytes && len(src) >= wordBytes {
		word := binary.LittleEndian.Uint64(src)
		binary.LittleEndian.PutUint64(dst, word)
		if special = schema.SpecialBytes(word); special != 0 {
			plain := bits.TrailingZeros64(special) &^ 7
			return n + plain/8, seen | word&(1<<plain-1), special
		}
		seen |= word
		n += wordBytes
		dst, src = dst[wordBytes:], src[wordBytes:]
	}
	return n, seen, 0
}

// readEscape reads an escape. A backslash is the usual one, as in paths.
func (t *texts) readEscape(s *scanner) error {
	for s.end-s.pos < maxEscape && s.more() {
	}
	if s.buf[s.pos+1] == '\\' {
		t.room(1)[0] = '\\'
		t.used++
		s.pos += 2
		return nil
	}
	r, size, err := schema.ReadEscape(s.buf[s.pos:s.end])
	if err != nil && s.end-s.pos < maxEscape {
		return s.ended()
	}
	t.used += utf8.EncodeRune(t.room(utf8.UTFMax), r)
	s.pos += size
	return err
}
