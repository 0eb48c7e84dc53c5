package kql

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// textOp binds the operators on strings. Those without _cs, and =~, do not look at case.
func (b *binder) textOp(op string, l, r expr) (expr, error) {
	for _, x := range []expr{l, r} {
		if x.typ != String && x.typ != Guid && x.typ != Dynamic {
			return expr{}, semanticError(b.operator, "Operator '%s' requires operands of type string, not %s", op, x.typ)
		}
	}
	word, negated := strings.CutPrefix(op, "!")
	word, cased := strings.CutSuffix(word, "_cs")
	match := textMatch(word)
	text := func(v Value) string {
		if cased {
			return v.String()
		}
		return strings.ToLower(v.String())
	}
	needle := func(f *frame) string { return text(r.eval(f)) }
	if r.konst {
		fixed := needle(nil)
		needle = func(*frame) string { return fixed }
	}
	eval := func(f *frame) Value { return OfBool(match(text(l.eval(f)), needle(f)) != negated) }
	return fold(expr{typ: Bool, eval: eval}, l, r), nil
}

func textMatch(word string) func(s, part string) bool {
	switch word {
	case "has":
		return func(s, term string) bool { return hasTerm(s, term, true, true) }
	case "hasprefix":
		return func(s, term string) bool { return hasTerm(s, term, true, false) }
	case "hassuffix":
		return func(s, term string) bool { return hasTerm(s, term, false, true) }
	case "contains":
		return strings.Contains
	case "startswith":
		return strings.HasPrefix
	case "endswith":
		return strings.HasSuffix
	}
	return func(s, t string) bool { return s == t } // =~ and, negated, !~
}

// hasTerm finds part where it begins or ends a term, as asked. Terms are runs of letters and digits.
func hasTerm(s, part string, begins, ends bool) bool {
	if part == "" {
		return true
	}
	for i := 0; i+len(part) <= len(s); {
		at := strings.Index(s[i:], part)
		if at < 0 {
			return false
		}
		at += i
		before, _ := utf8.DecodeLastRuneInString(s[:at])
		after, _ := utf8.DecodeRuneInString(s[at+len(part):])
		first, _ := utf8.DecodeRuneInString(part)
		last, _ := utf8.DecodeLastRuneInString(part)
		if (!begins || !inTerm(before) || !inTerm(first)) && (!ends || !inTerm(after) || !inTerm(last)) {
			return true
		}
		i = at + 1
	}
	return false
}

func inTerm(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }
