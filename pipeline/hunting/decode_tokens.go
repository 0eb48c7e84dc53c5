package hunting

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"huntlake/schema"
)

// word reads a literal, such as null.
func (s *scanner) word(want string) error {
	b, err := s.bare()
	if err != nil {
		return err
	}
	if string(b) != want {
		return s.unexpected(want)
	}
	s.pos += len(b)
	return nil
}

// number reads a number.
func (s *scanner) number() ([]byte, error) {
	b, err := s.bare()
	if err != nil {
		return nil, err
	}
	if len(b) == 0 || schema.NumberLen(b) != len(b) {
		return nil, s.unexpected("a number")
	}
	s.pos += len(b)
	return b, nil
}

// bare returns the number or literal that the scanner stands before, or what looks like one, without moving past it. A
// body cannot end with one.
func (s *scanner) bare() ([]byte, error) {
	n := 0
	for {
		for isBare(s.buf[s.pos+n]) {
			n++
		}
		if s.pos+n < s.end {
			return s.buf[s.pos : s.pos+n], nil
		}
		if !s.more() {
			return nil, s.ended()
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
		if err != nil {
			return nil, err
		}
		return s.buf[s.pos-len(body)-2 : s.pos], nil
	case '{', '[':
		return s.nested()
	}
	b, err := s.bare()
	if err != nil {
		return nil, err
	}
	if len(b) == 0 {
		return nil, s.unexpected("a value")
	}
	s.pos += len(b)
	return b, nil
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
	key, escaped, err := s.text()
	if err != nil {
		return nil, err
	}
	if !escaped && s.buf[s.pos] == ':' && utf8.Valid(key) {
		s.pos++
		return key, nil
	}
	if key, err = schema.AppendText(nil, key); err != nil {
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
		if ended, err := s.itemEnd(closing); ended || err != nil {
			return err
		}
	}
}

// itemEnd moves past what stands behind an item: a comma, or the closing bracket, which ends them.
func (s *scanner) itemEnd(closing byte) (ended bool, err error) {
	if s.skip(closing) {
		return true, nil
	}
	if !s.skip(',') {
		return false, s.unexpected(fmt.Sprintf("',' or %q", closing))
	}
	return false, nil
}
