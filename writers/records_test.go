package writers_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"huntlake/partition"
	"huntlake/schema"
	"huntlake/writers"
)

// fields are those of a table with a column of every kind.
func fields() []schema.Field {
	return []schema.Field{
		{Name: "Timestamp", Type: "DateTime"},
		{Name: "DeviceId", Type: "String"},
		{Name: "ProcessCommandLine", Type: "String"},
		{Name: "ReportId", Type: "Int64"},
		{Name: "Score", Type: "Double"},
		{Name: "IsElevated", Type: "SByte"},
		{Name: "AdditionalFields", Type: "Object"},
		{Name: "ProcessCreationTime", Type: "DateTime"},
		{Name: "_IngestionTime", Type: "DateTime"},
	}
}

func table(t testing.TB, fields []schema.Field) schema.Table {
	t.Helper()
	table, _, err := schema.Table{}.Evolve(fields)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// day is the UTC day that made rows lie in, unless said otherwise.
var day = mustDate("2026-11-22")

func mustDate(s string) partition.Date {
	d, err := partition.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// maker makes records of random rows.
type maker struct {
	rng  *rand.Rand
	from partition.Tick // event times lie in [from, to)
	to   partition.Tick
	null float64 // share of cells that are null, event and ingestion time aside
	mem  memory.Allocator
}

func newMaker(seed uint64) *maker {
	return &maker{rng: rand.New(rand.NewPCG(seed, 1)), from: day.Start(), to: day.End(), null: 0.1, mem: memory.DefaultAllocator}
}

// records makes n rows of s in several records.
func (m *maker) records(s *arrow.Schema, n int) []arrow.Record {
	var recs []arrow.Record
	for n > 0 {
		size := min(n, 1+m.rng.IntN(max(n/2, 1)))
		recs = append(recs, m.record(s, size))
		n -= size
	}
	return recs
}

func (m *maker) record(s *arrow.Schema, n int) arrow.Record {
	b := array.NewRecordBuilder(m.mem, s)
	defer b.Release()
	for range n {
		at := m.from + partition.Tick(m.rng.Int64N(int64(m.to-m.from)))
		for i, f := range s.Fields() {
			m.cell(b, i, f, at)
		}
	}
	return b.NewRecord()
}

func (m *maker) cell(b *array.RecordBuilder, i int, f arrow.Field, at partition.Tick) {
	if f.Type.ID() == arrow.INT32 {
		return // a companion: appended with its time
	}
	if m.rng.Float64() < m.null && f.Name != "Timestamp" && f.Name != schema.IngestionTime {
		b.Field(i).AppendNull()
		if f.Type.ID() == arrow.TIMESTAMP {
			b.Field(i + 1).AppendNull()
		}
		return
	}
	switch b := b.Field(i).(type) {
	case *array.StringBuilder:
		b.Append(m.text(f.Name))
	case *array.Int64Builder:
		b.Append(pick(m.rng, m.rng.Int64(), -m.rng.Int64(), 0, math.MaxInt64, math.MinInt64, 1<<53+1))
	case *array.Float64Builder:
		b.Append(pick(m.rng, m.rng.NormFloat64(), 0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64))
	case *array.BooleanBuilder:
		b.Append(m.rng.IntN(2) == 0)
	}
	if _, ok := b.Field(i).(*array.TimestampBuilder); ok {
		switch f.Name {
		case "Timestamp":
		case schema.IngestionTime:
			at += partition.Tick(m.rng.Int64N(int64(partition.Hour)))
		default:
			at = pick(m.rng, at, partition.MinTick, partition.MaxTick, partition.Tick(m.rng.Int64N(int64(partition.MaxTick))))
		}
		appendTime(b, i, at)
	}
}

func appendTime(b *array.RecordBuilder, i int, at partition.Tick) {
	if at == partition.NoTick {
		b.Field(i).AppendNull()
		b.Field(i + 1).AppendNull()
		return
	}
	micros, digit := at.Micros()
	b.Field(i).(*array.TimestampBuilder).Append(arrow.Timestamp(micros))
	b.Field(i + 1).(*array.Int32Builder).Append(digit)
}

func pick[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }

func (m *maker) text(column string) string {
	switch column {
	case "DeviceId":
		return fmt.Sprintf("%040x", m.rng.IntN(50))
	case "AdditionalFields":
		return fmt.Sprintf(`{"n":%d,"s":"%s"}`, m.rng.IntN(1000), strings.Repeat("x", m.rng.IntN(30)))
	}
	return pick(m.rng, "", "powershell.exe -enc "+strings.Repeat("A", m.rng.IntN(200)), fmt.Sprint(m.rng.Uint64()), "世界 "+fmt.Sprint(m.rng.IntN(9)), "\x00", `"`)
}

// sum is the rows and the digest of records.
func sum(t testing.TB, recs []arrow.Record) (rows int64, digest schema.Digest) {
	t.Helper()
	for _, rec := range recs {
		h, err := schema.NewHasher(rec.Schema())
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range h.Rows(rec, nil) {
			digest = digest.Add(d)
		}
		rows += rec.NumRows()
	}
	return rows, digest
}

func stage(t testing.TB, b *writers.Bucket, key string, recs []arrow.Record, opts writers.StageOptions) writers.Staged {
	t.Helper()
	if opts.TimeColumn == "" && opts.DT == 0 {
		opts.TimeColumn = "Timestamp"
	}
	staged, err := b.Stage(t.Context(), key, recs, opts)
	if err != nil {
		t.Fatal(err)
	}
	return staged
}

// inputs are the sections of some staged objects that belong to dt.
func inputs(dt partition.Date, staged ...writers.Staged) []writers.Input {
	var in []writers.Input
	for _, s := range staged {
		for _, section := range s.Sections {
			if section.DT == dt {
				in = append(in, writers.Input{Key: s.Key, Section: section})
			}
		}
	}
	return in
}

const fileKey = "DeviceEvents/tenant=1/dt=2026-11-22/DeviceEvents-20261122-7.parquet"

func output(s *arrow.Schema) writers.Output {
	return writers.Output{
		Key: fileKey, Schema: s, TimeColumn: "Timestamp", Program: "huntlake/1.2.3", Metadata: map[string]string{"huntlake.dt": day.String()},
	}
}
