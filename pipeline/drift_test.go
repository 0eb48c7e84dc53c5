package pipeline_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
)

// recased is a table of which one column is spelled in another way from an instant on.
type recased struct {
	simulator.Table
	from, to string
	at       partition.Tick
}

func (r recased) Gone(row int) partition.Tick {
	if m, ok := r.Table.(simulator.Mortal); ok {
		return m.Gone(row)
	}
	return partition.NoTick
}

func (r recased) Columns(at partition.Tick) []schema.Field {
	return r.renamed(r.Table.Columns(at), r.from, r.to, at >= r.at)
}

func (r recased) Read(fields []schema.Field) kql.Reader {
	return r.Table.Read(r.renamed(fields, r.to, r.from, true))
}

func (recased) renamed(fields []schema.Field, from, to string, is bool) []schema.Field {
	fields = slices.Clone(fields)
	for i := range fields {
		if is && fields[i].Name == from {
			fields[i].Name = to
		}
	}
	return fields
}

// drifting is a table whose columns come, go and change half a minute after the first run begins.
func drifting(base simulator.Table) simulator.Table {
	at := partition.TickOf(start.Add(30 * time.Second))
	return recased{
		Table: simulator.Changing(base,
			simulator.Change{At: at, Column: "FileSize", Kind: simulator.Vanishes},
			simulator.Change{At: at, Column: "ProcessCommandLine", Kind: simulator.Appears},
			simulator.Change{At: at, Column: "ProcessId", Kind: simulator.Retyped, Type: "String"}),
		from: "AccountName", to: "Accountname", at: at,
	}
}

// drifted are the columns that drifting changes, as the source and as the lake names them.
var drifted = []string{"FileSize", "ProcessCommandLine", "ProcessId", "AccountName", "Accountname"}

// unlike takes the drifted columns out of rows that lakeRow or source printed, and returns them apart, by the rest.
func unlike(rows map[string]int) (same map[string]int, apart map[string]map[string]string) {
	same, apart = map[string]int{}, map[string]map[string]string{}
	for row, n := range rows {
		var kept []string
		changed := map[string]string{}
		for _, pair := range strings.Split(row, "\x1f") {
			if name, value, _ := strings.Cut(pair, "="); slices.Contains(drifted, name) {
				changed[name] = value
			} else {
				kept = append(kept, pair)
			}
		}
		text := strings.Join(kept, "\x1f")
		same[text] += n
		apart[text] = changed
	}
	return same, apart
}

// Columns that come, go, and change their type or case in the middle of a run are commits and nothing else: every row
// has what the source showed of it when it was read, in files whose slices had different columns, too.
func TestColumnsChangeWithinRun(t *testing.T) {
	base := generate(t, 900, "DeviceProcessEvents")[0]
	table := drifting(base)
	read := 0
	var w *world
	w = newWorld(t, []simulator.Table{table}, func(o *simulator.Options) {
		o.Faults = func(_ int, query string) simulator.Fault {
			if read++; read == 15 {
				w.pass(time.Minute)
			}
			return simulator.Fault{}
		}
	})
	w.opts.Parallel, w.opts.Caps.Rows = 1, 20 // a day has more rows than a slice
	before := w.source(table, exported(start))
	w.run()
	got, lake := unlike(w.lake(table.Name()))
	want, old := unlike(before)
	_, now := unlike(w.source(table, exported(start)))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("rows over the columns that stay differ: %.2000s", diff)
	}
	early := 0
	for row, cells := range lake {
		if maps.Equal(cells, old[row]) {
			early++
		} else if !maps.Equal(cells, now[row]) {
			t.Fatalf("a row has %v; the source showed %v, then %v", cells, old[row], now[row])
		}
	}
	if late := len(lake) - early; early < 100 || late < 100 {
		t.Errorf("%d rows were read before the change and %d after it", early, late)
	}
	status, err := w.exporter().Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var changes []string
	for _, c := range status.Tables[0].Changes {
		changes = append(changes, c.Column+" "+c.Kind)
	}
	slices.Sort(changes)
	if diff := cmp.Diff([]string{
		"AccountName gone", "Accountname_2 added", "FileSize gone", "ProcessCommandLine added", "ProcessId gone", "ProcessId__string variant",
	}, changes); diff != "" {
		t.Errorf("changes in the status: %s", diff)
	}
	if v, err := w.exporter().Verify(t.Context()); err != nil || !v.Clean() {
		t.Errorf("verify: %v %+v", err, v)
	}
}

// Rows that came later than a run looks for them are brought in by a repair, once, also by two repairs at once, and also
// when the columns have changed since the hour was read.
func TestRepairAfterDrift(t *testing.T) {
	base := generate(t, 600, "DeviceProcessEvents")[0]
	rows := rowsOf(base, base.Ingested, 4*24*time.Hour)
	for day := range 3 {
		rows = append(rows, rowsOf(base, base.Ingested, time.Duration(5+day)*24*time.Hour)...)
	}
	life := lives{}
	for _, row := range rows {
		life.from(row, start.Add(time.Hour))
	}
	table := drifting(simulator.Living(base, life.of))
	w := newWorld(t, []simulator.Table{table})
	w.run()
	w.pass(2 * time.Hour)
	w.run()
	if got := w.differences(); strings.Count(got, "the source has") < 2 {
		t.Fatalf("verify does not see the %d rows that came late: %q", len(rows), got)
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			var owned *checkpoint.OwnedError
			if _, err := w.exporter().Repair(t.Context()); err != nil && !errors.As(err, &owned) {
				t.Error(err)
			}
			if _, err := w.exporter().Run(t.Context()); err != nil && !errors.As(err, &owned) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	w.pass(25 * time.Hour)
	w.run()
	if got := w.differences(); got != "" {
		t.Errorf("verify after the repair: %s", got)
	}
	got, _ := unlike(w.lake(table.Name()))
	want, _ := unlike(w.source(table, between(start, start.Add(27*time.Hour))))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows over the columns that stay differ: %.2000s", diff)
	}
}

// A table that the tenant does not have ends that table alone, and is exported once it is there.
func TestTableAppears(t *testing.T) {
	tables := generate(t, 300, "DeviceProcessEvents", "AlertInfo")
	w := newWorld(t, tables)
	all := w.service
	with := func(served ...simulator.Table) {
		w.service = newWorld(t, served, func(o *simulator.Options) { o.Now = w.now }).service
	}
	with(tables[0])
	r, err := w.exporter().Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "AlertInfo") || strings.Contains(err.Error(), "DeviceProcessEvents") {
		t.Errorf("run without a table: %v", err)
	}
	if r.Tenants[0].Tables[1].Fault == "" {
		t.Errorf("report: %+v", r)
	}
	w.compare(tables[0], exported(w.now()))
	w.service = all
	w.run()
	w.compare(tables[1], exported(w.now()))
	with(tables[0]) // the licence has ended
	w.pass(time.Hour)
	if _, err := w.exporter().Run(t.Context()); err == nil || !strings.Contains(err.Error(), "AlertInfo") {
		t.Errorf("run after a table has gone: %v", err)
	}
	w.compare(tables[1], exported(start))
}
