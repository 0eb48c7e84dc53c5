package jsontext_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/pipeline/hunting/simulator/jsontext"
)

func TestCanonical(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"white space goes", " { \"b\" : [ 1 , 2 ] ,\r\n\t\"a\" : null } ", `{"b":[1,2],"a":null}`},
		{"numbers stay", `[9007199254740993, 1.0, 1.50, -0, 1e5, 1E+5]`, `[9007199254740993,1.0,1.50,-0,1e5,1E+5]`},
		{"keys stay in order, twice if twice", `{"z":1,"a":2,"z":3}`, `{"z":1,"a":2,"z":3}`},
		{"spaces in strings stay", `" a  b "`, `" a  b "`},
		{"needless escapes go", `"\u00e9\/\u0041"`, `"é/A"`},
		{"needed escapes stay, short", `"\u0022\u005c\u000a\u0001\b\f\r\t\n"`, `"\"\\\n\u0001\b\f\r\t\n"`},
		{"surrogate pairs join", `"\ud83d\ude00"`, `"😀"`},
		{"lone surrogates stay", `"\ud83d\ud83d\ude00 \ude00"`, `"\ud83d😀 \ude00"`},
		{"upper-case hex", `"\u00E9"`, `"é"`},
		{"scalars", ` true `, `true`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := jsontext.Canonical(tt.in)
			if !ok || got != tt.want {
				t.Errorf("got %s, %v; want %s", got, ok, tt.want)
			}
		})
	}
	for _, bad := range []string{"", "{", `{"a":1,}`, "1 2", "nul", "\"\n\"", "\"\xff\"", `"\x"`, "[1]]"} {
		if got, ok := jsontext.Canonical(bad); ok {
			t.Errorf("Canonical(%q) = %q, want it refused", bad, got)
		}
	}
}

func TestMembersAndElements(t *testing.T) {
	const object = `{"a":{"x":"}\"]"},"b":[1,[2],{"c":","}],"\"q":"s","n":-1.5,"e":{}}`
	got := map[string]string{}
	for k, v := range jsontext.Members(object) {
		got[k] = v
	}
	want := map[string]string{`"a"`: `{"x":"}\"]"}`, `"b"`: `[1,[2],{"c":","}]`, `"\"q"`: `"s"`, `"n"`: `-1.5`, `"e"`: `{}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("members -want +got:\n%s", diff)
	}
	var elements []string
	for e := range jsontext.Elements(want[`"b"`]) {
		elements = append(elements, e)
	}
	if diff := cmp.Diff([]string{"1", "[2]", `{"c":","}`}, elements); diff != "" {
		t.Errorf("elements -want +got:\n%s", diff)
	}
	for _, none := range []string{"", "{}", "[]", "5", `"{"`} {
		for k := range jsontext.Members(none) {
			t.Errorf("Members(%q) yields %s", none, k)
		}
		for e := range jsontext.Elements(none) {
			t.Errorf("Elements(%q) yields %s", none, e)
		}
	}
}

func TestUnquote(t *testing.T) {
	for in, want := range map[string]string{`"a"`: "a", `"\"\u00e9\n"`: "\"é\n", `""`: "", `5`: "5", `{"a":1}`: `{"a":1}`, `"\ud800"`: "\ufffd"} {
		if got := jsontext.Unquote(in); got != want {
			t.Errorf("Unquote(%s) = %q, want %q", in, got, want)
		}
	}
}

func TestAppendString(t *testing.T) {
	for _, s := range []string{"", "plain", "exactly8", "a longer one, without anything to escape", "quote\" in the ninth", `back\slash`,
		"\x00\x01\x1f\n\r\t\b\f", "Zoë 回复 😀 and more of it", "\u007f", strings.Repeat("12345678", 5) + "\""} {
		got := string(jsontext.AppendString(nil, s))
		if back := jsontext.Unquote(got); back != s {
			t.Errorf("%q is written as %s, which is %q", s, got, back)
		}
		if c, ok := jsontext.Canonical(got); !ok || c != got {
			t.Errorf("%q is written as %s, canonical is %s", s, got, c)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{`{"a":[1,"x\u00e9",{"b":null}],"c":1e5}`, `"\ud83d\ude00\ud83d"`, `[[],{}]`, ` 1 `, `{"":{"":[""]}}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := jsontext.Canonical(s)
		if !ok {
			return
		}
		if again, ok := jsontext.Canonical(c); !ok || again != c {
			t.Fatalf("canonical of %q is %q, whose canonical is %q", s, c, again)
		}
		if !strings.Contains(s, `\`) {
			var want bytes.Buffer
			if err := json.Compact(&want, []byte(s)); err != nil || want.String() != c {
				t.Fatalf("canonical of %q is %q, want %q (%v)", s, c, &want, err)
			}
		}
		for k, v := range jsontext.Members(c) {
			if !json.Valid([]byte(k)) || !json.Valid([]byte(v)) {
				t.Fatalf("member %q: %q of %q", k, v, c)
			}
		}
		for e := range jsontext.Elements(c) {
			if !json.Valid([]byte(e)) {
				t.Fatalf("element %q of %q", e, c)
			}
		}
	})
}
