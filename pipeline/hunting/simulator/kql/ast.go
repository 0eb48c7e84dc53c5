package kql

// Query is a parsed query: a table, or what print computes, and a pipe of operators.
type Query struct {
	Table string // "" for print
	Print []named
	ops   []op
}

// Operator returns the name of the first operator, "" if there is none.
func (q *Query) operator() string {
	if len(q.ops) == 0 {
		return ""
	}
	return q.ops[0].operator()
}

// op is one tabular operator of a pipe.
type op interface {
	operator() string
	apply(b *binder, r *relation) (*relation, error)
}

// named is an expression with the name it is given, or "" where the name follows from the expression.
type named struct {
	name string
	x    node
}

type (
	whereOp   struct{ cond node }
	extendOp  struct{ items []named }
	projectOp struct{ items []named }
	// columnsOp keeps, drops, renames or moves columns, as its word says.
	columnsOp struct {
		word  string // project-away, project-keep, project-rename, project-reorder
		items []named
	}
	summarizeOp struct{ aggregates, by []named }
	distinctOp  struct{ columns []named } // empty for *
	sortOp      struct {
		keys []sortKey
		word string // sort, order or top
		top  node   // nil unless top
	}
	takeOp struct {
		word string // take or limit
		n    node
	}
	countOp  struct{}
	schemaOp struct{}
)

type sortKey struct {
	x          node
	desc       bool
	nullsFirst bool
}

func (whereOp) operator() string     { return "where" }
func (extendOp) operator() string    { return "extend" }
func (projectOp) operator() string   { return "project" }
func (o columnsOp) operator() string { return o.word }
func (summarizeOp) operator() string { return "summarize" }
func (distinctOp) operator() string  { return "distinct" }
func (o sortOp) operator() string    { return o.word }
func (o takeOp) operator() string    { return o.word }
func (countOp) operator() string     { return "count" }
func (schemaOp) operator() string    { return "getschema" }

// node is a scalar expression.
type node interface{}

type (
	literalNode struct {
		value Value
		typ   Type
	} // value may be a null of a type
	nameNode   struct{ name string }
	memberNode struct {
		x   node
		key string
	}
	indexNode struct{ x, index node }
	callNode  struct {
		function string
		args     []node
	}
	unaryNode struct {
		op string
		x  node
	} // -
	binaryNode struct {
		op   string // comparison, arithmetic, and, or, text operators such as has and !startswith
		l, r node
	}
	listNode struct {
		op    string // in, in~, !in, !in~
		x     node
		items []node
	}
	betweenNode struct {
		x, lo, hi node
		not       bool
	}
)
