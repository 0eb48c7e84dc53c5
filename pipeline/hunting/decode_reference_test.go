package hunting_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"huntlake/pipeline/hunting"
	"huntlake/schema"
)

// reference decodes a body with encoding/json and the standard library alone, and prints it as values does. Dynamic
// values come out as encoding/json writes them.
func reference(body []byte, dialect hunting.Dialect) (rows [][]string, err error) {
	var envelope struct {
		Schema  []schema.Field
		Results []map[string]json.RawMessage
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return nil, err
	}
	for _, result := range envelope.Results {
		var row []string
		for _, f := range envelope.Schema {
			text, err := referenceValue(f.Type, result[f.Name], dialect)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.Name, err)
			}
			row = append(row, text)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func referenceValue(typ string, raw json.RawMessage, dialect hunting.Dialect) (string, error) {
	kind, err := schema.KindOf(typ)
	if err != nil {
		return "", err
	}
	if len(raw) == 0 {
		return "null", nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return "", err
	}
	if empty, isObject := v.(map[string]any); v == nil || isObject && len(empty) == 0 && dialect == hunting.Graph {
		return "null", nil
	}
	if kind == schema.JSON {
		return dynamicText(v, dialect), nil
	}
	text := fmt.Sprint(v)
	switch kind {
	case schema.Timestamp:
		at, err := time.Parse(time.RFC3339Nano, text)
		return at.Format("2006-01-02T15:04:05.0000000Z"), err
	case schema.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		return strconv.FormatInt(n, 10), err
	case schema.Double:
		n, err := strconv.ParseFloat(text, 64)
		return strconv.FormatFloat(n, 'g', -1, 64), err
	case schema.Bool:
		b, err := strconv.ParseBool(text)
		return strconv.FormatBool(b), err
	}
	return strconv.Quote(text), nil
}

// dynamicText prints a dynamic value with its keys sorted; for Graph, after taking off the marks of that wire.
func dynamicText(v any, dialect hunting.Dialect) string {
	if dialect == hunting.Graph {
		v = unmarked(v)
	}
	if v == nil {
		return "null"
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func unmarked(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			return nil
		}
		plain := make(map[string]any)
		for key, member := range v {
			if !strings.HasSuffix(key, "@odata.type") {
				plain[key] = unmarked(member)
			}
		}
		return plain
	case []any:
		plain := make([]any, len(v))
		for i, element := range v {
			plain[i] = restored(unmarked(element))
		}
		return plain
	}
	return v
}

// restored is what a string stands for if it is the text of an object or array.
func restored(v any) any {
	text, isText := v.(string)
	if !isText || !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") || !json.Valid([]byte(text)) {
		return v
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var inner any
	if d.Decode(&inner) != nil {
		return v
	}
	return inner
}

// sortedValues prints an Answer as reference does: dynamic values with their keys sorted.
func sortedValues(t testing.TB, a *hunting.Answer) [][]string {
	rows := values(t, a)
	for _, row := range rows {
		for i, f := range a.Fields {
			if kind, _ := schema.KindOf(f.Type); kind != schema.JSON || row[i] == "null" {
				continue
			}
			text, err := strconv.Unquote(row[i])
			if err != nil {
				t.Fatal(err)
			}
			d := json.NewDecoder(strings.NewReader(text))
			d.UseNumber()
			var v any
			if err := d.Decode(&v); err != nil {
				t.Fatal(err)
			}
			row[i] = dynamicText(v, hunting.Defender)
		}
	}
	return rows
}

// TestDecodeAgainstReference compares with encoding/json on random answers, and the dialects with each other: equal
// content must give equal records.
func TestDecodeAgainstReference(t *testing.T) {
	for seed := range uint64(400) {
		texts := make(map[hunting.Dialect][][]string)
		for dialect, body := range randomBodies(seed) {
			want, err := reference(body, dialect)
			if err != nil {
				t.Fatalf("seed %d, %v: %v in\n%s", seed, dialect, err, body)
			}
			answer, err := decodeAll(t, bytes.NewReader(body), hunting.DecodeOptions{Dialect: dialect, BatchRows: 7})
			if err != nil {
				t.Fatalf("seed %d, %v: %v in\n%s", seed, dialect, err, body)
			}
			if diff := cmp.Diff(want, sortedValues(t, answer)); diff != "" {
				t.Fatalf("seed %d, %v: %s in\n%s", seed, dialect, diff, body)
			}
			texts[dialect] = values(t, answer)
		}
		if diff := cmp.Diff(texts[hunting.Graph], texts[hunting.Defender]); diff != "" {
			t.Fatalf("seed %d: the dialects differ: %s", seed, diff)
		}
	}
}

// FuzzDecode asks that nothing panics or leaks, that a body's pieces do not matter, and that what is decoded is what
// encoding/json reads.
func FuzzDecode(f *testing.F) {
	for seed := range uint64(5) {
		for dialect, body := range randomBodies(seed) {
			f.Add(body, dialect == hunting.Graph)
		}
	}
	for typ, value := range map[string]string{"String": `"\u00e9\\"`, "Int64": `-12`, "Double": `"NaN"`, "SByte": `1`, "DateTime": `"2026-11-22T01:02:03.5Z"`, "Object": `["{}",{}]`} {
		f.Add([]byte(`{"schema":[{"name":"A","type":"`+typ+`"}],"results":[{"A":`+value+`},{}]}`), true)
		f.Add([]byte(`{"results":[{"A":`+value+`}],"schema":[{"name":"A","type":"`+typ+`"}]}`), false)
	}
	f.Add([]byte(everything(hunting.Graph)), true)
	f.Add([]byte(everything(hunting.Defender)), false)
	f.Add([]byte(`{"results":[{"A":1},{"B":{}}],"schema":[{"name":"A","type":"Int64"}]}`), true)
	f.Add([]byte("{\"results\":[{\"type\":\"0e9\\\\\"}],\"schema\":[{\"na\x8fe\":\"A\",\"type\":\"String\"}]}"), false) // a key that is no text
	f.Fuzz(func(t *testing.T, body []byte, graph bool) {
		opts := hunting.DecodeOptions{Dialect: hunting.Defender, BatchRows: 2, Want: fieldList("A Int64")}
		if graph {
			opts.Dialect = hunting.Graph
		}
		answer, err := decodeAll(t, bytes.NewReader(body), opts)
		other, otherErr := decodeAll(t, &pieces{bytes.NewReader(body), 1 + len(body)%7}, opts)
		if (err == nil) != (otherErr == nil) || err != nil && reflect.TypeOf(err) != reflect.TypeOf(otherErr) {
			t.Fatalf("whole: %v; in pieces: %v", err, otherErr)
		}
		if err != nil {
			return
		}
		if diff := cmp.Diff(values(t, answer), values(t, other)); diff != "" {
			t.Fatal(diff)
		}
		want, err := reference(body, opts.Dialect)
		if err != nil {
			t.Fatalf("encoding/json refuses what was decoded: %v", err)
		}
		if diff := cmp.Diff(want, sortedValues(t, answer)); diff != "" {
			t.Fatal(diff)
		}
	})
}
