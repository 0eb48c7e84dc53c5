package main_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	main "huntlake/cmd/export"
	"huntlake/partition"
)

func TestFigures(t *testing.T) {
	at := partition.TickOf(time.Date(2026, 11, 22, 9, 5, 59, 0, time.UTC))
	for _, c := range []struct{ got, want string }{
		{main.Count(0), "0"},
		{main.Count(999), "999"},
		{main.Count(1000), "1,000"},
		{main.Count(-1234567), "-1,234,567"},
		{main.Plural(1, "file"), "1 file"},
		{main.Plural(0, "file"), "0 files"},
		{main.Plural(12345, "file"), "12,345 files"},
		{main.Size(0), "0 B"},
		{main.Size(999), "999 B"},
		{main.Size(1000), "1.00 kB"},
		{main.Size(9_994), "9.99 kB"},
		{main.Size(9_996), "10.0 kB"},
		{main.Size(99_960), "100 kB"},
		{main.Size(999_600), "1.00 MB"},
		{main.Size(45_200_000_000), "45.2 GB"},
		{main.Size(12_345_000_000_000_000), "12345 TB"},
		{main.Length(0), "0ms"},
		{main.Length(340 * time.Millisecond), "340ms"},
		{main.Length(12340 * time.Millisecond), "12.3s"},
		{main.Length(320 * time.Second), "5m20s"},
		{main.Length(26*time.Hour + 5*time.Minute + 59*time.Second), "26h5m"},
		{main.Minute(at), "2026-11-22 09:05"},
		{main.Minute(0), "-"},
		{main.Minute(partition.NoTick), "-"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestGrid(t *testing.T) {
	heads := []string{"tenant", "table", "rows>", "note"}
	for _, c := range []struct {
		name string
		rows [][]string
		same string
		want string
	}{
		{"aligned", [][]string{{"a", "Long", "1,000", ""}, {"b", "T", "7", "ä"}}, "tenant",
			"tenant  table   rows  note\na       Long   1,000\nb       T          7  ä\n"},
		{"one tenant, and a total", [][]string{{"a", "T", "1", "x"}, {"", "total", "1", ""}}, "tenant",
			"table  rows  note\nT         1  x\ntotal     1\n"},
		{"empty", nil, "tenant", "table  rows  note\n"},
		{"all columns", nil, "", "tenant  table  rows  note\n"},
	} {
		if diff := cmp.Diff(c.want, main.Grid(heads, c.rows, c.same)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", c.name, diff)
		}
	}
}
