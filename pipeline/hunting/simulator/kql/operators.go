package kql

import (
	"path"
	"slices"

	"huntlake/partition"
	"huntlake/schema"
)

func (o whereOp) apply(b *binder, r *relation) (*relation, error) {
	next := r.with(r.columns)
	next.conds = slices.Clip(r.conds)
	return next, b.narrow(next, o.cond)
}

// narrow adds a condition to r: to its span, if the source has an index for it, else to its conditions.
func (b *binder) narrow(r *relation, n node) error {
	if and, ok := n.(binaryNode); ok && and.op == "and" {
		if err := b.narrow(r, and.l); err != nil {
			return err
		}
		return b.narrow(r, and.r)
	}
	x, err := b.bind(r, n)
	if err != nil {
		return err
	}
	if x.typ != Bool && x.typ != Dynamic {
		return semanticError(b.operator, "The predicate must be of type bool, not %s", x.typ)
	}
	if !b.span(r, n) {
		r.conds = append(r.conds, x)
	}
	return nil
}

// span adds a condition on a clock to r's span. It returns false if n is not one; n is known to bind.
func (b *binder) span(r *relation, n node) bool {
	switch n := n.(type) {
	case binaryNode:
		l, errL := b.bind(r, n.l)
		c, errR := b.bind(r, n.r)
		if errL != nil || errR != nil || l.clock == noClock || !c.konst || c.typ != DateTime {
			return false
		}
		at := c.eval(nil)
		from, to, ok := bounds(n.op, at.Tick())
		return ok && !at.IsNull() && r.narrow(l.clock, from, to)
	case betweenNode:
		x, err := b.bind(r, n.x)
		lo, errLo := b.bind(r, n.lo)
		hi, errHi := b.bind(r, n.hi)
		ok := err == nil && errLo == nil && errHi == nil && !n.not && x.clock != noClock &&
			lo.konst && hi.konst && lo.typ == DateTime && hi.typ == DateTime
		if !ok || lo.eval(nil).IsNull() || hi.eval(nil).IsNull() {
			return false
		}
		return r.narrow(x.clock, lo.eval(nil).Tick(), hi.eval(nil).Tick()+1)
	case callNode:
		if n.function == "isnull" && len(n.args) == 1 {
			x, err := b.bind(r, n.args[0])
			if err == nil && x.clock == ingestionClock {
				r.span.Unstamped = true
				return true
			}
		}
	}
	return false
}

// bounds returns the half-open range of t for which "t op at" holds.
func bounds(op string, at partition.Tick) (from, to partition.Tick, ok bool) {
	switch op {
	case "==":
		return at, at + 1, true
	case ">=":
		return at, partition.MaxTick + 1, true
	case ">":
		return at + 1, partition.MaxTick + 1, true
	case "<":
		return partition.MinTick, at, true
	case "<=":
		return partition.MinTick, at + 1, true
	}
	return 0, 0, false
}

func (r *relation) narrow(c clock, from, to partition.Tick) bool {
	if c == timeClock {
		r.span.Time = r.span.Time.And(from, to)
	} else {
		r.span.Ingested = r.span.Ingested.And(from, to)
	}
	return true
}

// bindNamed binds expressions and names them as a result names its columns.
func (b *binder) bindNamed(r *relation, items []named) ([]column, error) {
	names := newNamer()
	out := make([]column, len(items))
	for i, item := range items {
		x, err := b.bind(r, item.x)
		if err != nil {
			return nil, err
		}
		want := item.name
		if want == "" {
			want = resultName(item.x)
		}
		out[i] = column{names.name(want, "Column", 1), x}
	}
	return out, nil
}

func (o extendOp) apply(b *binder, r *relation) (*relation, error) {
	added, err := b.bindNamed(r, o.items)
	if err != nil {
		return nil, err
	}
	next := r.with(slices.Clone(r.columns))
	for _, c := range added {
		if i, ok := next.find(c.name); ok {
			next.columns[i] = c
		} else {
			next.columns = append(next.columns, c)
		}
	}
	return next, nil
}

func (o projectOp) apply(b *binder, r *relation) (*relation, error) {
	columns, err := b.bindNamed(r, o.items)
	return r.with(columns), err
}

func (o columnsOp) apply(b *binder, r *relation) (*relation, error) {
	if o.word == "project-rename" {
		return o.rename(b, r)
	}
	picked := make([]bool, len(r.columns))
	var order []column
	for _, item := range o.items {
		pattern, ok := item.x.(nameNode)
		if !ok || item.name != "" {
			return nil, semanticError(b.operator, "Expected a column name")
		}
		found := false
		for i, c := range r.columns {
			if match, err := path.Match(pattern.name, c.name); err == nil && match {
				found = true
				if !picked[i] {
					picked[i], order = true, append(order, c)
				}
			}
		}
		if !found && path.Base(pattern.name) == pattern.name && !hasStar(pattern.name) {
			return nil, unknownColumn(b.operator, pattern.name)
		}
	}
	for i, c := range r.columns {
		if !picked[i] && o.word == "project-reorder" {
			order = append(order, c)
		}
	}
	if o.word == "project-reorder" {
		return r.with(order), nil
	}
	var kept []column
	for i, c := range r.columns {
		if picked[i] == (o.word == "project-keep") {
			kept = append(kept, c)
		}
	}
	return r.with(kept), nil
}

func hasStar(pattern string) bool { return slices.Contains([]byte(pattern), '*') }

func (o columnsOp) rename(b *binder, r *relation) (*relation, error) {
	next := r.with(slices.Clone(r.columns))
	for _, item := range o.items {
		old, ok := item.x.(nameNode)
		if !ok || item.name == "" {
			return nil, semanticError(b.operator, "Expected NewName = OldName")
		}
		i, ok := r.find(old.name)
		if !ok {
			return nil, unknownColumn(b.operator, old.name)
		}
		next.columns[i].name = item.name
	}
	return next, nil
}

func (o takeOp) apply(b *binder, r *relation) (*relation, error) {
	n, err := b.rowCount(o.n)
	if err != nil {
		return nil, err
	}
	next := r.picking(func() []uint32 {
		if r.ordered {
			return r.choose(n)
		}
		// More than asked for, so that which rows come is as little foreseeable as it is there.
		return b.shuffle(r.choose(4*n+min(n, 1)*1000), n)
	})
	next.ordered = r.ordered
	return next, nil
}

// rowCount evaluates the argument of take and top.
func (b *binder) rowCount(n node) (int, error) {
	x, err := b.bind(&relation{}, n)
	if err != nil {
		return 0, err
	}
	if !x.konst || (x.typ != Long && x.typ != Int) || x.eval(nil).num < 0 || x.eval(nil).num > 1<<31 {
		return 0, semanticError(b.operator, "Expected a constant number of rows")
	}
	return int(x.eval(nil).num), nil
}

// picking returns r with only the rows that compute returns, in that order.
func (r *relation) picking(compute func() []uint32) *relation {
	next := *r
	next.source = &chosen{Source: r.source, compute: compute}
	next.span, next.conds = Range{}, nil
	return &next
}

func (o sortOp) apply(b *binder, r *relation) (*relation, error) {
	keys := make([]node, len(o.keys))
	for i, k := range o.keys {
		keys[i] = k.x
	}
	bound, err := b.bindAll(r, keys)
	if err != nil {
		return nil, err
	}
	limit := -1
	if o.top != nil {
		if limit, err = b.rowCount(o.top); err != nil {
			return nil, err
		}
	}
	next := r.picking(func() []uint32 { return o.sorted(r, bound, limit) })
	next.ordered = true
	return next, nil
}

// sorted returns the rows in order, at most limit of them unless it is negative. The order of ties means nothing.
func (o sortOp) sorted(r *relation, keys []expr, limit int) []uint32 {
	type entry struct {
		row  uint32
		keys []Value
	}
	var entries []entry
	f := r.frame()
	for row := range r.rows(f) {
		e := entry{uint32(row), make([]Value, len(keys))}
		for i, k := range keys {
			e.keys[i] = present(k.eval(f), k.typ)
		}
		entries = append(entries, e)
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		for i, k := range o.keys {
			c := order(a.keys[i], b.keys[i], k.nullsFirst)
			if c != 0 && k.desc && !a.keys[i].IsNull() && !b.keys[i].IsNull() {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	if limit >= 0 && limit < len(entries) {
		entries = entries[:limit]
	}
	rows := make([]uint32, len(entries))
	for i, e := range entries {
		rows[i] = e.row
	}
	return rows
}

func (countOp) apply(b *binder, r *relation) (*relation, error) {
	fields := []schema.Field{{Name: "Count", Type: Long.Wire()}}
	return relationOf(&records{fields: fields, compute: func() [][]Value {
		n := int64(0)
		for range r.rows(r.frame()) {
			n++
		}
		return [][]Value{{OfLong(n)}}
	}}), nil
}

func (schemaOp) apply(b *binder, r *relation) (*relation, error) {
	var rows [][]Value
	for i, f := range r.fields() {
		typ := r.columns[i].x.typ
		rows = append(rows, []Value{OfString(f.Name), OfInt(int64(i)), OfString("System." + f.Type), OfString(typ.String())})
	}
	fields := []schema.Field{
		{Name: "ColumnName", Type: "String"}, {Name: "ColumnOrdinal", Type: "Int32"},
		{Name: "DataType", Type: "String"}, {Name: "ColumnType", Type: "String"},
	}
	next := relationOf(&records{fields: fields, compute: func() [][]Value { return rows }})
	next.ordered = true
	return next, nil
}
