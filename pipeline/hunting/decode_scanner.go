package hunting

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"huntlake/schema"
)

const (
	windowBytes = 128 << 10
	// wordBytes are kept free behind the window's content, so that eight bytes may be loaded at any place in it.
	wordBytes = 8
	// maxEmptyReads is how often in a row a reader may return nothing at all, without an error.
	maxEmptyReads = 100
)

var errTooLong = errors.New("value is longer than MaxValueBytes")

// scanner reads JSON tokens from a window that slides over the body, and that grows only when a single token does not
// fit. What its methods return as bytes lies in the window: it is gone with the next call.
//
// The byte behind the content is always 0, which no token contains: it stops every loop at the end of the window,
// without a check of its own on the way there.
type scanner struct {
	r     io.Reader
	buf   []byte
	kept  int   // of the first byte that is not to leave the window without need; always <= pos
	pos   int   // of the next byte; always <= end
	end   int   // of the content
	base  int64 // place of buf[0] in the body
	limit int   // bytes that the window may grow to
	err   error // why there is no more to read; io.EOF at the end
}

func newScanner(r io.Reader, limit int) *scanner {
	return &scanner{r: r, buf: make([]byte, min(windowBytes, limit)+wordBytes), limit: limit}
}

// offset is where in the body the scanner stands.
func (s *scanner) offset() int64 { return s.base + int64(s.pos) }

// keep makes bytes from an offset on stay in the window as long as they, and what follows, take no more than half of it.
func (s *scanner) keep(offset int64) { s.kept = min(int(max(offset-s.base, 0)), s.pos) }

// agree returns how many of the next n bytes are the same as those from an offset on, which may have left the window:
// then none are. There must be no zeros among those.
func (s *scanner) agree(offset int64, n int) (same int) {
	for offset >= s.base {
		i := int(offset - s.base)
		same += equalBytes(s.buf[i+same:], s.buf[s.pos+same:], n-same)
		if same == n || s.pos+same < s.end || !s.more() {
			return same
		}
	}
	return 0
}

// A block is what is compared at once before it is known which of its words differs.
const blockBytes = 4 * wordBytes

type block [blockBytes]byte

// equalBytes returns how many of the first n bytes of a and b, which go on for a word behind them, are the same.
func equalBytes(a, b []byte, n int) (same int) {
	for same < n && len(a) >= blockBytes && len(b) >= blockBytes && equalBlocks((*block)(a), (*block)(b)) {
		same += blockBytes
		a, b = a[blockBytes:], b[blockBytes:]
	}
	for same < n && len(a) >= wordBytes && len(b) >= wordBytes {
		if differ := binary.LittleEndian.Uint64(a) ^ binary.LittleEndian.Uint64(b); differ != 0 {
			return min(n, same+bits.TrailingZeros64(differ)/8)
		}
		same += wordBytes
		a, b = a[wordBytes:], b[wordBytes:]
	}
	return min(n, same)
}

func equalBlocks(a, b *block) bool {
	differ := uint64(0)
	for i := 0; i < blockBytes; i += wordBytes {
		differ |= binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:])
	}
	return differ == 0
}

// more reads at least one more byte into the window, and keeps what lies from pos on, and from kept on if there is room.
// It returns false if there is no more, or no room for more.
func (s *scanner) more() bool {
	if s.err != nil {
		return false
	}
	room := len(s.buf) - wordBytes
	if s.end > room/2 {
		if s.end-s.kept > room/2 {
			s.kept = s.pos
		}
		s.end = copy(s.buf, s.buf[s.kept:s.end])
		s.base += int64(s.kept)
		s.pos -= s.kept
		s.kept = 0
	}
	if s.end == room {
		if room >= s.limit {
			s.err = errTooLong
			return false
		}
		grown := make([]byte, min(2*room, s.limit)+wordBytes)
		copy(grown, s.buf[:s.end])
		s.buf = grown
	}
	n := s.read()
	s.end += n
	s.buf[s.end] = 0
	return n > 0
}

func (s *scanner) read() (n int) {
	for range maxEmptyReads {
		n, s.err = s.r.Read(s.buf[s.end : len(s.buf)-wordBytes])
		if n > 0 || s.err != nil {
			return n
		}
	}
	s.err = io.ErrNoProgress
	return 0
}

// peek returns the next byte that is not white space, without moving past it, or 0 at the end.
func (s *scanner) peek() byte {
	if c := s.buf[s.pos]; c > ' ' {
		return c
	}
	return s.peekFurther()
}

func (s *scanner) peekFurther() byte {
	for {
		switch c := s.buf[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			if c != 0 || s.pos < s.end || !s.more() {
				return c
			}
		}
	}
}

// skip moves past c, if that is next.
func (s *scanner) skip(c byte) bool {
	found := s.peek() == c
	if found {
		s.pos++
	}
	return found
}

// unexpected says that something else was wanted here, or why there is nothing.
func (s *scanner) unexpected(want string) error {
	if c := s.peek(); s.pos < s.end {
		return fmt.Errorf("want %s, found %q", want, c)
	}
	return s.ended()
}

// ended is the error of a body that ends where it may not.
func (s *scanner) ended() error {
	if s.err == nil || s.err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return s.err
}

// text reads a string, and returns what lies between its quotes, and whether there are escapes in it.
func (s *scanner) text() (body []byte, escaped bool, err error) {
	if s.peek() != '"' {
		return nil, false, s.unexpected("a string")
	}
	n, escaped, err := s.textEnd(1)
	if err != nil {
		return nil, false, err
	}
	s.pos += n
	return s.buf[s.pos-n+1 : s.pos-1], escaped, nil
}

// textEnd returns how far behind pos a string ends, its closing quote included, of which n bytes behind pos is known to
// be within, and whether there are escapes from there on.
func (s *scanner) textEnd(n int) (end int, escaped bool, err error) {
	for {
		i := s.pos + n
		special := schema.SpecialBytes(binary.LittleEndian.Uint64(s.buf[i:]))
		if special == 0 {
			n += wordBytes
			continue
		}
		plain := bits.TrailingZeros64(special) / 8
		i += plain
		n += plain
		switch {
		case s.buf[i] == '"':
			return n + 1, escaped, nil
		case s.buf[i] == '\\' && i+1 < s.end:
			escaped = true
			n += 2
		case s.buf[i] != '\\' && i < s.end:
			return 0, false, fmt.Errorf("string holds a bare %q", s.buf[i])
		case !s.more():
			return 0, false, s.ended()
		}
	}
}
