package schema

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/zeebo/xxh3"
)

// Column is one column of the lake, pinned for ever to what it was first filled from.
//
// Its JSON form is durable: it is part of a table's `schema` commits.
type Column struct {
	Source string `json:"source"`         // name in the response, as sent
	Type   string `json:"type"`           // type in the newest response that had the column, without namespace
	Name   string `json:"name"`           // name in the lake: letters, digits and _, unique when lower-cased
	Kind   Kind   `json:"kind"`           // how it is stored; never changes
	Gone   bool   `json:"gone,omitempty"` // the newest response did not have it: null from there on
}

// Table is the pinned columns of one table, in the order of its files. The zero Table has none yet.
//
// Columns are only ever added at the end, so the files of an older Table are read by a newer one.
type Table struct {
	Columns []Column `json:"columns"`
}

// Bind returns, for each field of a response, the index of the column that it fills. A field that has no column, or
// an unknown type, is an error that names it: Evolve comes first.
func (t Table) Bind(fields []Field) ([]int, error) {
	columns, err := parseFields(fields)
	if err != nil {
		return nil, err
	}
	indices := make([]int, len(columns))
	for i, f := range columns {
		if indices[i] = t.find(f); indices[i] < 0 {
			return nil, fmt.Errorf("bind column %q: no column of the table holds its %s", f.source, f.kind)
		}
	}
	return indices, nil
}

func (t Table) find(f typed) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Source == f.source && c.Kind == f.kind })
}

// Fingerprint returns 16 hex digits that stand for the columns and their order. Tables with equal fingerprints have
// equal Arrow schemas; whether a column is gone does not count.
func (t Table) Fingerprint() string {
	var b []byte
	text := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	for _, c := range t.Columns {
		text(c.Source)
		text(c.Type)
		text(c.Name)
		text(c.Kind.String())
	}
	return fmt.Sprintf("%016x", xxh3.Hash(b))
}
