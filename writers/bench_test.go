package writers_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"huntlake/partition"
	"huntlake/schema"
	"huntlake/writers"
)

// wide is a column of the benchmarks' table: how many distinct values it has, how long they are, and how often it is
// null. Its rows are like those of DeviceProcessEvents: 50 columns, 2.5 kB as the service sends them.
type wide struct {
	name, typ        string
	distinct, length int
	null             float64
}

func wideColumns() []wide {
	columns := []wide{
		{name: "Timestamp", typ: "DateTime"},
		{"ReportId", "Int64", 1 << 40, 0, 0}, {"ProcessId", "Int64", 20_000, 0, 0}, {"InitiatingProcessId", "Int64", 20_000, 0, 0},
		{"FileSize", "Int64", 2500, 0, 0.1}, {"LogonId", "Int64", 3000, 0, 0}, {"InitiatingProcessLogonId", "Int64", 3000, 0, 0},
		{"DeviceId", "String", 300, 40, 0}, {"DeviceName", "String", 300, 28, 0}, {"ActionType", "String", 12, 16, 0},
		{"ProcessCommandLine", "String", 12_000, 160, 0.02}, {"InitiatingProcessCommandLine", "String", 6000, 130, 0.02},
		{"AdditionalFields", "Object", 4000, 110, 0.2}, {"IsElevated", "SByte", 2, 0, 0.3},
		{"AccountUpn", "String", 500, 26, 0.5}, {"AccountObjectId", "String", 500, 36, 0.5},
	}
	for i, prefix := range []string{"", "InitiatingProcess"} {
		for _, c := range []wide{
			{"SHA1", "String", 2500, 40, 0.1}, {"SHA256", "String", 2500, 64, 0.3}, {"MD5", "String", 2500, 32, 0.1},
			{"FileName", "String", 900, 14, 0.02}, {"FolderPath", "String", 1500, 60, 0.02}, {"AccountDomain", "String", 12, 10, 0},
			{"AccountName", "String", 600, 12, 0}, {"AccountSid", "String", 600, 44, 0}, {"IntegrityLevel", "String", 5, 6, 0},
			{"TokenElevation", "String", 4, 22, 0}, {"VersionInfoCompanyName", "String", 60, 20, 0.2},
			{"VersionInfoProductName", "String", 200, 24, 0.2}, {"VersionInfoProductVersion", "String", 300, 12, 0.2},
			{"VersionInfoFileDescription", "String", 400, 30, 0.2}, {name: "CreationTime", typ: "DateTime", null: 0.1},
		} {
			c.name = prefix + c.name
			columns = append(columns, c)
		}
		columns = append(columns, wide{fmt.Sprintf("Signer%d", i), "String", 3, 13, 0}, wide{fmt.Sprintf("Empty%d", i), "String", 1, 0, 0})
	}
	return append(columns, wide{name: "_IngestionTime", typ: "DateTime"})
}

func wideSchema(t testing.TB) *arrow.Schema {
	var fields []schema.Field
	for _, c := range wideColumns() {
		fields = append(fields, schema.Field{Name: c.name, Type: c.typ})
	}
	return table(t, fields).Arrow()
}

// wideRecord makes n rows whose events lie between from and to.
func wideRecord(s *arrow.Schema, seed uint64, n int, from, to partition.Tick) arrow.Record {
	b := array.NewRecordBuilder(memory.DefaultAllocator, s)
	defer b.Release()
	b.Reserve(n)
	at := 0
	for k, c := range wideColumns() {
		rng := rand.New(rand.NewPCG(seed, uint64(k)))
		switch c.typ {
		case "DateTime":
			for range n {
				tick := from + partition.Tick(rng.Int64N(int64(to-from)))
				if rng.Float64() < c.null {
					tick = partition.NoTick
				}
				appendTime(b, at, tick)
			}
			at++
		case "Int64":
			fillColumn(rng, n, c, b.Field(at).AppendNull, func(v int) { b.Field(at).(*array.Int64Builder).Append(int64(v)) })
		case "SByte":
			fillColumn(rng, n, c, b.Field(at).AppendNull, func(v int) { b.Field(at).(*array.BooleanBuilder).Append(v == 0) })
		default:
			texts := make(map[int]string)
			fillColumn(rng, n, c, b.Field(at).AppendNull, func(v int) {
				if _, ok := texts[v]; !ok {
					texts[v] = wideText(c, uint64(k), v)
				}
				b.Field(at).(*array.StringBuilder).Append(texts[v])
			})
		}
		at++
	}
	return b.NewRecord()
}

func fillColumn(rng *rand.Rand, n int, c wide, null func(), value func(int)) {
	for range n {
		switch r := rng.Float64(); {
		case r < c.null:
			null()
		case c.distinct > 1<<20:
			value(rng.IntN(c.distinct))
		default:
			value(int(float64(c.distinct) * rng.Float64() * rng.Float64())) // small numbers are more frequent
		}
	}
}

// wideText makes hashes of fixed length, and texts of words.
func wideText(c wide, column uint64, v int) string {
	if c.length == 0 {
		return ""
	}
	rng := rand.New(rand.NewPCG(column, uint64(v)))
	var b strings.Builder
	for b.Len() < c.length {
		if strings.Contains(c.name, "SHA") || strings.HasSuffix(c.name, "Id") || strings.Contains(c.name, "MD5") {
			fmt.Fprintf(&b, "%016x", rng.Uint64())
		} else {
			fmt.Fprintf(&b, `\%s%d`, []string{"Windows", "System32", "Program Files", "svchost", "update", "-k", "/c"}[rng.IntN(7)], rng.IntN(300))
		}
	}
	return b.String()[:c.length]
}

// stageWide stages n slices of rows each, whose times overlap as those of ingestion slices do.
func stageWide(t testing.TB, b *writers.Bucket, s *arrow.Schema, n, rows int) []writers.Input {
	t.Helper()
	var in []writers.Input
	for i := range n {
		from := day.Start() + partition.Tick(i)*partition.Day/partition.Tick(n+1)
		rec := wideRecord(s, uint64(i), rows, from, from+2*partition.Day/partition.Tick(n+2))
		in = append(in, inputs(day, stage(t, b, fmt.Sprintf("staged/%d.arrow", i), []arrow.Record{rec}, writers.StageOptions{}))...)
	}
	return in
}

// peak samples what the heap holds until stop is called, which returns the most it held, in MB.
func peak() (stop func() float64) {
	const live = "/memory/classes/heap/objects:bytes"
	var most uint64
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		sample := []metrics.Sample{{Name: live}}
		ticker := time.NewTicker(time.Millisecond)
		defer ticker.Stop()
		for {
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
			select {
			case <-done:
				return
			case <-ticker.C:
			}
		}
	})
	return func() float64 {
		close(done)
		wg.Wait()
		return float64(most) / (1 << 20)
	}
}

// BenchmarkPublish merges, writes, and reads back. peak-MB is of the heap, garbage included.
func BenchmarkPublish(b *testing.B) {
	for _, c := range []struct{ inputs, rows int }{{1, 100_000}, {8, 12_500}, {32, 20_000}} {
		b.Run(fmt.Sprintf("inputs=%d/rows=%d", c.inputs, c.rows), func(b *testing.B) {
			bucket := open(b, b.TempDir())
			s := wideSchema(b)
			in := stageWide(b, bucket, s, c.inputs, c.rows)
			out := output(s)
			var f writers.File
			runtime.GC() // what made the inputs
			stop := peak()
			for i := 0; b.Loop(); i++ {
				out.Key = fmt.Sprintf("T/%d.parquet", i)
				var err error
				if f, err = bucket.Publish(b.Context(), in, out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(stop(), "peak-MB")
			b.ReportMetric(float64(f.Rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(f.Bytes)/float64(f.Rows), "bytes/row")
		})
	}
}

func BenchmarkStage(b *testing.B) {
	bucket := open(b, b.TempDir())
	rec := wideRecord(wideSchema(b), 1, 20_000, day.Start(), day.End())
	var staged writers.Staged
	for i := 0; b.Loop(); i++ {
		staged = stage(b, bucket, fmt.Sprintf("staged/%d.arrow", i), []arrow.Record{rec}, writers.StageOptions{})
	}
	b.ReportMetric(20_000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(staged.Bytes)/20_000, "bytes/row")
}

func BenchmarkInspect(b *testing.B) {
	bucket := open(b, b.TempDir())
	s := wideSchema(b)
	out := output(s)
	if _, err := bucket.Publish(b.Context(), stageWide(b, bucket, s, 1, 100_000), out); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := bucket.Inspect(b.Context(), out.Key, out.TimeColumn); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(100_000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
