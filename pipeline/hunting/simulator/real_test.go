package simulator_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/pipeline/hunting/simulator/jsontext"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/pipeline/hunting/simulator/wire"
	"huntlake/schema"
)

// shared returns the path of public captures, which lie beside the repository and are not part of it. Without them
// the test is skipped, but not in CI.
func shared(t *testing.T, elem ...string) string {
	t.Helper()
	root := os.Getenv("HUNTLAKE_SHARED")
	for dir, _ := os.Getwd(); root == "" && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if candidate := filepath.Join(dir, "shared"); isDir(filepath.Join(candidate, "facts")) {
			root = candidate
		}
	}
	path := filepath.Join(append([]string{root}, elem...)...)
	if root != "" && isDir(path) {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("captures %s are not there: set HUNTLAKE_SHARED", filepath.Join(elem...))
	}
	t.Logf("NOT RUN: captures %s are not there: set HUNTLAKE_SHARED", filepath.Join(elem...))
	t.Skip()
	return ""
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// Rows that were captured from Graph, taken apart and written again, must be the captured bytes.
func TestCapturedGraphRowsAreWrittenTheSame(t *testing.T) {
	dir := shared(t, "facts", "samples", "responses")
	tests := map[string]wire.Style{
		"graph-oauthappinfo-row-2026-07-23.json": {}, "graph-secureconfig-row-2026-07.json": {}, "graph-softwareinventory-null-datetime-row-2026-07.json": {},
		"graph-tvm-envelope-2026-07-23.json": {}, "graph-exposuregraphnodes-rows-2026-07-28.json": {}, "graph-int64-annotation-emailclusterid.json": {},
		"graph-alertinfo-2024.json": {}, "graph-docs-example.json": {},
	}
	for name, style := range tests {
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			text, ok := jsontext.Canonical(string(b))
			if !ok {
				t.Fatal("the capture is no JSON")
			}
			for _, row := range rowsOf(text) {
				fields, values := takeApart(row)
				if got := string(wire.NewEncoder(fields, style, 0).AppendRow(nil, values)); got != row {
					t.Errorf("got  %s\nwant %s", got, row)
				}
			}
		})
	}
}

// rowsOf finds the rows in an envelope, a list of rows or a row.
func rowsOf(text string) (rows []string) {
	for k, v := range jsontext.Members(text) {
		if k == `"results"` {
			text = v
		}
	}
	for row := range jsontext.Elements(text) {
		rows = append(rows, row)
	}
	if rows == nil {
		rows = []string{text}
	}
	return rows
}

// takeApart reads a row as Graph writes it, knowing no more of its columns than the row shows.
func takeApart(row string) (fields []schema.Field, values []kql.Value) {
	annotation := ""
	for k, v := range jsontext.Members(row) {
		name := jsontext.Unquote(k)
		if strings.HasSuffix(name, "@odata.type") {
			annotation = jsontext.Unquote(v)
			continue
		}
		value := plainValue(v, annotation)
		fields = append(fields, schema.Field{Name: name, Type: value.Type().Wire()})
		values = append(values, value)
		annotation = ""
	}
	return fields, values
}

func plainValue(text, annotation string) kql.Value {
	number := kql.OfDynamic(text).As(kql.Long)
	if strings.Contains(text, ".") {
		number = kql.OfDynamic(text).As(kql.Real)
	}
	switch {
	case text == "{}":
		return kql.Value{}
	case text[0] == '{' || text[0] == '[':
		return kql.OfDynamic(plainDynamic(text))
	case annotation == "#SByte":
		return kql.OfBool(text == "1")
	case text[0] != '"' && annotation == "" && number.Type() == kql.Long:
		return kql.OfInt(number.Int64())
	case text[0] != '"':
		return number
	}
	if at, err := partition.ParseTick(jsontext.Unquote(text)); err == nil && at != partition.NoTick {
		return kql.OfTime(at)
	}
	return kql.OfString(jsontext.Unquote(text))
}

// plainDynamic takes annotations out, and texts of objects apart.
func plainDynamic(text string) string {
	var parts []string
	switch text[0] {
	case '{':
		for k, v := range jsontext.Members(text) {
			if !strings.HasSuffix(k, `@odata.type"`) {
				parts = append(parts, k+":"+plainDynamic(v))
			}
		}
		return "{" + strings.Join(parts, ",") + "}"
	case '[':
		for e := range jsontext.Elements(text) {
			if s := jsontext.Unquote(e); strings.HasPrefix(s, "{") {
				e = s
			}
			parts = append(parts, e)
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return text
}

// What the service says must be what it was seen to say, key by key.
func TestCapturedErrorsAreSaidTheSame(t *testing.T) {
	dir := shared(t, "facts", "samples", "errors")
	tests := []struct {
		file, path string
		fault      simulator.Fault
	}{
		{"graph-400-preempted.json", graphPath, simulator.FaultPreempted()},
		{"graph-400-semantic-missing-table.json", graphPath, simulator.Fault{}},
		{"graph-500-unknownerror.json", graphPath, simulator.FaultInternal()},
		{"graph-504-unknownerror.json", graphPath, simulator.FaultTimeout()},
		{"legacy-429-calls-per-minute.json", defenderPath, simulator.FaultCallQuota(45, 60e9, 0)},
		{"legacy-429-calls-per-hour.json", defenderPath, simulator.FaultCallQuota(1500, 3600e9, 0)},
		{"legacy-429-keyed-other-mde-endpoint.json", defenderPath, simulator.FaultKeyedCallQuota(30, 60e9, 8e9)},
		{"legacy-400-missing-query-newline.json", defenderPath, simulator.FaultMissingQuery()},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join(dir, tt.file))
			if err != nil {
				t.Fatal(err)
			}
			got := ask(t, faulty(t, tt.fault), tt.path, "DeviceInfo | take 5").body
			if got, want := skeleton(t, []byte(got)), skeleton(t, b); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// skeleton is an error's text without what differs from call to call.
func skeleton(t *testing.T, b []byte) string {
	t.Helper()
	var e struct{ Error map[string]any }
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(&e); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	if _, ok := e.Error["target"]; ok {
		e.Error["target"] = "…"
	}
	if inner, ok := e.Error["innerError"].(map[string]any); ok {
		for k := range inner {
			inner[k] = "…"
		}
	}
	out, err := json.Marshal(e.Error)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Public rows of every channel must load, keep their number and come out of the service as JSON.
func TestCapturedRowsAreServed(t *testing.T) {
	tests := []struct {
		folder []string
		rows   map[string]int
	}{
		{[]string{"api-rows", "msticpy"}, map[string]int{"DeviceProcessEvents": 200}},
		{[]string{"api-rows", "dafneb"}, map[string]int{"advanced_hunting_union": 26}},
		{[]string{"derived"}, map[string]int{"DeviceProcessEvents": 1564}},
		{[]string{"streaming", "graph2otel"}, map[string]int{"AlertEvidence": 2, "AlertInfo": 1, "BehaviorEntities": 2, "CloudAppEvents": 1, "DeviceInfo": 1, "IdentityInfo": 1, "UrlClickEvents": 1}},
		{[]string{"otrf-simuland"}, map[string]int{"Microsoft365DefenderEvents": 9}},
	}
	for _, tt := range tests {
		t.Run(filepath.Join(tt.folder...), func(t *testing.T) {
			dir := shared(t, append([]string{"data", "real"}, tt.folder...)...)
			tables, err := simulator.LoadFolder(dir, simulator.FileOptions{ShiftTo: epoch})
			if err != nil {
				t.Fatal(err)
			}
			s := start(t, simulator.Options{Tables: tables, Limits: simulator.Limits{CallsPerMinute: -1, RunTimePerHour: -1, Retention: -1}})
			found := 0
			for _, table := range tables {
				want, ok := tt.rows[table.Name()]
				if ok && table.Len() != want {
					t.Errorf("%s: %d rows, want %d", table.Name(), table.Len(), want)
				}
				if ok {
					found++
				}
				checkServed(t, s, table)
			}
			if found != len(tt.rows) {
				t.Errorf("%d of %d tables are there", found, len(tt.rows))
			}
		})
	}
}

func checkServed(t *testing.T, s *simulator.Service, table simulator.Table) {
	t.Helper()
	for _, path := range []string{graphPath, defenderPath} {
		a := ask(t, s, path, table.Name())
		var body map[string]json.RawMessage
		if err := json.Unmarshal([]byte(a.body), &body); err != nil || a.status != 200 {
			t.Fatalf("%s: status %d, %v", table.Name(), a.status, err)
		}
		var rows []json.RawMessage
		if err := json.Unmarshal(append(body["results"], body["Results"]...), &rows); err != nil || len(rows) != table.Len() {
			t.Errorf("%s: %d rows of %d, %v", table.Name(), len(rows), table.Len(), err)
		}
	}
}
