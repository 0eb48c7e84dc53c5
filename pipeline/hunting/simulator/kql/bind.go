package kql

import (
	"fmt"
	"slices"
	"strings"

	"huntlake/partition"
)

// binder binds a query to its table.
type binder struct {
	now      partition.Tick
	shuffle  func(rows []uint32, n int) []uint32 // n of the rows, any, in any order
	operator string                              // the one being bound, for messages
}

// bind turns an expression's syntax into something to evaluate on rows of r.
func (b *binder) bind(r *relation, n node) (expr, error) {
	switch n := n.(type) {
	case literalNode:
		return constant(n.value, n.typ), nil
	case nameNode:
		if i, ok := r.find(n.name); ok {
			return r.columns[i].x, nil
		}
		return expr{}, unknownColumn(b.operator, n.name)
	case memberNode:
		return b.member(r, n.x, constant(OfString(n.key), String))
	case indexNode:
		i, err := b.bind(r, n.index)
		if err != nil {
			return expr{}, err
		}
		return b.member(r, n.x, i)
	case callNode:
		return b.call(r, n)
	case unaryNode:
		x, err := b.bind(r, n.x)
		if err != nil {
			return expr{}, err
		}
		return b.arithmetic("-", constant(OfLong(0), Long), x)
	case binaryNode:
		return b.binary(r, n)
	case listNode:
		return b.list(r, n)
	case betweenNode:
		return b.between(r, n)
	}
	return expr{}, semanticError(b.operator, "Expression %T is not supported", n)
}

func (b *binder) bindAll(r *relation, nodes []node) ([]expr, error) {
	out := make([]expr, len(nodes))
	for i, n := range nodes {
		x, err := b.bind(r, n)
		if err != nil {
			return nil, err
		}
		out[i] = x
	}
	return out, nil
}

// fold evaluates an expression of constants once.
func fold(x expr, args ...expr) expr {
	for _, a := range args {
		if !a.konst {
			return x
		}
	}
	return constant(x.eval(nil), x.typ)
}

func (b *binder) member(r *relation, n node, key expr) (expr, error) {
	x, err := b.bind(r, n)
	if err != nil {
		return expr{}, err
	}
	if x.typ != Dynamic {
		return expr{}, semanticError(b.operator, "Path access requires an expression of type dynamic, not %s", x.typ)
	}
	eval := func(f *frame) Value { return memberOf(x.eval(f), key.eval(f)) }
	return fold(expr{typ: Dynamic, eval: eval}, x, key), nil
}

func (b *binder) binary(r *relation, n binaryNode) (expr, error) {
	l, err := b.bind(r, n.l)
	if err != nil {
		return expr{}, err
	}
	right, err := b.bind(r, n.r)
	if err != nil {
		return expr{}, err
	}
	switch n.op {
	case "and", "or":
		return b.logic(n.op, l, right)
	case "+", "-", "*", "/", "%":
		return b.arithmetic(n.op, l, right)
	case "==", "!=", "<>", "<", "<=", ">", ">=":
		return b.compare(n.op, l, right)
	}
	return b.textOp(n.op, l, right)
}

func (b *binder) logic(op string, l, r expr) (expr, error) {
	for _, x := range []expr{l, r} {
		if x.typ != Bool && x.typ != Dynamic && x.typ != Null {
			return expr{}, semanticError(b.operator, "Operator '%s' requires operands of type bool, not %s", op, x.typ)
		}
	}
	// decisive is the operand that settles the answer whatever the other one is, null included.
	decisive := OfBool(op == "or")
	eval := func(f *frame) Value {
		a := unwrap(l.eval(f))
		if a == decisive {
			return a
		}
		c := unwrap(r.eval(f))
		if c == decisive || !a.IsNull() {
			return c
		}
		return a
	}
	return fold(expr{typ: Bool, eval: eval}, l, r), nil
}

// compare binds ==, != and the orderings. Two nulls are neither equal nor different but null; a null equals nothing
// else and differs from everything else; it has no place in an ordering.
func (b *binder) compare(op string, l, r expr) (expr, error) {
	if !comparable(l.typ, r.typ) {
		return expr{}, semanticError(b.operator, "Cannot compare values of types %s and %s. Try adding explicit casts", l.typ, r.typ)
	}
	eval := func(f *frame) Value {
		x, y := present(l.eval(f), l.typ), present(r.eval(f), r.typ)
		if x.IsNull() || y.IsNull() {
			return compareNull(op, x.IsNull() && y.IsNull())
		}
		c, ok := compareValues(x, y)
		return OfBool(ok && holds(op, c) || !ok && (op == "!=" || op == "<>"))
	}
	return fold(expr{typ: Bool, eval: eval}, l, r), nil
}

// present gives a string cell that the table has nothing for the only value that says so: strings are never null.
func present(v Value, typ Type) Value {
	switch {
	case typ == String && v.IsNull():
		return OfString("")
	case typ == Dynamic:
		return unwrap(v)
	}
	return v
}

func compareNull(op string, both bool) Value {
	switch {
	case both:
		return Value{}
	case op == "==":
		return OfBool(false)
	case op == "!=" || op == "<>":
		return OfBool(true)
	}
	return Value{}
}

func holds(op string, c int) bool {
	switch op {
	case "==":
		return c == 0
	case "!=", "<>":
		return c != 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

func (b *binder) list(r *relation, n listNode) (expr, error) {
	x, err := b.bind(r, n.x)
	if err != nil {
		return expr{}, err
	}
	items, err := b.bindAll(r, n.items)
	if err != nil {
		return expr{}, err
	}
	for _, i := range items {
		if !comparable(x.typ, i.typ) {
			return expr{}, semanticError(b.operator, "Cannot compare values of types %s and %s. Try adding explicit casts", x.typ, i.typ)
		}
	}
	negated, folded := strings.HasPrefix(n.op, "!"), strings.HasSuffix(n.op, "~")
	same := func(a, c Value) bool {
		if folded {
			return strings.EqualFold(a.String(), c.String())
		}
		d, ok := compareValues(a, c)
		return ok && d == 0
	}
	eval := func(f *frame) Value {
		v := present(x.eval(f), x.typ)
		found := !v.IsNull() && slices.ContainsFunc(items, func(i expr) bool {
			item := present(i.eval(f), i.typ)
			return !item.IsNull() && same(v, item)
		})
		return OfBool(found != negated)
	}
	return fold(expr{typ: Bool, eval: eval}, append(items, x)...), nil
}

// between is inclusive at both ends. With a timespan as its end, the range is that long.
func (b *binder) between(r *relation, n betweenNode) (expr, error) {
	parts, err := b.bindAll(r, []node{n.x, n.lo, n.hi})
	if err != nil {
		return expr{}, err
	}
	x, lo, hi := parts[0], parts[1], parts[2]
	if lo.typ == DateTime && hi.typ == TimeSpan {
		if hi, err = b.arithmetic("+", lo, hi); err != nil {
			return expr{}, err
		}
	}
	above, err := b.compare(">=", x, lo)
	if err != nil {
		return expr{}, err
	}
	below, err := b.compare("<=", x, hi)
	if err != nil {
		return expr{}, err
	}
	in, err := b.logic("and", above, below)
	if err != nil || !n.not {
		return in, err
	}
	return fold(expr{typ: Bool, eval: func(f *frame) Value { return negate(in.eval(f)) }}, in), nil
}

func negate(v Value) Value {
	if v.IsNull() {
		return v
	}
	return OfBool(!v.Bool())
}

// resultName is the name of a column that is given none: a column keeps its own, a member is joined to what it is
// taken of, and the functions that convert or round keep their argument's.
func resultName(n node) string {
	switch n := n.(type) {
	case nameNode:
		return n.name
	case memberNode:
		if base := resultName(n.x); base != "" {
			return base + "_" + n.key
		}
		return n.key
	case indexNode:
		key, _ := n.index.(literalNode)
		if base := resultName(n.x); base != "" && key.typ == String {
			return base + "_" + key.value.Text()
		}
	case callNode:
		if len(n.args) > 0 && (strings.HasPrefix(n.function, "to") || n.function == "bin" || n.function == "floor") {
			return resultName(n.args[0])
		}
	}
	return ""
}

// namer gives each column of a result a name of its own.
type namer struct {
	taken map[string]bool
	next  int // of the columns that have no name
}

func newNamer() *namer { return &namer{taken: map[string]bool{}} }

func (n *namer) name(want, prefix string, first int) string {
	if want == "" {
		want = fmt.Sprintf("%s%d", prefix, first+n.next)
		n.next++
	}
	name := want
	for k := 1; n.taken[name]; k++ {
		name = fmt.Sprintf("%s%d", want, k)
	}
	n.taken[name] = true
	return name
}
