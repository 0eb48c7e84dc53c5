package simulator_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"huntlake/pipeline/hunting/simulator"
)

var epoch = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

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

// ask returns status and body.
func ask(tb testing.TB, s *simulator.Service, path, query string) (int, string) {
	tb.Helper()
	body := fmt.Sprintf(`{"Query": %q}`, query)
	r, err := http.NewRequest("POST", "https://sim"+path, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("Authorization", "Bearer x")
	resp, err := s.Transport().RoundTrip(r)
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close()
	var b strings.Builder
	if tb, ok := tb.(*testing.B); ok {
		n, err := io.Copy(io.Discard, resp.Body)
		tb.ReportMetric(float64(n)/20_000, "B/row")
		if err != nil {
			tb.Fatal(err)
		}
	} else if _, err := io.Copy(&b, resp.Body); err != nil {
		tb.Fatal(err)
	}
	return resp.StatusCode, b.String()
}

const graphPath, defenderPath = "/v1.0/security/runHuntingQuery", "/api/advancedhunting/run"

func BenchmarkRows(b *testing.B) {
	for _, table := range []string{"DeviceProcessEvents", "DeviceNetworkEvents", "CloudAppEvents", "EmailEvents", "IdentityLogonEvents", "AlertInfo", "DeviceInfo"} {
		b.Run(table, func(b *testing.B) {
			s := month(b, 40_000, table)
			for b.Loop() {
				ask(b, s, graphPath, table+" | where ingestion_time() >= datetime(2026-10-22T00:00:00.0000000Z) and ingestion_time() < datetime(2026-11-23T00:00:00.0000000Z) | take 20000 | extend _IngestionTime = ingestion_time()")
			}
			b.ReportMetric(20_000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkSummarize(b *testing.B) {
	s := month(b, 3_000_000, "DeviceProcessEvents")
	ask(b, s, graphPath, "DeviceProcessEvents | count")
	for name, q := range map[string]string{
		"histogram": "| summarize Rows = count(), Oldest = min(Timestamp) by Bin = bin(ingestion_time(), 1m)",
		"cells":     "| summarize Rows = count() by Bin = bin(ingestion_time(), 1h), Day = bin(Timestamp, 1d)",
		"count":     "| count",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				ask(b, s, graphPath, "DeviceProcessEvents | where ingestion_time() >= datetime(2026-10-22T00:00:00.0000000Z) and ingestion_time() < datetime(2026-11-23T00:00:00.0000000Z) and Timestamp >= datetime(2026-10-22T00:00:00.0000000Z) "+q)
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
