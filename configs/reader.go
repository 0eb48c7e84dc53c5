package configs

import (
	"bytes"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// reader walks a YAML document, notes where each field stands, and collects what is wrong with it.
type reader struct {
	faults
	env func(string) (string, bool)
}

// read takes the value of the field at path.
type read func(n ast.Node, path string)

// keys are the fields that a mapping may have.
type keys map[string]read

func newReader(name string, env func(string) (string, bool)) *reader {
	return &reader{
		faults: faults{
			origin:     origin{file: name, lines: map[string]int{}},
			unreadable: map[string]bool{},
		},
		env: env,
	}
}

// given reports whether the file has a field at path.
func (r *reader) given(path string) bool { return r.origin.lines[path] > 0 }

// refuse adds a fault and keeps the field from being judged any further.
func (r *reader) refuse(path, format string, args ...any) {
	r.add(path, format, args...)
	r.unreadable[path] = true
}

// parse returns the only document of text, or nil and a fault.
func (r *reader) parse(text []byte) ast.Node {
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // some editors begin a file with a byte order mark
	file, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	switch len(bodies) {
	case 0:
		return ast.Mapping(token.New("", "", &token.Position{}), false)
	case 1:
		return bodies[0]
	}
	r.origin.lines[""] = line(bodies[1])
	r.refuse("", "a second document begins here: write one document a file")
	return nil
}

// syntax reports an error of the parser without the excerpt that it would print: there may be secrets in it.
func (r *reader) syntax(err error) {
	var e yaml.Error
	if !errors.As(err, &e) {
		r.refuse("", "it is not YAML")
		return
	}
	if t := e.GetToken(); t != nil && t.Position != nil {
		r.origin.lines[""] = t.Position.Line
	}
	r.refuse("", "it is not YAML: %s", quoted.ReplaceAllString(e.GetMessage(), "…"))
}

// quoted is what the parser's messages quote, which may be a secret.
var quoted = regexp.MustCompile(`["'\x60].*["'\x60]`)

// mapping reads a mapping with the given fields. One without a value counts as not there.
func (r *reader) mapping(fields keys) read {
	return func(n ast.Node, path string) {
		m, ok := n.(ast.MapNode)
		if !ok {
			r.refuse(path, "want a mapping of %s", strings.Join(fields.names(), ", "))
			return
		}
		for it := m.MapRange(); it.Next(); {
			r.field(it.KeyValue(), path, fields)
		}
	}
}

func (r *reader) field(kv *ast.MappingValueNode, outer string, fields keys) {
	key := kv.Key.GetToken().Value
	path := strings.TrimPrefix(outer+"."+key, ".")
	fn, known := fields[key]
	if _, empty := kv.Value.(*ast.NullNode); known && empty {
		return
	}
	first := r.origin.lines[path]
	r.origin.lines[path] = line(kv.Key)
	switch {
	case !known:
		r.refuse(path, "there is no such field: %s", hint(key, fields.names()))
	case first > 0:
		r.refuse(path, "it is on line %d already: remove one of them", first)
	default:
		fn(kv.Value, path)
	}
}

func (k keys) names() []string { return slices.Sorted(maps.Keys(k)) }

// list reads a sequence, each item with what one returns for it.
func list[T any](r *reader, dst *[]T, one func(*T, *reader) read) read {
	return func(n ast.Node, path string) {
		s, ok := n.(*ast.SequenceNode)
		if !ok {
			r.refuse(path, "want a list, each item after a dash")
			return
		}
		for i, v := range s.Values {
			at := path + "[" + strconv.Itoa(i) + "]"
			r.origin.lines[at] = line(v)
			var item T
			one(&item, r)(v, at)
			*dst = append(*dst, item)
		}
	}
}

// parsed reads a scalar that parse understands.
func parsed[T any](r *reader, dst *T, parse func(string) (T, error)) read {
	return func(n ast.Node, path string) {
		written, ok := scalar(n)
		if !ok {
			r.refuse(path, "want a single value, without anchor, alias or tag")
			return
		}
		expanded, err := expand(written, r.env)
		if err != nil {
			r.refuse(path, "%v", err)
			return
		}
		v, err := parse(expanded)
		if err != nil {
			r.refuse(path, "%v", err)
			return
		}
		*dst = v
	}
}

// text reads a scalar as it is.
func text[T ~string](r *reader, dst *T) read {
	return parsed(r, dst, func(s string) (T, error) { return T(s), nil })
}

// scalar returns the text of a plain, quoted or block scalar. What YAML would make of it (a number, a truth) does not
// matter: the field knows what it wants.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	case *ast.NullNode:
		return "", true
	}
	return "", false
}

// line returns where n begins.
func line(n ast.Node) int {
	if m, ok := n.(ast.MapNode); ok {
		if it := m.MapRange(); it.Next() {
			n = it.Key()
		}
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 1
}
