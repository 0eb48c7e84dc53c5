//go:build unix

package interop

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
)

// TestFleet runs three processes at once on one lake and one tenant, over tables that keep growing, and disturbs them at
// random moments: one is killed and started again, or stopped until its claim has run out and another has taken over,
// and then woken up. Whoever reads the lake by a glob meanwhile finds no row twice and none that the source has not; no
// record of a ledger ever changes; in the end every row is there once. Without a lease, where all of them work at once,
// the same holds: it is create-only commits that keep it. HUNTLAKE_FLEET_SEED repeats the moments of an earlier test.
func TestFleet(t *testing.T) {
	if testing.Short() {
		t.Skip("hundreds of processes")
	}
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("HUNTLAKE_FLEET_SEED"); text != "" {
		seed, _ = strconv.ParseUint(text, 10, 64)
	}
	t.Logf("HUNTLAKE_FLEET_SEED=%d", seed)
	for _, c := range []struct {
		name, claim string
		rounds      int
	}{
		{"lease", "", 10},
		{"no lease", "everybody", 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFleet(t, c.claim)
			rng := rand.New(rand.NewPCG(seed, 2))
			ctx, stop := context.WithCancel(t.Context())
			life, kill := context.WithCancel(t.Context())
			var all sync.WaitGroup
			defer all.Wait()
			defer kill()
			defer stop()
			for i := range f.running {
				all.Go(func() { f.keep(ctx, life, i) })
			}
			disturbed := make(chan error, 1)
			all.Go(func() { disturbed <- f.disturb(ctx, rng, c.rounds) })
			f.watch(disturbed)
			stop()
			all.Wait()
			f.conclude()
		})
	}
}

// swiftness is how much faster the service's clock runs, so that days pass and rows arrive while the processes work.
const swiftness = 600

// swiftClock is the service's clock: days behind this machine's, so that it is the one that plans are made by.
type swiftClock struct {
	begin  time.Time
	since  time.Time    // of this machine, when it began
	halted atomic.Int64 // where it stands still, in nanoseconds since 1970; 0 while it runs
}

func (c *swiftClock) now() time.Time {
	if at := c.halted.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return c.begin.Add(time.Since(c.since) * swiftness)
}

// fleet is processes that work on one lake, and what the lake must hold in the end.
type fleet struct {
	*program
	claim    string // what all processes claim the tenant as; "": each for itself
	clock    *swiftClock
	tables   []simulator.Table
	want     map[string]tally
	exporter func(ctx context.Context) *exec.Cmd // a run that has not been started
	records  map[string][md5.Size]byte           // what was seen of ledgers

	mu      sync.Mutex
	running [3]*exec.Cmd
	ends    map[int]int // how often a process has ended with which exit code; -1: by a signal
	faults  []error
}

// leaseLife is how long a claim lives in the tests.
const leaseLife = time.Second

func newFleet(t *testing.T, claim string) *fleet {
	t.Helper()
	began := time.Now()
	clock := &swiftClock{begin: began.Add(-5 * 24 * time.Hour), since: began}
	f := &fleet{claim: claim, clock: clock, want: map[string]tally{}, records: map[string][md5.Size]byte{}, ends: map[int]int{}}
	f.tables = growingTables(t, clock.begin)
	f.program = newProgram(t, f.tables, func(o *simulator.Options) {
		o.Now = clock.now
		o.Wait = func(ctx context.Context, d time.Duration) error { return hunting.Sleep(ctx, d/20) }
	})
	var names []string
	for _, table := range f.tables {
		names = append(names, table.Name())
		f.want[table.Name()] = sourceTally(table, partition.MaxTick)
	}
	path := filepath.Join(f.dir, "exporter")
	if out, err := exec.Command("go", "build", "-o", path, "./exporter").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	f.exporter = func(ctx context.Context) *exec.Cmd {
		return exec.CommandContext(ctx, path, "-lake", f.lake(), "-endpoint", f.endpoint, "-tenant", tenantID,
			"-tables", strings.Join(names, ","), "-claim", claim, "-lease", leaseLife.String())
	}
	return f
}

// growingTables hold ten days at an instant, and grow for a day after it. Some rows of the last have no ingestion
// time.
func growingTables(t *testing.T, at time.Time) []simulator.Table {
	t.Helper()
	opts := simulator.GenerateOptions{
		Seed: 5, Rows: 4_000, Start: at.Add(-10 * 24 * time.Hour), End: at.Add(24 * time.Hour),
		Tables: []string{"DeviceProcessEvents", "EmailEvents"},
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
	return append(stamped, mixed...)
}

// keep starts a member again whenever it has ended, until ctx ends; then it waits for the last one, which life bounds.
func (f *fleet) keep(ctx, life context.Context, member int) {
	for ctx.Err() == nil {
		var stderr bytes.Buffer
		cmd := f.exporter(life)
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			f.fault(err)
			return
		}
		f.note(member, cmd)
		_ = cmd.Wait()
		f.note(member, nil)
		code := cmd.ProcessState.ExitCode()
		f.mu.Lock()
		f.ends[code]++
		f.mu.Unlock()
		if life.Err() == nil && (code == 1 || code == 2) {
			f.fault(fmt.Errorf("a process ended with code %d:\n%s", code, stderr.Bytes()))
		}
		_ = hunting.Sleep(ctx, 100*time.Millisecond)
	}
}

func (f *fleet) note(member int, cmd *exec.Cmd) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running[member] = cmd
}

func (f *fleet) fault(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, err)
}

func (f *fleet) fit() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return errors.Join(f.faults...)
}

// disturb kills or stops one process after the other, after each pause.
func (f *fleet) disturb(ctx context.Context, rng *rand.Rand, rounds int) error {
	for done := 0; done < rounds; {
		while := time.Duration(rng.Int64N(int64(2 * time.Second)))
		if err := errors.Join(hunting.Sleep(ctx, while), f.fit()); err != nil {
			return err
		}
		victim := f.pick(rng)
		if victim == nil {
			continue
		}
		what, hit := "killed", false
		var err error
		if done%2 == 0 {
			hit = victim.Process.Kill() == nil
		} else {
			what = "stopped"
			hit, err = f.stop(ctx, rng, victim)
		}
		if err != nil {
			return err
		}
		if hit {
			done++
			f.t.Logf("%2d: %s %d after %v", done, what, victim.Process.Pid, while.Round(time.Millisecond))
		}
	}
	return nil
}

// pick returns the owner of the tenant, or a process by chance where everybody owns it, and now and then anyway.
func (f *fleet) pick(rng *rand.Rand) *exec.Cmd {
	owner, chance := f.owner(), rng.IntN(4) == 0 || f.claim != ""
	f.mu.Lock()
	defer f.mu.Unlock()
	if chance {
		return f.running[rng.IntN(len(f.running))]
	}
	for _, cmd := range f.running {
		if cmd != nil && cmd.Process.Pid == owner {
			return cmd
		}
	}
	return nil
}

// owner is the number of the process that the newest owner record names, 0 if there is none.
func (f *fleet) owner() (pid int) {
	records, _ := filepath.Glob(filepath.Join(f.lake(), "_export", "tenant="+tenantID, "owner", "*.json"))
	if len(records) == 0 {
		return 0
	}
	text, _ := os.ReadFile(records[len(records)-1]) // which may be gone by now
	var o checkpoint.Owner
	if json.Unmarshal(text, &o) == nil && o.Until > o.Time {
		_, _ = fmt.Sscanf(o.Process, "interop/%d", &pid)
	}
	return pid
}

// stop stops a process until another owns the tenant, and has had some time to work, and wakes it up again.
func (f *fleet) stop(ctx context.Context, rng *rand.Rand, victim *exec.Cmd) (bool, error) {
	pid := victim.Process.Pid
	if victim.Process.Signal(syscall.SIGSTOP) != nil {
		return false, nil
	}
	began := time.Now()
	for owner := f.owner(); owner == pid || owner == 0; owner = f.owner() {
		if f.claim != "" {
			break
		}
		if time.Since(began) > patience {
			return true, errors.New("nobody takes over from a process that is stopped")
		}
		if err := errors.Join(hunting.Sleep(ctx, 20*time.Millisecond), f.fit()); err != nil {
			return true, err
		}
	}
	if err := hunting.Sleep(ctx, time.Duration(rng.Int64N(int64(1500*time.Millisecond)))); err != nil {
		return true, err
	}
	err := victim.Process.Signal(syscall.SIGCONT)
	if errors.Is(err, os.ErrProcessDone) { // it was about to end when it should have stopped
		return false, nil
	}
	return true, err
}

// watch reads the lake again and again until the processes have been disturbed often enough.
func (f *fleet) watch(disturbed <-chan error) {
	for looks := 1; ; looks++ {
		rows := f.look()
		select {
		case err := <-disturbed:
			if err != nil {
				f.t.Fatal(err)
			}
			f.t.Logf("the lake was read %d times, and had %d rows in the end", looks, rows)
			return
		default:
		}
	}
}

// look holds what DuckDB sees of the lake against the source, and ledgers against what they were, and returns the
// number of rows.
func (f *fleet) look() (rows int) {
	f.t.Helper()
	db := duck(f.t)
	defer db.Close()
	for _, table := range f.tables {
		got := lakeTally(f.t, db, f.lake(), table)
		if n := got.beyond(f.want[table.Name()]); n > 0 {
			f.t.Errorf("%s: %d rows of the lake are there twice or not in the source", table.Name(), n)
		}
		rows += got.size()
	}
	f.lookAtLedgers()
	return rows
}

func (f *fleet) lookAtLedgers() {
	f.t.Helper()
	for path, sum := range f.records {
		if text, err := os.ReadFile(path); err != nil || md5.Sum(text) != sum {
			f.t.Errorf("%s has changed, or is gone: %v", path, err)
		}
	}
	found, _ := filepath.Glob(filepath.Join(f.lake(), "_export", "tenant="+tenantID, "*", "log", "*.json"))
	for _, path := range found {
		text, err := os.ReadFile(path)
		if err != nil {
			f.t.Error(err)
		}
		f.records[path] = md5.Sum(text)
	}
}

// conclude lets everything arrive and settle, and holds the lake against the source for the last time.
func (f *fleet) conclude() {
	f.t.Helper()
	if err := f.fit(); err != nil {
		f.t.Error(err)
	}
	f.clock.halted.Store(f.clock.begin.Add(4 * 24 * time.Hour).UnixNano())
	if out, err := f.exporter(f.t.Context()).CombinedOutput(); err != nil {
		f.t.Fatalf("the last run: %v\n%s", err, out)
	}
	before := f.dataCalls()
	f.verb("run")
	if n := f.dataCalls(); n != before {
		f.t.Errorf("one more run asked for rows %d times", n-before)
	}
	if n := f.look(); n != total(f.want) {
		f.t.Errorf("%d rows are published, the source has %d", n, total(f.want))
	}
	if v := decode[pipeline.Verification](f.program, "verify"); !v.Clean() {
		f.t.Errorf("verify: %+v", v)
	}
	staged, _ := filepath.Glob(filepath.Join(f.lake(), "_export", "tenant="+tenantID, "*", "staged", "*"))
	if len(staged) > 0 {
		f.t.Errorf("staged objects are left: %v", staged)
	}
	f.t.Logf("exit codes: %v; %d records; %d data calls", f.ends, len(f.records), before)
}
