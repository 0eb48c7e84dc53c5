package pipeline_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
)

// slowly runs again and again under a quota of a few calls an hour, whenever it lets one through, until a run comes to
// its end. It returns how many runs that took.
func (w *world) slowly(callsPerHour, most int) (runs int) {
	w.t.Helper()
	w.opts.Parallel = 1 // of tasks that want the hour's only call at once, any may have it
	var err error
	if w.quota, err = hunting.NewQuota(hunting.QuotaOptions{CallsPerHour: callsPerHour, Now: w.now}); err != nil {
		w.t.Fatal(err)
	}
	for runs = 1; runs <= most; runs++ {
		_, err := w.exporter().Run(w.t.Context())
		var spent *hunting.QuotaError
		if err == nil {
			return runs
		}
		if !errors.As(err, &spent) {
			w.t.Fatal(err)
		}
		w.pass(spent.Until.Sub(w.now()))
	}
	calls := w.service.Calls()
	for _, c := range calls[max(0, len(calls)-5):] {
		w.t.Log(c.At.Format(time.DateTime), c.Status, c.Rows, c.Query)
	}
	w.t.Fatalf("no end after %d runs", most)
	return runs
}

// Where the quota lets so few calls through that floors pass while slices wait, what has expired is a gap, what has not
// is read, and it comes to an end.
func TestFloorsPassWhileSlicesWait(t *testing.T) {
	table := generate(t, 400, "DeviceProcessEvents")[0]
	w := newWorld(t, []simulator.Table{table})
	w.opts.Caps.Rows = 40
	runs := w.slowly(1, 200)
	w.quota = nil
	v, err := w.exporter().Verify(t.Context())
	if err != nil || len(v.Tables[0].Differences) > 0 {
		t.Errorf("verify: %v %+v", err, v)
	}
	gaps := v.Tables[0].Gaps
	if len(gaps) == 0 {
		t.Fatal("nothing has expired")
	}
	w.compare(table, func(r simulator.Row) bool {
		for _, g := range gaps {
			if g.Slice.Contains(r.Time, r.Ingested) && r.Time < g.Below {
				return false
			}
		}
		return exported(start.Add(2 * time.Hour))(r) // the probe and the sample take an hour each
	})
	last := gaps[len(gaps)-1]
	t.Logf("%d runs, %d gaps, the last below %v", runs, len(gaps), last.Below)
}

// A slice that was planned by an earlier run is not counted again for a floor that has passed, unless it holds rows that
// have expired.
func TestNoCountForRowsThatStay(t *testing.T) {
	table, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 6, Tables: []string{"DeviceProcessEvents"}, Rows: 300, Start: start.AddDate(0, 0, -20), End: start.AddDate(0, 0, -1),
	})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, table)
	w.opts.Caps.Rows = 60
	if runs := w.slowly(1, 30); runs < 8 {
		t.Fatalf("%d runs, each of which waits an hour", runs)
	}
	for _, c := range w.service.Calls() {
		if strings.HasSuffix(c.Query, "| count") {
			t.Errorf("counted again: %s", c.Query)
		}
	}
	w.compare(table[0], func(simulator.Row) bool { return true })
}

var sliceStart = regexp.MustCompile(`ingestion_time\(\) >= datetime\(([^)]*)\)`)

// What expires first is read first, whichever table it is of: under a quota that takes a backfill hours, no table waits
// for another, and nothing is lost but the edge that expired before its first call.
func TestWhatExpiresFirstIsReadFirst(t *testing.T) {
	tables := generate(t, 900, "DeviceProcessEvents", "EmailEvents")
	w := newWorld(t, tables)
	w.opts.Caps.Rows = 30
	w.slowly(12, 50)
	last := map[string]partition.Tick{}
	for _, c := range w.service.Calls() {
		start := sliceStart.FindStringSubmatch(c.Query)
		if start == nil || !strings.Contains(c.Query, "extend _IngestionTime") {
			continue
		}
		at, err := partition.ParseTick(start[1])
		if err != nil {
			t.Fatal(err)
		}
		table, _, _ := strings.Cut(c.Query, " ")
		last[table] = at
		for other, read := range last {
			if max(at, read)-min(at, read) > 4*partition.Day { // a slice is a day or so long
				t.Fatalf("%s is read from %v on, %s has come to %v", table, at, other, read)
			}
		}
	}
	if len(last) != 2 {
		t.Errorf("rows of %d tables were asked for", len(last))
	}
	w.quota = nil
	v, err := w.exporter().Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	edge := partition.TickOf(start) - 30*partition.Day + 3*partition.Hour
	for _, table := range v.Tables {
		for _, g := range table.Gaps {
			if g.Below > edge {
				t.Errorf("%s: rows up to %v are lost: %s", table.Table, g.Below, g.Why)
			}
		}
	}
}

// What is read again may have expired in part while it waited: what comes of it late is read all the same, and nothing is
// given up that the lake has.
func TestReadAgainAfterPartHasExpired(t *testing.T) {
	hour := partition.TickOf(start.AddDate(0, 0, -29)).Floor(partition.Day) + 2*partition.Hour // of the first day that a verify compares
	at := func(minute int64) partition.Tick { return hour + partition.Tick(minute)*partition.Minute }
	later := partition.TickOf(start.Add(30 * time.Minute))
	for _, c := range []struct {
		name string
		late []int64 // minutes of the hour
		caps int64
		gap  int64 // rows
	}{
		{"late rows that are there", []int64{55, 56}, 99_999, 0},
		{"late rows of which one is gone", []int64{5, 55, 56}, 99_999, 1},
		{"late rows that are gone", []int64{5, 6}, 99_999, 2},
		{"in parts", []int64{5, 55, 56}, 4, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := &script{name: "Alpha"}
			for minute := int64(1); minute < 60; minute += 6 {
				src.put(minute, minute+1, at(minute), at(minute))
			}
			for i, minute := range c.late {
				src.rows = append(src.rows, scriptRow{id: 100 + int64(i), at: at(minute), stamp: at(minute), shown: later})
			}
			w := newWorld(t, []simulator.Table{src})
			w.run()
			w.opts.Caps.Rows = c.caps
			w.pass(time.Hour)
			if _, err := w.exporter().Repair(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.pass(hour.Time().AddDate(0, 0, 30).Add(10 * time.Minute).Sub(w.now())) // the edge is ten minutes into the hour
			w.run()
			w.pass(25 * time.Hour)
			w.run()
			w.holdsOnce(10 + len(c.late) - int(c.gap))
			var lost int64
			state(w, "Alpha").View(func(s *checkpoint.State) {
				for _, g := range s.Gaps {
					if g.Rows == nil {
						t.Errorf("a gap of nobody knows how many rows: %+v", g)
						continue
					}
					lost += *g.Rows
				}
				for _, hours := range s.Changed {
					t.Errorf("hours that have changed: %v", hours)
				}
			})
			if lost != c.gap {
				t.Errorf("%d rows are given up, want %d", lost, c.gap)
			}
		})
	}
}
