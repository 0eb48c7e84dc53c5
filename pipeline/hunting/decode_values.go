package hunting

import (
	"bytes"
	"fmt"
	"math"
	"strconv"

	"huntlake/schema"
)

// readValue reads a value into its column. If the value does not fit, that is a misfit, and the scanner stands before
// it.
func (d *decoder) readValue(c *column) error {
	first := d.scan.peek()
	switch {
	case first == '"':
		return d.readText(c)
	case first == 'n':
		if err := d.scan.word("null"); err != nil {
			return err
		}
		c.null()
		return nil
	case c.kind == schema.JSON:
		return d.readDynamic(c)
	case first == '{' && d.opts.Dialect == Graph:
		return d.readNothing(c)
	case first == 't', first == 'f':
		return d.readBool(c)
	case first == '-' || '0' <= first && first <= '9':
		return d.readNumber(c)
	case first == '{', first == '[':
		return misfitf("want %s, found %q", c.kind, first)
	}
	return d.scan.unexpected("a value")
}

// readText reads a string.
func (d *decoder) readText(c *column) error {
	if c.kind == schema.JSON {
		return d.readDynamic(c)
	}
	if c.kind == schema.String {
		id, err := c.texts.read(d.scan)
		if err == nil {
			c.number(id)
		}
		return err
	}
	body, escaped, err := d.scan.text()
	if err != nil {
		return err
	}
	text := body
	if escaped {
		if d.scratch, err = schema.AppendText(d.scratch[:0], body); err != nil {
			return err
		}
		text = d.scratch
	}
	if err := c.parse(text); err != nil {
		d.scan.pos -= len(body) + 2
		return misfit{err}
	}
	return nil
}

// parse takes the text of a value whose type is not text.
func (c *column) parse(body []byte) error {
	switch c.kind {
	case schema.Timestamp:
		micros, digit, err := schema.ParseDateTime(body)
		if err != nil {
			return err
		}
		c.timestamp(micros, digit)
		return nil
	case schema.Int64, schema.Double:
		return c.parseNumber(body)
	}
	return fmt.Errorf("want %s, found the string %.40q", c.kind, body)
}

// parseNumber takes a number, which OData may also write as a string; that is how it writes those that JSON lacks.
func (c *column) parseNumber(b []byte) error {
	if c.kind == schema.Int64 {
		v, err := parseInt(b)
		if err == nil {
			c.int64(v)
		}
		return err
	}
	v, err := parseDouble(string(b))
	if err == nil {
		c.double(v)
	}
	return err
}

// parseInt reads an integer of up to 19 digits, which a uint64 always holds, and refuses what an int64 does not.
func parseInt(b []byte) (int64, error) {
	digits, negative := bytes.CutPrefix(b, []byte("-"))
	if len(digits) == 0 || len(digits) > 19 || digits[0] == '0' && len(digits) > 1 {
		return 0, errNotInt64(b)
	}
	var n uint64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, errNotInt64(b)
		}
		n = n*10 + uint64(c-'0')
	}
	switch {
	case negative && n <= -math.MinInt64:
		return -int64(n), nil
	case !negative && n <= math.MaxInt64:
		return int64(n), nil
	}
	return 0, errNotInt64(b)
}

func errNotInt64(b []byte) error { return fmt.Errorf("want int64, found %.40q", b) }

func parseDouble(s string) (float64, error) {
	switch s {
	case "NaN":
		return math.NaN(), nil
	case "INF", "Infinity":
		return math.Inf(1), nil
	case "-INF", "-Infinity":
		return math.Inf(-1), nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if n := schema.NumberLen([]byte(s)); err != nil || n != len(s) {
		return 0, fmt.Errorf("want double, found %.40q", s)
	}
	return v, nil
}

// readNumber reads a bare number.
func (d *decoder) readNumber(c *column) error {
	b, err := d.scan.number()
	if err != nil {
		return err
	}
	if err := c.takeNumber(b); err != nil {
		d.scan.pos -= len(b)
		return misfit{err}
	}
	return nil
}

func (c *column) takeNumber(b []byte) error {
	switch {
	case c.kind == schema.Int64, c.kind == schema.Double:
		return c.parseNumber(b)
	case c.kind == schema.Bool && len(b) == 1 && b[0] <= '1':
		c.bool(b[0] == '1')
		return nil
	case c.loose:
		c.text(b)
		return nil
	}
	return fmt.Errorf("want %s, found the number %.40s", c.kind, b)
}

// readBool reads true or false.
func (d *decoder) readBool(c *column) error {
	v := d.scan.peek() == 't'
	if c.kind != schema.Bool {
		return misfitf("want %s, found %v", c.kind, v)
	}
	c.bool(v)
	return d.scan.word(strconv.FormatBool(v))
}

// readNothing reads the `{}` that is Graph's null.
func (d *decoder) readNothing(c *column) error {
	text, size, err := d.readAny(false)
	if err != nil {
		return err
	}
	if string(text) != "{}" {
		d.scan.pos -= size
		return misfitf("want %s, found an object", c.kind)
	}
	c.null()
	return nil
}

// readDynamic reads a value that may be of any kind into its column.
func (d *decoder) readDynamic(c *column) error {
	text, _, err := d.readAny(d.opts.Dialect == Graph)
	if err != nil {
		return err
	}
	if len(text) == 0 {
		c.null()
	} else {
		c.text(text)
	}
	return nil
}

// readAny reads a value of any kind and returns its canonical text, which is empty for null and is gone with the next
// call, and the size that the value had in the body.
func (d *decoder) readAny(graph bool) (text []byte, size int, err error) {
	raw, err := d.scan.raw()
	if err != nil {
		return nil, 0, err
	}
	d.scratch, _, err = schema.AppendDynamic(d.scratch[:0], raw, graph)
	return d.scratch, len(raw), err
}
