package kql

import (
	"encoding/binary"
	"slices"

	"huntlake/schema"
)

func (o distinctOp) apply(b *binder, r *relation) (*relation, error) {
	by := o.columns
	if by == nil {
		for _, c := range r.columns {
			by = append(by, named{"", nameNode{c.name}})
		}
	}
	return summarizeOp{by: by}.apply(b, r)
}

func (o summarizeOp) apply(b *binder, r *relation) (*relation, error) {
	keys, err := b.bindNamed(r, o.by)
	if err != nil {
		return nil, err
	}
	names := newNamer()
	var fields []schema.Field
	for _, k := range keys {
		fields = append(fields, schema.Field{Name: names.name(k.name, "Column", 1), Type: k.x.wireType()})
	}
	aggregates := make([]aggregate, len(o.aggregates))
	for i, item := range o.aggregates {
		a, err := b.aggregate(r, item.x)
		if err != nil {
			return nil, err
		}
		name := item.name
		if name == "" {
			name = a.name
		}
		aggregates[i] = a
		fields = append(fields, schema.Field{Name: names.name(name, "Column", 1), Type: a.typ.Wire()})
	}
	g := grouping{relation: r, keys: keys, aggregates: aggregates}
	return relationOf(&records{fields: fields, compute: g.run}), nil
}

// aggregate is a bound aggregation function.
type aggregate struct {
	name string // of its column, if it is given none
	typ  Type
	make func() accumulator // one for each group
}

type accumulator interface {
	add(f *frame)
	result() Value
}

func (b *binder) aggregate(r *relation, n node) (aggregate, error) {
	call, ok := n.(callNode)
	if !ok {
		return aggregate{}, semanticError(b.operator, "Expected an aggregation function")
	}
	args, err := b.bindAll(r, call.args)
	if err != nil {
		return aggregate{}, err
	}
	a := aggregate{name: call.function + "_"}
	wantArgs := 1
	if call.function == "count" {
		wantArgs = 0
	}
	if len(args) < wantArgs || len(args) > wantArgs && (call.function != "dcount" || len(args) > 2) {
		return a, semanticError(b.operator, "%s(): function expects %d argument(s)", call.function, wantArgs)
	}
	if column, ok := n.(callNode).firstColumn(); ok {
		a.name += column
	}
	switch call.function {
	case "count":
		a.typ, a.make = Long, func() accumulator { return new(countRows) }
	case "countif":
		a.name, a.typ, a.make = "countif_", Long, func() accumulator { return &countIf{cond: args[0]} }
	case "dcount":
		a.typ, a.make = Long, func() accumulator { return &countDistinct{x: args[0], seen: map[Value]struct{}{}} }
	case "min", "max":
		sign := 1
		if call.function == "max" {
			sign = -1
		}
		a.typ, a.make = args[0].typ, func() accumulator { return &extreme{x: args[0], sign: sign} }
	case "sum", "avg":
		a.typ = args[0].typ
		if !a.typ.numeric() && a.typ != TimeSpan && a.typ != Dynamic {
			return a, semanticError(b.operator, "%s(): argument must be a number or a timespan, not %s", call.function, a.typ)
		}
		a.typ = sumType(call.function, a.typ)
		mean := call.function == "avg"
		typ := a.typ
		a.make = func() accumulator { return &total{x: args[0], typ: typ, mean: mean} }
	default:
		return a, semanticError(b.operator, "Unknown aggregation function: '%s'", call.function)
	}
	return a, nil
}

func sumType(function string, typ Type) Type {
	switch {
	case typ == TimeSpan:
		return TimeSpan
	case typ == Real || function == "avg":
		return Real
	}
	return Long
}

// firstColumn returns the name of a function's argument, if that is a column.
func (n callNode) firstColumn() (string, bool) {
	if len(n.args) == 0 {
		return "", false
	}
	column, ok := n.args[0].(nameNode)
	return column.name, ok
}

// grouping runs a summarize.
type grouping struct {
	relation   *relation
	keys       []column
	aggregates []aggregate
}

type group struct {
	keys []Value
	acc  []accumulator
}

func (g *grouping) run() [][]Value {
	var groups []*group
	index := map[string]*group{}
	open := func(keys []Value) *group {
		n := &group{keys: slices.Clone(keys), acc: make([]accumulator, len(g.aggregates))}
		for i, a := range g.aggregates {
			n.acc[i] = a.make()
		}
		groups = append(groups, n)
		return n
	}
	var last *group
	if len(g.keys) == 0 {
		last = open(nil) // without by, there is one row even of no rows
	}
	f := g.relation.frame()
	keys := make([]Value, len(g.keys))
	var code []byte
	for range g.relation.rows(f) {
		for i, k := range g.keys {
			keys[i] = present(k.x.eval(f), k.x.typ)
		}
		// Rows come roughly in order of time, and so do bins.
		if last == nil || !slices.Equal(last.keys, keys) {
			code = encode(code[:0], keys)
			found, ok := index[string(code)]
			if !ok {
				found = open(keys)
				index[string(code)] = found
			}
			last = found
		}
		for _, a := range last.acc {
			a.add(f)
		}
	}
	return results(groups)
}

func results(groups []*group) [][]Value {
	rows := make([][]Value, len(groups))
	for i, g := range groups {
		rows[i] = g.keys
		for _, a := range g.acc {
			rows[i] = append(rows[i], a.result())
		}
	}
	return rows
}

// encode writes values so that different lists of values give different bytes.
func encode(dst []byte, values []Value) []byte {
	for _, v := range values {
		dst = append(dst, byte(v.typ))
		dst = binary.LittleEndian.AppendUint64(dst, uint64(v.num))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(v.str)))
		dst = append(dst, v.str...)
	}
	return dst
}

type countRows struct{ n int64 }

func (a *countRows) add(*frame)    { a.n++ }
func (a *countRows) result() Value { return OfLong(a.n) }

type countIf struct {
	cond expr
	n    int64
}

func (a *countIf) add(f *frame) {
	if v := a.cond.eval(f); v.typ == Bool && v.num != 0 {
		a.n++
	}
}
func (a *countIf) result() Value { return OfLong(a.n) }

type countDistinct struct {
	x    expr
	seen map[Value]struct{}
}

func (a *countDistinct) add(f *frame) {
	if v := present(a.x.eval(f), a.x.typ); !v.IsNull() {
		a.seen[v] = struct{}{}
	}
}
func (a *countDistinct) result() Value { return OfLong(int64(len(a.seen))) }

// extreme keeps the smallest value, or with a negative sign the largest.
type extreme struct {
	x    expr
	sign int
	best Value
}

func (a *extreme) add(f *frame) {
	v := present(a.x.eval(f), a.x.typ)
	if v.IsNull() {
		return
	}
	if c, ok := compareValues(v, a.best); a.best.IsNull() || ok && c*a.sign < 0 {
		a.best = v
	}
}
func (a *extreme) result() Value { return a.best }

type total struct {
	x    expr
	typ  Type
	mean bool
	n    int64
	ints int64
	sum  float64
}

func (a *total) add(f *frame) {
	v := unwrap(a.x.eval(f))
	if !v.typ.numeric() && v.typ != TimeSpan {
		return
	}
	a.n++
	a.sum += v.Float()
	if v.typ != Real {
		a.ints += v.num
	}
}

func (a *total) result() Value {
	switch {
	case a.mean && a.n == 0:
		return Value{}
	case a.mean && a.typ == TimeSpan:
		return Value{typ: TimeSpan, num: int64(a.sum / float64(a.n))}
	case a.mean:
		return OfReal(a.sum / float64(a.n))
	case a.typ == Real:
		return OfReal(a.sum)
	}
	return Value{typ: a.typ, num: a.ints}
}
