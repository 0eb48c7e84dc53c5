package hunting

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind says what a token is.
type tokenKind uint8

const (
	nameToken   tokenKind = iota + 1 // an identifier or a keyword
	stringToken                      // a string literal, quotes and all
	numberToken                      // what begins with a digit: 5, 0x1F, 1.5h, 2026
	symbolToken                      // an operator or a bracket
)

// token is one word of a query.
type token struct {
	kind   tokenKind
	text   string
	name   string // of a nameToken, the name: A for A, and for ['A'], which is one token too
	spaced bool   // white space or a comment came before it
	line   int    // 1-based
}

func (t token) is(symbol string) bool { return t.kind == symbolToken && t.text == symbol }

// lexer cuts a query into tokens. Its idea of where strings and comments begin and end is that of the service's own
// parser: a quote inside a comment or a comment inside a string must not hide an operator.
type lexer struct {
	rest   string
	line   int
	spaced bool
	tokens []token
}

// lex returns the tokens of text, or says what in it cannot be part of a named query. Literals come back in a form
// that needs neither a line end nor a semicolon.
func lex(text string) ([]token, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("the text is not UTF-8")
	}
	l := lexer{rest: text, line: 1}
	for l.skipBlank(); l.rest != ""; l.skipBlank() {
		if err := l.next(); err != nil {
			return nil, fmt.Errorf("line %d: %w", l.line, err)
		}
	}
	return l.tokens, nil
}

// joinNames makes one token of each bracketed name. Brackets right behind an operand are an index instead, and those
// inside dynamic(…) a list.
func joinNames(tokens []token) []token {
	var out []token
	literal := 0 // how deep in the brackets of a dynamic(…)
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		switch {
		case t.is("(") && (literal > 0 || (i > 0 && tokens[i-1].name == "dynamic")):
			literal++
		case t.is(")") && literal > 0:
			literal--
		case literal == 0 && isBracketed(tokens[i:]) && (i == 0 || t.spaced || !tokens[i-1].endsOperand()):
			text := tokens[i+1].text
			t.kind, t.name, t.text = nameToken, strings.Trim(text, `"'`), "["+text+"]"
			i += 2
		}
		out = append(out, t)
	}
	return out
}

func isBracketed(tokens []token) bool {
	return len(tokens) > 2 && tokens[0].is("[") && tokens[1].kind == stringToken && tokens[2].is("]")
}

// endsOperand reports whether an operator, not an operand, is due after t.
func (t token) endsOperand() bool {
	switch t.kind {
	case nameToken:
		return t.text != "and" && t.text != "or" && t.text != "not" && t.text != "with"
	case symbolToken:
		return t.text == ")" || t.text == "]"
	}
	return true
}

// lineEnds are the characters at which the service's parser ends a comment.
const lineEnds = "\n\r\u2028\u2029"

// skipBlank skips white space and comments.
func (l *lexer) skipBlank() {
	for {
		trimmed := strings.TrimLeftFunc(l.rest, unicode.IsSpace)
		if strings.HasPrefix(trimmed, "//") {
			end := strings.IndexAny(trimmed, lineEnds)
			if end < 0 {
				end = len(trimmed)
			}
			trimmed = trimmed[end:]
		}
		if len(trimmed) == len(l.rest) {
			return
		}
		l.line += strings.Count(l.rest[:len(l.rest)-len(trimmed)], "\n")
		l.rest, l.spaced = trimmed, true
	}
}

// next takes one token off the text.
func (l *lexer) next() error {
	if literal, length, err := stringLiteral(l.rest); length > 0 || err != nil {
		if err == nil {
			l.take(stringToken, literal, length)
		}
		return err
	}
	first, size := utf8.DecodeRuneInString(l.rest)
	switch {
	case isNameRune(first) && !isDigit(first):
		n := lengthOf(l.rest, isNameRune)
		l.take(nameToken, l.rest[:n], n)
	case isDigit(first):
		n := lengthOf(l.rest, func(r rune) bool { return isNameRune(r) || r == '.' })
		l.take(numberToken, l.rest[:n], n)
	case first == ';':
		return errors.New("a semicolon: a named query is one statement, without let or set")
	case !strings.ContainsRune("|()[]{},.:=!<>+-*/%~?", first):
		return fmt.Errorf("the character %q", first)
	case isPair(l.rest):
		l.take(symbolToken, l.rest[:2], 2)
	default:
		l.take(symbolToken, l.rest[:size], size)
	}
	return nil
}

// isPair reports whether text begins with an operator of two characters that has = or ~ in it.
func isPair(text string) bool {
	for _, p := range []string{"==", "=~", "!=", "!~", "<=", ">="} {
		if strings.HasPrefix(text, p) {
			return true
		}
	}
	return false
}

func (l *lexer) take(kind tokenKind, text string, length int) {
	t := token{kind: kind, text: text, spaced: l.spaced, line: l.line}
	if kind == nameToken {
		t.name = text
	}
	l.tokens = append(l.tokens, t)
	l.line += strings.Count(l.rest[:length], "\n")
	l.rest, l.spaced = l.rest[length:], false
}

// stringLiteral returns the literal at the beginning of text, rewritten so that it needs no line end and no
// semicolon, and the length it had. The length is 0 if text does not begin with one. The forms are "…", '…' with
// escapes, @"…", @'…' with doubled quotes, ```…```, ~~~…~~~ as they stand, and each with h before it.
func stringLiteral(text string) (literal string, length int, err error) {
	prefix := ""
	body := text
	if strings.HasPrefix(body, "h") || strings.HasPrefix(body, "H") {
		prefix, body = body[:1], body[1:]
	}
	verbatim := strings.HasPrefix(body, "@")
	body = strings.TrimPrefix(body, "@")
	skipped := len(text) - len(body)
	for _, fence := range []string{"```", "~~~"} {
		if inner, ok := strings.CutPrefix(body, fence); ok {
			value, _, closed := strings.Cut(inner, fence)
			if !closed {
				return "", 0, fmt.Errorf("a string that %s does not end", fence)
			}
			return prefix + quote(value), skipped + len(value) + 2*len(fence), nil
		}
	}
	if body == "" || (body[0] != '"' && body[0] != '\'') {
		return "", 0, nil
	}
	n, err := quotedLength(body, verbatim)
	if err != nil {
		return "", 0, err
	}
	if inner := body[1 : n-1]; verbatim {
		q := body[:1]
		literal = prefix + quote(strings.ReplaceAll(inner, q+q, q))
	} else {
		literal = prefix + strings.ReplaceAll(body[:n], ";", `\u003b`)
	}
	return literal, skipped + n, nil
}

// quotedLength returns the length of the quoted string at the beginning of body, both quotes included.
func quotedLength(body string, verbatim bool) (int, error) {
	q := body[0]
	for i := 1; i < len(body); i++ {
		switch c := body[i]; {
		case c == '\n' || c == '\r':
			return 0, errors.New("a string that its line does not end")
		case c == '\\' && !verbatim:
			i++
			if i < len(body) && (body[i] == ';' || body[i] == '\n' || body[i] == '\r') {
				return 0, fmt.Errorf("a string with a backslash before %q", body[i])
			}
		case c == q && verbatim && i+1 < len(body) && body[i+1] == q:
			i++
		case c == q:
			return i + 1, nil
		}
	}
	return 0, errors.New("a string that does not end")
}

// quote writes value as a string literal.
func quote(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, ";", `\u003b`).Replace(value) + `"`
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func isNameRune(r rune) bool {
	return r == '_' || isDigit(r) || (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z')
}

// isName reports whether s is an identifier that needs no brackets.
func isName(s string) bool {
	return s != "" && !isDigit(rune(s[0])) && lengthOf(s, isNameRune) == len(s)
}

// lengthOf is how much of s, from its beginning, consists of what ok accepts.
func lengthOf(s string, ok func(rune) bool) int {
	if n := strings.IndexFunc(s, func(r rune) bool { return !ok(r) }); n >= 0 {
		return n
	}
	return len(s)
}
