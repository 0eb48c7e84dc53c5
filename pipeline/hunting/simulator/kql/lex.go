package kql

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenName
	tokenNumber // digits, with a fraction, an exponent or a time unit
	tokenString
	tokenMark // operators and punctuation
)

type token struct {
	kind tokenKind
	text string // a string's value, everything else as written
	at   int    // offset of the first byte
	end  int
}

// lexer reads tokens one at a time, since what stands in datetime(...) is not made of tokens.
type lexer struct {
	src string
	pos int
}

func (l *lexer) skipSpace() {
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			l.pos++
		case strings.HasPrefix(l.src[l.pos:], "\xef\xbb\xbf"):
			l.pos += 3
		case strings.HasPrefix(l.src[l.pos:], "//"):
			if i := strings.IndexByte(l.src[l.pos:], '\n'); i >= 0 {
				l.pos += i
			} else {
				l.pos = len(l.src)
			}
		default:
			return
		}
	}
}

func (l *lexer) next() (token, error) {
	l.skipSpace()
	t := token{at: l.pos}
	rest := l.src[l.pos:]
	if rest == "" {
		t.end = t.at
		return t, nil
	}
	var err error
	switch c := rest[0]; {
	case isNameStart(c) && !isStringPrefix(rest):
		t.kind, t.text = tokenName, rest[:nameLength(rest)]
		l.pos += len(t.text)
	case isDigit(c):
		t.kind, t.text = tokenNumber, rest[:numberLength(rest)]
		l.pos += len(t.text)
	case c == '"' || c == '\'' || c == '@' || isStringPrefix(rest) || strings.HasPrefix(rest, "```"):
		t.kind = tokenString
		t.text, err = l.quoted()
	default:
		t.kind, t.text = tokenMark, mark(rest)
		l.pos += len(t.text)
	}
	t.end = l.pos
	return t, err
}

func isDigit(c byte) bool     { return c >= '0' && c <= '9' }
func isNameStart(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func isNameByte(c byte) bool  { return isNameStart(c) || isDigit(c) }

// isStringPrefix finds h"..." and H'...', which hide a string from the service's own log.
func isStringPrefix(s string) bool {
	return len(s) > 1 && s[0]|0x20 == 'h' && (s[1] == '"' || s[1] == '\'' || len(s) > 2 && s[1] == '@' && (s[2] == '"' || s[2] == '\''))
}

func nameLength(s string) int {
	n := 0
	for n < len(s) && isNameByte(s[n]) {
		n++
	}
	return n
}

// numberLength measures 1, 0x1f, 1.5, 1e-3, 1m, 1.5d. In "1..2" and "1.f" the dot is not the number's.
func numberLength(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	if n+1 < len(s) && s[n] == '.' && isDigit(s[n+1]) {
		for n++; n < len(s) && isDigit(s[n]); n++ {
		}
	}
	if n+2 < len(s) && s[n]|0x20 == 'e' && (s[n+1] == '-' || s[n+1] == '+') && isDigit(s[n+2]) {
		n += 2
	}
	return n + nameLength(s[n:])
}

// marks are tried in order, so that no mark hides a longer one. Text operators with ! are read as marks too.
var marks = [...]string{"==", "=~", "!=", "!~", "<=", ">=", "<>", "..", "=>"}

func mark(s string) string {
	for _, m := range marks {
		if strings.HasPrefix(s, m) {
			return m
		}
	}
	if s[0] == '!' && len(s) > 1 && isNameStart(s[1]) {
		return s[:1+nameLength(s[1:])]
	}
	_, n := utf8.DecodeRuneInString(s)
	return s[:n]
}

// quoted reads a string: "..." and '...' with escapes, @"..." where only the doubled quote is one, and ```...```.
func (l *lexer) quoted() (string, error) {
	start := l.pos
	if l.src[l.pos]|0x20 == 'h' {
		l.pos++
	}
	if body, ok := strings.CutPrefix(l.src[l.pos:], "```"); ok {
		text, _, closed := strings.Cut(body, "```")
		if !closed {
			return "", syntaxError("string at %d has no end", start)
		}
		l.pos += len(text) + 6
		return text, nil
	}
	verbatim := l.src[l.pos] == '@'
	if verbatim {
		l.pos++
	}
	if l.pos >= len(l.src) || (l.src[l.pos] != '"' && l.src[l.pos] != '\'') {
		return "", syntaxError("unexpected @ at %d", start)
	}
	quote := l.src[l.pos]
	l.pos++
	if verbatim {
		return l.verbatim(start, quote)
	}
	return l.escaped(start, quote)
}

func (l *lexer) verbatim(start int, quote byte) (string, error) {
	var b strings.Builder
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		l.pos++
		if c == quote {
			if l.pos >= len(l.src) || l.src[l.pos] != quote {
				return b.String(), nil
			}
			l.pos++
		}
		b.WriteByte(c)
	}
	return "", syntaxError("string at %d has no end", start)
}

func (l *lexer) escaped(start int, quote byte) (string, error) {
	var b strings.Builder
	for rest := l.src[l.pos:]; rest != "" && rest[0] != '\n' && rest[0] != '\r'; {
		if rest[0] == quote {
			l.pos = len(l.src) - len(rest) + 1
			return b.String(), nil
		}
		if rest[0] != '\\' {
			b.WriteByte(rest[0])
			rest = rest[1:]
			continue
		}
		r, _, tail, err := strconv.UnquoteChar(rest, quote)
		if err != nil {
			// UnquoteChar knows only the escape of the quote at hand; the language lets both be escaped.
			if len(rest) < 2 || (rest[1] != '"' && rest[1] != '\'') {
				return "", syntaxError("unknown escape in the string at %d", start)
			}
			r, tail = rune(rest[1]), rest[2:]
		}
		b.WriteRune(r)
		rest = tail
	}
	return "", syntaxError("string at %d has no end", start)
}

// literal reads what stands between the parentheses of datetime(...), dynamic(...) and their like, as written; the
// opening one has been read.
func (l *lexer) literal() (string, error) {
	start, depth := l.pos, 0
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; c {
		case '"', '\'':
			if _, err := l.quoted(); err != nil {
				return "", err
			}
			continue
		case '(', '[', '{':
			depth++
		case ']', '}':
			depth--
		case ')':
			if depth <= 0 {
				l.pos++
				return strings.TrimSpace(l.src[start : l.pos-1]), nil
			}
			depth--
		}
		l.pos++
	}
	return "", syntaxError("literal at %d has no end", start)
}
