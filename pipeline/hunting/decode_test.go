package hunting_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"huntlake/pipeline/hunting"
	"huntlake/schema"
)

// TestDecodeKeys lists rows by their keys, in answers of A, B and C.
func TestDecodeKeys(t *testing.T) {
	for _, c := range []struct {
		name, row string
		dialect   hunting.Dialect
		want      string // the three values, or "!" and a part of the error's text
	}{
		{"in order", `{"A":"1","B":2,"C":"3"}`, hunting.Graph, `"1" 2 "3"`},
		{"spaced", " {\n \"A\" : \"1\" ,\r\n\t\"B\" : 2 , \"C\":\"3\" } ", hunting.Graph, `"1" 2 "3"`},
		{"other order", `{"C":"3","A":"1","B":2}`, hunting.Graph, `"1" 2 "3"`},
		{"missing first", `{"B":2,"C":"3"}`, hunting.Graph, `null 2 "3"`},
		{"missing between", `{"A":"1","C":"3"}`, hunting.Graph, `"1" null "3"`},
		{"missing last", `{"A":"1","B":2}`, hunting.Graph, `"1" 2 null`},
		{"none", `{ }`, hunting.Graph, `null null null`},
		{"escaped", `{"\u0041":"1","\u0042" :2,"C":"3"}`, hunting.Graph, `"1" 2 "3"`},
		{"annotated", `{"A@odata.type":"#String","A":"1","B@odata.type":"#Int64","B":2,"C":"3"}`, hunting.Graph, `"1" 2 "3"`},
		{"annotated out of order", `{"B@odata.type":"#Int64","C@odata.type":"#String","C":"3","B":2,"A":"1"}`, hunting.Graph, `"1" 2 "3"`},
		{"the row itself annotated", `{"@odata.type":"#row","@odata.id":{"x":[1]},"A":"1","B":2,"C":"3","@odata.etag":null}`, hunting.Graph, `"1" 2 "3"`},
		{"annotation without a column", `{"Z@odata.type":"#x","A":"1","B":2,"C":"3"}`, hunting.Graph, `"1" 2 "3"`},
		{"annotation in the other dialect", `{"B@odata.type":"#Int64","B":2}`, hunting.Defender, `!key "B@odata.type" is not in the schema`},
		{"unknown", `{"A":"1","D":4}`, hunting.Graph, `!key "D" is not in the schema`},
		{"other case", `{"a":"1"}`, hunting.Graph, `!key "a" is not in the schema`},
		{"twice", `{"A":"1","A":"2"}`, hunting.Graph, `!column "A", byte`},
		{"twice, apart", `{"B":2,"C":"3","A":"1","B":2}`, hunting.Graph, `!appears twice`},
		{"twice, first null", `{"A":null,"A":"2"}`, hunting.Graph, `!appears twice`},
		{"not a row", `[]`, hunting.Graph, `!want a row, found '['`},
		{"null", `null`, hunting.Graph, `!want a row, found 'n'`},
		{"key is no string", `{A:"1"}`, hunting.Graph, `!want a string, found 'A'`},
		{"no colon", `{"B" 1}`, hunting.Graph, `!want ':' after a key, found '1'`},
		{"no comma", `{"A":"1" "B":2}`, hunting.Graph, `!want ',' or '}', found '"'`},
		{"comma too many", `{"A":"1",}`, hunting.Graph, `!want a string, found '}'`},
		{"comma first", `{,"A":"1"}`, hunting.Graph, `!want a string, found ','`},
		{"key is not UTF-8", "{\"A\xff\":1}", hunting.Graph, `!text is not valid UTF-8`},
		{"key with a bad escape", `{"\x":1}`, hunting.Graph, `!unknown escape`},
		{"bad annotation", `{"A@odata.type":x}`, hunting.Graph, `!want a JSON value`},
	} {
		t.Run(c.name, func(t *testing.T) {
			const whole = `{"A":"a","B":0,"C":"c"}`
			text := body(c.dialect, "A String, B Int64, C String", whole, c.row, whole)
			answer, err := decodeAll(t, strings.NewReader(text), hunting.DecodeOptions{Dialect: c.dialect})
			if wanted, isError := strings.CutPrefix(c.want, "!"); isError {
				if err == nil || !strings.Contains(err.Error(), wanted) || decodeError(t, err).Row != 1 {
					t.Fatalf("error %v, want %q in row 1", err, wanted)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			rows := values(t, answer)
			if got := strings.Join(rows[1], " "); got != c.want || strings.Join(rows[2], " ") != `"a" 0 "c"` {
				t.Errorf("rows %q, want the second to be %s", rows, c.want)
			}
		})
	}
}

// TestDecodeBodies lists whole bodies.
func TestDecodeBodies(t *testing.T) {
	const fields, rows = `[{"name":"A","type":"Int64"}]`, `[{"A":1},{"A":2}]`
	for _, c := range []struct {
		name, body string
		want       string // rows, or "!" and a part of the error's text
	}{
		{"graph", `{"@odata.context":"x","schema":` + fields + `,"results":` + rows + `}`, "[[1] [2]]"},
		{"defender", `{"Stats":{},"Schema":[{"Name":"A","Type":"System.Int64"}],"Results":` + rows + `}`, "[[1] [2]]"},
		{"no rows", `{"schema":` + fields + `,"results":[]}`, "[]"},
		{"no rows, and those first", `{"results":[],"schema":` + fields + `}`, "[]"},
		{"unknown keys", `{"x":{"y":[1,{}]},"schema":[{"z":[],"type":"Int64","name":"A"}],"@odata.nextLink":null,"results":` + rows + `,"w":"v"}`, "[[1] [2]]"},
		{"spaced", "\n { \"schema\" : " + fields + " ,\t\"results\" : " + rows + " } \r\n", "[[1] [2]]"},
		{"no error", `{"error":null,"schema":` + fields + `,"results":` + rows + `}`, "[[1] [2]]"},

		{"empty", ``, "!unexpected EOF"},
		{"white space", " \n", "!unexpected EOF"},
		{"page", `<html>`, "!want an object, found '<'"},
		{"array", `[]`, "!want an object, found '['"},
		{"null", `null`, "!want an object, found 'n'"},
		{"nothing in it", `{}`, "!answer has no schema"},
		{"no schema", `{"results":[]}`, "!answer has no schema"},
		{"no results", `{"schema":` + fields + `}`, "!answer has no results"},
		{"two schemas", `{"schema":` + fields + `,"Schema":` + fields + `,"results":[]}`, `!"schema" twice`},
		{"two results", `{"schema":` + fields + `,"results":[],"results":[]}`, `!"results" twice`},
		{"schema is null", `{"schema":null,"results":[]}`, "!want an array, found 'n'"},
		{"schema is empty", `{"schema":[],"results":[]}`, "!schema"},
		{"column is no object", `{"schema":["A"],"results":[]}`, "!want an object"},
		{"column without a name", `{"schema":[{"type":"Int64"}],"results":[]}`, "!column 0 has no name"},
		{"column without a type", `{"schema":[{"name":"A"}],"results":[]}`, `!column "A": column type "" is not known`},
		{"column twice", `{"schema":[{"name":"A","type":"Int64"},{"name":"A","type":"Int64"}],"results":[]}`, `!named twice`},
		{"unknown type", `{"schema":[{"name":"A","type":"Vector"}],"results":[]}`, `!"Vector"`},
		{"name is no string", `{"schema":[{"name":1,"type":"Int64"}],"results":[]}`, "!want a string"},
		{"results are null", `{"schema":` + fields + `,"results":null}`, "!want an array, found 'n'"},
		{"results are an object", `{"schema":` + fields + `,"results":{}}`, "!want an array, found '{'"},
		{"more follows", `{"schema":` + fields + `,"results":` + rows + `}{}`, "!want the end, found '{'"},
		{"a zero byte follows", `{"schema":` + fields + `,"results":` + rows + "}\x00", "!want the end, found '\\x00'"},
		{"bad value under an unknown key", `{"x":[1 2],"schema":` + fields + `,"results":` + rows + `}`, "!read dynamic value"},
		{"no value under an unknown key", `{"x":}`, "!want a value, found '}'"},
		{"comma after the last row", `{"schema":` + fields + `,"results":[{"A":1},]}`, "!want a row, found ']'"},
		{"no comma between rows", `{"schema":` + fields + `,"results":[{"A":1}{"A":2}]}`, "!want ',' or ']', found '{'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, err := decodeAll(t, strings.NewReader(c.body), hunting.DecodeOptions{Dialect: hunting.Graph})
			if wanted, isError := strings.CutPrefix(c.want, "!"); isError {
				if err == nil || !strings.Contains(err.Error(), wanted) {
					t.Fatalf("error %v, want %q", err, wanted)
				}
				decodeError(t, err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(values(t, answer)); got != c.want {
				t.Errorf("rows %s, want %s", got, c.want)
			}
		})
	}
}

// TestDecodeRowsFirst lists bodies whose rows come before their schema, by the fields that were expected.
func TestDecodeRowsFirst(t *testing.T) {
	const schemaAB = `"schema":[{"name":"A","type":"Int64"},{"name":"B","type":"String"}]`
	for _, c := range []struct {
		name, want, rows string
		result           string // rows; "?" for a SchemaOrderError; or "!" and a part of the error's text
	}{
		{"as expected", "A Int64, B String", `[{"A":1,"B":"x"},{"B":"y"}]`, `[[1 "x"] [null "y"]]`},
		{"nothing expected", "", `[{"A":1,"B":"x"}]`, "?"},
		{"a column more", "A Int64", `[{"A":1},{"A":1,"B":"x"},{"A":2,"B":"y"}]`, "?"},
		{"a column more that no row has", "A Int64", `[{"A":1}]`, "?"},
		{"a column less", "A Int64, B String, C String", `[{"A":1,"B":"x"}]`, "?"},
		{"another type", "A Int64, B Int64", `[{"A":1,"B":{"no":"number"}},{"A":2}]`, "?"},
		{"another type that no value shows", "A Double, B String", `[{"A":1,"B":"x"}]`, "?"},
		{"another order", "B String, A Int64", `[{"A":1,"B":"x"}]`, "?"},
		{"no rows", "C String", `[]`, "[]"},
		{"unknown key", "A Int64, B String", `[{"A":1},{"A":1,"C":{"d":[1]},"B":"x"},{"A":3}]`, `!row 1, byte 31: key "C" is not in the schema`},
		{"wrong value", "A Int64, B String", `[{"A":"x","B":"x"}]`, `!row 0, column "A", byte 17: want int64`},
		{"wrong value at the end of its row", "A Int64, B String", `[{"B":"x","A":true}]`, `!row 0, column "A"`},
		{"wrong time", "A Int64, B DateTime", `[{"A":1,"B":"x"}]`, "?"},
		{"key twice", "A Int64, B String", `[{"A":1,"A":2}]`, "!appears twice"},
		{"broken row", "A Int64, B String", `[{"A":1,"B":"x"`, "!unexpected EOF"},
		{"broken row, after one that does not fit", "A Int64, B String", `[{"C":1},{"A":1,"B":"x}]`, "!unexpected EOF"},
		{"broken remainder of one that does not fit", "A Int64, B String", `[{"C":1 "B":"x"}]`, "!want ',' or '}'"},
		{"bad key in the remainder", "A Int64, B String", `[{"C":1,B:"x"}]`, "!want a string"},
		{"bad value in the remainder", "A Int64, B String", `[{"C":[1 2]}]`, "!read dynamic value"},
		{"broken row that nothing was expected of", "", `[{"A":1]]`, "!read dynamic value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			opts := hunting.DecodeOptions{Dialect: hunting.Graph, BatchRows: 1}
			if c.want != "" {
				opts.Want = fieldList(c.want)
			}
			answer, err := decodeAll(t, strings.NewReader(`{"results":`+c.rows+`,`+schemaAB+`}`), opts)
			var order *hunting.SchemaOrderError
			switch wanted, isError := strings.CutPrefix(c.result, "!"); {
			case c.result == "?":
				if !errors.As(err, &order) || !cmp.Equal(order.Fields, fieldList("A Int64, B String")) {
					t.Fatalf("error %v, want a SchemaOrderError with the schema", err)
				}
				if !strings.Contains(err.Error(), "2 columns") {
					t.Errorf("error %v does not say how many columns", err)
				}
			case isError:
				if err == nil || !strings.Contains(err.Error(), wanted) {
					t.Fatalf("error %v, want %q", err, wanted)
				}
				decodeError(t, err)
			case err != nil:
				t.Fatal(err)
			default:
				if got := fmt.Sprint(values(t, answer)); got != c.result {
					t.Errorf("rows %s, want %s", got, c.result)
				}
			}
		})
	}
}

// The fields that a SchemaOrderError brings are those that the next attempt succeeds with.
func TestDecodeRowsFirstTwice(t *testing.T) {
	const text = `{"results":[{"B":"x","A":1}],"schema":[{"name":"A","type":"Int64"},{"name":"B","type":"String"}]}`
	opts := hunting.DecodeOptions{Dialect: hunting.Graph}
	_, err := decodeAll(t, strings.NewReader(text), opts)
	var order *hunting.SchemaOrderError
	if !errors.As(err, &order) {
		t.Fatal(err)
	}
	opts.Want = order.Fields
	answer, err := decodeAll(t, strings.NewReader(text), opts)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(values(t, answer)); got != `[[1 "x"]]` {
		t.Errorf("rows %s", got)
	}
}

// When the schema comes first, what was expected does not matter.
func TestDecodeSchemaFirstIgnoresWant(t *testing.T) {
	opts := hunting.DecodeOptions{Dialect: hunting.Graph, Want: fieldList("Z String")}
	if _, err := decodeAll(t, strings.NewReader(body(hunting.Graph, "A Int64", `{"A":1}`)), opts); err != nil {
		t.Error(err)
	}
	opts.Want = fieldList("A Vector")
	if _, err := decodeAll(t, strings.NewReader(`{"results":[]}`), opts); err == nil || !strings.Contains(err.Error(), "Vector") {
		t.Errorf("error %v, want one about the type that was expected", err)
	}
}

func TestDecodeStats(t *testing.T) {
	start := `{"Schema":[{"Name":"A","Type":"Int64"}],"Results":[{"A":1}],"Stats":`
	for stats, want := range map[string]hunting.Stats{
		`{"ExecutionTime":4.621215,"resource_usage":{"cpu":{"user":"00:00:19.0468750","total cpu":"1.00:00:19.0625000"}},"dataset_statistics":[{"table_row_count":264,"table_size":44600}]}`: {
			Execution: 4621215 * time.Microsecond, CPU: 24*time.Hour + 19062500*time.Microsecond, Rows: 264, Size: 44600},
		`{"ExecutionTime":-1,"resource_usage":{"cpu":{"total cpu":"00:00:00"}}}`: {},
		`{"resource_usage":{"cpu":{"total cpu":"-00:01:00"}}}`:                   {CPU: -time.Minute},
		`{"resource_usage":{"cpu":{"total cpu":"now"}}}`:                         {},
		`{"resource_usage":{"cpu":{"total cpu":"a:b:c"}}}`:                       {},
		`{"ExecutionTime":1e300}`:                                                {Execution: 9223372036 * time.Second},
		`{"ExecutionTime":"long"}`:                                               {},
		`null`:                                                                   {},
		`[1,2]`:                                                                  {},
	} {
		answer, err := decodeAll(t, strings.NewReader(start+stats+"}"), hunting.DecodeOptions{Dialect: hunting.Defender})
		if err != nil || answer.Stats != want {
			t.Errorf("%s: %+v, %v, want %+v", stats, answer.Stats, err, want)
		}
	}
}

func TestDecodeError(t *testing.T) {
	const refusal = `{"code":"BadRequest","message":"Query execution has exceeded the allowed result size.","innerError":{"request-id":"r1"}}`
	for name, text := range map[string]string{
		"alone":        `{"error":` + refusal + `}`,
		"after rows":   `{"schema":[{"name":"A","type":"Int64"}],"results":[{"A":1}],"error":` + refusal + `}`,
		"half a body":  `{"error":` + refusal,
		"target":       `{"Error":` + strings.Replace(refusal, `"innerError":{"request-id":"r1"}`, `"target":"r1"`, 1) + `}`,
		"other casing": `{"error":` + strings.Replace(refusal, "innerError", "innererror", 1) + `}`,
	} {
		_, err := decodeAll(t, strings.NewReader(text), hunting.DecodeOptions{Dialect: hunting.Graph, Table: "T"})
		var e *hunting.Error
		if !errors.As(err, &e) || !errors.Is(err, hunting.ErrTooBig) || e.Status != 200 || e.Code != "BadRequest" || e.Table != "T" || e.RequestID != "r1" {
			t.Errorf("%s: error %#v, want the service's", name, err)
		}
	}
}

// An error names the table, the row and the column, and keeps the reader's own error.
func TestDecodeErrorText(t *testing.T) {
	cause := errors.New("connection reset")
	text := body(hunting.Graph, "A Int64, B Int64", `{"A":1,"B":2}`, `{"A":3,"B":`)
	text = strings.TrimSuffix(text, "]}")
	_, err := decodeAll(t, io.MultiReader(strings.NewReader(text), iotest.ErrReader(cause)), hunting.DecodeOptions{Dialect: hunting.Graph, Table: "AlertInfo"})
	want := fmt.Sprintf(`decode answer of AlertInfo, row 1, column "B", byte %d: connection reset`, len(text))
	if !errors.Is(err, cause) || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	_, err = decodeAll(t, strings.NewReader("[]"), hunting.DecodeOptions{})
	if want := `decode answer, byte 0: want an object, found '['`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestDecodeMaxValueBytes(t *testing.T) {
	long := strings.Repeat("x", 5000)
	text := body(hunting.Graph, "A String, B Object", `{"A":"`+long+`","B":["`+long+`"]}`)
	for limit, fits := range map[int]bool{100: false, 5000: false, 5004: true, 6000: true, 1 << 40: true} {
		answer, err := decodeAll(t, strings.NewReader(text), hunting.DecodeOptions{Dialect: hunting.Graph, MaxValueBytes: limit})
		if fits != (err == nil) || !fits && !strings.Contains(err.Error(), "MaxValueBytes") {
			t.Errorf("limit %d: %v", limit, err)
		}
		if fits && values(t, answer)[0][1] != fmt.Sprintf("%q", `["`+long+`"]`) {
			t.Errorf("limit %d: a value was cut", limit)
		}
	}
}

func TestDialectString(t *testing.T) {
	for d, want := range map[hunting.Dialect]string{hunting.Graph: "graph", hunting.Defender: "defender", 9: "dialect(9)"} {
		if got := d.String(); got != want {
			t.Errorf("%d prints as %s, want %s", d, got, want)
		}
	}
}

// Rows that leave out what the schema names cost a few bytes and take up memory all the same.
func TestDecodeBoundsEmptyRows(t *testing.T) {
	var fields []string
	for i := range schema.MaxColumns {
		fields = append(fields, fmt.Sprintf("C%d Int64", i))
	}
	text := body(hunting.Graph, strings.Join(fields, ", "), slices.Repeat([]string{"{}"}, 15_001)...)
	_, err := decodeAll(t, strings.NewReader(text), hunting.DecodeOptions{Dialect: hunting.Graph})
	if err == nil || !strings.Contains(err.Error(), "more than 30000000 values") {
		t.Errorf("got %v", err)
	}
	_, err = decodeAll(t, strings.NewReader(body(hunting.Graph, "A Int64", slices.Repeat([]string{"{}"}, 1_000_001)...)), hunting.DecodeOptions{Dialect: hunting.Graph})
	if err == nil || !strings.Contains(err.Error(), "more than 1000000 rows") {
		t.Errorf("got %v", err)
	}
	columns := strings.Repeat(`{"name":"A","type":"Int64"},`, schema.MaxColumns+1)
	_, err = decodeAll(t, strings.NewReader(`{"schema":[`+columns), hunting.DecodeOptions{Dialect: hunting.Graph})
	if err == nil || !strings.Contains(err.Error(), "more than 2000 columns") {
		t.Errorf("got %v", err)
	}
}

// A column's name may look like keys and values of others.
func TestDecodeNamesLikeJSON(t *testing.T) {
	text := `{"schema":[{"name":"A\":1,\"B","type":"Int64"},{"name":"A","type":"Int64"},{"name":"B","type":"Int64"},{"name":"\\u0041","type":"Int64"}],"results":[
		{"A":1,"B":2},{"\u0041":3},{"A\":1,\"B":4,"\\u0041":5}]}`
	a, err := decodeAll(t, strings.NewReader(text), hunting.DecodeOptions{Dialect: hunting.Defender})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"null", "1", "2", "null"}, {"null", "3", "null", "null"}, {"4", "null", "null", "5"}}
	if diff := cmp.Diff(want, values(t, a)); diff != "" {
		t.Error(diff)
	}
}
