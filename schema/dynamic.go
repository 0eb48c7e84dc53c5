package schema

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a dynamic value. Kusto's own bound is far lower.
const maxDepth = 512

// AppendDynamic appends the canonical JSON text of a dynamic value to dst, given its text as received, and reports
// whether there is one: null has none. Canonical text is compact, with keys in the order received, numbers as they
// were written, and strings in UTF-8 with no escapes but those of quote, backslash, control characters and halves of
// surrogate pairs. It is its own canonical text.
//
// With graph, raw is as Microsoft Graph sends it, and the marks of that wire are taken off, so that both dialects
// give the same text:
//
//   - keys `@odata.type` and `<x>@odata.type` are removed;
//   - a bare `{}` is null, but an object that held nothing except such keys is `{}`;
//   - Graph sends every array as a Collection(String), objects and arrays within it as their JSON text: an element that
//     is such a text becomes what it stands for. Within it nothing else is taken off, as Graph put nothing on.
//
// A string that the source itself holds in an array, and that is the text of an object or array, cannot be told
// apart on that wire. Errors: raw is not one JSON value in UTF-8, or it is nested deeper than 512 levels.
func AppendDynamic(dst, raw []byte, graph bool) ([]byte, bool, error) {
	d := dynamic{raw: raw, out: dst, graph: graph}
	if err := d.document(); err != nil {
		return dst, false, fmt.Errorf("read dynamic value at byte %d: %w", d.pos, err)
	}
	if string(d.out[len(dst):]) == "null" {
		return dst, false, nil
	}
	return d.out, true, nil
}

// dynamic rewrites one JSON value.
type dynamic struct {
	raw   []byte
	pos   int // in raw
	out   []byte
	graph bool
	depth int
}

func (d *dynamic) document() error {
	if !utf8.Valid(d.raw) {
		return errUTF8
	}
	if err := d.value(); err != nil {
		return err
	}
	if d.peek(); d.pos < len(d.raw) {
		return errors.New("more follows the value")
	}
	return nil
}

// peek skips white space and returns the next byte, or 0 at the end.
func (d *dynamic) peek() byte {
	for ; d.pos < len(d.raw); d.pos++ {
		if c := d.raw[d.pos]; c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c
		}
	}
	return 0
}

func (d *dynamic) value() error {
	switch d.peek() {
	case '{':
		return d.nested('}')
	case '[':
		return d.nested(']')
	case '"':
		return d.text()
	case 't':
		return d.literal("true")
	case 'f':
		return d.literal("false")
	case 'n':
		return d.literal("null")
	}
	n := NumberLen(d.raw[d.pos:])
	if n == 0 {
		return errors.New("want a JSON value")
	}
	d.copy(n)
	return nil
}

func (d *dynamic) literal(word string) error {
	if !bytes.HasPrefix(d.raw[d.pos:], []byte(word)) {
		return fmt.Errorf("want %s", word)
	}
	d.copy(len(word))
	return nil
}

// copy takes n bytes over as they are.
func (d *dynamic) copy(n int) {
	d.out = append(d.out, d.raw[d.pos:d.pos+n]...)
	d.pos += n
}

// nested rewrites an object or array, whichever ends in closing.
func (d *dynamic) nested(closing byte) error {
	if d.depth++; d.depth > maxDepth {
		return fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	start := len(d.out)
	d.copy(1)
	items := 0
	for ; d.peek() != closing; items++ {
		if items > 0 && !d.skip(',') {
			return fmt.Errorf("want , or %c", closing)
		}
		if err := d.item(start, closing); err != nil {
			return err
		}
	}
	d.copy(1)
	d.depth--
	if items == 0 && closing == '}' && d.graph {
		d.out = append(d.out[:start], "null"...)
	}
	return nil
}

// item rewrites one item of what begins at start, with a comma before all but the first that remains.
func (d *dynamic) item(start int, closing byte) (err error) {
	before := len(d.out)
	if before > start+1 {
		d.out = append(d.out, ',')
	}
	after := len(d.out)
	if closing == '}' {
		err = d.member()
	} else {
		err = d.element()
	}
	if len(d.out) == after {
		d.out = d.out[:before]
	}
	return err
}

// skip moves past c, if that is next.
func (d *dynamic) skip(c byte) bool {
	found := d.peek() == c
	if found {
		d.pos++
	}
	return found
}

// member rewrites one key and its value, or leaves nothing of them.
func (d *dynamic) member() error {
	start := len(d.out)
	if d.peek() != '"' {
		return errors.New("want a key")
	}
	if err := d.text(); err != nil {
		return err
	}
	mark := d.graph && bytes.HasSuffix(d.out[start:], []byte(`@odata.type"`))
	if !d.skip(':') {
		return errors.New("want : after the key")
	}
	d.out = append(d.out, ':')
	if err := d.value(); err != nil {
		return err
	}
	if mark {
		d.out = d.out[:start]
	}
	return nil
}

// element rewrites one element of an array.
func (d *dynamic) element() error {
	start := len(d.out)
	isText := d.peek() == '"'
	if err := d.value(); err != nil {
		return err
	}
	if isText && d.graph {
		d.restore(start)
	}
	return nil
}

// restore replaces the string at the end of the output by the object or array that it is the JSON text of, if it is.
func (d *dynamic) restore(start int) {
	body := d.out[start+1 : len(d.out)-1]
	if len(body) < 2 || body[0] != '{' && body[0] != '[' {
		return
	}
	raw, err := appendUnescaped(nil, body, appendWhole)
	if err != nil {
		return
	}
	inner := dynamic{raw: raw, depth: d.depth}
	if inner.document() == nil {
		d.out = append(d.out[:start], inner.out...)
	}
}

// appendWhole appends a character; half a surrogate pair becomes a byte that no JSON text may hold.
func appendWhole(dst []byte, r rune) []byte {
	if !utf8.ValidRune(r) {
		return append(dst, 0xff)
	}
	return utf8.AppendRune(dst, r)
}

// text rewrites a string.
func (d *dynamic) text() error {
	d.copy(1)
	body := d.raw[d.pos:]
	n := PlainLen(body)
	for n+1 < len(body) && body[n] == '\\' {
		n = min(n+2, len(body))
		n += PlainLen(body[n:])
	}
	if n == len(body) || body[n] == '\\' {
		return errors.New("string does not end")
	}
	if body[n] != '"' {
		return fmt.Errorf("string holds a bare %q", body[n])
	}
	out, err := appendUnescaped(d.out, body[:n], appendEscaped)
	if err != nil {
		return err
	}
	d.out = append(out, '"')
	d.pos += n + 1
	return nil
}
