package interop

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"huntlake/pipeline/hunting"
	"huntlake/schema"
	"huntlake/schema/catalog"
)

// question is a query and the table that it is put to.
type question struct {
	Table  string `json:"table"`
	Schema string `json:"schema"` // (Column: type, …)
	Query  string `json:"query"`

	want    string // the columns of the answer but the ingestion time; "" where nothing hangs on them
	stamped bool   // the ingestion time must be among them
}

// judgement is what Microsoft's parser says about a query.
type judgement struct {
	Diagnostics []string
	Columns     string // of the answer, as in a question's schema
}

// judge hands questions to the parser and returns a judgement of each.
func judge(t *testing.T, questions []question) []judgement {
	t.Helper()
	needs(t, "node", "-e", "require.resolve('@kusto/language-service-next/bridge.min.js')")
	var in, out, said bytes.Buffer
	lines := json.NewEncoder(&in)
	for _, q := range questions {
		if err := lines.Encode(q); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "node", "kql.js")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("node kql.js: %v\n%.2000s", err, said.String())
	}
	var judgements []judgement
	for d := json.NewDecoder(&out); d.More(); {
		var j judgement
		if err := d.Decode(&j); err != nil {
			t.Fatal(err)
		}
		judgements = append(judgements, j)
	}
	if len(judgements) != len(questions) {
		t.Fatalf("%d judgements of %d queries", len(judgements), len(questions))
	}
	return judgements
}

// accept fails the test for each question that the parser has something to say about. Each is asked once.
func accept(t *testing.T, questions []question) {
	t.Helper()
	seen := map[question]bool{}
	questions = slices.DeleteFunc(questions, func(q question) bool {
		again := seen[q]
		seen[q] = true
		return again
	})
	for i, j := range judge(t, questions) {
		q := questions[i]
		for _, d := range j.Diagnostics {
			t.Errorf("%s\n\t%s", q.Query, d)
		}
		if got, stamped := withoutStamp(j.Columns); q.want != "" && (got != q.want || stamped != q.stamped) {
			t.Errorf("%s\n\tanswers %s, ingestion time: %t\n\twant    %s, %t", q.Query, got, stamped, q.want, q.stamped)
		}
	}
	t.Logf("%d queries", len(questions))
}

// withoutStamp takes the column that the program adds out of those of an answer.
func withoutStamp(columns string) (rest string, stamped bool) {
	const column = hunting.IngestionColumn + ": datetime"
	rest = strings.Replace(strings.Replace(columns, ", "+column, "", 1), column+", ", "", 1)
	return rest, rest != columns
}

// kustoTypes are the query language's names for the types of an answer.
var kustoTypes = map[string]string{
	"DateTime": "datetime", "String": "string", "Int64": "long", "Int32": "int", "SByte": "bool", "Double": "real",
	"Object": "dynamic", "Guid": "guid",
}

// kustoSchema writes columns as the parser reads and prints them.
func kustoSchema(t *testing.T, fields []schema.Field) string {
	t.Helper()
	columns := make([]string, len(fields))
	for i, f := range fields {
		kusto, ok := kustoTypes[f.Type]
		if !ok {
			t.Fatalf("column %s is of the unknown type %s", f.Name, f.Type)
		}
		columns[i] = f.Name + ": " + kusto
	}
	return "(" + strings.Join(columns, ", ") + ")"
}

// TestParserRefuses: what is wrong is found, so that silence means something.
func TestParserRefuses(t *testing.T) {
	alerts, _ := catalog.Lookup("AlertInfo")
	cases := []struct{ name, query, want string }{
		{"unknown table", "AlertInf | take 0", "AlertInf"},
		{"unknown column", "AlertInfo | where Sevurity == 'High'", "Sevurity"},
		{"column of another table", "AlertInfo | where DeviceId == 'x'", "DeviceId"},
		{"unknown function", "AlertInfo | extend A = ingest_time()", "ingest_time"},
		{"wrong argument", "AlertInfo | summarize count() by bin(Title, 1m)", "bin"},
		{"wrong unit", "AlertInfo | summarize count() by bin(Timestamp, 1fortnight)", "KS"},
		{"wrong literal", "AlertInfo | where Timestamp >= datetime(2026-11-22T00:00:00.0000000Z", "KS"},
		{"no boolean", "AlertInfo | where Timestamp", "bool"},
		{"unknown operator", "AlertInfo | takes 1", "operator expected"},
		{"half a predicate", "AlertInfo | where Timestamp >=", "expression"},
		{"open bracket", "AlertInfo | where (Title == 'x'", ")"},
		{"second statement", "AlertInfo | take 0; AlertInfo | take 1", "2 statements"},
		{"let", "let n = 1; AlertInfo | take n", "2 statements"},
	}
	var questions []question
	for _, tt := range cases {
		questions = append(questions, question{Table: alerts.Name, Schema: kustoSchema(t, alerts.Columns), Query: tt.query})
	}
	for i, j := range judge(t, questions) {
		t.Run(cases[i].name, func(t *testing.T) {
			if got := strings.Join(j.Diagnostics, "\n"); !strings.Contains(got, cases[i].want) {
				t.Errorf("diagnostics %q, want one with %q", got, cases[i].want)
			}
		})
	}
}
