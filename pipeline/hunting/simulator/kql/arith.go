package kql

import (
	"math"

	"huntlake/partition"
)

// arithmetic binds + - * / %. Null on either side gives null; so does a division of integers by zero.
func (b *binder) arithmetic(op string, l, r expr) (expr, error) {
	typ := arithmeticType(op, l.typ, r.typ)
	if typ == Null {
		return expr{}, semanticError(b.operator, "Operator '%s' cannot be applied to %s and %s", op, l.typ, r.typ)
	}
	eval := func(f *frame) Value {
		x, y := unwrap(l.eval(f)), unwrap(r.eval(f))
		if x.IsNull() || y.IsNull() {
			return Value{}
		}
		if typ == Real || x.typ == Real || y.typ == Real {
			return realArithmetic(op, x, y, typ)
		}
		n, ok := integerArithmetic(op, x.num, y.num)
		if !ok || typ == DateTime && (n < 0 || n > int64(partition.MaxTick)) {
			return Value{}
		}
		return Value{typ: typ, num: n}
	}
	return fold(expr{typ: typ, eval: eval}, l, r), nil
}

// arithmeticType returns the type of l op r, Null if there is none. Out of a dynamic comes a long or a real; which,
// only its value says, so the column is a dynamic's usual reading: real if the other side is, long otherwise.
func arithmeticType(op string, l, r Type) Type {
	if l == Dynamic {
		l = Long
	}
	if r == Dynamic {
		r = Long
	}
	switch {
	case l.numeric() && r.numeric():
		return max(l, r)
	case op == "-" && l == DateTime && r == DateTime:
		return TimeSpan
	case (op == "+" || op == "-") && l == DateTime && r == TimeSpan, op == "+" && l == TimeSpan && r == DateTime:
		return DateTime
	case (op == "+" || op == "-" || op == "%") && l == TimeSpan && r == TimeSpan:
		return TimeSpan
	case op == "-" && l == Long && r == TimeSpan: // a negative timespan is 0 - x
		return TimeSpan
	case op == "/" && l == TimeSpan && r == TimeSpan:
		return Real
	case (op == "*" || op == "/") && l == TimeSpan && r.numeric(), op == "*" && l.numeric() && r == TimeSpan:
		return TimeSpan
	}
	return Null
}

func realArithmetic(op string, x, y Value, typ Type) Value {
	a, c := x.Float(), y.Float()
	var f float64
	switch op {
	case "+":
		f = a + c
	case "-":
		f = a - c
	case "*":
		f = a * c
	case "/":
		f = a / c
	case "%":
		f = math.Mod(a, c)
		if f < 0 {
			f += math.Abs(c)
		}
	}
	if typ == TimeSpan {
		return OfSpan(partition.Tick(math.Round(f)))
	}
	return OfReal(f)
}

// integerArithmetic wraps around like the service. The remainder is never negative.
func integerArithmetic(op string, a, c int64) (int64, bool) {
	switch op {
	case "+":
		return a + c, true
	case "-":
		return a - c, true
	case "*":
		return a * c, true
	}
	if c == 0 || c == -1 && a == math.MinInt64 {
		return 0, false
	}
	if op == "/" {
		return a / c, true
	}
	m := a % c
	if m < 0 {
		m += max(c, -c)
	}
	return m, true
}
