package files_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/files"
)

// load writes files to a folder and loads it.
func load(t *testing.T, content map[string]string, opts files.Options) ([]*files.Table, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
		b := []byte(text)
		if strings.HasSuffix(name, ".gz") {
			var z bytes.Buffer
			w := gzip.NewWriter(&z)
			w.Write(b)
			w.Close()
			b = z.Bytes()
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files.Load(dir, opts)
}

func mustLoad(t *testing.T, content map[string]string, opts files.Options) []*files.Table {
	t.Helper()
	tables, err := load(t, content, opts)
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// show prints the cells of some columns, each with its type as the schema names it.
func show(t *testing.T, table *files.Table, columns ...string) []string {
	t.Helper()
	fields := table.Columns(0)
	read := table.Read(fields)
	var out []string
	for i := range table.Len() {
		read.Seek(i)
		var cells []string
		for k, f := range fields {
			for _, c := range columns {
				if f.Name == c {
					v := read.Cell(k)
					text := v.Type().String() + ":" + v.String()
					if v.IsNull() {
						text = "∅"
					}
					cells = append(cells, f.Type+"="+text)
				}
			}
		}
		out = append(out, strings.Join(cells, " "))
	}
	return out
}

func TestValuesAreKeptExactly(t *testing.T) {
	tests := []struct {
		name, file, content, column string
		want                        []string
	}{
		{"long beyond 2^53", "DeviceInfo.jsonl", `{"Timestamp":"2026-01-01T00:00:00Z","ReportId":639000000000000001}`, "ReportId", []string{"Int64=long:639000000000000001"}},
		{"null apart from empty", "AlertInfo.jsonl", `{"Timestamp":"2026-01-01T00:00:00Z","Title":null}{"Timestamp":"2026-01-01T00:00:00Z","Title":""}{"Timestamp":"2026-01-01T00:00:00Z"}`, "Title",
			[]string{"String=∅", "String=string:", "String=∅"}},
		{"escapes", "AlertInfo.jsonl", `{"Timestamp":"2026-01-01T00:00:00Z","Title":"a\u00e9\n\u0007\""}`, "Title", []string{"String=string:aé\n\a\""}},
		{"number in a string column", "EmailEvents.json", `{"Timestamp":"2026-01-01T00:00:00Z","ReportId":1.50}`, "ReportId", []string{"String=string:1.50"}},
		{"object in a string column", "DeviceEvents.json", `{"Timestamp":"2026-01-01T00:00:00Z","AdditionalFields":{"b":1, "a":9007199254740993}}`, "AdditionalFields",
			[]string{`String=string:{"b":1,"a":9007199254740993}`}},
		{"JSON in a string stays one in a string column", "DeviceEvents.json", `{"Timestamp":"2026-01-01T00:00:00Z","AdditionalFields":"{ \"b\":1}"}`, "AdditionalFields", []string{`String=string:{ "b":1}`}},
		{"dynamic", "CloudAppEvents.json", `{"Timestamp":"2026-01-01T00:00:00Z","RawEventData":{"n":1.0,"k":[ ]}}`, "RawEventData", []string{`Object=dynamic:{"n":1.0,"k":[]}`}},
		{"flattened dynamic", "CloudAppEvents.json", `{"Timestamp":"2026-01-01T00:00:00Z","RawEventData":"{\"n\": 1}"}`, "RawEventData", []string{`Object=dynamic:{"n":1}`}},
		{"text in a dynamic column", "CloudAppEvents.json", `{"Timestamp":"2026-01-01T00:00:00Z","RawEventData":"{broken"}`, "RawEventData", []string{`Object=dynamic:{broken`}},
		{"bools", "CloudAppEvents.json", `{"Timestamp":"2026-01-01T00:00:00Z","IsAdminOperation":true}{"Timestamp":"2026-01-01T00:00:00Z","IsAdminOperation":0}{"Timestamp":"2026-01-01T00:00:00Z"}`, "IsAdminOperation",
			[]string{"SByte=bool:true", "SByte=bool:false", "SByte=∅"}},
		{"string where the catalog says long", "DeviceInfo.json", `{"Timestamp":"2026-01-01T00:00:00Z","ReportId":"a-1"}{"Timestamp":"2026-01-01T00:00:00Z","ReportId":"2"}`, "ReportId",
			[]string{"String=string:a-1", "String=string:2"}},
		{"unknown columns", "Mine.jsonl", `{"B":true,"L":5,"R":1.5,"T":"2026-01-01T00:00:00.1Z","D":{"x":1},"S":"5","M":5,"Z":null}{"B":null,"M":"x"}`, "B L R T D S M Z",
			[]string{"SByte=bool:true Int64=long:5 Double=real:1.5 DateTime=datetime:2026-01-01T00:00:00.1000000Z Object=dynamic:{\"x\":1} String=string:5 String=string:5 String=∅",
				"SByte=∅ Int64=∅ Double=∅ DateTime=∅ Object=∅ String=∅ String=string:x String=∅"}},
		{"too large for a long", "Mine.jsonl", `{"N":18446744073709551616}`, "N", []string{"String=string:18446744073709551616"}},
		{"numbers that a double would change", "Mine.jsonl", `{"N":1.50}{"N":2.5}`, "N", []string{"String=string:1.50", "String=string:2.5"}},
		{"CSV", "DeviceInfo.csv", "\ufeffTimestamp,ReportId,DeviceName,IsAzureADJoined\r\n2026-01-01T00:00:00Z,639000000000000001,\"a,\"\"b\"\"\",1\r\n2026-01-01T00:00:00Z,,,\r\n", "ReportId DeviceName IsAzureADJoined",
			[]string{`String=string:a,"b" SByte=bool:true Int64=long:639000000000000001`, "String=string: SByte=∅ Int64=∅"}},
		{"CSV of an unknown table", "Mine.csv", "A,B,C,D,E\n007,5,true,\"{\"\"x\"\":1}\",2026-01-01T00:00:00Z\n8,,,,\n", "A B C D E",
			[]string{`String=string:007 Int64=long:5 SByte=bool:true Object=dynamic:{"x":1} DateTime=datetime:2026-01-01T00:00:00.0000000Z`, "String=string:8 Int64=∅ SByte=∅ Object=∅ DateTime=∅"}},
		{"gzip, CRLF", "Mine.export.jsonl.gz", "{\"A\":1}\r\n{\"A\":2}\r\n", "A", []string{"Int64=long:1", "Int64=long:2"}},
		{"byte order mark", "Mine.jsonl", "\ufeff{\"A\":1}", "A", []string{"Int64=long:1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tables := mustLoad(t, map[string]string{tt.file: tt.content}, files.Options{})
			if len(tables) != 1 {
				t.Fatalf("%d tables", len(tables))
			}
			if name, _, _ := strings.Cut(tt.file, "."); tables[0].Name() != name {
				t.Errorf("table %s, want %s", tables[0].Name(), name)
			}
			if diff := cmp.Diff(tt.want, show(t, tables[0], strings.Fields(tt.column)...)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	tables := mustLoad(t, map[string]string{"AlertInfo.json": `{"Timestamp":"2026-01-01T00:00:00Z","Title":null}`}, files.Options{NoNullStrings: true})
	if got := show(t, tables[0], "Title", "Category"); got[0] != "String=string: String=string:" {
		t.Errorf("without null strings: %s", got)
	}
}

func TestStreamedRecords(t *testing.T) {
	const line = `{"time": "2026-01-01T00:05:00.1234567Z", "tenantId": "t", "operationName": "Publish", "category": "AdvancedHunting-AlertInfo",
		"properties": {"Timestamp": "2026-01-01T00:00:00Z", "Title": "x", "Novel": 1}, "Tenant": "DefaultTenant"}`
	tables := mustLoad(t, map[string]string{"anything.json": line + line, "README.md": "no rows"}, files.Options{})
	if len(tables) != 1 || tables[0].Name() != "AlertInfo" || tables[0].Len() != 2 || tables[0].TimeColumn() != "Timestamp" {
		t.Fatalf("got %v", tables)
	}
	table := tables[0]
	want, _ := partition.ParseTick("2026-01-01T00:05:00.1234567Z")
	if table.Ingested(1) != want || table.Arrived(1) != want || table.Time(1) != want.Floor(partition.Hour) {
		t.Errorf("row of %v ingested at %v", table.Time(1), table.Ingested(1))
	}
	fields := table.Columns(0)
	if last := fields[len(fields)-1]; last.Name != "Novel" || last.Type != "Int64" || fields[0].Name != "Timestamp" {
		t.Errorf("columns %v", fields)
	}
}

func TestMadeUpLags(t *testing.T) {
	var content strings.Builder
	for range 4000 {
		content.WriteString(`{"Timestamp":"2026-01-01T00:00:00Z"}`)
	}
	f := map[string]string{"AlertInfo.json": content.String(), "DeviceTvmSoftwareInventory.json": `{"DeviceId":"a"}`}
	first, second := mustLoad(t, f, files.Options{}), mustLoad(t, f, files.Options{})
	near, far := 0, 0
	for i := range first[0].Len() {
		lag := first[0].Ingested(i) - first[0].Time(i)
		if lag != second[0].Ingested(i)-second[0].Time(i) || lag <= 0 {
			t.Fatalf("row %d: lag %d, the second time %d", i, lag, second[0].Ingested(i)-second[0].Time(i))
		}
		if lag > partition.Hour {
			far++
		} else if lag > 70*partition.Second && lag < 140*partition.Second {
			near++
		}
	}
	if far < 10 || far > 100 || near < 2000 {
		t.Errorf("%d of 4,000 rows near the median, %d hours late", near, far)
	}
	if snapshot := first[1]; snapshot.Time(0) != partition.NoTick || snapshot.Ingested(0) != partition.NoTick || snapshot.Arrived(0) != partition.NoTick || snapshot.TimeColumn() != "" {
		t.Errorf("a table without time has %v, %v", snapshot.Time(0), snapshot.Ingested(0))
	}
	unstamped := mustLoad(t, f, files.Options{MedianLag: -1})[0]
	if unstamped.Ingested(0) != partition.NoTick || unstamped.Arrived(0) != unstamped.Time(0) {
		t.Errorf("unstamped row: ingested %v, arrived %v", unstamped.Ingested(0), unstamped.Arrived(0))
	}
}

func TestShift(t *testing.T) {
	const lines = `{"time":"2020-06-01T00:01:00Z","category":"AdvancedHunting-DeviceProcessEvents","properties":{"Timestamp":"2020-06-01T00:00:00Z","ProcessCreationTime":"2020-05-01T00:00:00Z"}}
		{"time":"2020-06-02T00:00:00.5Z","category":"AdvancedHunting-DeviceProcessEvents","properties":{"Timestamp":null,"ProcessCreationTime":null}}`
	to := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for all, want := range map[bool]string{false: "2020-05-01T00:00:00.0000000Z", true: "2026-10-20T23:59:59.4999999Z"} {
		table := mustLoad(t, map[string]string{"x.json": lines}, files.Options{ShiftTo: to, ShiftAll: all})[0]
		if got := table.Arrived(1); got != partition.TickOf(to)-1 || table.Ingested(1) != got || table.Time(1) != partition.NoTick {
			t.Errorf("newest row arrives at %v", got)
		}
		if got := table.Time(0).String(); got != "2026-11-20T23:59:59.4999999Z" {
			t.Errorf("older row is of %v", got)
		}
		if got := show(t, table, "Timestamp", "ProcessCreationTime")[0]; got != "DateTime=datetime:2026-11-20T23:59:59.4999999Z DateTime=datetime:"+want {
			t.Errorf("shift all %v: %s", all, got)
		}
	}
}

func TestErrorsNameTheFile(t *testing.T) {
	for name, tt := range map[string]struct{ content, want string }{
		"Bad.json":       {`{"A":1} {"A"`, "load table Bad.json: read record 2: unexpected EOF"},
		"List.json":      {`[1]`, "load table List.json: read record 1: want a JSON object in UTF-8"},
		"Latin.json":     {"{\"A\":\"\xff\"}", "want a JSON object in UTF-8"},
		"Bad.csv":        {"A,B\n1\n", "load table Bad.csv: record on line 2: wrong number of fields"},
		"Bad.json.gz":    {"", "load table Bad.json.gz"},
		"AlertInfo.json": {`{"Timestamp":"Oct 9, 2024"}`, "load table AlertInfo: column Timestamp has values that are no datetimes"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(tt.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := files.Load(dir, files.Options{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
	if _, err := files.Load(filepath.Join(t.TempDir(), "gone"), files.Options{}); err == nil {
		t.Error("a folder that is not there loads")
	}
	if tables, err := load(t, map[string]string{"Empty.csv": "", "Empty.json": ""}, files.Options{}); err != nil || len(tables) != 0 {
		t.Errorf("empty files: %v, %v", tables, err)
	}
}
