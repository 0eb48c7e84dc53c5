package interop

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting/simulator"
)

// What a run shows of where it is.
const (
	planned   = "planning call"  // begins at the service
	asked     = "data call"      // begins at the service
	answered  = "answer"         // has been decoded
	committed = "published file" // is there for readers
	merging   = "publish"        // everything has been read
)

// moment is when a run is killed: after the count-th sign of a kind in that run, and a while.
type moment struct {
	sign  string
	count int
	while time.Duration
}

// moments are n times to kill at, spread over planning, reading, staging and publishing, in that order: a run that has
// come to the last leaves nothing of the first for the next.
func moments(rng *rand.Rand, n int) []moment {
	stages := []struct {
		sign  string
		share int
		count int
		while time.Duration
	}{
		{planned, n / 5, 8, 40 * time.Millisecond},
		{asked, n / 4, 4, 700 * time.Millisecond},
		{answered, n / 4, 4, 400 * time.Millisecond},
		{committed, n - n/5 - n/4 - n/4, 8, 80 * time.Millisecond},
	}
	var out []moment
	for _, s := range stages {
		for range s.share {
			out = append(out, moment{s.sign, 1 + rng.IntN(s.count), time.Duration(rng.Int64N(int64(s.while)))})
		}
	}
	return out
}

// TestKill kills the program with SIGKILL at random moments. After each, whoever reads the lake by a glob finds whole
// files and no row twice; in the end, every row is there once, and no more calls were made again than were under way.
// HUNTLAKE_KILL_SEED repeats the moments of an earlier test.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("twenty runs of the program")
	}
	const kills, enough, parallel = 20, 15, 3 // how far the last ones get is a matter of luck
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("HUNTLAKE_KILL_SEED"); text != "" {
		seed, _ = strconv.ParseUint(text, 10, 64)
	}
	t.Logf("HUNTLAKE_KILL_SEED=%d", seed)
	tables := settledTables(t, 60_000)
	k := newKilling(t, tables)
	began := time.Now()
	for i, m := range moments(rand.New(rand.NewPCG(seed, 1)), kills) {
		killed := k.run(m)
		rows := k.look()
		t.Logf("%2d: %v after %d × %s: killed %v; %d calls, %d for rows; %d rows are published",
			i+1, m.while.Round(time.Millisecond), m.count, m.sign, killed, len(k.service.Calls()), k.dataCalls(), rows)
		if killed {
			continue
		}
		if i < enough {
			t.Errorf("run %d came to its end: there was nothing left to kill", i+1)
		}
		break
	}
	k.starts = append(k.starts, int(k.calls.Load()))
	k.verb("run")
	if n := k.look(); n != total(k.want) {
		t.Errorf("%d rows are published, the source has %d", n, total(k.want))
	}
	for i, n := range k.repeated() {
		if n > parallel {
			t.Errorf("run %d was killed with at most %d calls under way, and %d were made again", i+1, parallel, n)
		}
	}
	if v := decode[pipeline.Verification](k.program, "verify"); !v.Clean() {
		t.Errorf("verify: %+v", v)
	}
	before := k.dataCalls()
	k.verb("run")
	if n := k.dataCalls(); n != before {
		t.Errorf("a second run asked for rows %d times", n-before)
	}
	t.Logf("%d rows: %d data calls, of them repeated after each kill: %v; %v in all", total(k.want), before, k.repeated(), time.Since(began).Round(time.Second))
}

// settledTables are a month of five tables, all of whose rows have arrived and whose days are settled. Some rows of the
// last have no ingestion time.
func settledTables(t *testing.T, rows int) []simulator.Table {
	t.Helper()
	end := time.Now().Add(-3 * 24 * time.Hour)
	opts := simulator.GenerateOptions{
		Seed: 3, Rows: rows, Start: end.Add(-26 * 24 * time.Hour), End: end,
		Tables: []string{"DeviceProcessEvents", "DeviceNetworkEvents", "CloudAppEvents", "EmailEvents"},
	}
	stamped, err := simulator.Generate(opts)
	if err != nil {
		t.Fatal(err)
	}
	opts.Tables, opts.Unstamped = []string{"IdentityLogonEvents"}, 0.2
	mixed, err := simulator.Generate(opts)
	if err != nil {
		t.Fatal(err)
	}
	tables := append(stamped, mixed...)
	last := partition.TickOf(time.Now().Add(-time.Hour))
	for _, table := range tables {
		for i := range table.Len() {
			if at := table.Arrived(i); at > last {
				t.Fatalf("row %d of %s arrives at %v", i, table.Name(), at)
			}
		}
	}
	return tables
}

// killing is a program whose runs are killed, and what its lake must hold in the end.
type killing struct {
	*program
	tables []simulator.Table
	want   map[string]tally
	signs  chan string  // of the run under way
	calls  atomic.Int64 // that have begun
	starts []int        // how many calls had begun before each run
}

func newKilling(t *testing.T, tables []simulator.Table) *killing {
	k := &killing{tables: tables, want: map[string]tally{}, signs: make(chan string, 1<<16)}
	k.program = newProgram(t, tables, func(o *simulator.Options) {
		o.Faults = func(call int, query string) simulator.Fault {
			k.calls.Store(int64(call))
			sign := planned
			if isData(query) {
				sign = asked
			}
			k.signs <- sign
			return simulator.Fault{}
		}
	})
	for _, table := range tables {
		k.want[table.Name()] = sourceTally(table, partition.TickOf(time.Now()))
	}
	return k
}

// run starts a run and kills it at a moment; or, if publishing begins before that, soon after. It returns false if the
// run was faster.
func (k *killing) run(m moment) bool {
	k.t.Helper()
	for len(k.signs) > 0 {
		<-k.signs // of calls that were under way when the last run was killed
	}
	k.starts = append(k.starts, int(k.calls.Load()))
	ctx, cancel := context.WithTimeout(k.t.Context(), patience)
	defer cancel()
	cmd := k.command(ctx, "run", "--log-format", "json", "--log-level", "debug")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	go k.follow(stderr)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	files, _ := k.files()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for seen := 0; ; {
		select {
		case sign := <-k.signs:
			if sign == m.sign {
				seen++
			}
			if seen == m.count && sign == m.sign || sign == merging && m.sign != committed {
				timer.Reset(m.while)
			}
		case <-poll.C:
			if now, _ := k.files(); m.sign == committed && now-files >= m.count {
				timer.Reset(m.while)
				poll.Stop()
			}
		case <-timer.C:
			if err := cmd.Process.Kill(); err != nil {
				k.t.Fatal(err)
			}
			<-ended
			return true
		case err := <-ended:
			if err != nil {
				k.t.Fatalf("run: %v", err)
			}
			return false
		}
	}
}

// follow turns log lines into signs.
func (k *killing) follow(stderr io.Reader) {
	lines := bufio.NewScanner(stderr)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct{ Msg, Query string }
		_ = json.Unmarshal(lines.Bytes(), &line)
		switch {
		case line.Msg == "answer" && isData(line.Query):
			k.signs <- answered
		case line.Msg == merging:
			k.signs <- merging
		}
	}
}

func (k *killing) files() (int, error) {
	files, err := filepath.Glob(filepath.Join(k.lake(), "*", "*", "*", "*.parquet"))
	return len(files), err
}

// look reads the lake as DuckDB sees it, holds that against the source, and returns how many rows there are.
func (k *killing) look() (rows int) {
	k.t.Helper()
	db := duck(k.t)
	defer db.Close()
	for _, table := range k.tables {
		got := lakeTally(k.t, db, k.lake(), table)
		if n := got.beyond(k.want[table.Name()]); n > 0 {
			k.t.Errorf("%s: %d rows of the lake are there twice or not in the source", table.Name(), n)
		}
		rows += got.size()
	}
	return rows
}

// repeated is how many of the data calls that each run made, and the service answered, were made again by a later one.
func (k *killing) repeated() []int {
	out := make([]int, len(k.starts))
	last := map[string]int{} // the run that a query was asked in
	for _, c := range k.service.Calls() {
		run := len(k.starts) - 1
		for c.Number <= k.starts[run] {
			run--
		}
		if !isData(c.Query) || c.Status != 200 {
			continue
		}
		if before, ok := last[c.Query]; ok {
			out[before]++
		}
		last[c.Query] = run
	}
	return out
}

func total(tallies map[string]tally) (n int) {
	for _, t := range tallies {
		n += t.size()
	}
	return n
}
