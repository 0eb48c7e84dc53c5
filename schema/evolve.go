package schema

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The kinds of change.
const (
	Added    = "added"    // a source column that was never seen
	Gone     = "gone"     // the response no longer has it
	Returned = "returned" // the response has it again
	Retyped  = "retyped"  // another type, stored the same way
	Variant  = "variant"  // another type that is stored another way: a column of its own
)

// Change is one difference between a table's columns and a response's, for people to read.
type Change struct {
	Kind   string `json:"kind"`           // Added, Gone, Returned, Retyped or Variant
	Column string `json:"column"`         // name in the lake
	From   string `json:"from,omitempty"` // type before, empty if there was none
	To     string `json:"to,omitempty"`   // type now, empty if there is none
}

const (
	// IngestionTime is the column that a query adds from ingestion_time(): the only source that may have this name.
	IngestionTime = "_IngestionTime"

	// CompanionSuffix ends the name of the column that holds the seventh fractional digit of a Timestamp column.
	CompanionSuffix = "_100ns"
)

// Evolve returns t as it must be to hold a response with the given fields, and how it differs from t. What is pinned
// stays: columns keep their place, name and kind, new ones follow at the end, and one that the response lacks is
// marked as gone. A source column that changed its kind goes to a variant column, `<name>__<type>`.
//
// Without changes the result equals t; evolving twice by the same fields changes nothing the second time. Errors: no
// fields or too many, a field without a name, a name given twice, a type that is not known. t itself is never modified.
func (t Table) Evolve(fields []Field) (next Table, changes []Change, err error) {
	columns, err := parseFields(fields)
	if err != nil {
		return t, nil, err
	}
	next.Columns = slices.Clone(t.Columns)
	present := make([]bool, len(t.Columns), len(t.Columns)+len(columns))
	for _, f := range columns {
		i := next.find(f)
		if i < 0 && len(next.Columns) == MaxColumns {
			return t, nil, fmt.Errorf("column %q would be one too many: there have been %d others", f.source, MaxColumns)
		}
		if i < 0 {
			changes = append(changes, next.add(f))
			present = append(present, true)
			continue
		}
		present[i] = true
		changes = append(changes, next.Columns[i].meet(f)...)
	}
	for i := range next.Columns {
		if c := &next.Columns[i]; !present[i] && !c.Gone {
			c.Gone = true
			changes = append(changes, Change{Kind: Gone, Column: c.Name, From: c.Type})
		}
	}
	return next, changes, nil
}

// meet updates a column that a response fills.
func (c *Column) meet(f typed) (changes []Change) {
	if c.Gone {
		changes = append(changes, Change{Kind: Returned, Column: c.Name, To: f.typ})
	}
	if c.Type != f.typ {
		changes = append(changes, Change{Kind: Retyped, Column: c.Name, From: c.Type, To: f.typ})
	}
	c.Gone, c.Type = false, f.typ
	return changes
}

// add pins a column for f at the end.
func (t *Table) add(f typed) Change {
	change := Change{Kind: Added, To: f.typ}
	base := cleanName(f.source)
	first := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Source == f.source })
	if first >= 0 {
		change.Kind, change.From = Variant, t.Columns[first].Type
		base = t.Columns[first].Name + "__" + strings.ToLower(f.typ)
	}
	change.Column = t.freeName(base, f)
	t.Columns = append(t.Columns, Column{Source: f.source, Type: f.typ, Name: change.Column, Kind: f.kind})
	return change
}

// cleanName replaces what some engine refuses in a column's name.
func cleanName(source string) string {
	name := strings.Map(func(r rune) rune {
		if r == '_' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' {
			return r
		}
		return '_'
	}, source)
	if '0' <= name[0] && name[0] <= '9' {
		name = "_" + name
	}
	return name
}

// freeName returns base, or base with the first number from 2 on under which neither the column nor its companion
// equals another when lower-cased.
func (t *Table) freeName(base string, f typed) string {
	taken := t.takenNames(f.source)
	for n, name := 2, base; ; n++ {
		lower := strings.ToLower(name)
		if !taken[lower] && !(f.kind == Timestamp && taken[lower+CompanionSuffix]) {
			return name
		}
		name = base + "_" + strconv.Itoa(n)
	}
}

// takenNames lists, lower-cased, the names that a new column of the given source may not have: the partition keys,
// the ingestion time's, and those of all columns and companions.
func (t *Table) takenNames(source string) map[string]bool {
	taken := map[string]bool{"tenant": true, "dt": true}
	if source != IngestionTime {
		ingestion := strings.ToLower(IngestionTime)
		taken[ingestion], taken[ingestion+CompanionSuffix] = true, true
	}
	for _, c := range t.Columns {
		lower := strings.ToLower(c.Name)
		taken[lower] = true
		if c.Kind == Timestamp {
			taken[lower+CompanionSuffix] = true
		}
	}
	return taken
}
