package schema_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"huntlake/schema"
)

// hashes returns the hash of each row of the records.
func hashes(t *testing.T, recs ...arrow.Record) (rows []schema.Digest) {
	t.Helper()
	for _, rec := range recs {
		h, err := schema.NewHasher(rec.Schema())
		if err != nil {
			t.Fatal(err)
		}
		rows = h.Rows(rec, rows)
	}
	return rows
}

func lakeSchema(t *testing.T, text string) *arrow.Schema {
	table, _ := evolved(t, text)
	return table.Arrow()
}

// The hashes of rows must not change: receipts in ledgers are held against them.
func TestHasherGolden(t *testing.T) {
	s := lakeSchema(t, "Time DateTime, Name String, Id Int64, Score Double, Ok SByte, Extra Object")
	rec := record(t, checked(t), s,
		`{"Time":"2026-11-22T01:02:03.123456","Time_100ns":7,"Name":"Ren\u00e9","Id":639199803770463703,"Score":4.25,"Ok":true,"Extra":"{\"a\":1}"}`,
		`{"Time":"0001-01-01T00:00:00","Time_100ns":0,"Name":"","Id":-1,"Score":0,"Ok":false,"Extra":null}`,
		`{}`)
	want := []string{
		"8d19206bd82a6904f37fed11b4eed53f",
		"b3c530c4869c24b7b48ebc3f00486677",
		"e5189a9599e3f86205ea23ef06e28b2d",
	}
	for i, got := range hashes(t, rec) {
		if got.String() != want[i] {
			t.Errorf("row %d: %v, want %s", i, got, want[i])
		}
	}
}

// TestHasherTellsApart lists rows that must all have hashes of their own.
func TestHasherTellsApart(t *testing.T) {
	rec := record(t, checked(t), lakeSchema(t, "A String, B String, N Int64, M Int64, Ok SByte, Time DateTime"),
		`{}`, `{"A":""}`, `{"B":""}`, `{"A":"","B":""}`, `{"A":"x"}`, `{"B":"x"}`, `{"A":"x","B":"y"}`, `{"A":"y","B":"x"}`,
		`{"A":"xy"}`, `{"N":0}`, `{"M":0}`, `{"N":1,"M":2}`, `{"N":2,"M":1}`, `{"N":-1}`, `{"Ok":false}`, `{"Ok":true}`,
		`{"Time":"1970-01-01T00:00:00","Time_100ns":0}`, `{"Time":"1970-01-01T00:00:00","Time_100ns":1}`, `{"Time_100ns":1}`)
	rows := hashes(t, rec)
	for i := range rows {
		for j := range i {
			if rows[i] == rows[j] {
				t.Errorf("rows %d and %d have the same hash", i, j)
			}
		}
	}
}

// Values that change places between rows must change the sum.
func TestHasherRowsAreNotInterchangeable(t *testing.T) {
	s := lakeSchema(t, "A String, B String")
	sum := func(rows ...string) (d schema.Digest) {
		for _, h := range hashes(t, record(t, checked(t), s, rows...)) {
			d = d.Add(h)
		}
		return d
	}
	if sum(`{"A":"1","B":"1"}`, `{"A":"2","B":"2"}`) == sum(`{"A":"1","B":"2"}`, `{"A":"2","B":"1"}`) {
		t.Error("two sets of rows with the same cells have the same digest")
	}
	if sum(`{"A":"1"}`, `{"B":"1"}`) != sum(`{"B":"1"}`, `{"A":"1"}`) {
		t.Error("the digest depends on the order of rows")
	}
}

func TestHasherIndependence(t *testing.T) {
	mem := checked(t)
	rows := []string{`{"A":"x","B":1,"T":"2026-01-01T00:00:00","T_100ns":3}`, `{"A":"x"}`, `{"B":2}`, `{}`, `{"A":"y","B":1}`}
	s := lakeSchema(t, "A String, B Int64, T DateTime")
	whole := record(t, mem, s, rows...)
	want := hashes(t, whole)
	for name, got := range map[string][]schema.Digest{
		"other order of columns": hashes(t, record(t, mem, lakeSchema(t, "T DateTime, B Int64, A String"), rows...)),
		"columns that are null":  hashes(t, record(t, mem, lakeSchema(t, "C Double, A String, B Int64, D Object, T DateTime"), rows...)),
		"cut in two":             hashes(t, record(t, mem, s, rows[:2]...), record(t, mem, s, rows[2:]...)),
		"slices":                 hashesOfSlices(t, whole, 1, 3),
		"dictionaries":           hashes(t, record(t, mem, withDictionaries(s), rows...)),
		"slices of dictionaries": hashesOfSlices(t, record(t, mem, withDictionaries(s), rows...), 1, 4),
	} {
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func hashesOfSlices(t *testing.T, rec arrow.Record, cuts ...int64) (rows []schema.Digest) {
	from := int64(0)
	for _, to := range append(cuts, rec.NumRows()) {
		part := rec.NewSlice(from, to)
		rows = append(rows, hashes(t, part)...)
		part.Release()
		from = to
	}
	return rows
}

func withDictionaries(s *arrow.Schema) *arrow.Schema {
	fs := slices.Clone(s.Fields())
	for i := range fs {
		if fs[i].Type.ID() == arrow.STRING {
			fs[i].Type = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint32, ValueType: arrow.BinaryTypes.String}
		}
	}
	return arrow.NewSchema(fs, nil)
}

func TestHasherDoubles(t *testing.T) {
	b := array.NewFloat64Builder(checked(t))
	defer b.Release()
	b.AppendValues([]float64{math.NaN(), math.Float64frombits(0x7ff8_0000_0000_1234), 0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1)}, nil)
	values := b.NewArray()
	defer values.Release()
	rec := array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: "D", Type: values.DataType()}}, nil), []arrow.Array{values}, 6)
	defer rec.Release()
	rows := hashes(t, rec)
	if rows[0] != rows[1] {
		t.Error("one NaN is not the other")
	}
	for i := 2; i < 6; i++ {
		if slices.Contains(rows[:i], rows[i]) {
			t.Errorf("row %d equals one before it", i)
		}
	}
}

func TestNewHasherRefuses(t *testing.T) {
	for _, typ := range []arrow.DataType{
		arrow.PrimitiveTypes.Float32, arrow.FixedWidthTypes.Timestamp_ns, arrow.BinaryTypes.LargeString,
		&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.PrimitiveTypes.Int64},
	} {
		_, err := schema.NewHasher(arrow.NewSchema([]arrow.Field{{Name: "X", Type: typ}}, nil))
		if err == nil || !strings.Contains(err.Error(), `"X"`) {
			t.Errorf("NewHasher of %v: error %v", typ, err)
		}
	}
}

// BenchmarkHasher hashes 8,192 rows of 50 text columns, of which each repeats the value above in half of all rows.
func BenchmarkHasher(b *testing.B) {
	const rows, width = 8192, 50
	plain := make([]arrow.Field, width)
	for i := range plain {
		plain[i] = arrow.Field{Name: fmt.Sprintf("Column%02d", i), Type: arrow.BinaryTypes.String}
	}
	s := arrow.NewSchema(plain, nil)
	for name, s := range map[string]*arrow.Schema{"plain": s, "dictionary": withDictionaries(s)} {
		b.Run(name, func(b *testing.B) {
			rec := randomRecord(s, rows)
			defer rec.Release()
			h, err := schema.NewHasher(s)
			if err != nil {
				b.Fatal(err)
			}
			var digests []schema.Digest
			for b.Loop() {
				digests = h.Rows(rec, digests[:0])
			}
			b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func randomRecord(s *arrow.Schema, rows int) arrow.Record {
	random := rand.New(rand.NewPCG(1, 2))
	b := array.NewRecordBuilder(memory.DefaultAllocator, s)
	defer b.Release()
	for _, column := range b.Fields() {
		var value string
		for range rows {
			if value == "" || random.IntN(2) == 0 {
				value = fmt.Sprintf("value %d of a column that is %s wide", random.IntN(300), strings.Repeat("x", random.IntN(40)))
			}
			if err := column.AppendValueFromString(value); err != nil {
				panic(err)
			}
		}
	}
	return b.NewRecord()
}
