package kql

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"

	"huntlake/pipeline/hunting/simulator/jsontext"
)

func strcat(args []Value) Value {
	var b strings.Builder
	for _, a := range args {
		b.WriteString(a.String())
	}
	return OfString(b.String())
}

func sha256Hex(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func packArray(args []Value) Value {
	dst := []byte{'['}
	for i, a := range args {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJSON(dst, a)
	}
	return OfDynamic(string(append(dst, ']')))
}

// appendJSON appends v as it stands inside a dynamic.
func appendJSON(dst []byte, v Value) []byte {
	switch v.typ {
	case Null:
		return append(dst, "null"...)
	case Bool, Int, Long, Dynamic:
		return append(dst, jsonText(v)...)
	case Real:
		return append(dst, formatReal(v.Float())...)
	}
	return jsontext.AppendString(dst, v.String())
}

func jsonText(v Value) string {
	if v.typ == Dynamic {
		return v.str
	}
	return v.String()
}

func strcatArray(args []Value) Value {
	var parts []string
	for e := range jsontext.Elements(args[0].str) {
		parts = append(parts, OfDynamic(e).String())
	}
	return OfString(strings.Join(parts, args[1].String()))
}

// joinCells is strcat_array(pack_array(...), delimiter) without the array in between: the hash buckets of an export
// compute it for every row.
func (b *binder) joinCells(r *relation, cells []node, delimiter node) (expr, error) {
	args, err := b.bindAll(r, append(slices.Clone(cells), delimiter))
	if err != nil {
		return expr{}, err
	}
	last := len(args) - 1
	eval := func(f *frame) Value {
		var s strings.Builder
		with := args[last].eval(f).String()
		for i, a := range args[:last] {
			if i > 0 {
				s.WriteString(with)
			}
			s.WriteString(a.eval(f).String())
		}
		return OfString(s.String())
	}
	return fold(expr{typ: String, eval: eval}, args...), nil
}

// substring counts characters; a negative start counts from the end.
func substring(args []Value) Value {
	s, start := args[0].String(), args[1].Int64()
	length := int64(len(s))
	if len(args) == 3 && !args[2].IsNull() {
		length = max(args[2].Int64(), 0)
	}
	if isASCII(s) {
		start = clampStart(start, int64(len(s)))
		return OfString(s[start:min(start+min(length, int64(len(s))), int64(len(s)))])
	}
	runes := []rune(s)
	n := int64(len(runes))
	start = clampStart(start, n)
	return OfString(string(runes[start:min(start+min(length, n), n)]))
}

func clampStart(start, n int64) int64 {
	if start < 0 {
		start += n
	}
	return min(max(start, 0), n)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func arrayLength(v Value) Value {
	if !strings.HasPrefix(v.str, "[") || v.typ != Dynamic {
		return Value{}
	}
	n := int64(0)
	for range jsontext.Elements(v.str) {
		n++
	}
	return OfLong(n)
}

// memberOf looks a key or, counted from either end, an index up in a dynamic; null if it is not there.
func memberOf(v, key Value) Value {
	if v.typ != Dynamic {
		return Value{}
	}
	if key.typ == String {
		for k, member := range jsontext.Members(v.str) {
			if jsontext.Unquote(k) == key.str {
				return OfDynamic(member)
			}
		}
		return Value{}
	}
	i := key.num
	if i < 0 {
		i += arrayLength(v).num
	}
	for e := range jsontext.Elements(v.str) {
		if i == 0 {
			return OfDynamic(e)
		}
		i--
	}
	return Value{}
}
