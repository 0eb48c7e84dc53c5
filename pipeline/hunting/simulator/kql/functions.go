package kql

import (
	"math"
	"strings"

	"huntlake/partition"
)

// call binds a function call.
func (b *binder) call(r *relation, n callNode) (expr, error) {
	fn, ok := lookupFunction(n.function)
	if !ok {
		return expr{}, semanticError(b.operator, "Unknown function: '%s'", n.function)
	}
	if len(n.args) < fn.min || fn.max >= 0 && len(n.args) > fn.max {
		return expr{}, semanticError(b.operator, "%s(): function expects %d argument(s)", n.function, fn.min)
	}
	if n.function == "strcat_array" {
		if list, ok := n.args[0].(callNode); ok && list.function == "pack_array" {
			return b.joinCells(r, list.args, n.args[1])
		}
	}
	args, err := b.bindAll(r, n.args)
	if err != nil {
		return expr{}, err
	}
	return fn.build(b, n.function, args)
}

// function is a scalar function: how many arguments it takes (max -1: any number) and what it makes of them.
type function struct {
	min, max int
	build    func(b *binder, name string, args []expr) (expr, error)
}

func lookupFunction(name string) (function, bool) {
	switch name {
	case "now", "ago":
		return function{0, 1, (*binder).nowOrAgo}, true
	case "ingestion_time":
		return function{0, 0, (*binder).ingestionTime}, true
	case "bin", "floor":
		return function{2, 2, (*binder).bin}, true
	case "iff", "iif":
		return function{3, 3, (*binder).iff}, true
	case "coalesce":
		return function{1, -1, (*binder).coalesce}, true
	case "strcat":
		return simple(1, -1, String, strcat), true
	case "pack_array":
		return simple(0, -1, Dynamic, packArray), true
	case "strcat_array":
		return simple(2, 2, String, strcatArray), true
	case "substring":
		return simple(2, 3, String, substring), true
	}
	if typ, ok := conversion(name); ok {
		return simple(1, 1, typ, func(v []Value) Value { return converted(v[0], typ) }), true
	}
	return lookupUnary(name)
}

// conversion returns the type that a function such as tolong makes.
func conversion(name string) (Type, bool) {
	switch name {
	case "tolong":
		return Long, true
	case "toint":
		return Int, true
	case "todouble", "toreal":
		return Real, true
	case "tobool":
		return Bool, true
	case "todatetime":
		return DateTime, true
	case "totimespan":
		return TimeSpan, true
	case "tostring":
		return String, true
	case "parse_json", "todynamic":
		return Dynamic, true
	}
	return Null, false
}

func lookupUnary(name string) (function, bool) {
	unary := func(typ Type, f func(Value) Value) (function, bool) {
		return simple(1, 1, typ, func(v []Value) Value { return f(v[0]) }), true
	}
	switch name {
	case "tolower":
		return unary(String, func(v Value) Value { return OfString(strings.ToLower(v.String())) })
	case "toupper":
		return unary(String, func(v Value) Value { return OfString(strings.ToUpper(v.String())) })
	case "strlen":
		return unary(Long, func(v Value) Value { return OfLong(int64(len([]rune(v.String())))) })
	case "hash_sha256":
		return unary(String, func(v Value) Value { return OfString(sha256Hex(v.String())) })
	case "array_length":
		return unary(Long, arrayLength)
	case "not":
		return unary(Bool, func(v Value) Value { return negate(unwrap(v)) })
	case "isempty":
		return unary(Bool, func(v Value) Value { return OfBool(v.String() == "") })
	case "isnotempty":
		return unary(Bool, func(v Value) Value { return OfBool(v.String() != "") })
	case "isnull", "isnotnull":
		return function{1, 1, (*binder).isNull}, true
	case "startofday":
		return unary(DateTime, func(v Value) Value { return binValue(v, OfSpan(partition.Day)) })
	}
	return function{}, false
}

// simple is a function of values alone.
func simple(minArgs, maxArgs int, typ Type, f func([]Value) Value) function {
	return function{minArgs, maxArgs, func(_ *binder, _ string, args []expr) (expr, error) {
		values := make([]Value, len(args))
		eval := func(fr *frame) Value {
			for i, a := range args {
				values[i] = a.eval(fr)
			}
			return f(values)
		}
		return fold(expr{typ: typ, eval: eval}, args...), nil
	}}
}

func (b *binder) nowOrAgo(name string, args []expr) (expr, error) {
	offset := OfSpan(0)
	if len(args) == 1 {
		if !args[0].konst || args[0].typ != TimeSpan {
			return expr{}, semanticError(b.operator, "%s(): argument must be a constant of type timespan", name)
		}
		offset = args[0].eval(nil)
	}
	if name == "ago" {
		offset.num = -offset.num
	}
	return constant(OfTime(min(max(b.now+offset.Tick(), 0), partition.MaxTick)), DateTime), nil
}

// ingestionTime is null wherever a row does not come from a table.
func (b *binder) ingestionTime(string, []expr) (expr, error) {
	return expr{typ: DateTime, clock: ingestionClock, eval: func(f *frame) Value {
		return OfTime(f.source.Ingested(f.row))
	}}, nil
}

// isNull keeps the mark of ingestion_time(), for which a source has an index. No string is null.
func (b *binder) isNull(name string, args []expr) (expr, error) {
	x, want := args[0], name == "isnull"
	if x.typ == String {
		return constant(OfBool(!want), Bool), nil
	}
	return fold(expr{typ: Bool, eval: func(f *frame) Value { return OfBool(x.eval(f).IsNull() == want) }}, x), nil
}

func (b *binder) bin(name string, args []expr) (expr, error) {
	x, width := args[0], args[1]
	ok := x.typ == DateTime && width.typ == TimeSpan || x.typ == TimeSpan && width.typ == TimeSpan || x.typ.numeric() && width.typ.numeric()
	if !ok {
		return expr{}, semanticError(b.operator, "%s(): cannot round %s to %s", name, x.typ, width.typ)
	}
	typ := x.typ
	if x.typ.numeric() {
		typ = max(x.typ, width.typ)
	}
	return fold(expr{typ: typ, eval: func(f *frame) Value { return binValue(x.eval(f), width.eval(f)) }}, x, width), nil
}

// binValue rounds down to a multiple of width; a width of zero or less gives null.
func binValue(v, width Value) Value {
	switch {
	case v.IsNull() || width.IsNull() || width.Float() <= 0:
		return Value{}
	case v.typ == Real || width.typ == Real:
		return OfReal(math.Floor(v.Float()/width.Float()) * width.Float())
	}
	v.num = int64(partition.Tick(v.num).Floor(partition.Tick(width.num)))
	return v
}

func (b *binder) iff(_ string, args []expr) (expr, error) {
	cond, yes, no := args[0], args[1], args[2]
	typ, err := b.common("iff", yes, no)
	eval := func(f *frame) Value {
		if v := unwrap(cond.eval(f)); v.typ == Bool && v.Bool() {
			return yes.eval(f)
		}
		return no.eval(f)
	}
	return fold(expr{typ: typ, eval: eval}, args...), err
}

func (b *binder) coalesce(_ string, args []expr) (expr, error) {
	typ, err := b.common("coalesce", args...)
	eval := func(f *frame) Value {
		for _, a := range args {
			if v := a.eval(f); !v.IsNull() && (v.typ != String || v.str != "") {
				return v
			}
		}
		return Value{}
	}
	return fold(expr{typ: typ, eval: eval}, args...), err
}

// common returns the one type that all of args have, or the wider of two numbers.
func (b *binder) common(name string, args ...expr) (Type, error) {
	typ := args[0].typ
	for _, a := range args[1:] {
		switch {
		case a.typ == typ:
		case a.typ.numeric() && typ.numeric():
			typ = max(typ, a.typ)
		default:
			return Null, semanticError(b.operator, "%s(): arguments must be of one type, not %s and %s", name, typ, a.typ)
		}
	}
	return typ, nil
}
