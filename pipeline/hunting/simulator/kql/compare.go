package kql

import (
	"cmp"
	"strings"
)

// comparable reports whether values of two types may be compared without a cast. A dynamic is compared by what it holds.
func comparable(a, b Type) bool {
	number := func(t Type) bool { return t.numeric() || t == Bool }
	text := func(t Type) bool { return t == String || t == Guid }
	switch {
	case a == b, a == Dynamic, b == Dynamic, a == Null, b == Null:
		return true
	case number(a):
		return number(b)
	case text(a):
		return text(b)
	}
	return false
}

// compareValues orders two values that are not null. It returns false for values that have no order, such as a string
// and a number out of a dynamic, or anything that is not a number.
func compareValues(a, b Value) (int, bool) {
	switch {
	case a.typ == Real || b.typ == Real:
		if !a.isNumber() || !b.isNumber() {
			return 0, false
		}
		x, y := a.Float(), b.Float()
		return cmp.Compare(x, y), x == x && y == y
	case a.typ == b.typ && a.typ < String, a.isNumber() && b.isNumber():
		return cmp.Compare(a.num, b.num), true
	case a.typ >= String && b.typ >= String:
		if a.typ == Guid || b.typ == Guid {
			return strings.Compare(strings.ToLower(a.str), strings.ToLower(b.str)), true
		}
		return strings.Compare(a.str, b.str), true
	}
	return 0, false
}

func (v Value) isNumber() bool { return v.typ.numeric() || v.typ == Bool }

// order is compareValues for sorting, where every two values have an order: nulls are equal and come before or after
// everything else.
func order(a, b Value, nullsFirst bool) int {
	if a.IsNull() || b.IsNull() {
		c := cmp.Compare(boolInt(b.IsNull()), boolInt(a.IsNull()))
		if !nullsFirst {
			c = -c
		}
		return c
	}
	if c, ok := compareValues(a, b); ok {
		return c
	}
	return cmp.Compare(a.typ, b.typ)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
