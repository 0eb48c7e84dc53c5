package hunting_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"huntlake/pipeline/hunting"
	"huntlake/schema"
)

// checked returns an allocator that fails the test if anything is left in it at the end.
func checked(t testing.TB) memory.Allocator {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return mem
}

// decodeAll decodes a body from memory that is checked, and releases the Answer at the end of the test.
func decodeAll(t testing.TB, r io.Reader, opts hunting.DecodeOptions) (*hunting.Answer, error) {
	t.Helper()
	opts.Allocator = checked(t)
	answer, err := hunting.Decode(r, opts)
	if (answer == nil) == (err == nil) {
		t.Fatalf("Decode returned %v, %v", answer, err)
	}
	if err == nil {
		t.Cleanup(answer.Release)
		checkAnswer(t, answer)
	}
	return answer, err
}

// checkAnswer holds an Answer against what its documentation says.
func checkAnswer(t testing.TB, a *hunting.Answer) {
	t.Helper()
	layout, err := schema.ResponseArrow(a.Fields)
	if err != nil {
		t.Fatal(err)
	}
	layout = schema.NumberedArrow(layout)
	var rows int64
	for _, rec := range a.Records {
		if !rec.Schema().Equal(layout) || rec.NumRows() == 0 {
			t.Fatalf("a record of %d rows has the schema %v, want %v", rec.NumRows(), rec.Schema(), layout)
		}
		rows += rec.NumRows()
	}
	if rows != a.Rows {
		t.Fatalf("records hold %d rows, want %d", rows, a.Rows)
	}
}

// values prints each row's values, one text a field; null is "null", text is quoted.
func values(t testing.TB, a *hunting.Answer) (rows [][]string) {
	t.Helper()
	for _, rec := range a.Records {
		for i := range int(rec.NumRows()) {
			var row []string
			for at := 0; at < int(rec.NumCols()); at++ {
				if _, isTime := rec.Column(at).(*array.Timestamp); isTime {
					row = append(row, timeText(t, rec.Column(at), rec.Column(at+1), i))
					at++
					continue
				}
				row = append(row, valueText(rec.Column(at), i))
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func valueText(column arrow.Array, i int) string {
	if column.IsNull(i) {
		return "null"
	}
	switch c := column.(type) {
	case *array.Dictionary:
		return strconv.Quote(c.Dictionary().(*array.String).Value(c.GetValueIndex(i)))
	case *array.Int64:
		return strconv.FormatInt(c.Value(i), 10)
	case *array.Float64:
		return strconv.FormatFloat(c.Value(i), 'g', -1, 64)
	case *array.Boolean:
		return strconv.FormatBool(c.Value(i))
	}
	return fmt.Sprintf("a value of %v", column.DataType())
}

func timeText(t testing.TB, micros, digit arrow.Array, i int) string {
	t.Helper()
	if micros.IsNull(i) != digit.IsNull(i) {
		t.Fatalf("row %d: a time and its companion are not null together", i)
	}
	if micros.IsNull(i) {
		return "null"
	}
	at := time.UnixMicro(int64(micros.(*array.Timestamp).Value(i))).UTC()
	return at.Format("2006-01-02T15:04:05.000000") + strconv.Itoa(int(digit.(*array.Int32).Value(i))) + "Z"
}

// body is an answer with the given fields, "Name Type, Name Type", and rows.
func body(dialect hunting.Dialect, fields string, rows ...string) string {
	return envelopeStart(dialect, fieldList(fields)) + strings.Join(rows, ",") + "]}"
}

func fieldList(text string) (fs []schema.Field) {
	for _, f := range strings.Split(text, ", ") {
		name, typ, _ := strings.Cut(f, " ")
		fs = append(fs, schema.Field{Name: name, Type: typ})
	}
	return fs
}

// decodeError returns the DecodeError in err, or fails.
func decodeError(t testing.TB, err error) *hunting.DecodeError {
	t.Helper()
	var e *hunting.DecodeError
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want a DecodeError", err)
	}
	return e
}

// TestDecodeValues lists, per type, values as they stand in a row and what becomes of them; "!" begins a part of the
// error's text.
func TestDecodeValues(t *testing.T) {
	both, graph, defender := []hunting.Dialect{hunting.Graph, hunting.Defender}, []hunting.Dialect{hunting.Graph}, []hunting.Dialect{hunting.Defender}
	for _, c := range []struct {
		types    string
		dialects []hunting.Dialect
		values   map[string]string
	}{
		{"String Guid TimeSpan", both, map[string]string{
			`""`: `""`, `"x"`: `"x"`, `null`: "null", `"null"`: `"null"`, `"{}"`: `"{}"`, "\"\u00e9\"": "\"\u00e9\"", `"\u00e9"`: "\"\u00e9\"",
			`"C:\\Windows\\"`: `"C:\\Windows\\"`, `"\"\/\b\f\n\r\t"`: `"\"/\b\f\n\r\t"`, `"\ud83d\ude00"`: "\"\U0001f600\"", `"\ud83d"`: "\"\ufffd\"",
			`1`: "!want string, found the number 1", `true`: "!want string, found true", `[]`: "!found '['", `{"a":1}`: "!want string, found",
			"\"\xff\"": "!UTF-8", "\"\x01\"": "!bare '\\x01'", `"\x"`: "!unknown escape", `nul`: "!want null", `x`: "!want a value",
			`"0123456\"8"`: `"0123456\"8"`, "\"0123456789012345678901\u00e9\"": "\"0123456789012345678901\u00e9\"", "\"01234567890123456789012345\xc3\"": "!UTF-8",
		}},
		{"Decimal SqlDecimal UInt64", both, map[string]string{
			`1.50`: `"1.50"`, `"1.50"`: `"1.50"`, `18446744073709551615`: `"18446744073709551615"`, `-0`: `"-0"`, `1e400`: `"1e400"`, `null`: "null",
			`01`: "!want a number", `1.`: "!want a number", `true`: "!want string",
		}},
		{"Int64 Int32 Int16 Byte UInt32", both, map[string]string{
			`0`: "0", `-0`: "0", `-1`: "-1", `2629759514`: "2629759514", `9007199254740993`: "9007199254740993", `639199803770463703`: "639199803770463703",
			`9223372036854775807`: "9223372036854775807", `-9223372036854775808`: "-9223372036854775808",
			`"9223372036854775807"`: "9223372036854775807", `"-7"`: "-7", `"\u0031\u0032"`: "12", `null`: "null",
			`9223372036854775808`: "!want int64", `-9223372036854775809`: "!want int64", `99999999999999999999`: "!want int64",
			`1.5`: "!want int64", `5.0`: "!want int64", `1e3`: "!want int64", `""`: "!want int64", `"x"`: "!want int64", `"+1"`: "!want int64",
			`"01"`: "!want int64", `" 1"`: "!want int64", `"1_0"`: "!want int64", `"-"`: "!want int64", `01`: "!want a number", `-`: "!want a number", `+1`: "!want a value",
			`true`: "!want int64", `[1]`: "!found '['", `1a`: "!want a number",
		}},
		{"Double Single", both, map[string]string{
			`0`: "0", `-0`: "-0", `4.3`: "4.3", `5.0`: "5", `-1.5e-7`: "-1.5e-07", `1E5`: "100000", `"4.3"`: "4.3", `null`: "null",
			`"NaN"`: "NaN", `"INF"`: "+Inf", `"-INF"`: "-Inf", `"Infinity"`: "+Inf", `"-Infinity"`: "-Inf", `"N\u0061N"`: "NaN", `1e-400`: "0",
			`1e400`: "!want double", `NaN`: "!want a value", `"inf"`: "!want double", `"0x1p4"`: "!want double", `"1_0"`: "!want double", `""`: "!want double", `false`: "!want double",
			`1.`: "!want a number", `.5`: "!want a value",
		}},
		{"SByte Boolean", both, map[string]string{
			`0`: "false", `1`: "true", `false`: "false", `true`: "true", `null`: "null",
			`2`: "!want bool", `-1`: "!want bool", `10`: "!want bool", `1.0`: "!want bool", `"true"`: "!want bool, found the string", `"1"`: "!want bool", `truer`: "!want true", `tru`: "!want true", `[]`: "!found '['",
		}},
		{"DateTime", both, map[string]string{
			`"2026-11-22T01:02:03Z"`: "2026-11-22T01:02:03.0000000Z", `"2026-11-22T01:02:03.1Z"`: "2026-11-22T01:02:03.1000000Z",
			`"2026-07-23T18:03:20.928Z"`: "2026-07-23T18:03:20.9280000Z", `"2019-12-08T17:11:14.931633Z"`: "2019-12-08T17:11:14.9316330Z",
			`"2020-08-30T06:38:35.7664356Z"`: "2020-08-30T06:38:35.7664356Z", `"2026\u002D11-22T01:02:03Z"`: "2026-11-22T01:02:03.0000000Z", `"2026-11-22T01:02:03\u00"`: "!unknown escape", "\"2026-11-22\t01:02:03\"": "!bare '\\t'", `"0001-01-01T00:00:00Z"`: "0001-01-01T00:00:00.0000000Z",
			`"9999-12-31T23:59:59.9999999Z"`: "9999-12-31T23:59:59.9999999Z", `null`: "null",
			`"2026-11-22T01:02:03.12345678Z"`: "!parse datetime", `"2026-11-22T01:02:03+01:00"`: "!parse datetime", `""`: "!parse datetime", `"Invalid date"`: "!parse datetime",
			`1700000000`: "!want timestamp, found the number", `true`: "!want timestamp", `[]`: "!found '['",
		}},
		{"String Int64 Double SByte DateTime Decimal", graph, map[string]string{
			`{}`: "null", "{ \n}": "null", `{"@odata.type":"#x"}`: "!found an object", `{"a":1}`: "!found an object", `{]`: "!want a key",
		}},
		{"String Int64 Double SByte DateTime Decimal", defender, map[string]string{`{}`: "!found '{'"}},
		{"Object Dynamic", both, map[string]string{
			`null`: "null", `"x"`: `"\"x\""`, `1.50`: `"1.50"`, `true`: `"true"`, `[1, {"a" : null}]`: `"[1,{\"a\":null}]"`, `{"a":{"b":[1]}}`: `"{\"a\":{\"b\":[1]}}"`,
			`[1}`: "!read dynamic value", `{"a":1]`: "!read dynamic value", `{"a":01}`: "!read dynamic value", "\"\xff\"": "!UTF-8", `truth`: "!read dynamic value", "[\x00]": "!bare '\\x00'",
		}},
		{"Object", graph, map[string]string{
			`{}`: "null", `{"@odata.type":"#x"}`: `"{}"`, `{"@odata.type":"#x","a":{}}`: `"{\"a\":null}"`, `["{\"a\":1}","b"]`: `"[{\"a\":1},\"b\"]"`,
		}},
		{"Object", defender, map[string]string{
			`{}`: `"{}"`, `{"@odata.type":"#x"}`: `"{\"@odata.type\":\"#x\"}"`, `["{\"a\":1}"]`: `"[\"{\\\"a\\\":1}\"]"`,
		}},
	} {
		for _, dialect := range c.dialects {
			for _, typ := range strings.Fields(c.types) {
				for value, want := range c.values {
					t.Run(fmt.Sprintf("%v/%s/%s", dialect, typ, value), func(t *testing.T) {
						checkValue(t, dialect, typ, value, want)
					})
				}
			}
		}
	}
}

// checkValue decodes one value, between others, in a row between others.
func checkValue(t *testing.T, dialect hunting.Dialect, typ, value, want string) {
	t.Helper()
	text := body(dialect, "A String, X "+typ+", B String", `{"A":"a","B":"b"}`, `{"A":"a","X": `+value+` ,"B":"b"}`, `{}`)
	answer, err := decodeAll(t, strings.NewReader(text), hunting.DecodeOptions{Dialect: dialect, Table: "T"})
	if wanted, isError := strings.CutPrefix(want, "!"); isError {
		if err == nil || !strings.Contains(err.Error(), wanted) {
			t.Fatalf("error %v, want %q", err, wanted)
		}
		if e := decodeError(t, err); e.Table != "T" || e.Row != 1 || e.Column != "X" && e.Column != "" {
			t.Errorf("error %v, want it in row 1 of T", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	rows := [][]string{{`"a"`, "null", `"b"`}, {`"a"`, want, `"b"`}, {"null", "null", "null"}}
	if diff := cmp.Diff(rows, values(t, answer)); diff != "" {
		t.Error(diff)
	}
	if answer.Bytes != int64(len(text)) {
		t.Errorf("%d bytes, want %d", answer.Bytes, len(text))
	}
}

// TestDecodeRecords cuts rows into records of every size, with nulls that begin at any of them.
func TestDecodeRecords(t *testing.T) {
	const fields = "S String, I Int64, D Double, B SByte, T DateTime, O Object"
	row := `{"S":"some text","I":7,"D":1.5,"B":1,"T":"2026-11-22T01:02:03.1234567Z","O":{"a":1}}`
	full := []string{`"some text"`, "7", "1.5", "true", "2026-11-22T01:02:03.1234567Z", `"{\"a\":1}"`}
	for batch := 1; batch <= 20; batch++ {
		for nulls := range 20 {
			var rows []string
			var want [][]string
			for i := range 20 {
				if i < nulls || i%3 == 0 {
					rows, want = append(rows, row), append(want, full)
				} else {
					rows, want = append(rows, "{}"), append(want, []string{"null", "null", "null", "null", "null", "null"})
				}
			}
			answer, err := decodeAll(t, strings.NewReader(body(hunting.Defender, fields, rows...)), hunting.DecodeOptions{BatchRows: batch})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, values(t, answer)); diff != "" {
				t.Fatalf("records of %d rows, nulls from row %d on: %s", batch, nulls, diff)
			}
			for i, rec := range answer.Records {
				if rec.NumRows() > int64(batch) || i+1 < len(answer.Records) && rec.NumRows() < int64(batch) {
					t.Fatalf("record %d has %d rows, want %d", i, rec.NumRows(), batch)
				}
			}
		}
	}
}

// A record grows from its first few rows to BatchRows, and the next one begins anew.
func TestDecodeManyRows(t *testing.T) {
	const rows = 20_000
	answer, err := decodeAll(t, bytes.NewReader(wideBody(hunting.Graph, rows)), hunting.DecodeOptions{Dialect: hunting.Graph})
	if err != nil {
		t.Fatal(err)
	}
	var sizes []int64
	for _, rec := range answer.Records {
		sizes = append(sizes, rec.NumRows())
	}
	if diff := cmp.Diff([]int64{4096, 4096, 4096, 4096, rows - 4*4096}, sizes); diff != "" {
		t.Error(diff)
	}
}
