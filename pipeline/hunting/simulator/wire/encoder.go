package wire

import (
	"math"
	"math/rand/v2"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/jsontext"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
)

// Style says how rows are written. The zero Style is Graph's usual one.
type Style struct {
	Defender      bool // the dialect: Defender instead of Graph
	NoInt64       bool // leave out Graph's "#Int64" annotations: both ways have been seen
	EscapeUnicode bool // write everything beyond ASCII as \u escapes
	WordBools     bool // in Defender, write bools as true and false instead of 1 and 0
	OmitNulls     bool // leave out the keys of nulls
	ShuffleKeys   bool // write the keys of each row in an order of its own
	Spaces        bool // put white space wherever JSON allows it
}

// Encoder appends rows of one result. It is not safe for concurrent use.
type Encoder struct {
	style Style
	keys  []key
	order []int
	rng   *rand.Rand
	day   partition.Tick // the day that date holds
	date  []byte
}

// key is a column's name as it is written, with all that comes before the value.
type key struct {
	name  string // in quotes
	plain []byte // "Name":
	sbyte []byte // "Name@odata.type":"#SByte","Name":
	int64 []byte // the same for #Int64
	typ   kql.Type
}

// NewEncoder returns an encoder for rows of the given columns. Seed decides the order of shuffled keys.
func NewEncoder(fields []schema.Field, style Style, seed uint64) *Encoder {
	e := &Encoder{style: style, rng: rand.New(rand.NewPCG(seed, 0)), day: -1}
	for i, f := range fields {
		typ, _ := kql.TypeOf(f.Type)
		k := key{name: string(jsontext.AppendString(nil, f.Name)), typ: typ}
		k.plain = e.colon([]byte(k.name))
		k.sbyte = append(e.annotation(nil, f.Name, "#SByte"), k.plain...)
		k.int64 = append(e.annotation(nil, f.Name, "#Int64"), k.plain...)
		if style.NoInt64 {
			k.int64 = k.plain
		}
		e.keys = append(e.keys, k)
		e.order = append(e.order, i)
	}
	return e
}

func (e *Encoder) colon(dst []byte) []byte {
	if e.style.Spaces {
		return append(dst, "\t: "...)
	}
	return append(dst, ':')
}

func (e *Encoder) comma(dst []byte) []byte {
	if e.style.Spaces {
		return append(dst, " ,\r\n "...)
	}
	return append(dst, ',')
}

// annotation appends "name@odata.type":"typ", with the comma.
func (e *Encoder) annotation(dst []byte, name, typ string) []byte {
	dst = jsontext.AppendString(dst, name+"@odata.type")
	return e.comma(append(append(append(e.colon(dst), '"'), typ...), '"'))
}

// AppendRow appends one row as a JSON object.
func (e *Encoder) AppendRow(dst []byte, row []kql.Value) []byte {
	if e.style.ShuffleKeys {
		e.rng.Shuffle(len(e.order), func(i, j int) { e.order[i], e.order[j] = e.order[j], e.order[i] })
	}
	dst = append(dst, '{')
	first := true
	for _, i := range e.order {
		if e.style.OmitNulls && row[i].IsNull() {
			continue
		}
		if !first {
			dst = e.comma(dst)
		}
		first = false
		dst = e.appendCell(dst, &e.keys[i], row[i])
	}
	return append(dst, '}')
}

func (e *Encoder) appendCell(dst []byte, k *key, v kql.Value) []byte {
	switch v.Type() {
	case kql.Null:
		dst = append(dst, k.plain...)
		if e.style.Defender {
			return append(dst, "null"...)
		}
		return append(dst, "{}"...)
	case kql.Bool:
		return e.appendBool(dst, k, v)
	case kql.Long:
		if !e.style.Defender && k.typ == kql.Long {
			return strconv.AppendInt(append(dst, k.int64...), v.Int64(), 10)
		}
		return strconv.AppendInt(append(dst, k.plain...), v.Int64(), 10)
	case kql.Int:
		return strconv.AppendInt(append(dst, k.plain...), v.Int64(), 10)
	case kql.Dynamic:
		if e.style.Defender {
			return e.appendText(append(dst, k.plain...), v.Text())
		}
		return e.appendMember(dst, k.name, v.Text())
	}
	return e.appendScalar(append(dst, k.plain...), v)
}

func (e *Encoder) appendBool(dst []byte, k *key, v kql.Value) []byte {
	if e.style.Defender && e.style.WordBools {
		return strconv.AppendBool(append(dst, k.plain...), v.Bool())
	}
	if e.style.Defender {
		dst = append(dst, k.plain...)
	} else {
		dst = append(dst, k.sbyte...)
	}
	return append(dst, '0'+byte(v.Int64()))
}

func (e *Encoder) appendScalar(dst []byte, v kql.Value) []byte {
	switch v.Type() {
	case kql.Real:
		return e.appendReal(dst, v.Float())
	case kql.DateTime:
		return append(e.appendTime(append(dst, '"'), v.Tick()), '"')
	case kql.TimeSpan:
		return append(kql.AppendSpan(append(dst, '"'), v.Tick()), '"')
	}
	return e.appendString(dst, v.Text())
}

func (e *Encoder) appendString(dst []byte, s string) []byte {
	from := len(dst)
	dst = jsontext.AppendString(dst, s)
	if e.style.EscapeUnicode {
		quoted := string(dst[from:])
		dst = dst[:from]
		for _, r := range quoted {
			dst = appendASCII(dst, r)
		}
	}
	return dst
}

func appendASCII(dst []byte, r rune) []byte {
	switch {
	case r < utf8.RuneSelf:
		return append(dst, byte(r))
	case r > 0xffff:
		hi, lo := utf16.EncodeRune(r)
		return appendASCII(appendASCII(dst, hi), lo)
	}
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

// appendReal writes a whole number with one zero after the point, as seen; what is no number as a string.
func (e *Encoder) appendReal(dst []byte, f float64) []byte {
	infinity := "INF"
	if e.style.Defender {
		infinity = "Infinity"
	}
	switch {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(append(append(dst, '"'), infinity...), '"')
	case math.IsInf(f, -1):
		return append(append(append(dst, `"-`...), infinity...), '"')
	case f == math.Trunc(f) && math.Abs(f) < 1e15:
		return strconv.AppendFloat(dst, f, 'f', 1, 64)
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64)
}

// appendTime writes ISO 8601 without the trailing zeros of the fraction.
func (e *Encoder) appendTime(dst []byte, t partition.Tick) []byte {
	if day := t.Floor(partition.Day); day != e.day {
		e.day, e.date = day, append(e.date[:0], t.String()[:11]...)
	}
	t -= e.day
	dst = append(dst, e.date...)
	dst = append(twoDigits(dst, t/partition.Hour), ':')
	dst = append(twoDigits(dst, t/partition.Minute%60), ':')
	dst = twoDigits(dst, t/partition.Second%60)
	if frac := t % partition.Second; frac != 0 {
		dst = append(dst, '.')
		for unit := partition.Second / 10; frac != 0; unit /= 10 {
			dst = append(dst, '0'+byte(frac/unit))
			frac %= unit
		}
	}
	return append(dst, 'Z')
}

func twoDigits(dst []byte, n partition.Tick) []byte {
	return append(dst, '0'+byte(n/10), '0'+byte(n%10))
}
