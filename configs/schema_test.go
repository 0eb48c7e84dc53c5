package configs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"huntlake/configs"
)

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(configs.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// judge validates YAML against the schema.
func judge(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	b, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

func TestSchemaAcceptsExamples(t *testing.T) {
	s := compile(t)
	files, err := filepath.Glob("*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := judge(t, s, text); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if !bytes.HasPrefix(text, []byte("# yaml-language-server: $schema=./schema.json\n")) {
			t.Errorf("%s does not name its schema", file)
		}
	}
}

// schemaObject returns the schema at a path of keys.
func schemaObject(t *testing.T, path ...string) map[string]any {
	t.Helper()
	var at map[string]any
	if err := json.Unmarshal(configs.Schema(), &at); err != nil {
		t.Fatal(err)
	}
	for _, key := range path {
		at, _ = at[key].(map[string]any)
	}
	return at
}

// TestSchemaKnowsEveryField asks the reader which fields each mapping has.
func TestSchemaKnowsEveryField(t *testing.T) {
	mappings := []struct {
		text string
		path []string
	}{
		{"zzzzzzzz: 1", nil},
		{"source: {zzzzzzzz: 1}", []string{"properties", "source"}},
		{"tenants: [{zzzzzzzz: 1}]", []string{"properties", "tenants", "items"}},
		{"tenants: [{auth: {zzzzzzzz: 1}}]", []string{"$defs", "auth"}},
		{"queries: [{zzzzzzzz: 1}]", []string{"properties", "queries", "items"}},
		{"quota: {zzzzzzzz: 1}", []string{"properties", "quota"}},
		{"publish: {zzzzzzzz: 1}", []string{"properties", "publish"}},
	}
	for _, m := range mappings {
		want := fields(schemaObject(t, append(m.path, "properties")...))
		if got := known(t, m.text); got != want {
			t.Errorf("%s: the reader knows %s, the schema %s", m.text, got, want)
		}
	}
	table := schemaObject(t, "properties", "tables", "items")["anyOf"].([]any)[1].(map[string]any)
	if got, want := known(t, "tables: [{zzzzzzzz: 1}]"), fields(table["properties"].(map[string]any)); got != want {
		t.Errorf("tables: the reader knows %s, the schema %s", got, want)
	}
	if got, want := bytes.Count(configs.Schema(), []byte(`"additionalProperties": false`)), len(mappings)+1; got != want {
		t.Errorf("the schema has %d closed mappings, this test knows %d", got, want)
	}
}

func fields(properties map[string]any) string {
	return strings.Join(slices.Sorted(maps.Keys(properties)), ", ")
}

func known(t *testing.T, text string) string {
	t.Helper()
	_, err := configs.Parse("f.yaml", []byte(text), environment)
	for line := range strings.Lines(err.Error()) {
		if _, list, ok := strings.Cut(line, "zzzzzzzz: there is no such field: want one of "); ok {
			return strings.TrimSpace(list)
		}
	}
	t.Fatalf("%s: %v", text, err)
	return ""
}

// TestSchemaDefaults spells out the defaults that the schema claims: nothing may change.
func TestSchemaDefaults(t *testing.T) {
	defaults := func(path ...string) map[string]any {
		values := map[string]any{}
		for name, property := range schemaObject(t, append(path, "properties")...) {
			if v, ok := property.(map[string]any)["default"]; ok {
				values[name] = v
			}
		}
		return values
	}
	spelt := defaults()
	for _, section := range []string{"source", "quota", "publish"} {
		spelt[section] = defaults("properties", section)
	}
	spelt["lake"] = "s3://bucket"
	spelt["tenants"] = []any{map[string]any{"id": "00000000-0000-0000-0000-00000000000A", "auth": defaults("$defs", "auth")}}
	spelt["tables"] = []any{map[string]any{"name": "EmailEvents", "cursor": "auto", "every": "24h"}}
	text, err := json.Marshal(spelt)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(parse(t, minimal), parse(t, string(text)), same); diff != "" {
		t.Errorf("-minimal +defaults spelt out:\n%s", diff)
	}
	if got := len(defaults("properties", "source")) + len(defaults("properties", "quota")) + len(defaults("properties", "publish")); got != 10 {
		t.Errorf("%d defaults, want 10", got)
	}
}

// TestSchemaAgreesOnAuth tries every method with every set of fields.
func TestSchemaAgreesOnAuth(t *testing.T) {
	s := compile(t)
	values := []string{
		"client_id: 11111111-1111-1111-1111-111111111111", "client_secret: s", "certificate: c.pem", "certificate_password: p", "token_file: f", "token: t",
	}
	methods := []string{"", "default", "client-secret", "client-certificate", "workload-identity", "managed-identity", "azure-cli", "token", "magic"}
	accepted := 0
	for _, method := range methods {
		for set := range 1 << len(values) {
			var given []string
			if method != "" {
				given = append(given, "method: "+method)
			}
			for i, v := range values {
				if set&(1<<i) != 0 {
					given = append(given, v)
				}
			}
			text := fmt.Appendf(nil, "lake: x\ntables: [T]\ntenants: [{id: 00000000-0000-0000-0000-000000000001, auth: {%s}}]", strings.Join(given, ", "))
			_, err := configs.Parse("f.yaml", text, environment)
			if schema := judge(t, s, text); (err == nil) != (schema == nil) {
				t.Errorf("auth %v: the reader says %v, the schema %v", given, err, schema)
			}
			if err == nil {
				accepted++
			}
		}
	}
	if accepted != 13 {
		t.Errorf("%d ways to sign in, want 13", accepted)
	}
}

func TestSchemaRefuses(t *testing.T) {
	s := compile(t)
	for _, text := range []string{
		"", "lake: x", minimal + "sources: {}", minimal + "settle: 10 minutes", minimal + "settle: ''", minimal + "settle: 10",
		minimal + "quota: {share: 0.8}", minimal + "quota: {calls_per_minute: 0}", minimal + "publish: {target_size: 128}",
		minimal + "queries: [{name: q}]", minimal + "source: {api: rest}", strings.Replace(minimal, "EmailEvents", "Email Events", 1),
	} {
		if err := judge(t, s, []byte(text)); err == nil {
			t.Errorf("accepts %q", text)
		}
		if _, err := configs.Parse("f.yaml", []byte(text), environment); err == nil {
			t.Errorf("the reader accepts %q", text)
		}
	}
}
