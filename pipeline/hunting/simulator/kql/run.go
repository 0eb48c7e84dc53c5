package kql

import (
	"iter"
	"math/rand/v2"

	"huntlake/partition"
	"huntlake/schema"
)

// Options say how a query is run.
type Options struct {
	Now     partition.Tick // what now() and ago() count from
	Seed    uint64         // decides the order of unordered rows, and which of them take and MaxRows leave
	MaxRows int            // more rows than this are cut off without a word; 0 means no limit
}

// Result is the answer to a query.
type Result struct {
	Fields []schema.Field // the columns, with the type names that a response's schema has
	Total  int            // rows before the cut to Options.MaxRows

	relation *relation
	picked   []uint32
}

// Run answers q over its table. Lookup returns nil for a table that is not there, or not licensed. Errors are *Error,
// and come before any row is looked at.
func (q *Query) Run(lookup func(table string) Source, opts Options) (*Result, error) {
	b := &binder{now: opts.Now, operator: q.operator()}
	calls := uint64(0)
	b.shuffle = func(rows []uint32, n int) []uint32 {
		calls++
		return scatter(rows, n, opts.Seed+calls)
	}
	r, err := q.base(b, lookup)
	if err != nil {
		return nil, err
	}
	for _, o := range q.ops {
		b.operator = o.operator()
		if r, err = o.apply(b, r); err != nil {
			return nil, err
		}
	}
	res := &Result{Fields: r.fields(), relation: r, picked: r.choose(-1)}
	res.Total = len(res.picked)
	if opts.MaxRows == 0 {
		opts.MaxRows = res.Total
	}
	if !r.ordered {
		res.picked = b.shuffle(res.picked, opts.MaxRows)
	}
	res.picked = res.picked[:min(len(res.picked), opts.MaxRows)]
	return res, nil
}

// base returns the relation that the pipe starts with.
func (q *Query) base(b *binder, lookup func(string) Source) (*relation, error) {
	if q.Table == "" {
		return q.printed(b)
	}
	s := lookup(q.Table)
	if s == nil {
		return nil, unknownTable(b.operator, q.Table)
	}
	return relationOf(s), nil
}

// printed computes the one row of print.
func (q *Query) printed(b *binder) (*relation, error) {
	b.operator = "print"
	names := newNamer()
	var fields []schema.Field
	row := make([]Value, len(q.Print))
	nowhere := &frame{source: &records{}}
	for i, item := range q.Print {
		x, err := b.bind(&relation{}, item.x)
		if err != nil {
			return nil, err
		}
		fields = append(fields, schema.Field{Name: names.name(item.name, "print_", i-names.next), Type: x.wireType()})
		row[i] = x.eval(nowhere)
	}
	return relationOf(&records{fields: fields, compute: func() [][]Value { return [][]Value{row} }}), nil
}

// Len returns the number of rows after all limits.
func (r *Result) Len() int { return len(r.picked) }

// Rows returns the rows. The slice is the same each time, and its values are good until the next one.
func (r *Result) Rows() iter.Seq[[]Value] {
	return func(yield func([]Value) bool) {
		f := r.relation.frame()
		values := make([]Value, len(r.relation.columns))
		for _, row := range r.picked {
			f.seek(int(row))
			for i, c := range r.relation.columns {
				values[i] = c.x.eval(f)
			}
			if !yield(values) {
				return
			}
		}
	}
}

// scatter returns n of the rows in an order of its own. Blocks of neighbours stay together, as they do where rows lie
// in blocks on many machines.
func scatter(rows []uint32, n int, seed uint64) []uint32 {
	rng := rand.New(rand.NewPCG(seed, uint64(len(rows))))
	var starts []int
	size := 1 + rng.IntN(1+min(len(rows)/4, 255))
	for i := 0; i < len(rows); i += size {
		starts = append(starts, i)
	}
	rng.Shuffle(len(starts), func(i, j int) { starts[i], starts[j] = starts[j], starts[i] })
	n = min(n, len(rows))
	out := make([]uint32, 0, n)
	for _, at := range starts {
		block := rows[at:min(at+size, len(rows))]
		out = append(out, block[:min(len(block), n-len(out))]...)
	}
	return out
}
