package schema_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"

	"huntlake/schema"
)

func responseArrow(t *testing.T, fs []schema.Field) *arrow.Schema {
	t.Helper()
	s, err := schema.ResponseArrow(fs)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConform(t *testing.T) {
	mem := checked(t)
	table, _ := evolved(t, "dt DateTime, LogonId Int64, LogonID String, Old DateTime, Flag SByte, Score Double, Extra Object")
	fs := fields("LogonID String, Extra Object, dt DateTime, Flag SByte, LogonId String")
	table, _, err := table.Evolve(fs)
	if err != nil {
		t.Fatal(err)
	}
	rec := record(t, mem, responseArrow(t, fs),
		`{"LogonID":"a","Extra":"{}","dt":"2026-11-22T00:00:00.000001","dt_100ns":7,"Flag":true,"LogonId":"b"}`,
		`{"LogonID":"","Extra":null,"dt":null,"dt_100ns":null,"Flag":null,"LogonId":null}`)
	got, err := table.Conform(rec, fs)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Release()
	if !got.Schema().Equal(table.Arrow()) {
		t.Errorf("schema %v, want %v", got.Schema(), table.Arrow())
	}
	const want = `[{"Extra":"{}","Flag":true,"LogonID_2":"a","LogonId":null,"LogonId__string":"b","Old":null,"Old_100ns":null,"Score":null,"dt_2":"2026-11-22 00:00:00.000001","dt_2_100ns":7}
,{"Extra":null,"Flag":null,"LogonID_2":"","LogonId":null,"LogonId__string":null,"Old":null,"Old_100ns":null,"Score":null,"dt_2":null,"dt_2_100ns":null}
]`
	if text(t, got) != want {
		t.Errorf("got  %s\nwant %s", text(t, got), want)
	}
	if got.Column(3) == nil || &got.Column(3).(*array.String).ValueBytes()[0] != &rec.Column(0).(*array.String).ValueBytes()[0] {
		t.Error("text was copied")
	}
	checkThroughIPC(t, got)
}

// checkThroughIPC tells that a record, its all-null columns included, is sound enough to be written and read.
func checkThroughIPC(t *testing.T, rec arrow.Record) {
	t.Helper()
	var b bytes.Buffer
	w := ipc.NewWriter(&b, ipc.WithSchema(rec.Schema()))
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := ipc.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	if !r.Next() || !array.RecordEqual(r.Record(), rec) {
		t.Error("the record does not read back")
	}
}

func TestConformKeepsDictionaries(t *testing.T) {
	mem := checked(t)
	table, _ := evolved(t, "A String, B String")
	typ := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint32, ValueType: arrow.BinaryTypes.String}
	rec := record(t, mem, arrow.NewSchema([]arrow.Field{{Name: "B", Type: typ, Nullable: true}}, nil), `{"B":"x"}`, `{"B":"x"}`)
	got, err := table.Conform(rec, fields("B String"))
	if err != nil {
		t.Fatal(err)
	}
	defer got.Release()
	if !arrow.TypeEqual(got.Schema().Field(1).Type, typ) || !strings.Contains(text(t, got), `"B":"x"`) {
		t.Errorf("%v: %s", got.Schema(), text(t, got))
	}
}

func TestConformNoRows(t *testing.T) {
	table, _ := evolved(t, "A String, B DateTime")
	rec := record(t, checked(t), responseArrow(t, fields("A String")))
	got, err := table.Conform(rec, fields("A String"))
	if err != nil {
		t.Fatal(err)
	}
	defer got.Release()
	if got.NumRows() != 0 || got.NumCols() != 3 {
		t.Errorf("%d rows, %d columns", got.NumRows(), got.NumCols())
	}
	checkThroughIPC(t, got)
}

func TestConformRefuses(t *testing.T) {
	table, _ := evolved(t, "A String, B DateTime")
	rec := record(t, checked(t), responseArrow(t, fields("A String, B DateTime")))
	for fs, want := range map[string]string{
		"A String, B Int64": `bind column "B"`,
		"B DateTime":        "it has 3 columns, its fields take 2",
	} {
		if _, err := table.Conform(rec, fields(fs)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Conform as %s: error %v, want %q", fs, err, want)
		}
	}
}
