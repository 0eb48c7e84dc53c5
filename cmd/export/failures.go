package main

import (
	"cmp"
	"fmt"
	"strings"
)

// failures prints an error; one that joins several, one a line, and what befell several tables alike, once.
func failures(err error) string {
	var alike []failure
	for _, part := range split(err) {
		alike = gather(alike, newFailure(part))
	}
	if len(alike) == 1 {
		return alike[0].String()
	}
	lines := []string{"not everything could be done; tables that are not named here went on"}
	for _, f := range alike {
		lines = append(lines, "  "+f.String())
	}
	return strings.Join(lines, "\n")
}

// split returns the errors that err joins, or err alone. An error that wraps several on one line stays one.
func split(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || !strings.Contains(err.Error(), "\n") {
		return []error{err}
	}
	var parts []error
	for _, e := range joined.Unwrap() {
		parts = append(parts, split(e)...)
	}
	return parts
}

// failure is an error of the Exporter's, "tenant T: table: what"; any other has no tables.
type failure struct {
	tenant string
	tables []string
	what   string // of the first table; on one line
	kind   string // failures of one tenant and kind are alike
}

func newFailure(err error) failure {
	text, others := err.Error(), 0
	if first, rest, more := strings.Cut(text, "\n"); more {
		text, others = first, 1+strings.Count(rest, "\n")
	}
	f := failure{what: text}
	if parts := strings.SplitN(text, ": ", 3); len(parts) == 3 && strings.HasPrefix(parts[0], "tenant ") {
		f = failure{tenant: parts[0], tables: parts[1:2], what: parts[2]}
		f.kind = cmp.Or(remedy(err), strings.ReplaceAll(f.what, parts[1], ""))
	}
	if others > 0 {
		f.what += fmt.Sprintf(" (and %s of this table)", plural(others, "other error"))
	}
	return f
}

// gather adds f to a list, or its table to a failure that is like it.
func gather(list []failure, f failure) []failure {
	for i, g := range list {
		if f.kind != "" && f.tenant == g.tenant && f.kind == g.kind {
			list[i].tables = append(g.tables, f.tables...)
			return list
		}
	}
	return append(list, f)
}

// String prints f with at most three tables.
func (f failure) String() string {
	const most = 3
	if len(f.tables) == 0 {
		return f.what
	}
	names := strings.Join(f.tables[:min(most, len(f.tables))], ", ")
	if more := len(f.tables) - most; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("%s: %s: %s", f.tenant, names, f.what)
}
