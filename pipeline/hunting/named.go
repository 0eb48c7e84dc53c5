package hunting

import (
	"errors"
	"fmt"
	"strings"
)

// rowWise are the operators that make at most one row of each row, whatever the other rows are. Only behind these
// are the rows of two adjacent slices together the rows of both.
var rowWise = map[string]bool{
	"where": true, "extend": true, "parse": true, "parse-where": true,
	"project": true, "project-away": true, "project-keep": true, "project-rename": true, "project-reorder": true,
}

// Why a name must not occur in a named query.
const (
	readsElsewhere = "it reads more than the row"
	varies         = "its value changes from one reading to the next; the range of time is added by the export"
	needsOrder     = "it depends on the order of rows"
	seesAll        = "it would take in the export's own column; name the columns"
)

// refusedWords must not occur in a named query, refusedCalls not as functions.
var (
	refusedWords = map[string]string{
		"join": readsElsewhere, "lookup": readsElsewhere, "union": readsElsewhere,
		IngestionColumn: "the export adds this column itself",
	}
	refusedCalls = map[string]string{
		"toscalar": readsElsewhere, "materialize": readsElsewhere, "externaldata": readsElsewhere,
		"datatable": readsElsewhere, "table": readsElsewhere, "external_table": readsElsewhere,
		"database": readsElsewhere, "cluster": readsElsewhere, "workspace": readsElsewhere,
		"adx": readsElsewhere, "arg": readsElsewhere, "app": readsElsewhere, "resource": readsElsewhere,
		"search": readsElsewhere, "find": readsElsewhere, "stored_query_result": readsElsewhere,
		"now": varies, "ago": varies, "rand": varies, "new_guid": varies,
		"prev": needsOrder, "next": needsOrder, "row_number": needsOrder, "row_cumsum": needsOrder,
		"row_rank_dense": needsOrder, "row_rank_min": needsOrder, "row_window_session": needsOrder,
		"pack_all": seesAll,
	}
)

// statement is one operator of a tail.
type statement struct {
	operator string
	body     []token
}

// ParseNamedQuery reads a named query: the name of a table, then any number of row-wise operators (where, extend,
// parse, parse-where, project, project-away, project-keep, project-rename, project-reorder). It returns the table's
// name and the operators on one line, each with its bar before it, without comments, "" if there are none. The error
// names the line, what is refused there and why.
//
// Refused is whatever would make the rows of a slice depend on anything but themselves: other operators, subqueries,
// other tables, functions of the present or of the order of rows.
func ParseNamedQuery(text string) (table, tail string, err error) {
	table, statements, err := parseNamed(text)
	if err != nil {
		return "", "", fmt.Errorf("parse named query: %w", err)
	}
	return table, render(statements), nil
}

func parseNamed(text string) (table string, statements []statement, err error) {
	tokens, err := lex(text)
	if err != nil {
		return "", nil, err
	}
	parts, err := splitAtBars(tokens)
	if err != nil {
		return "", nil, err
	}
	if table, err = tableName(parts[0]); err != nil {
		return "", nil, err
	}
	for _, part := range parts[1:] {
		s, err := parseStatement(part)
		if err != nil {
			return "", nil, err
		}
		statements = append(statements, s)
	}
	return table, statements, nil
}

// refusal is the error that t causes.
func refusal(t token, format string, args ...any) error {
	return fmt.Errorf("line %d: %s", t.line, fmt.Sprintf(format, args...))
}

// splitAtBars cuts tokens at the bars that are not in brackets; a bar inside is a query of its own.
func splitAtBars(tokens []token) ([][]token, error) {
	parts := [][]token{nil}
	var open []token
	for _, t := range tokens {
		switch {
		case t.is("|") && len(open) > 0:
			return nil, refusal(t, "a query inside %s: %s", open[len(open)-1].text, readsElsewhere)
		case t.is("|"):
			parts = append(parts, nil)
			continue
		case t.is("(") || t.is("[") || t.is("{"):
			open = append(open, t)
		case t.is(")") || t.is("]") || t.is("}"):
			if len(open) == 0 || !pair(open[len(open)-1], t) {
				return nil, refusal(t, "a %s that closes nothing", t.text)
			}
			open = open[:len(open)-1]
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], t)
	}
	if len(open) > 0 {
		return nil, refusal(open[0], "a %s that is not closed", open[0].text)
	}
	return parts, nil
}

func pair(open, shut token) bool {
	return strings.Contains("() [] {}", open.text+shut.text)
}

// tableName reads what stands before the first bar.
func tableName(part []token) (string, error) {
	if len(part) == 0 {
		return "", errors.New("no table before the first bar")
	}
	first := part[0]
	switch {
	case first.is("."):
		return "", refusal(first, "a control command: a named query begins with a table")
	case first.kind != nameToken || refusedWords[first.name] != "":
		return "", refusal(first, "%s: a named query begins with a table", first.text)
	case len(part) > 1:
		return "", refusal(part[1], "%s after %s: a table's name is followed by a bar", part[1].text, first.text)
	}
	return first.text, nil
}

func parseStatement(part []token) (statement, error) {
	if len(part) == 0 {
		return statement{}, errors.New("nothing after a bar")
	}
	s := cutOperator(part)
	if !rowWise[s.operator] {
		return s, refusal(part[0], "%s is not row-wise: want where, extend, parse, parse-where or a form of project", s.operator)
	}
	if len(s.body) == 0 {
		return s, refusal(part[0], "%s without anything after it", s.operator)
	}
	previous := token{kind: symbolToken}
	for i, t := range s.body {
		if err := s.check(t, previous, s.body[i+1:]); err != nil {
			return s, err
		}
		previous = t
	}
	return s, nil
}

// cutOperator reads the operator, whose name may contain hyphens.
func cutOperator(part []token) statement {
	name, n := part[0].text, 1
	for n+1 < len(part) && part[n].is("-") && !part[n].spaced && !part[n+1].spaced {
		name += "-" + part[n+1].text
		n += 2
	}
	return statement{operator: name, body: joinNames(part[n:])}
}

// check refuses t where it makes the row's fate depend on more than the row. A name behind a dot is a property.
func (s statement) check(t, previous token, rest []token) error {
	why := refusedWords[t.name]
	if why == "" && len(rest) > 0 && rest[0].is("(") {
		why = refusedCalls[t.name]
	}
	switch {
	case why != "" && !previous.is("."):
		return refusal(t, "%s: %s", t.name, why)
	case beginsQuery(t, previous, rest):
		return refusal(t, "%s: %s", t.name, readsElsewhere)
	case t.is("*") && s.operator == "where" && !previous.endsOperand():
		return refusal(t, "where *: %s", seesAll)
	case t.is("(") && isMembership(previous) && isOneName(rest):
		return refusal(t, "%s with one name: %s; compare with ==, or list values", previous.text, readsElsewhere)
	}
	return nil
}

// beginsQuery reports whether t is an operator that a query in brackets begins with, bar or no bar. A column of the same
// name may be written ['search'].
func beginsQuery(t, previous token, rest []token) bool {
	switch t.text {
	case "search", "find", "print", "range", "evaluate":
		return previous.is("(") && len(rest) > 0 && (rest[0].kind != symbolToken || rest[0].is("*"))
	}
	return false
}

// isMembership reports whether what follows t is a list of values, for which a table may stand.
func isMembership(t token) bool {
	return t.name == "in" || t.name == "has_any" || t.name == "has_all" || t.is("~")
}

// isOneName reports whether the list that rest continues holds a name, or a call without arguments, and nothing else.
func isOneName(rest []token) bool {
	for len(rest) > 0 && rest[0].is("(") {
		rest = rest[1:]
	}
	if len(rest) > 3 && rest[1].is("(") && rest[2].is(")") {
		rest = append(rest[:1:1], rest[3:]...)
	}
	return len(rest) > 1 && rest[0].kind == nameToken && rest[1].is(")")
}

// render writes statements on one line.
func render(statements []statement) string {
	var b strings.Builder
	for i, s := range statements {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("| " + s.operator)
		for j, t := range s.body {
			if t.spaced || j == 0 {
				b.WriteByte(' ')
			}
			b.WriteString(t.text)
		}
	}
	return b.String()
}
