package main_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestDemo goes the whole way on a small month, and again half a day later.
func TestDemo(t *testing.T) {
	t.Chdir(t.TempDir())
	first := huntlakeAt(t.Context(), time.Now, "demo", "--rows", "2000", "--dir", "lake")
	first.want(t, 0, "A simulated Defender tenant with 2,000 rows a month answers on http://127.0.0.1:", "Its quota is raised for the demo",
		"Nothing differs, nothing is missing.", "├── DeviceProcessEvents/tenant="+tenantID, "more\n", "└── _export/", "It cost ", "Next:\n  duckdb -c ")
	for _, verb := range []string{"status", "sql"} {
		huntlake(t, verb, "--config", "lake/huntlake.yaml").want(t, 0, "DeviceProcessEvents")
	}
	later := func() time.Time { return time.Now().Add(12 * time.Hour) }
	huntlakeAt(t.Context(), later, "demo", "--dir", "lake").want(t, 0, "is a demo lake since ", "Nothing differs, nothing is missing.")
	huntlake(t, "demo", "--dir", "none", "--rows", "-5").want(t, 2, "--rows: -5 is not between 100 and 50,000,000")
	if _, err := os.Stat("none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it left something: %v", err)
	}
	huntlakeAt(t.Context(), later, "demo", "--dir", "lake", "--rows", "3000").want(t, 2, "--rows: lake has 2000 rows a month already")
}

func TestDemoRefusesOtherFolders(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "precious.txt"), "x")
	huntlake(t, "demo", "--dir", dir).want(t, 2, "--dir: "+dir+" is not empty, and no demo lake")
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("it left %v: %v", entries, err)
	}
	file := filepath.Join(dir, "precious.txt")
	huntlake(t, "demo", "--dir", file).want(t, 1, "precious.txt")
}
