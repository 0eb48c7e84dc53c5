package schema

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// PlainLen returns how many bytes at the start of b a JSON string may hold as they are: up to the first quote,
// backslash or control character.
func PlainLen(b []byte) int {
	n := 0
	for ; len(b) >= 8; b = b[8:] {
		if m := SpecialBytes(binary.LittleEndian.Uint64(b)); m != 0 {
			return n + bits.TrailingZeros64(m)/8
		}
		n += 8
	}
	for _, c := range b {
		if c == '"' || c == '\\' || c < ' ' {
			break
		}
		n++
	}
	return n
}

// SpecialBytes looks at eight bytes at once, the first of them the least significant. It returns 0 if none of them is
// a quote, a backslash or a control character; else the lowest bit set is the top bit of the first that is one, and
// bits above that mean nothing.
//
// A byte is below k, if below 0x80 itself, when subtracting k borrows into its top bit. Flipping bit 1 makes a quote
// (0x22) a space and leaves control characters what they are, so that one subtraction finds both.
func SpecialBytes(w uint64) uint64 {
	const each = 0x0101010101010101
	quoteOrControl := (w ^ each*0x02) - each*('"'^0x02+1)
	backslash := (w ^ each*'\\') - each
	return (quoteOrControl | backslash) &^ w & (each * 0x80)
}

// NumberLen returns how many bytes at the start of b are a JSON number, the longest there is, or 0.
func NumberLen(b []byte) int {
	n := 0
	if n < len(b) && b[n] == '-' {
		n++
	}
	whole := digits(b[n:])
	if whole == 0 || whole > 1 && b[n] == '0' {
		return 0
	}
	n += whole
	if n < len(b) && b[n] == '.' {
		d := digits(b[n+1:])
		if d == 0 {
			return 0
		}
		n += 1 + d
	}
	if n < len(b) && b[n]|0x20 == 'e' {
		sign := 0
		if n+1 < len(b) && (b[n+1] == '+' || b[n+1] == '-') {
			sign = 1
		}
		d := digits(b[n+1+sign:])
		if d == 0 {
			return 0
		}
		n += 1 + sign + d
	}
	return n
}

func digits(b []byte) int {
	n := 0
	for n < len(b) && '0' <= b[n] && b[n] <= '9' {
		n++
	}
	return n
}

var errUTF8 = errors.New("text is not valid UTF-8")

// AppendText appends to dst the text that a JSON string stands for; body is what lies between its quotes. An escape
// of half a surrogate pair, which no UTF-8 text can hold, becomes U+FFFD. Errors: an unknown escape, a bare quote or
// control character, text that is not UTF-8.
func AppendText(dst, body []byte) ([]byte, error) {
	if !utf8.Valid(body) {
		return dst, errUTF8
	}
	return appendUnescaped(dst, body, utf8.AppendRune)
}

// appendUnescaped copies body to dst, and has each escaped character appended by put. Halves of surrogate pairs are
// handed to put as they are.
func appendUnescaped(dst, body []byte, put func([]byte, rune) []byte) ([]byte, error) {
	for {
		n := PlainLen(body)
		dst = append(dst, body[:n]...)
		if n == len(body) {
			return dst, nil
		}
		r, size, err := ReadEscape(body[n:])
		if err != nil {
			return dst, err
		}
		dst = put(dst, r)
		body = body[n+size:]
	}
}

// ReadEscape reads the escape sequence that b starts with, and returns its character and its length, at most 12 bytes:
// a pair of \u escapes is one character. Half a surrogate pair is returned as it is, and is no character. Errors: b
// starts with no escape, or with an unknown one.
func ReadEscape(b []byte) (r rune, size int, err error) {
	if b[0] != '\\' {
		return 0, 0, fmt.Errorf("string holds a bare %q", b[0])
	}
	if len(b) < 2 {
		return 0, 0, errors.New("string ends within an escape")
	}
	switch b[1] {
	case '"', '\\', '/':
		return rune(b[1]), 2, nil
	case 'b':
		return '\b', 2, nil
	case 'f':
		return '\f', 2, nil
	case 'n':
		return '\n', 2, nil
	case 'r':
		return '\r', 2, nil
	case 't':
		return '\t', 2, nil
	}
	first, ok := readUnit(b)
	if !ok {
		return 0, 0, fmt.Errorf("string holds the unknown escape %.6q", b)
	}
	if second, ok := readUnit(b[6:]); ok && utf16.IsSurrogate(first) {
		if pair := utf16.DecodeRune(first, second); pair != utf8.RuneError {
			return pair, 12, nil
		}
	}
	return first, 6, nil
}

// readUnit reads one \u and its four hex digits: half of a surrogate pair, or a character.
func readUnit(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// appendEscaped appends a character within a canonical JSON string.
func appendEscaped(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	if r < ' ' || utf16.IsSurrogate(r) {
		return fmt.Appendf(dst, `\u%04x`, r)
	}
	return utf8.AppendRune(dst, r)
}
