package hunting

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// validateTail refuses a tail that ParseNamedQuery did not write, and one behind which the time column is not what
// it was in the table: queries filter before the tail and bin behind it.
func (s Source) validateTail() error {
	_, statements, err := parseNamed(s.Name + " " + s.Tail)
	if err != nil {
		return err
	}
	if render(statements) != s.Tail {
		return errors.New("the tail is not as ParseNamedQuery writes it")
	}
	for _, st := range statements {
		if st.operator == "project-away" && st.lists(IngestionColumn) {
			return fmt.Errorf("project-away removes %s, which the export adds", IngestionColumn)
		}
		if s.TimeColumn != "" && (st.drops(s.TimeColumn) || st.assigns(s.TimeColumn)) {
			return fmt.Errorf("%s does not leave the time column %s as it was", st.operator, s.TimeColumn)
		}
	}
	return nil
}

// drops reports whether the column is gone behind s, or goes by another name.
func (s statement) drops(column string) bool {
	switch s.operator {
	case "project", "project-keep":
		return !s.lists(column)
	case "project-away":
		return s.lists(column)
	case "project-rename":
		return s.mentions(column)
	}
	return false
}

// assigns reports whether s may give the column another value.
func (s statement) assigns(column string) bool {
	switch s.operator {
	case "parse", "parse-where":
		return s.behindWith().mentions(column)
	case "extend", "project":
		for _, item := range s.items() {
			head, _, found := cutToken(item, "=")
			if found && (statement{body: head}).mentions(column) {
				return true
			}
		}
	}
	return false
}

// lists reports whether one of the items of s is the column, or a pattern that it matches.
func (s statement) lists(column string) bool {
	for _, item := range s.items() {
		var pattern strings.Builder
		for _, t := range item {
			if t.kind == nameToken {
				pattern.WriteString(t.name)
			} else {
				pattern.WriteString(t.text)
			}
		}
		if ok, err := path.Match(pattern.String(), column); ok && err == nil {
			return true
		}
	}
	return false
}

// mentions reports whether the column's name occurs in s.
func (s statement) mentions(column string) bool {
	for _, t := range s.body {
		if t.name == column {
			return true
		}
	}
	return false
}

// items cuts the body at the commas that are not in brackets.
func (s statement) items() [][]token {
	var items [][]token
	for rest, more := s.body, true; more; {
		var item []token
		item, rest, more = cutToken(rest, ",")
		items = append(items, item)
	}
	return items
}

// behindWith is what a parse reads into: patterns and the columns it makes.
func (s statement) behindWith() statement {
	for i, t := range s.body {
		if t.name == "with" {
			return statement{body: s.body[i+1:]}
		}
	}
	return s
}

// cutToken cuts tokens around the first symbol that is not in brackets.
func cutToken(tokens []token, symbol string) (before, after []token, found bool) {
	depth := 0
	for i, t := range tokens {
		switch {
		case t.is("(") || t.is("[") || t.is("{"):
			depth++
		case t.is(")") || t.is("]") || t.is("}"):
			depth--
		case t.is(symbol) && depth == 0:
			return tokens[:i], tokens[i+1:], true
		}
	}
	return tokens, nil, false
}

// keepIngestion adds IngestionColumn to what a tail's projections keep. A tail that cannot be read stays as it is:
// Validate has refused it.
func keepIngestion(tail string) string {
	_, statements, err := parseNamed("T " + tail)
	if err != nil {
		return tail
	}
	for i, s := range statements {
		if s.operator == "project" || s.operator == "project-keep" {
			statements[i].body = append(s.body, token{kind: symbolToken, text: ","},
				token{kind: nameToken, text: IngestionColumn, spaced: true})
		}
	}
	return render(statements)
}
