package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"huntlake/configs"
	"huntlake/pipeline/hunting/simulator"
)

// demoLake is the folder of a demo. What it says of itself decides which rows the simulator makes, so that a later
// demo finds the same ones, and those that have come since.
type demoLake struct {
	dir   string
	fresh bool

	First time.Time `json:"first"` // when the first demo ran; its rows begin 30 days before
	Rows  int       `json:"rows"`  // of 30 days, in all tables
	Seed  uint64    `json:"seed"`
}

const (
	demoRows   = 240_000
	demoLeast  = 100        // rows, so that each table has one
	demoMost   = 50_000_000 // all of them are made in memory
	demoSeed   = 1
	demoTenant = "00000000-0000-0000-0000-000000000001"
	demoToken  = "token-of-the-demo"
	demoBefore = 30 // days of rows before the first demo
	demoAfter  = 7  // days for which they keep coming
)

// demoTables are what is exported, with their shares of the rows in percent.
var demoTables = []struct {
	name  string
	share int
}{
	{"DeviceProcessEvents", 40},
	{"DeviceNetworkEvents", 34},
	{"EmailEvents", 20},
	{"CloudAppEvents", 5},
	{"AlertInfo", 1},
}

// marker is what tells a demo lake from any other folder.
const marker = "_export/demo.json"

// openDemo makes a folder a demo lake, or finds that it is one. rows is 0 for the usual number.
func openDemo(dir string, rows int, now time.Time) (*demoLake, error) {
	d := &demoLake{dir: filepath.Clean(dir)}
	path := filepath.Join(d.dir, filepath.FromSlash(marker))
	text, err := os.ReadFile(path)
	if err == nil {
		if err := json.Unmarshal(text, d); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		if rows != 0 && rows != d.Rows {
			return nil, &usageError{fmt.Errorf("--rows: %s has %d rows a month already: name another folder with --dir, or delete it", d.dir, d.Rows)}
		}
		return d, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read demo lake: %w", err)
	}
	entries, err := os.ReadDir(d.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read demo lake: %w", err)
	}
	if len(entries) > 0 {
		return nil, &usageError{fmt.Errorf("--dir: %s is not empty, and no demo lake: name another folder", d.dir)}
	}
	d.fresh, d.First, d.Rows, d.Seed = true, now.UTC().Truncate(time.Second), demoRows, demoSeed
	if rows != 0 {
		d.Rows = rows
	}
	return d, d.mark(path)
}

func (d *demoLake) mark(path string) error {
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("create demo lake: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("create demo lake: %w", err)
	}
	return nil
}

// end is when rows stop coming.
func (d *demoLake) end() time.Time { return d.First.AddDate(0, 0, demoAfter) }

// file is where the configuration of the lake lies.
func (d *demoLake) file() string { return filepath.Join(d.dir, "huntlake.yaml") }

// service makes up the rows and the tenant that has them.
func (d *demoLake) service(now func() time.Time) (*simulator.Service, error) {
	opts := simulator.GenerateOptions{
		Seed: d.Seed, Start: d.First.AddDate(0, 0, -demoBefore), End: d.end(), RowsOf: map[string]int{},
	}
	for _, t := range demoTables {
		opts.Tables = append(opts.Tables, t.name)
		opts.RowsOf[t.name] = d.Rows * t.share / 100 * (demoBefore + demoAfter) / demoBefore
	}
	tables, err := simulator.Generate(opts)
	if err != nil {
		return nil, err
	}
	none := simulator.Limits{CallsPerMinute: -1, CallsPerHour: -1, RunTimePerHour: -1, RunTimePerDay: -1}
	return simulator.New(simulator.Options{Tables: tables, Now: now, Token: demoToken, Seed: d.Seed, Limits: none})
}

// configure writes the configuration of the lake, and reads it.
func (d *demoLake) configure(address string) (*configs.Config, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `# Written by huntlake demo. Its source is there only while the demo runs; status and sql work without.
lake: .
source: {endpoint: "http://%s"}
tenants:
  - id: %s
    auth: {method: token, token: %s}
quota: {calls_per_minute: 1000000, run_time_per_hour: 24h, run_time_per_day: 24h}
settle: 1m
tables:
`, address, demoTenant, demoToken)
	for _, t := range demoTables {
		fmt.Fprintf(&b, "  - %s\n", t.name)
	}
	if err := os.WriteFile(d.file(), []byte(b.String()), 0o644); err != nil {
		return nil, fmt.Errorf("write configuration of the demo: %w", err)
	}
	return configs.Parse(d.file(), []byte(b.String()), func(string) (string, bool) { return "", false })
}
