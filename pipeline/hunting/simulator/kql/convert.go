package kql

import (
	"math"
	"strconv"
	"strings"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/jsontext"
)

// As returns v as another type, as tolong(), tostring() and their like do; null if it cannot be converted.
func (v Value) As(typ Type) Value {
	if v.IsNull() {
		return v
	}
	return converted(v, typ)
}

// converted is convert for callers to whom null says enough.
func converted(v Value, typ Type) Value {
	if w, ok := convert(v, typ); ok {
		return w
	}
	return Value{}
}

// convert does what tolong(), tostring() and their like do: what cannot be converted is null, and then it returns
// false.
func convert(v Value, typ Type) (Value, bool) {
	if typ == String {
		return OfString(v.String()), true
	}
	if typ == Dynamic {
		return toDynamic(v), true
	}
	v = unwrap(v)
	switch {
	case v.typ == Dynamic: // an object or array
		return Value{}, false
	case v.IsNull() || v.typ == typ:
		return v, !v.IsNull()
	case v.typ == String:
		return parseText(strings.TrimSpace(v.str), typ)
	}
	switch typ {
	case Long, Int, Bool:
		return toInteger(v, typ)
	case Real:
		if v.typ.numeric() || v.typ == Bool {
			return OfReal(v.Float()), true
		}
	case DateTime, TimeSpan:
		if v.typ == Long || v.typ == Int {
			return Value{typ: typ, num: v.num}, v.num >= 0 && v.num <= int64(partition.MaxTick)
		}
	}
	return Value{}, false
}

// toDynamic is parse_json(): a string that is no JSON becomes a dynamic that holds the string.
func toDynamic(v Value) Value {
	switch v.typ {
	case Null, Dynamic:
		return v
	case String:
		if text, ok := jsontext.Canonical(v.str); ok {
			return OfDynamic(text)
		}
	}
	return OfDynamic(string(appendJSON(nil, v)))
}

func toInteger(v Value, typ Type) (Value, bool) {
	n := v.num
	if v.typ == Real {
		f := math.Trunc(v.Float())
		if !(f >= -1<<63 && f < 1<<63) {
			return Value{}, false
		}
		n = int64(f)
	}
	switch {
	case typ == Bool:
		return OfBool(n != 0), true
	case typ == Int && int64(int32(n)) != n:
		return Value{}, false
	}
	return Value{typ: typ, num: n}, true
}

func parseText(s string, typ Type) (Value, bool) {
	switch typ {
	case Long, Int:
		n, ok := parseInteger(s)
		if !ok {
			return Value{}, false
		}
		return toInteger(OfLong(n), typ)
	case Real:
		f, err := strconv.ParseFloat(s, 64)
		return OfReal(f), err == nil
	case Bool:
		switch strings.ToLower(s) {
		case "true", "1":
			return OfBool(true), true
		case "false", "0":
			return OfBool(false), true
		}
	case DateTime:
		t, ok := ParseTime(s)
		return OfTime(t), ok
	case TimeSpan:
		return parseSpan(s)
	case Guid:
		return OfGuid(s), len(s) == 36
	}
	return Value{}, false
}

// parseInteger reads decimal and 0x hexadecimal.
func parseInteger(s string) (int64, bool) {
	digits, negative := strings.CutPrefix(s, "-")
	if hex, ok := strings.CutPrefix(strings.ToLower(digits), "0x"); ok {
		n, err := strconv.ParseUint(hex, 16, 64)
		if negative {
			return -int64(n), err == nil
		}
		return int64(n), err == nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}
