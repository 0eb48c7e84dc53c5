package kql

import (
	"math"
	"strconv"
	"strings"
	"time"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/jsontext"
)

// Type is a scalar type of the language. The zero Type is the type of a null.
type Type uint8

// The scalar types.
const (
	Null Type = iota
	Bool
	Int
	Long
	Real
	DateTime
	TimeSpan
	String
	Guid
	Dynamic
)

var typeNames = [...]struct{ kusto, wire string }{
	Null: {"null", "Object"}, Bool: {"bool", "SByte"}, Int: {"int", "Int32"}, Long: {"long", "Int64"}, Real: {"real", "Double"},
	DateTime: {"datetime", "DateTime"}, TimeSpan: {"timespan", "TimeSpan"}, String: {"string", "String"},
	Guid: {"guid", "Guid"}, Dynamic: {"dynamic", "Object"},
}

// String prints the type as the language does.
func (t Type) String() string { return typeNames[t].kusto }

// Wire is the name that a response's schema has for the type.
func (t Type) Wire() string { return typeNames[t].wire }

// TypeOf returns the type of a column whose schema entry has the given type name, with or without "System.".
func TypeOf(wire string) (Type, bool) {
	switch strings.TrimPrefix(wire, "System.") {
	case "SByte", "Boolean":
		return Bool, true
	case "Int32", "Int16", "Byte", "UInt16":
		return Int, true
	case "Int64", "UInt32":
		return Long, true
	case "Double", "Single":
		return Real, true
	case "DateTime":
		return DateTime, true
	case "TimeSpan":
		return TimeSpan, true
	case "String":
		return String, true
	case "Guid":
		return Guid, true
	case "Object", "Dynamic":
		return Dynamic, true
	}
	return Null, false
}

func (t Type) numeric() bool { return t == Int || t == Long || t == Real }

// Value is one cell. The zero Value is null. Values of one type compare with ==, except reals that are not numbers.
type Value struct {
	typ Type
	num int64  // bool, int, long; ticks of a datetime or timespan; bits of a real
	str string // string, guid; JSON text of a dynamic
}

// OfBool returns a bool.
func OfBool(b bool) Value {
	if b {
		return Value{typ: Bool, num: 1}
	}
	return Value{typ: Bool}
}

// OfInt returns an int; n must fit 32 bits.
func OfInt(n int64) Value { return Value{typ: Int, num: n} }

// OfLong returns a long.
func OfLong(n int64) Value { return Value{typ: Long, num: n} }

// OfReal returns a real.
func OfReal(f float64) Value { return Value{typ: Real, num: int64(math.Float64bits(f))} }

// OfTime returns a datetime, or null for partition.NoTick.
func OfTime(t partition.Tick) Value {
	if t == partition.NoTick {
		return Value{}
	}
	return Value{typ: DateTime, num: int64(t)}
}

// OfSpan returns a timespan of the given number of ticks.
func OfSpan(t partition.Tick) Value { return Value{typ: TimeSpan, num: int64(t)} }

// OfString returns a string.
func OfString(s string) Value { return Value{typ: String, str: s} }

// OfGuid returns a guid from its text.
func OfGuid(s string) Value { return Value{typ: Guid, str: s} }

// OfDynamic returns a dynamic from its JSON text, which must be valid and compact; the text null gives null.
func OfDynamic(text string) Value {
	if text == "null" || text == "" {
		return Value{}
	}
	return Value{typ: Dynamic, str: text}
}

// Type returns the type of v, Null for null.
func (v Value) Type() Type { return v.typ }

// IsNull reports whether v is null.
func (v Value) IsNull() bool { return v.typ == Null }

// Bool reports whether v is a bool or a number other than zero.
func (v Value) Bool() bool { return v.typ <= Long && v.num != 0 }

// Int64 returns a bool, int or long, or the ticks of a datetime or timespan.
func (v Value) Int64() int64 { return v.num }

// Tick returns a datetime or timespan, NoTick for null.
func (v Value) Tick() partition.Tick {
	if v.typ == Null {
		return partition.NoTick
	}
	return partition.Tick(v.num)
}

// Float returns any number as a float64.
func (v Value) Float() float64 {
	if v.typ == Real {
		return math.Float64frombits(uint64(v.num))
	}
	return float64(v.num)
}

// Text returns a string or guid, or the JSON text of a dynamic; "" for anything else.
func (v Value) Text() string { return v.str }

// String prints v as tostring() does: a null is empty, a datetime has seven fractional digits, a dynamic that holds a
// string is that string.
func (v Value) String() string {
	switch v.typ {
	case Bool:
		return strconv.FormatBool(v.num != 0)
	case Int, Long:
		return strconv.FormatInt(v.num, 10)
	case Real:
		return formatReal(v.Float())
	case DateTime:
		return v.Tick().String()
	case TimeSpan:
		return string(AppendSpan(nil, v.Tick()))
	case String, Guid:
		return v.str
	case Dynamic:
		if strings.HasPrefix(v.str, `"`) {
			return unwrap(v).str
		}
		return v.str
	}
	return ""
}

func formatReal(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case f != 0 && (math.Abs(f) >= 1e15 || math.Abs(f) < 1e-5):
		return strconv.FormatFloat(f, 'E', -1, 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// AppendSpan prints a timespan as .NET does: [-][d.]hh:mm:ss[.fffffff].
func AppendSpan(dst []byte, t partition.Tick) []byte {
	if t < 0 {
		dst, t = append(dst, '-'), -t
	}
	if d := t / partition.Day; d > 0 {
		dst = append(strconv.AppendInt(dst, int64(d), 10), '.')
	}
	rest := time.Duration(t%partition.Day) * 100
	clock := time.Unix(0, int64(rest)).UTC()
	if rest%time.Second == 0 {
		return clock.AppendFormat(dst, "15:04:05")
	}
	return clock.AppendFormat(dst, "15:04:05.0000000")
}

// unwrap turns a dynamic that holds a scalar into that scalar; anything else stays as it is.
func unwrap(v Value) Value {
	if v.typ != Dynamic || v.str == "" {
		return v
	}
	switch c := v.str[0]; {
	case c == '"':
		return OfString(jsontext.Unquote(v.str))
	case v.str == "true", v.str == "false":
		return OfBool(c == 't')
	case c == '-' || (c >= '0' && c <= '9'):
		if n, err := strconv.ParseInt(v.str, 10, 64); err == nil {
			return OfLong(n)
		}
		if f, err := strconv.ParseFloat(v.str, 64); err == nil {
			return OfReal(f)
		}
	}
	return v
}
