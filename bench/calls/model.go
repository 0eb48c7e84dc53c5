package main

import (
	"net/http"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/schema"
)

// model is a service that counts rows and bytes and writes no JSON: it caps, refuses and charges as the simulator does
// with real bytes, which TestModel holds it to.
type model struct {
	month *month
	scale int // a tenth of the rows stands for all: then an answer holds a tenth, and a row costs ten times as much
	hash  map[uint64]tally
}

// tally is the rows and bytes of buckets.
type tally struct{ rows, bytes []int64 }

// The service's caps.
const (
	capRows  = 100_000
	capBytes = 50_000_000
)

// What a call costs: the simulator's usual model.
const (
	costCall    = 250 * time.Millisecond
	costMillion = time.Second            // rows looked at
	costMega    = 100 * time.Millisecond // bytes written
)

func (m *model) runTime(scanned int, bytes int64) time.Duration {
	perRow := float64(costMillion) * float64(scanned) / 1e6
	perByte := float64(costMega) * float64(bytes) / (1 << 20)
	return costCall + time.Duration(float64(m.scale)*(perRow+perByte))
}

// ask answers a query and says what it cost. Rows that nobody looks at are counted only.
func (m *model) ask(q question) (a *hunting.Answer, ran time.Duration, err error) {
	if q.bucketOf > 0 {
		return m.bucket(q)
	}
	c := m.month.along(q.ingestion)
	lo, hi := m.month.between(c, q.from, q.to)
	rows := make([]int, 0, min(hi-lo, 1<<20))
	for k := lo; k < hi && len(rows) != q.take; k++ {
		if row := c.row(k); m.month.times[row] >= q.floor && m.month.times[row] < q.ceiling {
			rows = append(rows, row)
		}
	}
	switch q.what {
	case "count", "probe", "bins":
		a = m.sums(q, rows)
		return a, m.runTime(hi-lo, 0), nil
	}
	return m.rows(q, rows, hi-lo)
}

// rows is an answer of rows, or a refusal.
func (m *model) rows(q question, rows []int, scanned int) (*hunting.Answer, time.Duration, error) {
	rows = rows[:min(len(rows), capRows/m.scale)]
	var bytes int64
	for _, row := range rows {
		bytes += int64(m.month.width[row])
	}
	a, ran, err := m.answer(int64(len(rows)), bytes, scanned)
	if err == nil && q.what == "read" {
		a.Records = []arrow.Record{m.month.record(rows)}
	}
	return a, ran, err
}

func (m *model) answer(rows, bytes int64, scanned int) (*hunting.Answer, time.Duration, error) {
	most := int64(capBytes / m.scale)
	ran := m.runTime(scanned, min(bytes, most))
	if bytes > most {
		return nil, ran, &hunting.Error{
			Status: http.StatusBadRequest, Code: "BadRequest",
			Message: "Query execution has exceeded the allowed result size. Optimize your query by limiting the number of results and try again",
		}
	}
	return &hunting.Answer{Fields: columns, Rows: rows, Bytes: bytes, Elapsed: ran}, ran, nil
}

// columns are what a row has. Its width is in the text.
var columns = []schema.Field{
	{Name: "Timestamp", Type: "DateTime"}, {Name: "ReportId", Type: "Int64"}, {Name: "Text", Type: "String"},
	{Name: schema.IngestionTime, Type: "DateTime"},
}

// record is rows without their text, which nobody weighs but the model.
func (m *month) record(rows []int) arrow.Record {
	return build(columns, len(rows), func(b *array.RecordBuilder, i int) {
		row := rows[i]
		appendTick(b, 0, m.times[row])
		b.Field(2).(*array.Int64Builder).Append(int64(row))
		b.Field(3).(*array.StringBuilder).Append("")
		appendTick(b, 4, m.stamped[row])
	})
}

func build(fields []schema.Field, rows int, add func(b *array.RecordBuilder, i int)) arrow.Record {
	s, err := schema.ResponseArrow(fields)
	if err != nil {
		panic(err)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, s)
	defer b.Release()
	b.Reserve(rows)
	for i := range rows {
		add(b, i)
	}
	return b.NewRecord()
}

func appendTick(b *array.RecordBuilder, field int, t partition.Tick) {
	micros, digit := t.Micros()
	b.Field(field).(*array.TimestampBuilder).Append(arrow.Timestamp(micros))
	b.Field(field + 1).(*array.Int32Builder).Append(digit)
}

// sums answers what adds rows up.
func (m *model) sums(q question, rows []int) *hunting.Answer {
	const bytesOfBin = 90
	var fields []schema.Field
	var rec arrow.Record
	switch q.what {
	case "count":
		fields = []schema.Field{{Name: "Count", Type: "Int64"}}
		rec = build(fields, 1, func(b *array.RecordBuilder, _ int) {
			b.Field(0).(*array.Int64Builder).Append(int64(len(rows)))
		})
	case "probe":
		fields = []schema.Field{{Name: "Rows", Type: "Int64"}, {Name: "Unstamped", Type: "Int64"}}
		rec = build(fields, 1, func(b *array.RecordBuilder, _ int) {
			b.Field(0).(*array.Int64Builder).Append(int64(len(rows)))
			b.Field(1).(*array.Int64Builder).Append(0)
		})
	case "bins":
		fields = []schema.Field{{Name: "Rows", Type: "Int64"}, {Name: "Oldest", Type: "DateTime"}, {Name: "Bin", Type: "DateTime"}}
		bins := m.bins(q, rows)
		rec = build(fields, len(bins), func(b *array.RecordBuilder, i int) {
			b.Field(0).(*array.Int64Builder).Append(bins[i].Rows)
			appendTick(b, 1, bins[i].Oldest)
			appendTick(b, 3, bins[i].Start)
		})
	}
	return &hunting.Answer{Fields: fields, Records: []arrow.Record{rec}, Rows: rec.NumRows(), Bytes: bytesOfBin * rec.NumRows()}
}

func (m *model) bins(q question, rows []int) []partition.Bin {
	at := map[partition.Tick]int{}
	var out []partition.Bin
	for _, row := range rows {
		bin := m.month.times[row]
		if q.binIngestion {
			bin = m.month.stamped[row]
		}
		bin = bin.Floor(q.bin)
		i, ok := at[bin]
		if !ok {
			i = len(out)
			at[bin] = i
			out = append(out, partition.Bin{Start: bin, Oldest: partition.MaxTick})
		}
		out[i].Rows++
		out[i].Oldest = min(out[i].Oldest, m.month.times[row])
	}
	return out
}

// bucket answers for one hash bucket of a range, which is always the same one.
func (m *model) bucket(q question) (*hunting.Answer, time.Duration, error) {
	c := m.month.along(q.ingestion)
	lo, hi := m.month.between(c, q.from, q.to)
	t, ok := m.hash[q.bucketOf]
	if !ok {
		t = tally{make([]int64, q.bucketOf), make([]int64, q.bucketOf)}
		for k := lo; k < hi; k++ {
			b := spread(uint64(c.row(k))) % q.bucketOf
			t.rows[b]++
			t.bytes[b] += int64(m.month.width[c.row(k)])
		}
		if m.hash == nil {
			m.hash = map[uint64]tally{}
		}
		m.hash[q.bucketOf] = t
	}
	rows, bytes := t.rows[q.bucketNo], t.bytes[q.bucketNo]
	if most := int64(capRows / m.scale); rows > most {
		rows, bytes = most, bytes*most/rows
	}
	return m.answer(rows, bytes, hi-lo)
}

// spread stands for the first 60 bits of a SHA-256.
func spread(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return (x ^ x>>31) >> 4
}
