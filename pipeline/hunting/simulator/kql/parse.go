package kql

import (
	"slices"
	"strings"
)

// Parse reads a query. Its error is an *Error in the service's words.
func Parse(text string) (*Query, error) {
	p := &parser{lex: lexer{src: text}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	q, err := p.query()
	if err != nil {
		return nil, err
	}
	if p.isMark(";") {
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if p.tok.kind != tokenEnd {
		return nil, p.unexpected()
	}
	return q, nil
}

type parser struct {
	lex   lexer
	tok   token // the one to look at
	depth int   // of nested expressions
}

// maxDepth bounds nesting and maxTerms the length of chains of operators, so that no query can exhaust the stack.
const (
	maxDepth = 200
	maxTerms = 10_000
)

func (p *parser) advance() (err error) {
	p.tok, err = p.lex.next()
	return err
}

func (p *parser) isMark(text string) bool { return p.tok.kind == tokenMark && p.tok.text == text }
func (p *parser) isName(text string) bool { return p.tok.kind == tokenName && p.tok.text == text }

func (p *parser) unexpected() error {
	if p.tok.kind == tokenEnd {
		return syntaxError("the query ends too early")
	}
	return syntaxError("unexpected %q at %d", p.tok.text, p.tok.at)
}

// accept skips the mark if it is next.
func (p *parser) accept(text string) (bool, error) {
	if !p.isMark(text) {
		return false, nil
	}
	return true, p.advance()
}

func (p *parser) expect(text string) error {
	ok, err := p.accept(text)
	if err == nil && !ok {
		err = p.unexpected()
	}
	return err
}

// word skips and returns a name.
func (p *parser) word() (string, error) {
	if p.tok.kind != tokenName {
		return "", p.unexpected()
	}
	text := p.tok.text
	return text, p.advance()
}

// column skips and returns a column's name: bare, ["quoted"] or ['quoted'].
func (p *parser) column() (string, error) {
	if !p.isMark("[") {
		return p.word()
	}
	if err := p.advance(); err != nil {
		return "", err
	}
	if p.tok.kind != tokenString {
		return "", p.unexpected()
	}
	name := p.tok.text
	if err := p.advance(); err != nil {
		return "", err
	}
	return name, p.expect("]")
}

func (p *parser) query() (*Query, error) {
	q := &Query{}
	var err error
	if p.isName("print") {
		if err = p.advance(); err == nil {
			q.Print, err = p.namedList()
		}
	} else {
		q.Table, err = p.column()
	}
	for err == nil && p.isMark("|") {
		var o op
		if err = p.advance(); err == nil {
			o, err = p.op()
			q.ops = append(q.ops, o)
		}
	}
	if err != nil {
		return nil, err
	}
	return q, nil
}

// opWord reads an operator's name, whose parts may be joined by hyphens.
func (p *parser) opWord() (string, error) {
	text, err := p.word()
	for err == nil && text == "project" && p.isMark("-") {
		var tail string
		if err = p.advance(); err == nil {
			tail, err = p.word()
			text += "-" + tail
		}
	}
	return text, err
}

func (p *parser) op() (op, error) {
	at := p.tok.at
	word, err := p.opWord()
	if err != nil {
		return nil, err
	}
	switch word {
	case "where", "filter":
		cond, err := p.expression()
		return whereOp{cond}, err
	case "extend":
		items, err := p.namedList()
		return extendOp{items}, err
	case "project":
		items, err := p.namedList()
		return projectOp{items}, err
	case "project-away", "project-keep", "project-rename", "project-reorder":
		items, err := p.namedList()
		return columnsOp{word, items}, err
	case "summarize":
		return p.summarize()
	case "distinct":
		if ok, err := p.accept("*"); ok || err != nil {
			return distinctOp{}, err
		}
		items, err := p.namedList()
		return distinctOp{items}, err
	case "sort", "order":
		return p.sort(word, nil)
	case "top":
		n, err := p.expression()
		if err != nil {
			return nil, err
		}
		return p.sort(word, n)
	case "take", "limit":
		n, err := p.expression()
		return takeOp{word, n}, err
	case "count":
		return countOp{}, nil
	case "getschema":
		return schemaOp{}, nil
	}
	return nil, syntaxError("unknown operator %q at %d", word, at)
}

func (p *parser) summarize() (op, error) {
	o := summarizeOp{}
	var err error
	if !p.isName("by") {
		if o.aggregates, err = p.namedList(); err != nil {
			return nil, err
		}
	}
	if p.isName("by") {
		if err = p.advance(); err != nil {
			return nil, err
		}
		o.by, err = p.namedList()
	}
	return o, err
}

func (p *parser) sort(word string, top node) (op, error) {
	o := sortOp{word: word, top: top}
	if !p.isName("by") {
		return nil, p.unexpected()
	}
	for {
		if err := p.advance(); err != nil {
			return nil, err
		}
		key, err := p.sortKey()
		if err != nil {
			return nil, err
		}
		o.keys = append(o.keys, key)
		if !p.isMark(",") {
			return o, nil
		}
	}
}

// sortKey reads an expression with asc or desc (the default) and where nulls go (last when descending).
func (p *parser) sortKey() (sortKey, error) {
	x, err := p.expression()
	key := sortKey{x: x, desc: true}
	if err != nil {
		return key, err
	}
	if p.isName("asc") || p.isName("desc") {
		key.desc = p.tok.text == "desc"
		if err := p.advance(); err != nil {
			return key, err
		}
	}
	key.nullsFirst = !key.desc
	if !p.isName("nulls") {
		return key, nil
	}
	if err := p.advance(); err != nil {
		return key, err
	}
	where, err := p.word()
	if err == nil && where != "first" && where != "last" {
		err = syntaxError("nulls %s", where)
	}
	key.nullsFirst = where == "first"
	return key, err
}

// namedList reads one or more of "expression" or "Name = expression", with commas between.
func (p *parser) namedList() ([]named, error) {
	var items []named
	for {
		item, err := p.named()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		if ok, err := p.accept(","); err != nil || !ok {
			return items, err
		}
	}
}

func (p *parser) named() (named, error) {
	if p.tok.kind == tokenName || p.isMark("[") {
		saved := *p
		name, err := p.column()
		if err == nil && p.isMark("=") {
			if err := p.advance(); err != nil {
				return named{}, err
			}
			x, err := p.expression()
			return named{name, x}, err
		}
		*p = saved
	}
	x, err := p.wildcardOrExpression()
	return named{"", x}, err
}

// wildcardOrExpression also reads name patterns such as Device* and *Id, which only the operators on columns allow.
func (p *parser) wildcardOrExpression() (node, error) {
	rest := p.lex.src[p.tok.at:]
	n := 0
	for n < len(rest) && (isNameByte(rest[n]) || rest[n] == '*') {
		n++
	}
	pattern := rest[:n]
	end := strings.TrimLeft(rest[n:], " \t\r\n")
	if !strings.Contains(pattern, "*") || end != "" && !strings.ContainsAny(end[:1], ",|;") {
		return p.expression()
	}
	p.lex.pos = p.tok.at + n
	return nameNode{pattern}, p.advance()
}

// isTextOp finds the operators spelled as words, without their !.
func isTextOp(word string) bool {
	return slices.Contains([]string{
		"has", "has_cs", "contains", "contains_cs", "startswith", "startswith_cs", "endswith", "endswith_cs",
		"hasprefix", "hassuffix", "hasprefix_cs", "hassuffix_cs",
	}, word)
}
