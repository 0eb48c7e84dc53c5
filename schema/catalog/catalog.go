// Package catalog lists the public hunting tables: their columns in order, with the types that the service names in
// its responses, and their time column.
//
// Names and types come from Microsoft's public schema reference for advanced hunting (learn.microsoft.com, "Understand
// the advanced hunting schema" and the page of each table, as of August 2026). Where a live schema of a table (the
// answer to getschema) has been published, the table is marked live and has those columns instead, since the reference
// lags behind: it knows 40 columns of EmailEvents, and the service sends 52. A tenant's own schema may differ from
// both, so this is good for making rows, tests and first guesses, and never a substitute for asking.
package catalog

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"huntlake/schema"
)

// Table is one table of the catalog.
type Table struct {
	Name       string         // as in a query
	TimeColumn string         // the column that retention looks at; "" for a table that holds a current state
	Live       bool           // Columns are as the service sent them, not as documented
	Columns    []schema.Field // in order; types as on the wire: DateTime, String, Int64, Int32, SByte, Double, Object, Guid
	KeyColumns []string       // stable scalars, whose values together spread the rows evenly over hash buckets
}

// Tables returns every table, by name. The caller owns the slice, but not the columns.
func Tables() []Table { return slices.Clone(load()) }

// Lookup returns the table of the given name; names are case-sensitive.
func Lookup(name string) (Table, bool) {
	tables := load()
	i, ok := slices.BinarySearchFunc(tables, name, func(t Table, name string) int { return strings.Compare(t.Name, name) })
	if !ok {
		return Table{}, false
	}
	return tables[i], true
}

//go:embed catalog.txt
var text string

var load = sync.OnceValue(func() []Table { return parse(text) })

// parse reads the embedded file, whose first line says how it is made. Its test holds every line against the format,
// so what does not fit it is dropped here.
func parse(text string) []Table {
	var tables []Table
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#":
		case strings.HasPrefix(line, " ") && len(tables) > 0:
			t := &tables[len(tables)-1]
			t.Columns = append(t.Columns, parseFields(words)...)
		case len(words) == 3:
			tables = append(tables, Table{Name: words[0], TimeColumn: strings.Trim(words[1], "-"), Live: words[2] == "live"})
		}
	}
	for i := range tables {
		tables[i].KeyColumns = keyColumns(tables[i])
	}
	return tables
}

func parseFields(words []string) []schema.Field {
	fields := make([]schema.Field, 0, len(words))
	for _, w := range words {
		name, kusto, _ := strings.Cut(w, ":")
		fields = append(fields, schema.Field{Name: name, Type: wireType(kusto)})
	}
	return fields
}

// wireType is what a response calls a Kusto type. A bool is an SByte: in every bool column seen live.
func wireType(kusto string) string {
	switch kusto {
	case "datetime":
		return "DateTime"
	case "long":
		return "Int64"
	case "int":
		return "Int32"
	case "bool":
		return "SByte"
	case "real":
		return "Double"
	case "dynamic":
		return "Object"
	case "guid":
		return "Guid"
	}
	return "String"
}

// keyColumns picks what a row is told apart by. ReportId repeats, so it is joined by the device and the time; where
// there is none, every string column has to do.
func keyColumns(t Table) []string {
	has := func(name string) bool {
		return slices.ContainsFunc(t.Columns, func(f schema.Field) bool { return f.Name == name })
	}
	var keys []string
	for _, name := range []string{"ReportId", "DeviceId", t.TimeColumn} {
		if name != "" && has(name) {
			keys = append(keys, name)
		}
	}
	if has("ReportId") {
		return keys
	}
	for _, f := range t.Columns {
		if f.Type == "String" && !slices.Contains(keys, f.Name) {
			keys = append(keys, f.Name)
		}
	}
	return keys
}
