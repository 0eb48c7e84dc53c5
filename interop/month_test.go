package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline"
)

// TestMonth exports a month of five tables, three million rows in all, with the program as users have it. It takes the
// calls that the plan expects, to within 5 %. What DuckDB reads is, table by table, as many rows as the source has, and
// the same ones; the lake verifies; and a second run asks for no row.
func TestMonth(t *testing.T) {
	if testing.Short() {
		t.Skip("three million rows")
	}
	tables := settledTables(t, 600_000)
	p := newProgram(t, tables)
	expected := 0
	for _, table := range decode[pipeline.Preview](p, "plan").Tables {
		expected += table.Calls.Total()
	}
	began := time.Now()
	report, peak := p.measuredRun()
	took := time.Since(began)
	sum := report.Total()
	t.Logf("%d rows in %d calls (%d planning, %d for rows, %d recounts, %d in vain), %d MB of JSON, %d files, %d MB of Parquet, %v, %d MB at most",
		sum.Rows, sum.Calls.Total(), sum.Calls.Plan, sum.Calls.Data, sum.Calls.Recount, sum.Calls.Wasted,
		sum.Bytes>>20, sum.Files, sum.FileBytes>>20, took.Round(time.Second), peak>>10)
	if off := 100 * (expected - sum.Calls.Total()) / sum.Calls.Total(); off < -5 || off > 5 {
		t.Errorf("the plan expected %d calls, the run made %d", expected, sum.Calls.Total())
	}
	t.Logf("the plan expected %d calls", expected)
	const most = 512 << 10 // kB
	if peak > most {
		t.Errorf("the program took %d kB, over %d", peak, most)
	}
	began = time.Now()
	if v := decode[pipeline.Verification](p, "verify"); !v.Clean() {
		t.Errorf("verify: %+v", v)
	}
	t.Logf("verified in %v", time.Since(began).Round(time.Second))
	before := p.dataCalls()
	p.verb("run")
	if n := p.dataCalls(); n != before {
		t.Errorf("a second run asked for rows %d times", n-before)
	}
	db := duck(t)
	for _, table := range tables {
		wantRows, wantSum := sourceSum(table, partition.TickOf(time.Now()))
		gotRows, gotSum := lakeSum(t, db, p.lake(), table)
		if gotRows != wantRows || gotSum.Cmp(wantSum) != 0 {
			t.Errorf("%s: DuckDB reads %d rows with sum %v, the source has %d with %v", table.Name(), gotRows, gotSum, wantRows, wantSum)
		}
		t.Logf("%s: DuckDB reads the source's %d rows", table.Name(), gotRows)
	}
}

// measuredRun runs once and returns the report, and the most memory that the program held at a time, in kB: 0 where
// the system does not tell.
func (p *program) measuredRun() (report pipeline.Report, peak int64) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := p.command(ctx, "run", "--json")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			peak = max(peak, memoryPeak(cmd.Process.Pid))
			continue
		case err := <-ended:
			if err != nil {
				p.t.Fatalf("run: %v\n%s", err, stderr.Bytes())
			}
		}
		break
	}
	if err := json.Unmarshal(stdout.Bytes(), &report); err != nil {
		p.t.Fatal(err)
	}
	return report, peak
}

// memoryPeak is the most memory that a process has held so far.
func memoryPeak(pid int) (kB int64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if text, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			_, _ = fmt.Sscan(text, &kB)
		}
	}
	return kB
}
