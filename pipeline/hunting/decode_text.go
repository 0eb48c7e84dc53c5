package hunting

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"unicode/utf8"

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

// readText reads a string into the column: eight bytes at a time are loaded, stored and searched for what must not
// be taken as it is. Most bytes of an answer go this way.
func (c *cells) readText(s *scanner) error {
	start := c.used
	seen := uint64(0)
	s.pos++
	for {
		dst := c.bytes.of[c.used:]
		if len(dst) < textStep {
			dst = c.room(textStep)
		}
		n, word, special := copyPlain(dst, s.buf[s.pos:])
		seen |= word
		c.used += n
		s.pos += n
		if special == 0 {
			continue
		}
		switch b := s.buf[s.pos]; {
		case b == '"':
			s.pos++
			return c.endString(start, seen)
		case b == '\\':
			if err := c.readEscape(s); err != nil {
				return err
			}
		case s.pos < s.end:
			return fmt.Errorf("string holds a bare %q", b)
		case c.used-start > s.limit:
			return errTooLong
		case !s.more():
			return s.ended()
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

// readEscape reads an escape into the column. A backslash is the usual one, as in paths.
func (c *cells) readEscape(s *scanner) error {
	for s.end-s.pos < maxEscape && s.more() {
	}
	if s.buf[s.pos+1] == '\\' {
		c.room(1)[0] = '\\'
		c.used++
		s.pos += 2
		return nil
	}
	r, size, err := schema.ReadEscape(s.buf[s.pos:s.end])
	if err != nil && s.end-s.pos < maxEscape {
		return s.ended()
	}
	c.used += utf8.EncodeRune(c.room(utf8.UTFMax), r)
	s.pos += size
	return err
}

func (c *cells) endString(start int, seen uint64) error {
	if seen&highBits != 0 && !utf8.Valid(c.bytes.of[start:c.used]) {
		return errUTF8
	}
	c.endText()
	return nil
}
