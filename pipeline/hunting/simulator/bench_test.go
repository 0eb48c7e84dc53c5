package simulator_test

import (
	"io"
	"net/http"
	"runtime"
	"testing"
	"time"

	"huntlake/pipeline/hunting/simulator"
)

func month(tb testing.TB, rows int, tables ...string) *simulator.Service {
	tb.Helper()
	made, err := simulator.Generate(simulator.GenerateOptions{Seed: 1, Tables: tables, Rows: rows, Start: epoch.Add(-29 * 24 * time.Hour), End: epoch})
	if err != nil {
		tb.Fatal(err)
	}
	s, err := simulator.New(simulator.Options{
		Tables: made, Now: func() time.Time { return epoch },
		Limits: simulator.Limits{CallsPerMinute: -1, CallsPerHour: -1, RunTimePerHour: -1, RunTimePerDay: -1, Timeout: -1, MaxBytes: -1},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// drain asks Graph and returns the length of the answer.
func drain(b *testing.B, s *simulator.Service, query string) int64 {
	b.Helper()
	resp, err := s.Transport().RoundTrip(request(b, graphPath, query))
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		b.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	return n
}

func BenchmarkRows(b *testing.B) {
	for _, table := range []string{"DeviceProcessEvents", "DeviceNetworkEvents", "CloudAppEvents", "EmailEvents", "IdentityLogonEvents", "AlertInfo", "DeviceInfo"} {
		b.Run(table, func(b *testing.B) {
			s := month(b, 40_000, table)
			n := int64(0)
			for b.Loop() {
				n = drain(b, s, table+" | where ingestion_time() >= datetime(2026-10-22T00:00:00.0000000Z) and ingestion_time() < datetime(2026-11-23T00:00:00.0000000Z) | take 20000 | extend _IngestionTime = ingestion_time()")
			}
			b.ReportMetric(20_000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(n)/20_000, "B/row")
		})
	}
}

func BenchmarkSummarize(b *testing.B) {
	s := month(b, 3_000_000, "DeviceProcessEvents")
	drain(b, s, "DeviceProcessEvents | count")
	for name, q := range map[string]string{
		"histogram": "| summarize Rows = count(), Oldest = min(Timestamp) by Bin = bin(ingestion_time(), 1m)",
		"cells":     "| summarize Rows = count() by Bin = bin(ingestion_time(), 1h), Day = bin(Timestamp, 1d)",
		"count":     "| count",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				drain(b, s, "DeviceProcessEvents | where ingestion_time() >= datetime(2026-10-22T00:00:00.0000000Z) and ingestion_time() < datetime(2026-11-23T00:00:00.0000000Z) and Timestamp >= datetime(2026-10-22T00:00:00.0000000Z) "+q)
			}
		})
	}
}

func BenchmarkGenerate(b *testing.B) {
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		tables, err := simulator.Generate(simulator.GenerateOptions{Seed: 1, Rows: 600_000, Start: epoch.Add(-29 * 24 * time.Hour), End: epoch})
		if err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/3e6, "B/row")
		runtime.KeepAlive(tables)
	}
}
