package kql

import (
	"strings"
)

// expression reads a scalar expression; or binds loosest.
func (p *parser) expression() (node, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		return nil, syntaxError("expressions nest deeper than %d", maxDepth)
	}
	return p.chain([]string{"or"}, func() (node, error) {
		return p.chain([]string{"and"}, p.comparison)
	})
}

// chain reads operands joined by any of the given operators, which group from the left.
func (p *parser) chain(ops []string, operand func() (node, error)) (node, error) {
	l, err := operand()
	for n := 0; err == nil && p.isOneOf(ops); n++ {
		op := p.tok.text
		if err = p.advance(); err != nil {
			break
		}
		if n > maxTerms {
			return nil, syntaxError("more than %d terms", maxTerms)
		}
		var r node
		r, err = operand()
		l = binaryNode{op, l, r}
	}
	return l, err
}

func (p *parser) isOneOf(ops []string) bool {
	if p.tok.kind != tokenName && p.tok.kind != tokenMark {
		return false
	}
	for _, op := range ops {
		if p.tok.text == op {
			return true
		}
	}
	return false
}

func (p *parser) comparison() (node, error) {
	l, err := p.sum()
	if err != nil || (p.tok.kind != tokenName && p.tok.kind != tokenMark) {
		return l, err
	}
	op := p.tok.text
	switch word := strings.TrimPrefix(op, "!"); {
	case word == "in":
		return p.list(l)
	case word == "between":
		return p.between(l, op != word)
	case isTextOp(word), p.isOneOf([]string{"==", "!=", "<>", "=~", "!~", "<", "<=", ">", ">="}):
		if err := p.advance(); err != nil {
			return nil, err
		}
		r, err := p.sum()
		return binaryNode{op, l, r}, err
	}
	return l, nil
}

// list reads what follows x: in (a, b), in~ (a, b) and their negations.
func (p *parser) list(x node) (node, error) {
	n := listNode{op: p.tok.text, x: x}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.isMark("~") {
		n.op += "~"
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if !p.isMark("(") {
		return nil, p.unexpected()
	}
	var err error
	n.items, err = p.arguments()
	return n, err
}

// between reads what follows x: between (lo .. hi).
func (p *parser) between(x node, not bool) (node, error) {
	n := betweenNode{x: x, not: not}
	err := p.advance()
	if err == nil {
		err = p.expect("(")
	}
	if err == nil {
		n.lo, err = p.sum()
	}
	if err == nil {
		err = p.expect("..")
	}
	if err == nil {
		n.hi, err = p.sum()
	}
	if err == nil {
		err = p.expect(")")
	}
	return n, err
}

func (p *parser) sum() (node, error) {
	return p.chain([]string{"+", "-"}, func() (node, error) {
		return p.chain([]string{"*", "/", "%"}, p.unary)
	})
}

func (p *parser) unary() (node, error) {
	if !p.isMark("-") && !p.isMark("+") {
		return p.postfix()
	}
	op := p.tok.text
	if err := p.advance(); err != nil {
		return nil, err
	}
	x, err := p.postfix()
	if op == "-" {
		x = unaryNode{op, x}
	}
	return x, err
}

// postfix reads a primary and the members and indexes taken of it.
func (p *parser) postfix() (node, error) {
	x, err := p.primary()
	for err == nil {
		switch {
		case p.isMark("."):
			var key string
			if err = p.advance(); err == nil {
				key, err = p.word()
				x = memberNode{x, key}
			}
		case p.isMark("["):
			x, err = p.index(x)
		default:
			return x, nil
		}
	}
	return nil, err
}

func (p *parser) index(x node) (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	i, err := p.expression()
	if err != nil {
		return nil, err
	}
	return indexNode{x, i}, p.expect("]")
}

func (p *parser) primary() (node, error) {
	t := p.tok
	switch {
	case t.kind == tokenString:
		return literalNode{OfString(t.text), String}, p.advance()
	case t.kind == tokenNumber:
		v, ok := parseNumber(t.text)
		if !ok {
			return nil, p.unexpected()
		}
		return literalNode{v, v.typ}, p.advance()
	case p.isMark("("):
		if err := p.advance(); err != nil {
			return nil, err
		}
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		return x, p.expect(")")
	case p.isMark("["):
		name, err := p.column()
		return nameNode{name}, err
	case t.kind == tokenName:
		return p.nameOrCall()
	}
	return nil, p.unexpected()
}

func (p *parser) nameOrCall() (node, error) {
	name, err := p.word()
	switch {
	case err != nil:
		return nil, err
	case !p.isMark("("):
		if name == "true" || name == "false" {
			return literalNode{OfBool(name == "true"), Bool}, nil
		}
		return nameNode{name}, nil
	}
	if typ, ok := literalType(name); ok {
		return p.typedLiteral(typ)
	}
	args, err := p.arguments()
	return callNode{name, args}, err
}

// typedLiteral reads what follows datetime, long and their like; the current token is the opening parenthesis.
func (p *parser) typedLiteral(typ Type) (node, error) {
	text, err := p.lex.literal()
	if err != nil {
		return nil, err
	}
	v, ok := parseLiteral(typ, text)
	if !ok {
		return nil, syntaxError("%s(%s) is no literal", typ, text)
	}
	return literalNode{v, typ}, p.advance()
}

// arguments reads a list in parentheses; the current token is the opening one.
func (p *parser) arguments() ([]node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if ok, err := p.accept(")"); ok || err != nil {
		return nil, err
	}
	var args []node
	for {
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		args = append(args, x)
		if ok, err := p.accept(","); err != nil {
			return nil, err
		} else if !ok {
			return args, p.expect(")")
		}
	}
}
