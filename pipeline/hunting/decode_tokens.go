package hunting

import (
	"bytes"
	"errors"
	"fmt"

	"huntlake/schema"
)

// word reads a literal, such as null.
func (s *scanner) word(want string) error {
	for s.end-s.pos < len(want) && s.more() {
	}
	if !bytes.HasPrefix(s.buf[s.pos:s.end], []byte(want)) {
		return s.unexpected(want)
	}
	s.pos += len(want)
	return nil
}

// number reads a number.
func (s *scanner) number() ([]byte, error) {
	n := s.bare()
	b := s.buf[s.pos : s.pos+n]
	if n == 0 || schema.NumberLen(b) != n {
		return nil, s.unexpected("a number")
	}
	s.pos += n
	return b, nil
}

// bare returns the length of the number or literal that the scanner stands before, or of what looks like one.
func (s *scanner) bare() (n int) {
	for {
		for isBare(s.buf[s.pos+n]) {
			n++
		}
		if s.pos+n < s.end || !s.more() {
			return n
		}
	}
}

func isBare(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || c == '.' || c == '-' || c == '+' || c == 'E'
}

// raw reads a value of any kind as its text, found by its quotes and brackets alone: whoever uses it validates it.
func (s *scanner) raw() ([]byte, error) {
	switch s.peek() {
	case '"':
		body, _, err := s.text()
		return s.buf[s.pos-len(body)-2 : s.pos], err
	case '{', '[':
		return s.nested()
	}
	n := s.bare()
	if n == 0 {
		return nil, s.unexpected("a value")
	}
	s.pos += n
	return s.buf[s.pos-n : s.pos], nil
}

// nested reads an object or an array.
func (s *scanner) nested() ([]byte, error) {
	depth := 0
	for n := 0; ; n++ {
		switch s.buf[s.pos+n] {
		case '"':
			end, _, err := s.textEnd(n + 1)
			if err != nil {
				return nil, err
			}
			n = end - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				s.pos += n + 1
				return s.buf[s.pos-n-1 : s.pos], nil
			}
		case 0:
			if s.pos+n < s.end {
				return nil, errors.New("value holds a bare '\\x00'")
			}
			if !s.more() {
				return nil, s.ended()
			}
			n--
		}
	}
}

// key reads the key of an object's member and the colon behind it.
func (s *scanner) key() ([]byte, error) {
	body, m, err := s.text()
	if err != nil {
		return nil, err
	}
	if m == 0 && s.buf[s.pos] == ':' {
		s.pos++
		return body, nil
	}
	key, err := schema.AppendText(nil, body)
	if err != nil {
		return nil, err
	}
	if !s.skip(':') {
		return nil, s.unexpected("':' after a key")
	}
	return key, nil
}

// members reads an object, member by member; read reads a value.
func (s *scanner) members(read func(key string) error) error {
	return s.items("an object", '{', '}', func() error {
		key, err := s.key()
		if err != nil {
			return err
		}
		return read(string(key))
	})
}

// items reads what stands between two brackets, item by item.
func (s *scanner) items(what string, opening, closing byte, read func() error) error {
	if !s.skip(opening) {
		return s.unexpected(what)
	}
	if s.skip(closing) {
		return nil
	}
	for {
		if err := read(); err != nil {
			return err
		}
		if s.skip(closing) {
			return nil
		}
		if !s.skip(',') {
			return s.unexpected(fmt.Sprintf("',' or %q", closing))
		}
	}
}
