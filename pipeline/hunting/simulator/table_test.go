package simulator_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
)

// Whatever range is asked for, by whichever clock, the index must find exactly the rows that a look at every row finds.
func TestIndexAgainstEveryRow(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	tab := table{name: "Events"}
	for range 2000 {
		lag := time.Duration(rng.ExpFloat64() * float64(time.Hour))
		if rng.IntN(10) == 0 {
			lag = -1
		}
		tab.add(time.Duration(rng.Int64N(int64(40*24*time.Hour))).Truncate(time.Minute), lag)
	}
	s := start(t, simulator.Options{Tables: []simulator.Table{tab}, Limits: simulator.Limits{CallsPerMinute: -1, RunTimePerHour: -1}})
	now, gone := partition.TickOf(epoch), partition.TickOf(epoch.Add(-30*24*time.Hour))
	for range 40 {
		a := partition.TickOf(epoch.Add(-time.Duration(rng.Int64N(int64(35 * 24 * time.Hour)))))
		b := a.Add(time.Duration(rng.Int64N(int64(5 * 24 * time.Hour))))
		floor := a.Add(-time.Duration(rng.Int64N(int64(24 * time.Hour))))
		queries := map[string]func(i int) bool{
			fmt.Sprintf("where ingestion_time() >= datetime(%v) and ingestion_time() < datetime(%v) and Timestamp >= datetime(%v)", a, b, floor): func(i int) bool {
				return tab.ingested[i] >= a && tab.ingested[i] < b && tab.times[i] >= floor
			},
			fmt.Sprintf("where Timestamp >= datetime(%v) and Timestamp < datetime(%v) and isnull(ingestion_time())", a, b): func(i int) bool {
				return tab.times[i] >= a && tab.times[i] < b && tab.ingested[i] == partition.NoTick
			},
			fmt.Sprintf("where Timestamp > datetime(%v)", b): func(i int) bool { return tab.times[i] > b },
		}
		for query, holds := range queries {
			var want []string
			for i := range tab.Len() {
				if tab.arrived[i] <= now && tab.times[i] >= gone && holds(i) {
					want = append(want, fmt.Sprint(i))
				}
			}
			got := numbers(t, s, "Events | "+query, "N")
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Fatalf("%s: got %d rows, want %d", query, len(got), len(want))
			}
			if scanned := s.Calls()[len(s.Calls())-1].Scanned; scanned > int64(tab.Len()) {
				t.Errorf("%s: scanned %d rows", query, scanned)
			}
		}
	}
}

func TestRowsIsWhatTheServiceShows(t *testing.T) {
	made, err := simulator.Generate(simulator.GenerateOptions{Seed: 3, Tables: []string{"AlertInfo"}, Rows: 300, Start: epoch.Add(-48 * time.Hour), End: epoch})
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, simulator.Options{Tables: made})
	var want []string
	for _, row := range simulator.Rows(made[0], partition.TickOf(epoch)) {
		want = append(want, row.Values[0].String()+row.Values[1].String()+row.Ingested.String())
		if row.Values[0].Tick() != row.Time {
			t.Fatalf("time column %v of a row at %v", row.Values[0], row.Time)
		}
	}
	a := ask(t, s, defenderPath, "AlertInfo | project X = strcat(tostring(Timestamp), AlertId, tostring(ingestion_time()))")
	got := strings.Split(a.body[strings.Index(a.body, `"Results":[`)+len(`"Results":[`):], ",")
	for i := range got {
		got[i] = strings.Trim(got[i], `{}[]"`)[len(`X":"`):]
	}
	slices.Sort(want)
	slices.Sort(got)
	if len(want) < 50 || len(want) > 290 {
		t.Fatalf("%d of 300 alerts have arrived, which shows nothing of lateness", len(want))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for range simulator.Rows(made[0], partition.TickOf(epoch)) {
		break // a caller may stop at any row
	}
}

func TestChanges(t *testing.T) {
	turn := partition.TickOf(epoch.Add(-5 * time.Second)) // rows 0 to 4 of 10 are older
	base := events(10)
	tests := []struct {
		name          string
		change        simulator.Change
		before, after []schema.Field
		values        string // of N afterwards, by row
	}{
		{"appears", simulator.Change{At: turn, Column: "N", Kind: simulator.Appears},
			[]schema.Field{{Name: "Timestamp", Type: "DateTime"}},
			[]schema.Field{{Name: "Timestamp", Type: "DateTime"}, {Name: "N", Type: "Int64"}}, "∅ ∅ ∅ ∅ ∅ 5 6 7 8 9"},
		{"vanishes", simulator.Change{At: turn, Column: "N", Kind: simulator.Vanishes},
			[]schema.Field{{Name: "Timestamp", Type: "DateTime"}, {Name: "N", Type: "Int64"}},
			[]schema.Field{{Name: "Timestamp", Type: "DateTime"}}, ""},
		{"retyped", simulator.Change{At: turn, Column: "N", Kind: simulator.Retyped, Type: "String"},
			[]schema.Field{{Name: "Timestamp", Type: "DateTime"}, {Name: "N", Type: "Int64"}},
			[]schema.Field{{Name: "Timestamp", Type: "DateTime"}, {Name: "N", Type: "String"}}, "s0 s1 s2 s3 s4 s5 s6 s7 s8 s9"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			changed := simulator.Changing(base, tt.change)
			if diff := cmp.Diff(tt.before, changed.Columns(turn-1)); diff != "" {
				t.Errorf("before, -want +got:\n%s", diff)
			}
			if diff := cmp.Diff(tt.after, changed.Columns(turn)); diff != "" {
				t.Errorf("after, -want +got:\n%s", diff)
			}
			var got []string
			for _, row := range simulator.Rows(changed, partition.TickOf(epoch)) {
				if len(tt.after) == 2 {
					got = append(got, print(row.Values[1]))
				}
			}
			if text := strings.Join(got, " "); text != tt.values {
				t.Errorf("values %s, want %s", text, tt.values)
			}
		})
	}
}

// print shows the type of strings and nulls.
func print(v kql.Value) string {
	switch v.Type() {
	case kql.Null:
		return "∅"
	case kql.String:
		return "s" + v.String()
	}
	return v.String()
}

// A change must show in the service from its instant on, half-way through a day of calls.
func TestServiceShowsChanges(t *testing.T) {
	c := &clock{now: epoch}
	turn := partition.TickOf(epoch.Add(time.Minute))
	s := start(t, simulator.Options{Now: c.Now, Tables: []simulator.Table{
		simulator.Changing(events(2), simulator.Change{At: turn, Column: "N", Kind: simulator.Retyped, Type: "String"}),
	}})
	if a := ask(t, s, graphPath, "Events | where N == 1"); !strings.Contains(a.body, `"N@odata.type":"#Int64","N":1`) {
		t.Errorf("before: %s", a.body)
	}
	c.Advance(time.Minute)
	if a := ask(t, s, graphPath, "Events | where N == '1'"); !strings.Contains(a.body, `{"name":"N","type":"String"}`) || !strings.Contains(a.body, `"N":"1"`) {
		t.Errorf("after: %s", a.body)
	}
}

// state is a table without a time column.
type state struct{ table }

func (s state) TimeColumn() string      { return "" }
func (s state) Time(int) partition.Tick { return partition.NoTick }

// A row is there from one instant until before another, whichever clock it is looked for by, and Rows must say the
// same.
func TestRowsThatGo(t *testing.T) {
	at := partition.TickOf(epoch)
	life := func(row int) (from, until partition.Tick) {
		return []partition.Tick{partition.NoTick, at - 2, at - 2, at - 1, at, at + 1}[row],
			[]partition.Tick{partition.NoTick, at, at + 1, partition.NoTick, partition.NoTick, partition.NoTick}[row]
	}
	unstamped := table{name: "Events"}
	for range 6 {
		unstamped.add(time.Hour, -1)
	}
	const want = "[0 2 3 4]"
	later := simulator.Change{At: at.Add(time.Hour), Column: "N", Kind: simulator.Vanishes}
	for name, base := range map[string]simulator.Table{
		"events": events(6), "unstamped events": unstamped, "state": state{events(6)},
	} {
		for _, tab := range []simulator.Table{simulator.Living(base, life), simulator.Changing(simulator.Living(base, life), later)} {
			s := start(t, simulator.Options{Tables: []simulator.Table{tab}})
			queries := []string{"Events"}
			if base.TimeColumn() != "" {
				queries = append(queries, "Events | where Timestamp >= datetime(2026-11-22) and Timestamp < datetime(2026-11-23)")
			}
			for _, query := range queries {
				got := numbers(t, s, query, "N")
				slices.Sort(got)
				if fmt.Sprint(got) != want {
					t.Errorf("%s: %s: rows %v, want %s", name, query, got, want)
				}
			}
			var rows []int
			for i := range simulator.Rows(tab, at) {
				rows = append(rows, i)
			}
			if fmt.Sprint(rows) != want {
				t.Errorf("%s: Rows are %v, want %s", name, rows, want)
			}
		}
	}
}
