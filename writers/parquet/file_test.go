package parquet_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	parquetgo "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"huntlake/schema"
	"huntlake/writers/parquet"
)

// lake has a column of every kind.
func lake(t testing.TB) *arrow.Schema {
	t.Helper()
	table, _, err := schema.Table{}.Evolve([]schema.Field{
		{Name: "Timestamp", Type: "DateTime"}, {Name: "DeviceId", Type: "String"}, {Name: "ReportId", Type: "Int64"},
		{Name: "Score", Type: "Double"}, {Name: "Flag", Type: "SByte"}, {Name: "AdditionalFields", Type: "Object"},
		{Name: "Unique", Type: "String"}, {Name: "Nothing", Type: "String"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return table.Arrow()
}

// rows makes n rows, numbered from first, whose values are known from their number alone.
func rows(mem memory.Allocator, s *arrow.Schema, first, n int) arrow.Record {
	b := array.NewRecordBuilder(mem, s)
	defer b.Release()
	for r := first; r < first+n; r++ {
		for i, f := range s.Fields() {
			switch b := b.Field(i).(type) {
			case *array.TimestampBuilder:
				b.Append(arrow.Timestamp(r))
			case *array.Int32Builder:
				b.Append(int32(r % 10))
			case *array.Int64Builder:
				b.Append(int64(r%7) - 3)
			case *array.Float64Builder:
				b.Append([]float64{math.NaN(), float64(r), -0.5}[r%3])
			case *array.BooleanBuilder:
				b.Append(r%3 == 0)
			case *array.StringBuilder:
				appendText(b, f.Name, r)
			}
		}
	}
	return b.NewRecord()
}

func appendText(b *array.StringBuilder, name string, r int) {
	switch {
	case name == "Nothing" || r%11 == 0 && name != "Unique":
		b.AppendNull()
	case name == "DeviceId":
		b.Append(fmt.Sprintf("device-%d", r%23))
	case name == "Unique":
		b.Append(fmt.Sprintf("unique-%d", r))
	default:
		b.Append(fmt.Sprintf(`{"n":%d}`, r%100))
	}
}

// file writes records in appends of at most size rows.
func file(t testing.TB, opts parquet.Options, size int, recs ...arrow.Record) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := parquet.NewWriter(&out, recs[0].Schema(), opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range recs {
		for from := 0; from < int(rec.NumRows()); from += size {
			to := min(from+size, int(rec.NumRows()))
			if err := w.Append([]arrow.Record{rec}, []parquet.Run{{From: from, To: to}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func openFile(t testing.TB, content []byte) *parquet.File {
	t.Helper()
	f, err := parquet.Open(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// wantRows scans a file and compares it with records, cell by cell.
func wantRows(t testing.TB, content []byte, want ...arrow.Record) {
	t.Helper()
	table := array.NewTableFromRecords(arrow.NewSchema(want[0].Schema().Fields(), nil), want)
	defer table.Release()
	at := int64(0)
	err := openFile(t, content).Scan(memory.DefaultAllocator, func(rec arrow.Record) error {
		expected := array.NewTableReader(table, rec.NumRows())
		defer expected.Release()
		for i := range int(rec.NumCols()) {
			chunk := array.NewChunkedSlice(table.Column(i).Data(), at, at+rec.NumRows())
			defer chunk.Release()
			joined, err := array.Concatenate(chunk.Chunks(), memory.DefaultAllocator)
			if err != nil {
				return err
			}
			defer joined.Release()
			got := spelled(rec.Column(i))
			if !array.ApproxEqual(got, joined, array.WithNaNsEqual(true), array.WithAbsTolerance(0)) {
				return fmt.Errorf("column %s of rows [%d, %d): got %v, want %v", rec.ColumnName(i), at, at+rec.NumRows(), got, joined)
			}
		}
		at += rec.NumRows()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if at != table.NumRows() {
		t.Fatalf("got %d rows, want %d", at, table.NumRows())
	}
}

// spelled returns a numbered column as one of texts, and any other as it is.
func spelled(a arrow.Array) arrow.Array {
	numbered, ok := a.(*array.Dictionary)
	if !ok {
		return a
	}
	b := array.NewStringBuilder(memory.DefaultAllocator)
	for i := range a.Len() {
		if a.IsNull(i) {
			b.AppendNull()
		} else {
			b.Append(numbered.Dictionary().(*array.String).Value(numbered.GetValueIndex(i)))
		}
	}
	return b.NewArray()
}

func TestRoundTrip(t *testing.T) {
	s := lake(t)
	for _, n := range []int{1, 7, 8, 9, 1000, 8192, 20_001, 41_000} {
		for _, size := range []int{1000, 100_000} {
			rec := rows(memory.DefaultAllocator, s, 0, n)
			wantRows(t, file(t, parquet.Options{}, size, rec), rec)
		}
	}
}

func TestRowGroups(t *testing.T) {
	s := lake(t)
	rec := rows(memory.DefaultAllocator, s, 0, 10_000)
	for _, c := range []struct {
		opts parquet.Options
		want int
	}{
		{parquet.Options{MaxRows: 1000}, 10},
		{parquet.Options{MaxRows: 999}, 20}, // appends of 500 rows are not cut
		{parquet.Options{MaxBytes: 1}, 20},
		{parquet.Options{}, 1},
	} {
		content := file(t, c.opts, 500, rec)
		f := openFile(t, content)
		if f.RowGroups() != c.want || f.Rows() != 10_000 {
			t.Errorf("%+v: got %d row groups of %d rows, want %d", c.opts, f.RowGroups(), f.Rows(), c.want)
		}
		wantRows(t, content, rec)
	}
}

func TestNoRows(t *testing.T) {
	content := file(t, parquet.Options{}, 1, rows(memory.DefaultAllocator, lake(t), 0, 0))
	if f := openFile(t, content); f.Rows() != 0 || f.RowGroups() != 0 || f.Schema().NumFields() != lake(t).NumFields() {
		t.Errorf("got %d rows, %d groups, %d columns", f.Rows(), f.RowGroups(), f.Schema().NumFields())
	}
}

// TestRuns takes rows out of several records, and strings by their numbers.
func TestRuns(t *testing.T) {
	s := lake(t)
	recs := []arrow.Record{rows(memory.DefaultAllocator, s, 0, 100), rows(memory.DefaultAllocator, s, 500, 100), rows(memory.DefaultAllocator, s, 900, 100)}
	numbered := []arrow.Record{numbered(recs[0], arrow.PrimitiveTypes.Uint16), numbered(recs[1], arrow.PrimitiveTypes.Int32), recs[2]}
	runs := []parquet.Run{{1, 10, 20}, {0, 0, 100}, {2, 5, 6}, {1, 20, 21}, {2, 6, 100}, {1, 0, 10}}
	var want []arrow.Record
	for _, r := range runs {
		want = append(want, recs[r.Record].NewSlice(int64(r.From), int64(r.To)))
	}
	for _, in := range [][]arrow.Record{recs, numbered} {
		var out bytes.Buffer
		w, err := parquet.NewWriter(&out, s, parquet.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range runs {
			if err := w.Append(in, []parquet.Run{r}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		wantRows(t, out.Bytes(), want...)
	}
}

// numbered is rec with its strings dictionary-encoded.
func numbered(rec arrow.Record, index arrow.DataType) arrow.Record {
	columns := slices.Clone(rec.Columns())
	fields := slices.Clone(rec.Schema().Fields())
	for i, c := range columns {
		texts, ok := c.(*array.String)
		if !ok {
			continue
		}
		typ := &arrow.DictionaryType{IndexType: index, ValueType: arrow.BinaryTypes.String}
		b := array.NewDictionaryBuilder(memory.DefaultAllocator, typ).(*array.BinaryDictionaryBuilder)
		for r := range texts.Len() {
			if texts.IsNull(r) {
				b.AppendNull()
			} else if err := b.AppendString(texts.Value(r)); err != nil {
				panic(err)
			}
		}
		columns[i], fields[i].Type = b.NewArray(), typ
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), columns, rec.NumRows())
}

// TestDictionaryThatStopsPaying goes from repeating values to unique ones, past the size that a dictionary may have.
func TestDictionaryThatStopsPaying(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{
		{Name: "Text", Type: arrow.BinaryTypes.String, Nullable: true}, {Name: "Number", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, s)
	for r := range 300_000 {
		k := r
		if r < 50_000 {
			k = r % 100
		}
		b.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("%064d", k))
		b.Field(1).(*array.Int64Builder).Append(int64(k))
	}
	rec := b.NewRecord()
	content := file(t, parquet.Options{LookUp: []string{"Text"}}, 4096, rec)
	wantRows(t, content, rec)
	meta := metadata(t, content).RowGroups[0].Columns[0].MetaData
	if !slices.Contains(meta.Encoding, format.Plain) || !slices.Contains(meta.Encoding, format.RLEDictionary) || len(meta.EncodingStats) != 3 {
		t.Errorf("got encodings %v, %v, want pages with and without dictionary", meta.Encoding, meta.EncodingStats)
	}
	filter := bloomFilter(t, content, 0, 0)
	for k := range 300_000 {
		if k >= 100 && k < 50_000 {
			continue
		}
		if ok, err := filter.Check(parquetgo.ByteArrayValue(fmt.Appendf(nil, "%064d", k))); !ok || err != nil {
			t.Fatalf("the filter does not know %d: %v", k, err)
		}
	}
}

func metadata(t testing.TB, content []byte) *format.FileMetaData {
	t.Helper()
	return foreign(t, content).Metadata()
}

// foreign opens a file with parquet-go alone, with all that a reader may look at.
func foreign(t testing.TB, content []byte) *parquetgo.File {
	t.Helper()
	f, err := parquetgo.OpenFile(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func bloomFilter(t testing.TB, content []byte, group, column int) parquetgo.BloomFilter {
	t.Helper()
	filter := foreign(t, content).RowGroups()[group].ColumnChunks()[column].BloomFilter()
	if filter == nil {
		t.Fatalf("column %d of row group %d has no filter", column, group)
	}
	return filter
}

func TestBloomFilters(t *testing.T) {
	s := lake(t)
	rec := rows(memory.DefaultAllocator, s, 0, 30_000)
	content := file(t, parquet.Options{LookUp: []string{"DeviceId", "Unique", "Nothing", "NoSuchColumn"}, MaxRows: 20_000}, 5000, rec)
	column := func(name string) int { return s.FieldIndices(name)[0] }
	for _, name := range []string{"DeviceId", "Unique"} {
		texts := rec.Column(column(name)).(*array.String)
		filters := []parquetgo.BloomFilter{bloomFilter(t, content, 0, column(name)), bloomFilter(t, content, 1, column(name))}
		misses := 0
		for r := range texts.Len() {
			filter := filters[r/20_000]
			if texts.IsValid(r) {
				if ok, err := filter.Check(parquetgo.ByteArrayValue([]byte(texts.Value(r)))); !ok || err != nil {
					t.Fatalf("%s: the filter does not know %q: %v", name, texts.Value(r), err)
				}
			}
			if r%100 == 0 {
				if ok, _ := filter.Check(parquetgo.ByteArrayValue(fmt.Appendf(nil, "absent %d", r))); ok {
					misses++
				}
			}
		}
		if misses > 15 {
			t.Errorf("%s: the filter takes %d of 300 absent values for present", name, misses)
		}
	}
	for _, name := range []string{"Nothing", "AdditionalFields"} {
		if f := foreign(t, content).RowGroups()[0].ColumnChunks()[column(name)].BloomFilter(); f != nil && f.Size() > 0 {
			t.Errorf("%s has a filter", name)
		}
	}
}

func TestDeclarations(t *testing.T) {
	s := lake(t)
	content := file(t, parquet.Options{
		SortedBy: []string{"Timestamp", "Timestamp_100ns"}, Metadata: map[string]string{"huntlake.tenant": "1", "huntlake.dt": "2026-11-22"},
		CreatedBy: "huntlake version 1.2.3 (build x)", MaxRows: 60,
	}, 50, rows(memory.DefaultAllocator, s, 0, 100))
	meta := metadata(t, content)
	var got []string
	for _, e := range meta.Schema[1:] {
		logical := ""
		if e.LogicalType.Value != nil {
			logical = fmt.Sprintf(" %T", e.LogicalType.Value)
		}
		if e.ConvertedType.Valid {
			logical += fmt.Sprintf(" %v", e.ConvertedType.V)
		}
		got = append(got, fmt.Sprintf("%v %s %v%s", e.RepetitionType.V, e.Name, e.Type.V, logical))
	}
	want := []string{
		"OPTIONAL Timestamp INT64 *format.TimestampType 10", "OPTIONAL Timestamp_100ns INT32",
		"OPTIONAL DeviceId BYTE_ARRAY *format.StringType 0", "OPTIONAL ReportId INT64", "OPTIONAL Score DOUBLE",
		"OPTIONAL Flag BOOLEAN", "OPTIONAL AdditionalFields BYTE_ARRAY *format.JsonType 19",
		"OPTIONAL Unique BYTE_ARRAY *format.StringType 0", "OPTIONAL Nothing BYTE_ARRAY *format.StringType 0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
	stamp := meta.Schema[1].LogicalType.Value.(*format.TimestampType)
	if _, ok := stamp.Unit.Value.(*format.MicroSeconds); !ok || !stamp.IsAdjustedToUTC {
		t.Errorf("Timestamp is %+v", stamp)
	}
	for i, g := range meta.RowGroups {
		sorting := []format.SortingColumn{{ColumnIdx: 0, NullsFirst: true}, {ColumnIdx: 1, NullsFirst: true}}
		if diff := cmp.Diff(sorting, []format.SortingColumn(g.SortingColumns)); diff != "" || int(g.Ordinal) != i {
			t.Errorf("row group %d: ordinal %d, sorting (-want +got):\n%s", i, g.Ordinal, diff)
		}
	}
	if meta.CreatedBy != "huntlake version 1.2.3 (build x)" || len(meta.RowGroups) != 2 {
		t.Errorf("created by %q, %d row groups", meta.CreatedBy, len(meta.RowGroups))
	}
	f := openFile(t, content)
	if v, ok := f.Metadata("huntlake.tenant"); v != "1" || !ok {
		t.Errorf("metadata: got %q, %v", v, ok)
	}
	encoded, _ := f.Metadata("ARROW:schema")
	message, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ipc.NewReader(bytes.NewReader(message))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	if !r.Schema().Equal(s) {
		t.Errorf("ARROW:schema: got %v, want %v", r.Schema(), s)
	}
}

// TestBounds holds statistics and column indexes against the values themselves.
func TestBounds(t *testing.T) {
	s := lake(t)
	rec := rows(memory.DefaultAllocator, s, 0, 50_000)
	f := foreign(t, file(t, parquet.Options{}, 4096, rec))
	for i, chunk := range f.RowGroups()[0].ColumnChunks() {
		name := s.Field(i).Name
		c := chunk.(*parquetgo.FileColumnChunk)
		typ := c.Type()
		index, err := c.ColumnIndex()
		if name == "Score" {
			continue // NaN: see TestDoubles
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		lo, hi, bounded := c.Bounds()
		pages := c.Pages()
		for p := 0; ; p++ {
			page, err := pages.ReadPage()
			if err == io.EOF {
				if p != index.NumPages() || p < 3 {
					t.Errorf("%s: %d pages, %d in the index", name, p, index.NumPages())
				}
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := index.NullCount(p); got != page.NumNulls() || index.NullPage(p) != (page.NumNulls() == page.NumValues()) {
				t.Errorf("%s, page %d: %d nulls in the index, want %d", name, p, got, page.NumNulls())
			}
			values := make([]parquetgo.Value, page.NumValues())
			if n, err := page.Values().ReadValues(values); n < len(values) {
				t.Fatal(n, err)
			}
			for _, v := range values {
				if v.IsNull() {
					continue
				}
				if typ.Compare(v, index.MinValue(p)) < 0 || typ.Compare(v, index.MaxValue(p)) > 0 {
					t.Fatalf("%s, page %d: %v is outside [%v, %v]", name, p, v, index.MinValue(p), index.MaxValue(p))
				}
				if !bounded || typ.Compare(v, lo) < 0 || typ.Compare(v, hi) > 0 {
					t.Fatalf("%s: %v is outside [%v, %v]", name, v, lo, hi)
				}
			}
		}
		if asc := index.IsAscending(); asc != (name == "Timestamp" || name == "Timestamp_100ns" || name == "Nothing" || asc) {
			t.Errorf("%s: ascending is %v", name, asc)
		}
	}
}

// one writes a file of one column.
func one(t *testing.T, typ arrow.DataType, fill func(array.Builder)) []byte {
	t.Helper()
	s := arrow.NewSchema([]arrow.Field{{Name: "C", Type: typ, Nullable: true}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, s)
	fill(b.Field(0))
	rec := b.NewRecord()
	content := file(t, parquet.Options{}, 10_000, rec)
	wantRows(t, content, rec)
	return content
}

func TestDoubles(t *testing.T) {
	negative := math.Copysign(0, -1)
	for _, c := range []struct {
		name   string
		values []float64
		lo, hi float64
		none   bool
	}{
		{name: "plain", values: []float64{2, 1, 3}, lo: 1, hi: 3},
		{name: "NaN is left out", values: []float64{2, math.NaN(), 3}, lo: 2, hi: 3},
		{name: "NaN alone", values: []float64{math.NaN()}, none: true},
		{name: "infinities", values: []float64{math.Inf(1), math.Inf(-1)}, lo: math.Inf(-1), hi: math.Inf(1)},
		{name: "zero as least", values: []float64{0, 5}, lo: negative, hi: 5},
		{name: "zero as greatest", values: []float64{negative, -5}, lo: -5, hi: 0},
		{name: "zero alone", values: []float64{negative}, lo: negative, hi: 0},
		{name: "nulls alone", none: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			content := one(t, arrow.PrimitiveTypes.Float64, func(b array.Builder) {
				b.AppendNull()
				b.(*array.Float64Builder).AppendValues(c.values, nil)
			})
			stats := metadata(t, content).RowGroups[0].Columns[0].MetaData.Statistics
			if c.none {
				if stats.MinValue != nil || stats.MaxValue != nil {
					t.Errorf("got bounds %x and %x, want none", stats.MinValue, stats.MaxValue)
				}
				return
			}
			lo, hi := double(stats.MinValue), double(stats.MaxValue)
			if math.Float64bits(lo) != math.Float64bits(c.lo) || math.Float64bits(hi) != math.Float64bits(c.hi) {
				t.Errorf("got [%v, %v], want [%v, %v]", lo, hi, c.lo, c.hi)
			}
		})
	}
}

// TestPageOfNaN: a page without bounds, wherever it lies, leaves a chunk of several without an index, and with its rows.
func TestPageOfNaN(t *testing.T) {
	const rows, page = 60_000, 20_000
	for at := range rows / page {
		content := one(t, arrow.PrimitiveTypes.Float64, func(b array.Builder) {
			for row := range rows {
				if v := float64(row); row/page == at {
					b.(*array.Float64Builder).Append(math.NaN())
				} else {
					b.(*array.Float64Builder).Append(v)
				}
			}
		})
		column := metadata(t, content).RowGroups[0].Columns[0]
		if column.ColumnIndexOffset != 0 || column.MetaData.NumValues != rows || column.MetaData.Statistics.MinValue != nil {
			t.Errorf("page %d: %+v", at, column)
		}
	}
}

func double(b []byte) float64 { return parquetgo.Double.Value(b).Double() }

// TestNullsAlone: a column without values has no dictionary, and so no page may need one.
func TestNullsAlone(t *testing.T) {
	for _, typ := range []arrow.DataType{
		arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Float64, arrow.FixedWidthTypes.Boolean,
	} {
		meta := metadata(t, one(t, typ, func(b array.Builder) { b.AppendNulls(25_000) })).RowGroups[0].Columns[0].MetaData
		if slices.Contains(meta.Encoding, format.RLEDictionary) || meta.DictionaryPageOffset != 0 || meta.Statistics.NullCount != 25_000 {
			t.Errorf("%v: got %+v", typ, meta)
		}
	}
}

func TestLongTexts(t *testing.T) {
	huge := strings.Repeat("0123456789", 1<<20)
	for _, c := range []struct {
		name   string
		values []string
		exact  bool
	}{
		{"empty alone", []string{""}, true},
		{"at the limit", []string{strings.Repeat("a", 1024), "b"}, true},
		{"beyond the limit", []string{strings.Repeat("a", 1025), "b"}, false},
		{"10 MB", []string{huge, "", huge + "!"}, false},
		{"characters across the cut", []string{strings.Repeat("é世😀", 50), "a"}, true},
		{"nothing above", []string{strings.Repeat("\U0010FFFF", 30)}, true},
		{"a gap above", []string{strings.Repeat("a", 61) + "\uD7FF" + strings.Repeat("b", 100)}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			content := one(t, arrow.BinaryTypes.String, func(b array.Builder) { b.(*array.StringBuilder).AppendValues(c.values, nil) })
			chunk := foreign(t, content).RowGroups()[0].ColumnChunks()[0].(*parquetgo.FileColumnChunk)
			lo, hi, ok := chunk.Bounds()
			if ok != c.exact {
				t.Fatalf("bounds are there: %v, want %v", ok, c.exact)
			}
			sorted := slices.Sorted(slices.Values(c.values))
			if ok && (lo.String() != sorted[0] || hi.String() != sorted[len(sorted)-1]) {
				t.Errorf("got [%.20q, %.20q]", lo, hi)
			}
			index, err := chunk.ColumnIndex()
			if err != nil {
				t.Fatal(err)
			}
			low, high := index.MinValue(0).String(), index.MaxValue(0).String()
			for p := range index.NumPages() {
				low, high = min(low, index.MinValue(p).String()), max(high, index.MaxValue(p).String())
			}
			if low > sorted[0] || high < sorted[len(sorted)-1] || !utf8.ValidString(low) || !utf8.ValidString(high) {
				t.Errorf("column index: [%.90q, %.90q] does not hold [%.90q, %.90q]", low, high, sorted[0], sorted[len(sorted)-1])
			}
			if len(low) > 64 || len(high) > 68 && c.name != "nothing above" {
				t.Errorf("column index: bounds of %d and %d bytes", len(low), len(high))
			}
		})
	}
}

func TestExtremes(t *testing.T) {
	numbers := []int64{math.MinInt64, math.MaxInt64, 0, -1, 1<<53 + 1}
	content := one(t, arrow.PrimitiveTypes.Int64, func(b array.Builder) { b.(*array.Int64Builder).AppendValues(numbers, nil) })
	stats := metadata(t, content).RowGroups[0].Columns[0].MetaData.Statistics
	if lo, hi := parquetgo.Int64.Value(stats.MinValue).Int64(), parquetgo.Int64.Value(stats.MaxValue).Int64(); lo != math.MinInt64 || hi != math.MaxInt64 {
		t.Errorf("got [%d, %d]", lo, hi)
	}
	one(t, arrow.FixedWidthTypes.Timestamp_us, func(b array.Builder) {
		b.(*array.TimestampBuilder).AppendValues([]arrow.Timestamp{-62135596800000000, 253402300799999999, -1, 0}, nil)
	})
	for n := range 20 {
		one(t, arrow.FixedWidthTypes.Boolean, func(b array.Builder) {
			for i := range n {
				if i%5 == 4 {
					b.AppendNull()
				} else {
					b.(*array.BooleanBuilder).Append(i%3 == 0)
				}
			}
		})
	}
}

// TestWriterFails lets the output fail at every write.
func TestWriterFails(t *testing.T) {
	s := lake(t)
	rec := rows(memory.DefaultAllocator, s, 0, 100)
	broken := errors.New("disk full")
	whole := len(file(t, parquet.Options{}, 100, rec))
	for limit := 0; limit < whole; limit += max(whole/200, 1) {
		w, err := parquet.NewWriter(&limited{limit, broken}, s, parquet.Options{})
		if err == nil {
			err = w.Append([]arrow.Record{rec}, []parquet.Run{{To: 100}})
		}
		if err == nil {
			err = w.Commit()
		}
		if !errors.Is(err, broken) {
			t.Fatalf("room for %d of %d bytes: got %v", limit, whole, err)
		}
	}
}

type limited struct {
	room int
	err  error
}

func (l *limited) Write(p []byte) (int, error) {
	if l.room -= len(p); l.room < 0 {
		return 0, l.err
	}
	return len(p), nil
}

func TestUnknownTypes(t *testing.T) {
	for _, typ := range []arrow.DataType{
		arrow.PrimitiveTypes.Uint8, arrow.FixedWidthTypes.Timestamp_ns, &arrow.TimestampType{Unit: arrow.Microsecond}, arrow.BinaryTypes.Binary,
	} {
		s := arrow.NewSchema([]arrow.Field{{Name: "C", Type: typ}}, nil)
		if _, err := parquet.NewWriter(io.Discard, s, parquet.Options{}); err == nil || !strings.Contains(err.Error(), `"C"`) {
			t.Errorf("%v: got %v, want an error that names the column", typ, err)
		}
	}
}

// TestDamage changes and cuts a file, wherever in it, filters and indexes included: reading fails, and does not panic.
func TestDamage(t *testing.T) {
	s := lake(t)
	rec := rows(memory.DefaultAllocator, s, 0, 300)
	content := file(t, parquet.Options{LookUp: []string{"DeviceId"}}, 100, rec)
	hasher, err := schema.NewHasher(s)
	if err != nil {
		t.Fatal(err)
	}
	read := func(content []byte) (sum schema.Digest, err error) {
		f, err := parquet.Open(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return sum, err
		}
		return sum, f.Scan(memory.DefaultAllocator, func(rec arrow.Record) error {
			if rec.NumCols() != int64(s.NumFields()) {
				return errors.New("other columns")
			}
			for _, h := range hasher.Rows(rec, nil) {
				sum = sum.Add(h)
			}
			return nil
		})
	}
	want, err := read(content)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(content) {
		if _, err := read(content[:cut]); err == nil {
			t.Fatalf("cut to %d of %d bytes: no error", cut, len(content))
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1500 {
		harmed := bytes.Clone(content)
		at := rng.IntN(len(harmed))
		harmed[at] ^= 1 << rng.IntN(8)
		if got, err := read(harmed); err == nil && (got != want || at >= 4) { // the first bytes say PAR1
			t.Fatalf("a flipped bit at %d of %d went without an error", at, len(content))
		}
	}
}

func TestMemoryIsReturned(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	rec := rows(mem, lake(t), 0, 20_000)
	defer rec.Release()
	content := file(t, parquet.Options{}, 1000, rec)
	f := openFile(t, content)
	if err := f.Scan(mem, func(arrow.Record) error { return nil }); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("enough")
	if err := f.Scan(mem, func(arrow.Record) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("scan: got %v, want fn's error", err)
	}
}
