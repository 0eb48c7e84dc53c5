// Package jsontext looks into JSON text without decoding it: the simulator keeps dynamic values as the text they are
// sent as, since numbers beyond 2^53 and the order of keys do not survive anything else.
//
// It shares no code with package schema, which does much the same for the lake: whoever is judged by the simulator must
// not be judged by itself.
//
// All but Canonical expect text that Canonical has returned: valid, compact, and with no escape that could be left out.
package jsontext

import (
	"encoding/json"
	"iter"
	"strings"
	"unicode/utf8"
)

// End returns the offset behind the value that starts at s[i].
func End(s string, i int) int {
	if i >= len(s) {
		return i
	}
	switch s[i] {
	case '"':
		return stringEnd(s, i)
	case '{', '[':
		return nestedEnd(s, i)
	}
	for i < len(s) && s[i] != ',' && s[i] != '}' && s[i] != ']' {
		i++
	}
	return i
}

func stringEnd(s string, i int) int {
	if n := strings.IndexByte(s[i+1:], '"'); n >= 0 && strings.IndexByte(s[i+1:i+1+n], '\\') < 0 {
		return i + n + 2
	}
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

func nestedEnd(s string, i int) int {
	for depth := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			i = stringEnd(s, i) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// Members returns the keys, in quotes as they stand, and the values of an object; nothing if s is none.
func Members(s string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if !strings.HasPrefix(s, "{") {
			return
		}
		for i := 1; i < len(s) && s[i] == '"'; {
			colon := stringEnd(s, i)
			end := End(s, colon+1)
			if end > len(s) || !yield(s[i:colon], s[colon+1:end]) {
				return
			}
			i = end + 1
		}
	}
}

// Elements returns the elements of an array; nothing if s is none.
func Elements(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if !strings.HasPrefix(s, "[") || s == "[]" {
			return
		}
		for i := 1; i < len(s); {
			end := End(s, i)
			if !yield(s[i:end]) {
				return
			}
			i = end + 1
		}
	}
}

// Unquote returns the text of a JSON string; s itself if it is none. A lone surrogate becomes U+FFFD.
func Unquote(s string) string {
	if len(s) < 2 || s[0] != '"' {
		return s
	}
	if strings.IndexByte(s, '\\') < 0 {
		return s[1 : len(s)-1]
	}
	var text string
	if json.Unmarshal([]byte(s), &text) != nil {
		return s
	}
	return text
}

// plain marks the bytes that stand for themselves in a JSON string.
func plain(c byte) bool { return c >= ' ' && c != '"' && c != '\\' }

// AppendString appends s as a JSON string in which only what must be is escaped.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for {
		n := plainPrefix(s)
		for n < len(s) && plain(s[n]) {
			n++
		}
		dst = append(dst, s[:n]...)
		if n == len(s) {
			return append(dst, '"')
		}
		dst = appendEscape(dst, s[n])
		s = s[n+1:]
	}
}

// plainPrefix returns how many bytes at the start of s stand for themselves, or a few less. It looks at eight at a
// time: strings are most of what a simulated service writes, and few have anything to escape.
func plainPrefix(s string) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	zero := func(x uint64) uint64 { return (x - ones) &^ x & highs } // finds a zero byte, and with it maybe others
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := s[i : i+8]
		x := uint64(w[0]) | uint64(w[1])<<8 | uint64(w[2])<<16 | uint64(w[3])<<24 |
			uint64(w[4])<<32 | uint64(w[5])<<40 | uint64(w[6])<<48 | uint64(w[7])<<56
		control := (x - ones*' ') &^ x & highs
		if control|zero(x^ones*'"')|zero(x^ones*'\\') != 0 {
			break
		}
	}
	return i
}

func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// Canonical returns valid JSON text without white space and without escapes that could be left out, keys in their
// order and numbers as they are. It returns false for anything that is not exactly one JSON value in valid UTF-8.
func Canonical(s string) (string, bool) {
	if !json.Valid([]byte(s)) || !utf8.ValidString(s) {
		return "", false
	}
	dst := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		switch s[i] {
		case ' ', '\t', '\r', '\n':
			i++
		case '"':
			end := stringEnd(s, i)
			dst = appendCanonicalString(dst, s[i:end])
			i = end
		default:
			dst = append(dst, s[i])
			i++
		}
	}
	return string(dst), true
}

func appendCanonicalString(dst []byte, quoted string) []byte {
	if strings.IndexByte(quoted, '\\') < 0 {
		return append(dst, quoted...)
	}
	dst = append(dst, '"')
	for s := quoted[1 : len(quoted)-1]; s != ""; {
		if s[0] != '\\' {
			dst, s = append(dst, s[0]), s[1:]
			continue
		}
		r, n := unescape(s)
		switch {
		case r < 0: // a lone surrogate has no other spelling
			dst = append(dst, s[:n]...)
		case r < utf8.RuneSelf && !plain(byte(r)):
			dst = appendEscape(dst, byte(r))
		default:
			dst = utf8.AppendRune(dst, r)
		}
		s = s[n:]
	}
	return append(dst, '"')
}

// unescape reads the valid escape that s starts with and returns its rune, -1 for a lone surrogate, and its length.
func unescape(s string) (rune, int) {
	if s[1] != 'u' {
		return rune(simple(s[1])), 2
	}
	r := hex4(s[2:6])
	switch {
	case r < 0xd800 || r > 0xdfff:
		return r, 6
	case r < 0xdc00 && len(s) >= 12 && s[6] == '\\' && s[7] == 'u':
		if low := hex4(s[8:12]); low >= 0xdc00 && low <= 0xdfff {
			return 0x10000 + (r-0xd800)<<10 + (low - 0xdc00), 12
		}
	}
	return -1, 6
}

// simple returns what the letter of a two-byte escape stands for.
func simple(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

func hex4(s string) (r rune) {
	for _, c := range []byte(s) {
		switch {
		case c <= '9':
			r = r<<4 + rune(c-'0')
		default:
			r = r<<4 + rune(c|0x20-'a') + 10
		}
	}
	return r
}
