package configs

import (
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"huntlake/partition"
)

// Cursor names the clock that a table is read along.
type Cursor string

// The cursors.
const (
	CursorAuto      Cursor = "auto"      // what the probe of the table finds
	CursorIngestion Cursor = "ingestion" // ingestion_time()
	CursorTimestamp Cursor = "timestamp" // the table's time column
)

// Mode says what a table's rows are.
type Mode string

// The modes.
const (
	ModeAuto     Mode = ""         // events where the table has a time column, else a snapshot
	ModeEvent    Mode = "event"    // each row happened once
	ModeSnapshot Mode = "snapshot" // all rows together are the state of things now
)

// Table is one hunting table to export. In the file it is a name, or a mapping.
type Table struct {
	Name   string
	Cursor Cursor
	Mode   Mode
	Every  time.Duration // between two snapshots; taken for whole days
}

// Query is one named query to export: a table followed by row-wise operators.
type Query struct {
	Name string
	Text string
}

func (t *Table) keys(r *reader) read {
	t.Cursor, t.Every = CursorAuto, day
	name := text(r, &t.Name)
	fields := r.mapping(keys{
		"name":   name,
		"cursor": text(r, &t.Cursor),
		"mode":   text(r, &t.Mode),
		"every":  parsed(r, &t.Every, ParseDuration),
	})
	return func(n ast.Node, path string) {
		if _, plain := n.(ast.ScalarNode); plain {
			name(n, path)
			return
		}
		fields(n, path)
		if t.Mode == ModeEvent && r.given(path+".every") {
			r.refuse(path+".every", "only a snapshot is read again: remove it, or set mode: %s", ModeSnapshot)
		}
		if t.Mode == ModeSnapshot && r.given(path+".cursor") {
			r.refuse(path+".cursor", "a snapshot has no clock: remove it, or set mode: %s", ModeEvent)
		}
	}
}

func (q *Query) keys(r *reader) read {
	return r.mapping(keys{
		"name":  text(r, &q.Name),
		"query": text(r, &q.Text),
	})
}

// validateNames checks tables and queries together: both are called by their name alone.
func validateNames(f *faults, tables []Table, queries []Query) {
	f.check(len(tables)+len(queries) > 0, "tables", "there is nothing to export: list a table, or a query under queries")
	seen := unique{}
	for i, t := range tables {
		path := fmt.Sprintf("tables[%d]", i)
		t.validate(f, path)
		seen.check(f, path+".name", t.Name, path)
	}
	for i, q := range queries {
		path := fmt.Sprintf("queries[%d]", i)
		validateName(f, path+".name", partition.Table{Name: q.Name, Query: true})
		f.check(strings.TrimSpace(q.Text) != "", path+".query", "it is empty: write a table and what to do with each row")
		seen.check(f, path+".name", q.Name, path)
	}
}

func validateName(f *faults, path string, t partition.Table) {
	if err := t.Validate(); err != nil {
		f.add(path, "%v", err)
	}
}

func (t *Table) validate(f *faults, path string) {
	validateName(f, path+".name", partition.Table{Name: t.Name})
	oneOf(f, path+".cursor", t.Cursor, CursorAuto, CursorIngestion, CursorTimestamp)
	if t.Mode != ModeAuto {
		oneOf(f, path+".mode", t.Mode, ModeEvent, ModeSnapshot)
	}
	f.check(t.Every >= day, path+".every", "%s is shorter than %s: a table has one snapshot a day", FormatDuration(t.Every), FormatDuration(day))
}
