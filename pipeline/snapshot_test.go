package pipeline_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
)

const inventory, edges = "DeviceTvmSoftwareInventory", "ExposureGraphEdges"

// everything keeps every row: a state has no times.
func everything(simulator.Row) bool { return true }

// snapshotWorld serves a table of states in parts of at most 60 rows, if they can be told apart, and counts the calls about each table. begin is
// called before each call.
type snapshotWorld struct {
	*world
	begin func(call int, query string) simulator.Fault
}

func newSnapshotWorld(t *testing.T, tables ...simulator.Table) *snapshotWorld {
	w := &snapshotWorld{}
	w.world = newWorld(t, tables, func(o *simulator.Options) {
		o.Faults = func(n int, query string) simulator.Fault {
			if w.begin == nil {
				return simulator.Fault{}
			}
			return w.begin(n, query)
		}
	})
	w.opts.Caps.Rows = 60
	return w
}

// asked counts the calls about a table that hold a text.
func (w *snapshotWorld) asked(table, text string) (n int) {
	for _, c := range w.service.Calls() {
		if strings.HasPrefix(c.Query, table) && strings.Contains(c.Query, text) {
			n++
		}
	}
	return n
}

// days are the dts of a table's files, and fails if one has several.
func (w *snapshotWorld) days(table string) (dts []string) {
	w.t.Helper()
	objects, err := w.bucket.List(w.t.Context(), table+"/", 0)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, o := range objects {
		_, dt, _ := strings.Cut(o.Key, "/dt=")
		dt, _, _ = strings.Cut(dt, "/")
		if n := len(dts); n > 0 && dts[n-1] == dt {
			w.t.Errorf("%s has two files of %s", table, dt)
		}
		dts = append(dts, dt)
	}
	return dts
}

// staged is how many staged objects a table has.
func (w *snapshotWorld) staged(table string) int {
	w.t.Helper()
	objects, err := w.bucket.List(w.t.Context(), "_export/tenant="+tenantID+"/"+table+"/staged/", 0)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(objects)
}

func (w *snapshotWorld) verifies() {
	w.t.Helper()
	if v, err := w.exporter().Verify(w.t.Context()); err != nil || !v.Clean() {
		w.t.Errorf("verify: %v %+v", err, v)
	}
}

// A state is exported whole, in more parts than a merge has inputs, as one file a day, once a day.
func TestSnapshot(t *testing.T) {
	for _, dialect := range []hunting.Dialect{hunting.Graph, hunting.Defender} {
		t.Run(dialect.String(), func(t *testing.T) {
			tables := generate(t, 1200, inventory)
			w := newSnapshotWorld(t, tables...)
			w.dialect = dialect
			r := w.run().Total()
			w.compare(tables[0], everything)
			if r.Files != 1 || r.Waiting != 0 || r.Calls.Data <= checkpoint.MaxInputs || r.Calls.Wasted != 0 || r.Calls.Plan > 6 || r.Calls.Recount != 1 {
				t.Errorf("the run did %+v", r)
			}
			w.verifies()
			if n := w.staged(inventory); n != 0 {
				t.Errorf("%d objects are still staged", n)
			}
			w.pass(11 * time.Hour)
			if r := w.run().Total(); r.Calls.Total() != 0 || r.Files != 0 {
				t.Errorf("a second run of the day did %+v", r)
			}
			w.pass(time.Hour)
			if r := w.run().Total(); r.Calls.Plan > 5 || r.Files != 1 {
				t.Errorf("the run of the next day did %+v", r)
			}
			if diff := cmp.Diff([]string{"2026-11-22", "2026-11-23"}, w.days(inventory)); diff != "" {
				t.Errorf("days: %s", diff)
			}
			w.verifies()
			if v, err := w.exporter().Repair(t.Context()); err != nil || !v.Clean() || !v.Tables[0].Snapshot || v.Tables[0].SourceRows != 1200 || v.Tables[0].LedgerRows != 1200 {
				t.Errorf("repair: %v %+v", err, v)
			}
		})
	}
}

// How often a snapshot is taken goes by whole days.
func TestSnapshotEvery(t *testing.T) {
	for every, want := range map[time.Duration]string{
		0: "22 23 24 25 26 27 28", 24 * time.Hour: "22 23 24 25 26 27 28", 36 * time.Hour: "22 24 26 28", 72 * time.Hour: "22 25 28",
	} {
		w := newSnapshotWorld(t, generate(t, 10, inventory)...)
		w.opts.Tables[0].Every = every
		for range 18 {
			w.run()
			w.pass(8 * time.Hour)
		}
		got := strings.ReplaceAll(strings.Join(w.days(inventory), " "), "2026-11-", "")
		if got != want {
			t.Errorf("every %v: days %s, want %s", every, got, want)
		}
	}
}

func TestSnapshotOfNothing(t *testing.T) {
	w := newSnapshotWorld(t, simulator.Living(generate(t, 5, inventory)[0], func(int) (from, until partition.Tick) {
		return partition.MaxTick, partition.NoTick
	}))
	w.run()
	if days := w.days(inventory); len(days) != 0 {
		t.Errorf("a table without rows has files of %v", days)
	}
	if again := w.run().Total(); again.Calls.Total() != 0 {
		t.Errorf("a second run made %+v", again.Calls)
	}
	w.verifies()
}

// A run that is cut off at any call is gone on with: no row is read twice but those under way, and the day has one file.
func TestSnapshotInterrupted(t *testing.T) {
	tables := generate(t, 200, inventory)
	whole := newSnapshotWorld(t, tables...)
	whole.run()
	reads := whole.asked(inventory, " == ")
	for call := 1; call <= len(whole.service.Calls()); call++ {
		ctx, stop := context.WithCancel(t.Context())
		w := newSnapshotWorld(t, tables...)
		w.begin = func(n int, _ string) simulator.Fault {
			if n == call {
				stop()
			}
			return simulator.Fault{}
		}
		if _, err := w.exporter().Run(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("interrupted at call %d: %v", call, err)
		}
		w.run()
		w.compare(tables[0], everything)
		w.verifies()
		if got := w.asked(inventory, " == "); got > reads+w.opts.Parallel+3 {
			t.Errorf("interrupted at call %d: %d calls for rows, %d without", call, got, reads)
		}
		if len(w.days(inventory)) != 1 || w.staged(inventory) != 0 {
			t.Errorf("interrupted at call %d: files of %v, %d objects staged", call, w.days(inventory), w.staged(inventory))
		}
		stop()
	}
}

// What was read of a snapshot yesterday is no part of today's, and yesterday is a gap.
func TestSnapshotOfYesterday(t *testing.T) {
	tables := generate(t, 200, inventory)
	ctx, stop := context.WithCancel(t.Context())
	w := newSnapshotWorld(t, tables...)
	w.begin = func(n int, _ string) simulator.Fault {
		if n == 9 {
			stop()
		}
		return simulator.Fault{}
	}
	if _, err := w.exporter().Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if w.staged(inventory) == 0 {
		t.Fatal("nothing was read")
	}
	w.pass(12 * time.Hour)
	w.opts.Tables[0].Every = 72 * time.Hour // of what was taken
	p, err := w.exporter().Plan(t.Context())
	if err != nil || p.Tables[0].Rows != 200 {
		t.Errorf("preview: %v %+v", err, p)
	}
	if r := w.run().Total(); r.Gaps != 1 || w.run().Total().Gaps != 0 {
		t.Errorf("%d gaps, and more by another run", r.Gaps)
	}
	w.compare(tables[0], everything)
	v, err := w.exporter().Verify(t.Context())
	if err != nil || len(v.Tables[0].Gaps) != 1 || len(v.Tables[0].Differences) != 0 {
		t.Errorf("verify: %v %+v", err, v)
	}
	if diff := cmp.Diff([]string{"2026-11-23"}, w.days(inventory)); diff != "" || w.staged(inventory) != 0 {
		t.Errorf("%d objects staged, days: %s", w.staged(inventory), diff)
	}
}

// A snapshot that is being read at midnight is read to its end.
func TestSnapshotOverMidnight(t *testing.T) {
	tables := generate(t, 200, inventory)
	w := newSnapshotWorld(t, tables...)
	w.begin = func(n int, _ string) simulator.Fault {
		if n == 9 {
			w.pass(12 * time.Hour)
		}
		return simulator.Fault{}
	}
	w.run()
	if diff := cmp.Diff([]string{"2026-11-22", "2026-11-23"}, w.days(inventory)); diff != "" {
		t.Errorf("days: %s", diff)
	}
	w.verifies()
}

// Rows that come or go while they are read are noticed, and the snapshot is taken of the calm after it.
func TestSnapshotMovesOnce(t *testing.T) {
	base := generate(t, 200, inventory)[0]
	still := newSnapshotWorld(t, base)
	still.run()
	for call := 1; call < len(still.service.Calls()); call++ {
		turn := partition.TickOf(start.Add(time.Minute))
		table := simulator.Living(base, func(row int) (from, until partition.Tick) {
			switch row % 100 {
			case 3:
				return turn, partition.NoTick
			case 5, 7:
				return partition.NoTick, turn
			}
			return partition.NoTick, partition.NoTick
		})
		w := newSnapshotWorld(t, table)
		w.begin = func(n int, _ string) simulator.Fault {
			if n == call {
				w.pass(time.Minute)
			}
			return simulator.Fault{}
		}
		w.run()
		w.compare(table, everything)
		w.verifies()
		if len(w.days(inventory)) != 1 || w.staged(inventory) != 0 {
			t.Errorf("moved at call %d: files of %v, %d objects staged", call, w.days(inventory), w.staged(inventory))
		}
	}
}

// restless is a table of 200 rows that gets another one at every second, for a while.
func restless(t *testing.T, name string, more int) simulator.Table {
	return simulator.Living(generate(t, 200+more, name)[0], func(row int) (from, until partition.Tick) {
		return partition.TickOf(start.Add(time.Duration(row-200) * time.Second)), partition.NoTick
	})
}

// A table that never stands still is given up for the day, whoever starts how often, and others go on.
func TestSnapshotUnstable(t *testing.T) {
	calm := generate(t, 300, "DeviceTvmSoftwareEvidenceBeta")[0]
	w := newSnapshotWorld(t, restless(t, inventory, 200), calm)
	w.begin = func(_ int, query string) simulator.Fault {
		if strings.HasPrefix(query, inventory) {
			w.pass(time.Second)
		}
		return simulator.Fault{}
	}
	r, err := w.exporter().Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), inventory+": no snapshot of 2026-11-22 could be taken: none of 3 tries has come to an end") ||
		!strings.Contains(err.Error(), "the next is due on 2026-11-23") {
		t.Errorf("the run ended with %v", err)
	}
	if got := r.Tenants[0].Tables[0]; got.Gaps != 1 || got.Files != 0 || got.Waiting != 0 {
		t.Errorf("the table that moves: %+v", got)
	}
	if len(w.days(inventory)) != 0 || w.staged(inventory) != 0 {
		t.Errorf("files of %v, %d objects staged", w.days(inventory), w.staged(inventory))
	}
	w.compare(calm, everything)
	made := w.asked(inventory, "")
	w.run()
	if again := w.asked(inventory, "") - made; again != 0 {
		t.Errorf("a run on the same day asked %d times", again)
	}
	v, err := w.exporter().Verify(t.Context())
	if err != nil || v.Clean() || len(v.Tables[0].Gaps) != 1 || len(v.Tables[0].Differences) != 0 || w.asked(inventory, "") != made {
		t.Errorf("verify: %v %+v", err, v.Tables[0])
	}
	w.begin = nil
	w.pass(24 * time.Hour)
	w.run()
	if diff := cmp.Diff([]string{"2026-11-23"}, w.days(inventory)); diff != "" {
		t.Errorf("days after the calm: %s", diff)
	}
	w.compare(w.tables[0], everything)
}

// The tries of a day are in the ledger: a run that is killed again and again makes no more of them.
func TestSnapshotUnstableAndKilled(t *testing.T) {
	w := newSnapshotWorld(t, restless(t, inventory, 500))
	var kill atomic.Pointer[context.CancelFunc]
	calls := 0
	w.opts.Parallel = 1
	w.begin = func(int, string) simulator.Fault {
		w.pass(time.Second)
		if calls++; calls%6 == 0 {
			(*kill.Load())()
		}
		return simulator.Fault{}
	}
	var err error
	for range 40 {
		ctx, stop := context.WithCancel(t.Context())
		kill.Store(&stop)
		if _, err = w.exporter().Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
			stop()
			break
		}
		stop()
	}
	if err == nil || !strings.Contains(err.Error(), "no snapshot of 2026-11-22") {
		t.Errorf("the runs end with %v", err)
	}
	if n := w.asked(inventory, ""); n > 80 {
		t.Errorf("%d calls for a table of 200 rows", n)
	}
}

// A table that cannot be counted costs a few calls a day and stops no other.
func TestSnapshotUncountable(t *testing.T) {
	calm := generate(t, 300, inventory)[0]
	w := newSnapshotWorld(t, generate(t, 100, edges)[0], calm)
	w.begin = func(_ int, query string) simulator.Fault {
		if strings.HasPrefix(query, edges) && strings.Contains(query, "count") {
			return simulator.FaultTimeout()
		}
		return simulator.Fault{}
	}
	for day := range 3 {
		for n, want := range []string{": the snapshot of ", ": the snapshot of ", ": no snapshot of "} {
			r, err := w.exporter().Run(t.Context())
			if err == nil || !strings.Contains(err.Error(), edges+want) || !strings.Contains(err.Error(), "could not be counted") {
				t.Errorf("run %d ended with %v", n, err)
			}
			if files := r.Tenants[0].Tables[1].Files; (files == 1) != (n == 0) {
				t.Errorf("run %d: %d files of the other table", n, files)
			}
		}
		for range 3 {
			w.run()
		}
		if n := w.asked(edges, "count"); n != 3*(day+1) {
			t.Errorf("%d counts after %d days", n, day+1)
		}
		w.pass(24 * time.Hour)
	}
	w.compare3(calm)
	if v, err := w.exporter().Verify(t.Context()); err != nil || len(v.Tables[0].Gaps) != 3 || w.asked(edges, "count") != 9 {
		t.Errorf("verify: %v %+v, %d counts", err, v.Tables[0], w.asked(edges, "count"))
	}
	st, err := w.exporter().Status(t.Context())
	want := []pipeline.SnapshotStatus{{Next: "2026-11-25"}, {Last: "2026-11-24", Time: st.Tables[1].Snapshot.Time, Rows: 300, Next: "2026-11-25"}}
	if diff := cmp.Diff(want, []pipeline.SnapshotStatus{*st.Tables[0].Snapshot, *st.Tables[1].Snapshot}); diff != "" || err != nil {
		t.Errorf("status: %v %s", err, diff)
	}
}

// What stands before the service, and fails for some seconds, does not cost a day its snapshot.
func TestSnapshotGatewayInTrouble(t *testing.T) {
	for name, tt := range map[string]struct {
		fault simulator.Fault
		tries int
	}{"gateway": {simulator.FaultBadGateway(), 1}, "page": {simulator.FaultHTML(), 0}} {
		t.Run(name, func(t *testing.T) {
			w := newSnapshotWorld(t, generate(t, 200, inventory)...)
			w.run()
			w.pass(24 * time.Hour)
			passes := w.now().Add(time.Minute)
			w.begin = func(int, string) simulator.Fault { return only(w.now().Before(passes), tt.fault) }
			if r, err := w.exporter().Run(t.Context()); err == nil || r.Total().Gaps != 0 || w.generation(inventory) != 1+tt.tries {
				t.Errorf("generation %d, %d gaps: %v", w.generation(inventory), r.Total().Gaps, err)
			}
			w.pass(time.Hour)
			w.run()
			if diff := cmp.Diff([]string{"2026-11-22", "2026-11-23"}, w.days(inventory)); diff != "" {
				t.Errorf("days: %s", diff)
			}
			w.verifies()
		})
	}
}

// compare3 holds three equal snapshots of a table against it.
func (w *snapshotWorld) compare3(table simulator.Table) {
	w.t.Helper()
	for row, n := range w.source(table, everything) {
		if got := w.lake(table.Name())[row]; got != 3*n {
			w.t.Fatalf("three snapshots hold %d times %q, want %d", got, row, 3*n)
		}
	}
}

// A table that takes too many calls is given up like one that cannot be counted.
func TestSnapshotTooLarge(t *testing.T) {
	w := newSnapshotWorld(t, generate(t, checkpoint.MaxParts+1, inventory)...)
	w.opts.Caps.Rows = 1
	var err error
	for range 3 {
		_, err = w.exporter().Run(t.Context())
	}
	if err == nil || !strings.Contains(err.Error(), "no snapshot of 2026-11-22 could be taken") || !strings.Contains(err.Error(), "its 4097 rows need 4098 calls, over 4096") || w.asked(inventory, "count") != 3 {
		t.Errorf("%d counts, and the run ended with %v", w.asked(inventory, "count"), err)
	}
}

// An answer that is refused as too big, or holds other rows than were counted, costs a try or a call, and no row.
func TestSnapshotPartsThatFail(t *testing.T) {
	tables := generate(t, 200, inventory)
	for name, fault := range map[string]func(n int) simulator.Fault{
		"too big once":  func(n int) simulator.Fault { return only(n == 2, simulator.FaultResultSize()) },
		"timeout once":  func(n int) simulator.Fault { return only(n == 5, simulator.FaultTimeout()) },
		"too big twice": func(n int) simulator.Fault { return only(n == 2 || n == 9, simulator.FaultResultSize()) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newSnapshotWorld(t, tables...)
			w.opts.Parallel = 1
			n := 0
			w.begin = func(_ int, query string) simulator.Fault {
				if strings.Contains(query, " == ") {
					n++
					return fault(n)
				}
				return simulator.Fault{}
			}
			w.run()
			w.compare(tables[0], everything)
			w.verifies()
		})
	}
}

func only(when bool, f simulator.Fault) simulator.Fault {
	if when {
		return f
	}
	return simulator.Fault{}
}

// A column that chooses the buckets, and goes while they are read, is done without at the next try.
func TestSnapshotLosesKeyColumn(t *testing.T) {
	base := generate(t, 200, inventory)[0]
	table := simulator.Changing(base, simulator.Change{At: partition.TickOf(start.Add(time.Hour)), Column: "SoftwareName", Kind: simulator.Vanishes})
	for call := 1; call <= 12; call++ {
		w := newSnapshotWorld(t, table)
		w.begin = func(n int, _ string) simulator.Fault {
			if n == call {
				w.pass(time.Hour)
			}
			return simulator.Fault{}
		}
		w.run()
		if len(w.days(inventory)) != 1 || w.staged(inventory) != 0 {
			t.Errorf("lost at call %d: files of %v, %d objects staged", call, w.days(inventory), w.staged(inventory))
		}
		w.verifies()
	}
}

// A second process that takes over at any call, while the first sleeps, takes the snapshot; the first, when it wakes,
// adds nothing to it.
func TestSnapshotBesideAnother(t *testing.T) {
	tables := generate(t, 300, inventory)
	for call := 1; call <= 12; call++ {
		w := newSnapshotWorld(t, tables...)
		w.opts.Parallel = 1
		woken := false
		w.begin = func(n int, _ string) simulator.Fault {
			if n == call && !woken {
				woken = true
				w.pass(5 * time.Minute) // the first one's claim has run out
				w.run()
			}
			return simulator.Fault{}
		}
		if _, err := w.exporter().Run(t.Context()); err != nil {
			t.Errorf("taken over at call %d: %v", call, err)
		}
		w.compare(tables[0], everything)
		w.verifies()
		if len(w.days(inventory)) != 1 || w.staged(inventory) != 0 {
			t.Errorf("taken over at call %d: files of %v, %d objects staged", call, w.days(inventory), w.staged(inventory))
		}
	}
}

// A process that cannot count what another one is reading reads on with it, and does not begin anew.
func TestSnapshotCountFailsBesideAnother(t *testing.T) {
	tables := generate(t, 300, inventory)
	w := newSnapshotWorld(t, tables...)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	other := false
	w.begin = func(_ int, query string) simulator.Fault {
		switch {
		case strings.Contains(query, " == ") && other:
			stop()
		case strings.Contains(query, "count") && !other:
			other = true
			w.pass(5 * time.Minute) // the first one's claim has run out
			if _, err := w.exporter().Run(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("the other process ended with %v", err)
			}
			return simulator.FaultTimeout()
		}
		return simulator.Fault{}
	}
	if _, err := w.exporter().Run(t.Context()); err != nil {
		t.Error(err)
	}
	w.compare(tables[0], everything)
	w.verifies()
	if n := w.asked(inventory, "take 200"); n != 1 || w.generation(inventory) != 1 {
		t.Errorf("%d samples, and generation %d", n, w.generation(inventory))
	}
}

// generation is the newest one of a table.
func (w *snapshotWorld) generation(table string) (n int) {
	w.t.Helper()
	l, err := checkpoint.Open(w.t.Context(), first{w.bucket}, checkpoint.Options{
		Ledger: partition.Ledger{Tenant: tenantID, Table: partition.Table{Name: table}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	l.View(func(s *checkpoint.State) { n = s.Generation })
	return n
}

// What was exported as events does not go on as snapshots.
func TestSnapshotOfEvents(t *testing.T) {
	w := newWorld(t, generate(t, 50, "AlertInfo"))
	w.run()
	w.opts.Tables[0].Source.TimeColumn = ""
	if _, err := w.exporter().Run(t.Context()); err == nil || !strings.Contains(err.Error(), "was exported as events, and cannot go on as snapshots") {
		t.Errorf("got %v", err)
	}
}

// A preview says what the run then does.
func TestSnapshotPreview(t *testing.T) {
	w := newSnapshotWorld(t, generate(t, 200, inventory)...)
	p, err := w.exporter().Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := p.Tables[0]
	r := w.run().Total()
	if got.Rows != 200 || got.Calls.Data != r.Calls.Data || got.Calls.Plan != r.Calls.Plan+r.Calls.Recount {
		t.Errorf("previewed %d rows, %+v, and made %+v", got.Rows, got.Calls, r.Calls)
	}
	after, err := w.exporter().Plan(t.Context())
	if err != nil || after.Tables[0].Calls.Total() != 0 || len(after.Tables[0].Slices) != 0 {
		t.Errorf("afterwards: %v %+v", err, after.Tables[0])
	}
}
