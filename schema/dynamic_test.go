package schema_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"huntlake/schema"
)

const mark = `"@odata.type":"#microsoft.graph.security.dynamicColumnValue"`

func TestAppendDynamic(t *testing.T) {
	for _, c := range []struct{ name, raw, plain, graph string }{ // "" stands for null
		{"null", ` null `, ``, ``},
		{"scalars", `[true, false, null, 1, "x"]`, `[true,false,null,1,"x"]`, `[true,false,null,1,"x"]`},
		{"one string", `"x"`, `"x"`, `"x"`},
		{"one string that is an object's text", `"{\"a\":1}"`, `"{\"a\":1}"`, `"{\"a\":1}"`},
		{"white space", "\r\n{ \"a\" :\t[ 1 , 2 ] }\n", `{"a":[1,2]}`, `{"a":[1,2]}`},
		{"keys keep their order", `{"b":1,"a":2,"b":3}`, `{"b":1,"a":2,"b":3}`, `{"b":1,"a":2,"b":3}`},
		{"numbers stay as written", `[0,-0,1.50,1e5,1E+05,9223372036854775808,0.1]`, `[0,-0,1.50,1e5,1E+05,9223372036854775808,0.1]`, `[0,-0,1.50,1e5,1E+05,9223372036854775808,0.1]`},
		{"escapes", `"\u0041\/\u00e9\u0022\u005c\u000a\u001F\u007f\b\f\n\r\t"`, `"A/` + "\u00e9" + `\"\\\n\u001f` + "\x7f" + `\b\f\n\r\t"`, `"A/` + "\u00e9" + `\"\\\n\u001f` + "\x7f" + `\b\f\n\r\t"`},
		{"surrogates", `"\ud83d\ude00"`, "\"\U0001f600\"", "\"\U0001f600\""},
		{"half a surrogate pair", `"\uD83D!\uDE00"`, `"\ud83d!\ude00"`, `"\ud83d!\ude00"`},
		{"escaped key", `{"\u0061":1}`, `{"a":1}`, `{"a":1}`},

		{"bare object", `{}`, `{}`, ``},
		{"bare object with space", `{ }`, `{}`, ``},
		{"bare object within", `{"a":{},"b":[{}]}`, `{"a":{},"b":[{}]}`, `{"a":null,"b":[null]}`},
		{"empty array", `[]`, `[]`, `[]`},
		{"an object's mark", `{` + mark + `,"a":1}`, `{` + mark + `,"a":1}`, `{"a":1}`},
		{"an object's mark, last", `{"a":1,` + mark + `}`, `{"a":1,` + mark + `}`, `{"a":1}`},
		{"nothing but a mark", `{` + mark + `}`, `{` + mark + `}`, `{}`},
		{"marks within", `{` + mark + `,"a":{` + mark + `,"b":{` + mark + `}}}`, `{` + mark + `,"a":{` + mark + `,"b":{` + mark + `}}}`, `{"a":{"b":{}}}`},
		{"a property's mark", `{` + mark + `,"n@odata.type":"#Int64","n":5}`, `{` + mark + `,"n@odata.type":"#Int64","n":5}`, `{"n":5}`},
		{"an escaped mark", `{"\u0040odata.type":"x","a":1}`, `{"@odata.type":"x","a":1}`, `{"a":1}`},
		{"not a mark", `{"odata.type":1,"@odata.typed":2,"@odata.id":3}`, `{"odata.type":1,"@odata.typed":2,"@odata.id":3}`, `{"odata.type":1,"@odata.typed":2,"@odata.id":3}`},

		{"objects in an array", `["{\"a\": 1}","{}","x"]`, `["{\"a\": 1}","{}","x"]`, `[{"a":1},{},"x"]`},
		{"arrays in an array", `["[1, 2]","[]"]`, `["[1, 2]","[]"]`, `[[1,2],[]]`},
		{"objects in a marked array", `{` + mark + `,"l@odata.type":"#Collection(String)","l":["{\"a\":{}}"]}`, `{` + mark + `,"l@odata.type":"#Collection(String)","l":["{\"a\":{}}"]}`, `{"l":[{"a":{}}]}`},
		{"marks inside a restored element stay", `["{\"@odata.type\":1,\"l\":[\"{}\"]}"]`, `["{\"@odata.type\":1,\"l\":[\"{}\"]}"]`, `[{"@odata.type":1,"l":["{}"]}]`},
		{"texts that only look like it", `["[SOC] alert","{GUID}","{","[","{}x"," {}","1","true","null",""]`, `["[SOC] alert","{GUID}","{","[","{}x"," {}","1","true","null",""]`, `["[SOC] alert","{GUID}","{","[","{}x"," {}","1","true","null",""]`},
		{"escapes within a restored element", `["{\"p\":\"C:\\\\x\\u00e9\"}"]`, `["{\"p\":\"C:\\\\x\\u00e9\"}"]`, `[{"p":"C:\\x` + "\u00e9" + `"}]`},
		{"half a pair within a restored element", `["{\"p\":\"\\ud83d\"}"]`, `["{\"p\":\"\\ud83d\"}"]`, `[{"p":"\ud83d"}]`},
		{"half a pair in an element's own text", `["{\"p\":\"\ud83d\"}"]`, `["{\"p\":\"\ud83d\"}"]`, `["{\"p\":\"\ud83d\"}"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			for want, graph := range map[string]bool{"plain" + c.plain: false, "graph" + c.graph: true} {
				got, some, err := schema.AppendDynamic([]byte(want[:5]), []byte(c.raw), graph)
				if err != nil || string(got) != want || some != (len(want) > 5) {
					t.Errorf("graph %v:\n got %s, %v, %v\nwant %s", graph, got, some, err, want)
				}
			}
		})
	}
}

func TestAppendDynamicRefuses(t *testing.T) {
	for raw, want := range map[string]string{
		``: "at byte 0: want a JSON value", ` `: "at byte 1: want a JSON value", `nul`: "want null", `True`: "want a JSON value",
		`tru`: "want true", `falsy`: "want false", `01`: "want a JSON value", `+1`: "want a JSON value", `1 2`: "at byte 2: more follows",
		`{`: "want a key", `{"a"`: "want :", `{"a":`: "want a JSON value", `{"a":1`: "want , or }", `{"a":1,`: "want a key",
		`{"a":1,}`: "want a key", `{,}`: "want a key", `{a:1}`: "want a key", `{"a" 1}`: "want :", `{1:1}`: "want a key",
		`[`: "want a JSON value", `[1`: "want , or ]", `[1,`: "want a JSON value", `[1,]`: "want a JSON value", `[1}`: "want , or ]",
		`[1 2]`: "want , or ]", `"`: "does not end", `"a`: "does not end", `"a\`: "does not end", `"a\"`: "does not end",
		"\"\t\"": "bare", `"\x"`: "unknown escape", "\"\xff\"": "UTF-8", "[1,\xff]": "UTF-8",
		strings.Repeat("[", 513) + strings.Repeat("]", 513): "deeper than 512",
	} {
		for _, graph := range []bool{false, true} {
			got, some, err := schema.AppendDynamic([]byte("x"), []byte(raw), graph)
			if err == nil || !strings.Contains(err.Error(), want) || string(got) != "x" || some {
				t.Errorf("AppendDynamic(%.20q, %v) = %q, %v, %v, want an error with %q", raw, graph, got, some, err, want)
			}
		}
	}
}

func TestAppendDynamicDepth(t *testing.T) {
	deep := strings.Repeat("[", 512) + strings.Repeat("]", 512)
	for _, graph := range []bool{false, true} {
		if got, _, err := schema.AppendDynamic(nil, []byte(deep), graph); err != nil || string(got) != deep {
			t.Errorf("512 levels: %v", err)
		}
	}
	text, _ := json.Marshal([]string{deep}) // one level more
	got, _, err := schema.AppendDynamic(nil, text, true)
	if err != nil || !bytes.Equal(got, text) {
		t.Errorf("512 levels within an element: %.20s, %v, want it left as text", got, err)
	}
	wide := "[" + strings.Repeat("[],", 2000) + "[]]"
	if got, _, err := schema.AppendDynamic(nil, []byte(wide), true); err != nil || string(got) != wide {
		t.Errorf("2000 neighbours: %v", err)
	}
}

func FuzzAppendDynamic(f *testing.F) {
	for _, seed := range []string{
		`{` + mark + `,"a@odata.type":"#Collection(String)","a":["{\"b\":[{}]}","[1]","x"],"c":{}}`,
		`["{\"@odata.type\":1}",{"a":{}},[null,true],-1.5e7,"\ud83d\ude00\ud83d"]`,
		` {"a" : 1 , "a" : "C:\\\\x" } `, `{}`, `null`, `"`, `["[SOC]","{GUID}"]`, `["[\"\ufffd\"]"]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		plain, some, err := schema.AppendDynamic(nil, raw, false)
		if valid := json.Valid(raw) && utf8.Valid(raw); valid != (err == nil) && !tooDeep(err) {
			t.Fatalf("AppendDynamic(%q): error %v, valid JSON in UTF-8: %v", raw, err, valid)
		}
		graph, graphSome, graphErr := schema.AppendDynamic(nil, raw, true)
		if (graphErr == nil) != (err == nil) {
			t.Fatalf("AppendDynamic(%q): errors %v and, for Graph, %v", raw, err, graphErr)
		}
		if some {
			checkCanonical(t, plain)
			checkSame(t, raw, plain)
		}
		if graphSome {
			checkCanonical(t, graph)
		}
	})
}

func tooDeep(err error) bool { return err != nil && strings.Contains(err.Error(), "deeper than") }

// checkCanonical tells that text is its own canonical text, and compact.
func checkCanonical(t *testing.T, text []byte) {
	t.Helper()
	again, some, err := schema.AppendDynamic(nil, text, false)
	if err != nil || !some || !bytes.Equal(again, text) {
		t.Fatalf("%q becomes %q, %v, %v", text, again, some, err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil || !bytes.Equal(compact.Bytes(), text) {
		t.Fatalf("%q is not compact: %v", text, err)
	}
}

// checkSame tells that two JSON texts mean the same to encoding/json.
func checkSame(t *testing.T, raw, text []byte) {
	t.Helper()
	var want, got any
	for into, from := range map[*any][]byte{&want: raw, &got: text} {
		d := json.NewDecoder(bytes.NewReader(from))
		d.UseNumber()
		if err := d.Decode(into); err != nil {
			t.Fatalf("%q: %v", from, err)
		}
	}
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("%q became %q", raw, text)
	}
}

func BenchmarkAppendDynamic(b *testing.B) {
	raw := []byte(`{` + mark + `,"id":"7859040e-bfaf-4054-bcd9-50cfd88dec3b","path":"C:\\Windows\\System32","n@odata.type":"#Int64","n":639199803770463703,` +
		`"tags@odata.type":"#Collection(String)","tags":["{\"type\":\"AadObjectId\",\"id\":\"x\"}","plain"],"inner":{` + mark + `,"a":true,"b":{}}}`)
	for name, graph := range map[string]bool{"plain": false, "graph": true} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			var dst []byte
			for b.Loop() {
				out, _, err := schema.AppendDynamic(dst[:0], raw, graph)
				if err != nil {
					b.Fatal(err)
				}
				dst = out
			}
		})
	}
}
