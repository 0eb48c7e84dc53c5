package wire

import (
	"strings"

	"huntlake/pipeline/hunting/simulator/jsontext"
)

const dynamicType = `"@odata.type":"#microsoft.graph.security.dynamicColumnValue"`

// appendMember appends a member of an object, or a column of a row, the way Graph writes dynamics. name is in quotes;
// text is canonical JSON.
func (e *Encoder) appendMember(dst []byte, name, text string) []byte {
	if typ := annotationOf(text); typ != "" && !(typ == "#Int64" && e.style.NoInt64) {
		dst = append(dst, name[:len(name)-1]...)
		dst = append(e.colon(append(dst, `@odata.type"`...)), '"')
		dst = e.comma(append(append(dst, typ...), '"'))
	}
	dst = e.colon(append(dst, name...))
	switch text[0] {
	case '{':
		return e.appendObject(dst, text)
	case '[':
		return e.appendArray(dst, text)
	}
	return e.appendText(dst, text)
}

func (e *Encoder) appendObject(dst []byte, text string) []byte {
	dst = append(append(dst, '{'), dynamicType...)
	for name, value := range jsontext.Members(text) {
		dst = e.appendMember(e.comma(dst), name, value)
	}
	return append(dst, '}')
}

// appendArray writes an array, whose objects and arrays are JSON texts.
func (e *Encoder) appendArray(dst []byte, text string) []byte {
	dst = append(dst, '[')
	first := true
	for element := range jsontext.Elements(text) {
		if !first {
			dst = e.comma(dst)
		}
		first = false
		if element[0] == '{' || element[0] == '[' {
			dst = e.appendString(dst, element)
		} else {
			dst = e.appendText(dst, element)
		}
	}
	return append(dst, ']')
}

// appendText appends JSON text as it stands.
func (e *Encoder) appendText(dst []byte, text string) []byte {
	if e.style.EscapeUnicode {
		for _, r := range text {
			dst = appendASCII(dst, r)
		}
		return dst
	}
	return append(dst, text...)
}

// annotationOf returns the type that Graph puts beside a member, "" where it puts none.
func annotationOf(text string) string {
	switch {
	case text[0] == '[':
		return collectionOf(text)
	case isInteger(text):
		return "#Int64"
	}
	return ""
}

// collectionOf names an array's type. Of numbers or booleans alone nobody has seen or documented one; these follow
// the names that OData gives to collections. Every array that has been seen was one of strings.
func collectionOf(text string) string {
	integers, numbers, bools, all := 0, 0, 0, 0
	for element := range jsontext.Elements(text) {
		all++
		switch c := element[0]; {
		case isInteger(element):
			integers++
			numbers++
		case c == '-' || c >= '0' && c <= '9':
			numbers++
		case c == 't' || c == 'f':
			bools++
		case c == '"' || c == '{' || c == '[':
			return "#Collection(String)"
		}
	}
	switch {
	case all == 0:
	case integers == all:
		return "#Collection(Int64)"
	case numbers == all:
		return "#Collection(Double)"
	case bools == all:
		return "#Collection(Boolean)"
	}
	return "#Collection(String)"
}

func isInteger(text string) bool {
	return (text[0] == '-' || text[0] >= '0' && text[0] <= '9') && !strings.ContainsAny(text, ".eE")
}
