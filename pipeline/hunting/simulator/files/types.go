package files

import (
	"strconv"
	"strings"

	"huntlake/pipeline/hunting/simulator/jsontext"
	"huntlake/pipeline/hunting/simulator/kql"
)

// convert makes a value of a type from a cell, or returns false if that would change what the cell says.
func (c cell) convert(typ kql.Type, noNullStrings bool) (kql.Value, bool) {
	if c.isNull() || c.plain && c.text == "" && typ != kql.String {
		if typ == kql.String && noNullStrings {
			return kql.OfString(""), true
		}
		return kql.Value{}, true
	}
	switch typ {
	case kql.String:
		return kql.OfString(c.string()), true
	case kql.Guid:
		return kql.OfGuid(c.string()), true
	case kql.Dynamic:
		return c.dynamic()
	}
	if !c.plain && (c.text[0] == '{' || c.text[0] == '[') {
		return kql.Value{}, false
	}
	return convertScalar(c.string(), typ)
}

// string returns the text of a JSON string, and the text of anything else as it stands.
func (c cell) string() string {
	if c.plain {
		return c.text
	}
	return jsontext.Unquote(c.text)
}

// dynamic returns the cell as nested JSON. A string that holds an object or array is one that a channel without nested
// values has flattened.
func (c cell) dynamic() (kql.Value, bool) {
	if s := strings.TrimSpace(c.string()); strings.HasPrefix(s, "{") || strings.HasPrefix(s, "[") {
		if text, ok := jsontext.Canonical(s); ok {
			return kql.OfDynamic(text), true
		}
	}
	if c.plain {
		return kql.OfDynamic(string(jsontext.AppendString(nil, c.text))), true
	}
	return kql.OfDynamic(c.text), true
}

func convertScalar(s string, typ kql.Type) (kql.Value, bool) {
	switch typ {
	case kql.Bool:
		switch strings.ToLower(s) {
		case "true", "1":
			return kql.OfBool(true), true
		case "false", "0":
			return kql.OfBool(false), true
		}
	case kql.Int, kql.Long:
		size := 64
		if typ == kql.Int {
			size = 32
		}
		n, err := strconv.ParseInt(s, 10, size)
		if typ == kql.Int {
			return kql.OfInt(n), err == nil
		}
		return kql.OfLong(n), err == nil
	case kql.Real:
		f, err := strconv.ParseFloat(s, 64)
		return kql.OfReal(f), err == nil
	case kql.DateTime:
		t, ok := kql.ParseTime(s)
		return kql.OfTime(t), ok && strings.Contains(s, "T")
	}
	return kql.Value{}, false
}

// infer returns the narrowest type that says all that the cells say.
func infer(cells []cell) kql.Type {
	for _, typ := range []kql.Type{kql.Bool, kql.Long, kql.Real, kql.DateTime, kql.Dynamic} {
		seen := false
		fits := true
		for _, c := range cells {
			if c.isNull() || c.text == "" {
				continue
			}
			seen = true
			fits = fits && c.suits(typ)
		}
		if seen && fits {
			return typ
		}
	}
	return kql.String
}

// suits is stricter than convert: a string of digits is a string, and 007 is no number.
func (c cell) suits(typ kql.Type) bool {
	quoted := !c.plain && c.text[0] == '"'
	nested := c.text[0] == '{' || c.text[0] == '['
	switch typ {
	case kql.Bool:
		return c.text == "true" || c.text == "false"
	case kql.Dynamic:
		_, ok := jsontext.Canonical(c.string())
		return nested && !quoted && ok
	case kql.DateTime:
		_, ok := c.convert(typ, false)
		return ok && (quoted || c.plain)
	}
	v, ok := c.convert(typ, false)
	return ok && !quoted && !nested && v.String() == c.text
}
