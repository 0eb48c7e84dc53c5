package checkpoint_test

import (
	"encoding"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"huntlake/checkpoint"
)

// Every field of everything durable is named in the package comment and in the documentation of formats, in the part
// about its kind.
func TestEveryFieldIsDocumented(t *testing.T) {
	comment := parts(t, "doc.go", regexp.MustCompile(`(?m)^// # `))
	page := parts(t, "../docs/formats.md", regexp.MustCompile(`(?m)^##+ `))
	for _, body := range []checkpoint.Body{
		new(checkpoint.Schema), new(checkpoint.Plan), new(checkpoint.Split), new(checkpoint.Stage), new(checkpoint.Gap),
		new(checkpoint.Settled), new(checkpoint.PublishBegin), new(checkpoint.PublishEnd), new(checkpoint.Verify),
	} {
		fields := fieldsOf(reflect.TypeOf(body))
		missing(t, "doc.go", comment, string(body.Kind()), fields)
		missing(t, "formats.md", page, string(body.Kind()), fields)
	}
	envelope := []string{"format", "number", "nonce", "time", "program", "kind", "body"}
	missing(t, "doc.go", comment, "Record", envelope)
	missing(t, "formats.md", page, "Commits", envelope)
	missing(t, "formats.md", page, "Owner records", fieldsOf(reflect.TypeFor[checkpoint.Owner]()))

	page["state"] += page["schema"] + page["stage"] + page["gap"] + page["publish-begin"] + page["publish-end"] + page["verify"]
	missing(t, "formats.md", page, "state", fieldsOf(reflect.TypeFor[checkpoint.State]()))
}

// parts cuts a text at its headings.
func parts(t *testing.T, path string, heading *regexp.Regexp) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, part := range heading.Split(string(text), -1) {
		title, body, _ := strings.Cut(part, "\n")
		out[title] = body
	}
	return out
}

func missing(t *testing.T, where string, parts map[string]string, title string, fields []string) {
	t.Helper()
	if parts[title] == "" {
		t.Errorf("%s has no part %q", where, title)
	}
	for _, field := range fields {
		if !regexp.MustCompile(`\b` + field + `\b`).MatchString(parts[title]) {
			t.Errorf("%s, %s: field %q is not documented", where, title, field)
		}
	}
}

// fieldsOf is the names of all JSON fields below a type, which end where a type prints itself.
func fieldsOf(t reflect.Type) (names []string) {
	if t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
		return nil
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return fieldsOf(t.Elem())
	case reflect.Struct:
		for f := range t.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" && !f.Anonymous {
				name = f.Name
			}
			if name != "" {
				names = append(names, name)
			}
			names = append(names, fieldsOf(f.Type)...)
		}
	}
	return names
}
