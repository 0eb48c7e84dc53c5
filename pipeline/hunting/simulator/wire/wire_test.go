package wire_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/pipeline/hunting/simulator/wire"
	"huntlake/schema"
)

func tick(tb testing.TB, s string) kql.Value {
	tb.Helper()
	t, err := partition.ParseTick(s)
	if err != nil {
		tb.Fatal(err)
	}
	return kql.OfTime(t)
}

func TestCells(t *testing.T) {
	tests := []struct {
		name, typ       string
		value           kql.Value
		graph, defender string // of a row with the one column C
	}{
		{"string", "String", kql.OfString("a\"\\\n\x01é😀"), `{"C":"a\"\\\n\u0001é😀"}`, `{"C":"a\"\\\n\u0001é😀"}`},
		{"empty string", "String", kql.OfString(""), `{"C":""}`, `{"C":""}`},
		{"null string", "String", kql.Value{}, `{"C":{}}`, `{"C":null}`},
		{"long", "Int64", kql.OfLong(9007199254740993), `{"C@odata.type":"#Int64","C":9007199254740993}`, `{"C":9007199254740993}`},
		{"int", "Int32", kql.OfInt(-7), `{"C":-7}`, `{"C":-7}`},
		{"null int", "Int32", kql.Value{}, `{"C":{}}`, `{"C":null}`},
		{"true", "SByte", kql.OfBool(true), `{"C@odata.type":"#SByte","C":1}`, `{"C":1}`},
		{"false", "SByte", kql.OfBool(false), `{"C@odata.type":"#SByte","C":0}`, `{"C":0}`},
		{"real", "Double", kql.OfReal(4.3), `{"C":4.3}`, `{"C":4.3}`},
		{"whole real", "Double", kql.OfReal(5), `{"C":5.0}`, `{"C":5.0}`},
		{"negative zero", "Double", kql.OfReal(math.Copysign(0, -1)), `{"C":-0.0}`, `{"C":-0.0}`},
		{"large real", "Double", kql.OfReal(1e300), `{"C":1e+300}`, `{"C":1e+300}`},
		{"no number", "Double", kql.OfReal(math.NaN()), `{"C":"NaN"}`, `{"C":"NaN"}`},
		{"infinity", "Double", kql.OfReal(math.Inf(1)), `{"C":"INF"}`, `{"C":"Infinity"}`},
		{"negative infinity", "Double", kql.OfReal(math.Inf(-1)), `{"C":"-INF"}`, `{"C":"-Infinity"}`},
		{"time, no fraction", "DateTime", tick(t, "2026-04-14T07:00:00Z"), `{"C":"2026-04-14T07:00:00Z"}`, `{"C":"2026-04-14T07:00:00Z"}`},
		{"time, milliseconds", "DateTime", tick(t, "2026-07-23T18:03:20.92Z"), `{"C":"2026-07-23T18:03:20.92Z"}`, `{"C":"2026-07-23T18:03:20.92Z"}`},
		{"time, ticks", "DateTime", tick(t, "2019-12-08T17:22:37.0000007Z"), `{"C":"2019-12-08T17:22:37.0000007Z"}`, `{"C":"2019-12-08T17:22:37.0000007Z"}`},
		{"first time", "DateTime", kql.OfTime(partition.MinTick), `{"C":"0001-01-01T00:00:00Z"}`, `{"C":"0001-01-01T00:00:00Z"}`},
		{"last time", "DateTime", kql.OfTime(partition.MaxTick), `{"C":"9999-12-31T23:59:59.9999999Z"}`, `{"C":"9999-12-31T23:59:59.9999999Z"}`},
		{"null time", "DateTime", kql.OfTime(partition.NoTick), `{"C":{}}`, `{"C":null}`},
		{"timespan", "TimeSpan", kql.OfSpan(partition.Day + partition.Second), `{"C":"1.00:00:01"}`, `{"C":"1.00:00:01"}`},
		{"guid", "Guid", kql.OfGuid("0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"), `{"C":"0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"}`, `{"C":"0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"}`},
		{"object", "Object", kql.OfDynamic(`{"s":"é","b":true,"f":1.5,"n":null}`),
			`{"C":{"@odata.type":"#microsoft.graph.security.dynamicColumnValue","s":"é","b":true,"f":1.5,"n":null}}`, `{"C":{"s":"é","b":true,"f":1.5,"n":null}}`},
		{"longs in objects", "Object", kql.OfDynamic(`{"i":0,"j":-9007199254740993}`),
			`{"C":{"@odata.type":"#microsoft.graph.security.dynamicColumnValue","i@odata.type":"#Int64","i":0,"j@odata.type":"#Int64","j":-9007199254740993}}`, `{"C":{"i":0,"j":-9007199254740993}}`},
		{"nested objects", "Object", kql.OfDynamic(`{"a":{"b":{}}}`),
			`{"C":{"@odata.type":"#microsoft.graph.security.dynamicColumnValue","a":{"@odata.type":"#microsoft.graph.security.dynamicColumnValue","b":{"@odata.type":"#microsoft.graph.security.dynamicColumnValue"}}}}`, `{"C":{"a":{"b":{}}}}`},
		{"empty object", "Object", kql.OfDynamic(`{}`), `{"C":{"@odata.type":"#microsoft.graph.security.dynamicColumnValue"}}`, `{"C":{}}`},
		{"null object", "Object", kql.Value{}, `{"C":{}}`, `{"C":null}`},
		{"strings", "Object", kql.OfDynamic(`["a","b"]`), `{"C@odata.type":"#Collection(String)","C":["a","b"]}`, `{"C":["a","b"]}`},
		{"no elements", "Object", kql.OfDynamic(`[]`), `{"C@odata.type":"#Collection(String)","C":[]}`, `{"C":[]}`},
		{"objects in an array", "Object", kql.OfDynamic(`[{"a":"\"x","b":[1]}]`), `{"C@odata.type":"#Collection(String)","C":["{\"a\":\"\\\"x\",\"b\":[1]}"]}`, `{"C":[{"a":"\"x","b":[1]}]}`},
		{"arrays in an array", "Object", kql.OfDynamic(`[[1],[]]`), `{"C@odata.type":"#Collection(String)","C":["[1]","[]"]}`, `{"C":[[1],[]]}`},
		{"array in an object", "Object", kql.OfDynamic(`{"t":["a"]}`),
			`{"C":{"@odata.type":"#microsoft.graph.security.dynamicColumnValue","t@odata.type":"#Collection(String)","t":["a"]}}`, `{"C":{"t":["a"]}}`},
		{"integers", "Object", kql.OfDynamic(`[1,2]`), `{"C@odata.type":"#Collection(Int64)","C":[1,2]}`, `{"C":[1,2]}`},
		{"numbers", "Object", kql.OfDynamic(`[1,2.5]`), `{"C@odata.type":"#Collection(Double)","C":[1,2.5]}`, `{"C":[1,2.5]}`},
		{"booleans", "Object", kql.OfDynamic(`[true,false]`), `{"C@odata.type":"#Collection(Boolean)","C":[true,false]}`, `{"C":[true,false]}`},
		{"nulls", "Object", kql.OfDynamic(`[null]`), `{"C@odata.type":"#Collection(String)","C":[null]}`, `{"C":[null]}`},
		{"dynamic string", "Object", kql.OfDynamic(`"x"`), `{"C":"x"}`, `{"C":"x"}`},
		{"dynamic long", "Object", kql.OfDynamic(`5`), `{"C@odata.type":"#Int64","C":5}`, `{"C":5}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fields := []schema.Field{{Name: "C", Type: tt.typ}}
			for style, want := range map[wire.Style]string{{}: tt.graph, {Defender: true}: tt.defender} {
				got := string(wire.NewEncoder(fields, style, 0).AppendRow(nil, []kql.Value{tt.value}))
				if got != want {
					t.Errorf("%+v\ngot  %s\nwant %s", style, got, want)
				}
			}
		})
	}
}

func TestStyles(t *testing.T) {
	fields := []schema.Field{{Name: "N", Type: "Int64"}, {Name: "S", Type: "String"}, {Name: "B", Type: "SByte"}, {Name: "D", Type: "Object"}, {Name: "Z", Type: "Double"}}
	row := []kql.Value{kql.OfLong(1), kql.OfString("é😀"), kql.OfBool(true), kql.OfDynamic(`{"n":2,"s":["é"]}`), {}}
	tests := []struct {
		name  string
		style wire.Style
		want  string
	}{
		{"no long annotations", wire.Style{NoInt64: true}, `{"N":1,"S":"é😀","B@odata.type":"#SByte","B":1,"D":{"@odata.type":"#microsoft.graph.security.dynamicColumnValue","n":2,"s@odata.type":"#Collection(String)","s":["é"]},"Z":{}}`},
		{"ASCII", wire.Style{Defender: true, EscapeUnicode: true}, `{"N":1,"S":"\u00e9\ud83d\ude00","B":1,"D":{"n":2,"s":["\u00e9"]},"Z":null}`},
		{"words", wire.Style{Defender: true, WordBools: true}, `{"N":1,"S":"é😀","B":true,"D":{"n":2,"s":["é"]},"Z":null}`},
		{"no nulls", wire.Style{Defender: true, OmitNulls: true}, `{"N":1,"S":"é😀","B":1,"D":{"n":2,"s":["é"]}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := string(wire.NewEncoder(fields, tt.style, 0).AppendRow(nil, row))
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// Shuffled keys and white space must not change what a row says.
func TestShuffledAndSpacedRowsSayTheSame(t *testing.T) {
	fields := []schema.Field{{Name: "N", Type: "Int64"}, {Name: "S", Type: "String"}, {Name: "B", Type: "SByte"}, {Name: "D", Type: "Object"}}
	row := []kql.Value{kql.OfLong(1), kql.OfString(" a : , b "), kql.OfBool(true), kql.OfDynamic(`{"n":2,"a":[{"x":1},"s"]}`)}
	for _, defender := range []bool{false, true} {
		var plain any
		first := wire.NewEncoder(fields, wire.Style{Defender: defender}, 0).AppendRow(nil, row)
		if err := json.Unmarshal(first, &plain); err != nil {
			t.Fatal(err)
		}
		e := wire.NewEncoder(fields, wire.Style{Defender: defender, ShuffleKeys: true, Spaces: true}, 7)
		orders := map[string]bool{}
		for range 20 {
			b := e.AppendRow(nil, row)
			orders[string(b)] = true
			var got any
			if err := json.Unmarshal(b, &got); err != nil {
				t.Fatalf("%s: %v", b, err)
			}
			if diff := cmp.Diff(plain, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if !defender && strings.Index(string(b), "N@odata.type") > strings.Index(string(b), `"N"`) {
				t.Errorf("annotation behind its value: %s", b)
			}
		}
		if len(orders) < 2 {
			t.Error("every row has its keys in the same order")
		}
	}
}

func TestEnvelopes(t *testing.T) {
	fields := []schema.Field{{Name: "A", Type: "String"}, {Name: `B"`, Type: "Int64"}}
	const context = `"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.security.huntingQueryResults"`
	const stats = `"Stats":{"ExecutionTime":1.5,"resource_usage":{"cache":{"memory":{"hits":1,"misses":0,"total":1},"disk":{"hits":0,"misses":0,"total":0}},` +
		`"cpu":{"user":"00:00:01.5000000","kernel":"00:00:00","total cpu":"00:00:01.5000000"},"memory":{"peak_per_node":9}},"dataset_statistics":[{"table_row_count":1,"table_size":9}]}`
	rows := [][]byte{[]byte(`{"A":`), []byte(`"x"}`)}
	tests := []struct {
		name string
		v    wire.Envelope
		want string
	}{
		{"graph", wire.Envelope{}, `{` + context + `,"schema":[{"name":"A","type":"String"},{"name":"B\"","type":"Int64"}],"results":[{"A":"x"}]}`},
		{"graph, rows first", wire.Envelope{RowsFirst: true}, `{` + context + `,"results":[{"A":"x"}],"schema":[{"name":"A","type":"String"},{"name":"B\"","type":"Int64"}]}`},
		{"defender", wire.Envelope{Style: wire.Style{Defender: true}}, `{` + stats + `,"Schema":[{"Name":"A","Type":"String"},{"Name":"B\"","Type":"Int64"}],"Results":[{"A":"x"}]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.v.Fields, tt.v.Stats = fields, wire.Stats{Elapsed: 1500 * time.Millisecond, Rows: 1, Bytes: 9}
			if got := string(bytes.Join(tt.v.Parts(rows), nil)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			tt.v.Style.Spaces = true
			if spaced := bytes.Join(tt.v.Parts(rows), nil); !json.Valid(spaced) {
				t.Errorf("with spaces: %s", spaced)
			}
		})
	}
}
