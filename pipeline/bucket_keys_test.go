package pipeline_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
)

// burst is rows that share one instant, five hours before the world begins, of which some come late; and a few others.
func burst(early, late int64, when time.Time) *script {
	src := &script{name: "Alpha"}
	at, shown := partition.TickOf(start.Add(-5*time.Hour)), partition.TickOf(when)
	src.put(0, early, at, at)
	src.put(early, early+late, at, shown)
	src.put(early+late, early+late+5, shown, shown)
	return src
}

// put adds rows of one instant, with the ids [from, to), which are shown from another instant on.
func (s *script) put(from, to int64, at, shown partition.Tick) {
	for id := from; id < to; id++ {
		s.rows = append(s.rows, scriptRow{id: id, at: at, stamp: at, shown: shown})
	}
}

// holdsOnce fails the test unless the lake holds so many rows, each once.
func (w *world) holdsOnce(want int) {
	w.t.Helper()
	rows := w.lake("Alpha")
	for row, n := range rows {
		if n > 1 {
			w.t.Errorf("%d times: %q", n, row)
		}
	}
	if len(rows) != want {
		w.t.Errorf("%d different rows in the lake, want %d; verify: %s", len(rows), want, w.differences())
	}
}

// An instant that has grown is read again in buckets. Its rows in the lake must lie in the same bucket there as at the
// source, whatever the buckets of its first reading were chosen by, and whatever has become of the columns since.
func TestGrownInstantInBuckets(t *testing.T) {
	when := start.Add(30 * time.Minute)
	change := func(column string, kind simulator.ChangeKind, to string) func(simulator.Table) simulator.Table {
		return func(table simulator.Table) simulator.Table {
			return simulator.Changing(table, simulator.Change{At: partition.TickOf(when), Column: column, Kind: kind, Type: to})
		}
	}
	for _, c := range []struct {
		name       string
		caps       int64 // rows of an answer
		keys, then []string
		change     func(simulator.Table) simulator.Table
	}{
		{name: "nothing changes", caps: 30},
		{name: "a column comes", caps: 30, change: change("Going", simulator.Appears, "")},
		{name: "a column comes after a reading as a whole", caps: 75, change: change("Going", simulator.Appears, "")},
		{name: "a key is retyped", caps: 30, keys: []string{"Turning"}, then: []string{"Turning"}, change: change("Turning", simulator.Retyped, "String")},
		{name: "a key becomes one that is not printed here", caps: 30, keys: []string{"Turning"}, then: []string{"Turning"}, change: change("Turning", simulator.Retyped, "Double")},
		{name: "a key that is not printed here", caps: 30, keys: []string{"Flag", "DeviceId"}, then: []string{"Flag", "DeviceId"}},
		{name: "another version has other keys", caps: 10, keys: []string{"Going"}, then: []string{"ReportId", "Going"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var table simulator.Table = burst(70, 10, when)
			if c.change != nil {
				table = c.change(table)
			}
			w := newWorld(t, []simulator.Table{table})
			w.opts.Caps.Rows, w.opts.Tables[0].Source.Keys = c.caps, c.keys
			w.run()
			w.pass(time.Hour)
			w.opts.Tables[0].Source.Keys = c.then
			for range 3 {
				w.run()
				w.pass(25 * time.Hour)
			}
			w.holdsOnce(85)
		})
	}
}

// A column that is away while an hour is read, and has come back when it is read again, makes none of its rows another:
// those that come late are found, of one that changes in place too only that one is another.
func TestColumnIsAwayAtFirst(t *testing.T) {
	for _, c := range []struct {
		name string
		caps int64
		keys []string
	}{
		{"as a whole", 99_999, nil},
		{"in buckets, by what there is", 30, nil},
		{"in buckets, by the column that was away", 30, []string{"Going"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := &script{name: "Alpha"}
			before, at := partition.TickOf(start.Add(-26*time.Hour)), partition.TickOf(start.Add(5*time.Minute))
			src.put(0, 10, before, before)
			src.put(10, 80, at, at)
			src.put(80, 90, at, partition.TickOf(start.Add(3*time.Hour)))
			src.put(90, 92, at+partition.Hour, at+partition.Hour)
			src.put(92, 94, at+partition.Hour, partition.TickOf(start.Add(3*time.Hour)))
			src.rows[90].gone = src.rows[92].shown // as if it became row 92
			w := newWorld(t, []simulator.Table{simulator.Changing(src, simulator.Change{
				At: partition.TickOf(start.Add(time.Minute)), Until: partition.TickOf(start.Add(150 * time.Minute)), Column: "Going", Kind: simulator.Vanishes,
			})})
			w.opts.Caps.Rows, w.opts.Tables[0].Source.Keys = c.caps, c.keys
			w.run()
			for range 3 {
				w.pass(2 * time.Hour)
				w.run()
			}
			hour := (at + partition.Hour).Floor(partition.Hour)
			want := fmt.Sprintf("stamped rows of hour %v: 2 have changed at the source since that hour was read; the lake keeps them as they were", hour)
			if got := w.differences(); got != want {
				t.Errorf("verify says %q, want %q", got, want)
			}
			w.pass(25 * time.Hour)
			w.run()
			w.holdsOnce(92)
		})
	}
}

// arriving is rows that are shown later than they were ingested.
type arriving struct {
	*made
	shown []partition.Tick
}

func (a arriving) Arrived(row int) partition.Tick { return a.shown[row] }

// Rows that differ in a column alone that came after their hour was read first are told apart by it, where both readings
// that are compared have it.
func TestTwinsInNewColumn(t *testing.T) {
	early, at := partition.TickOf(start.Add(-30*time.Minute)), partition.TickOf(start.Add(-5*time.Minute))
	first, late := partition.TickOf(start.Add(10*time.Minute)), partition.TickOf(start.Add(90*time.Minute))
	m := arriving{made: newMade("Alpha", "DeviceId:String Going:String")}
	add := func(at partition.Tick, going string, shown partition.Tick) {
		m.shown = append(m.shown, shown)
		m.add(at, at, kql.OfString("device"), kql.OfString(going))
	}
	add(early, "", early)
	for i := range 6 { // of the twins, every other comes late
		add(at, fmt.Sprint("row ", i), []partition.Tick{late, first}[i%2])
	}
	w := newWorld(t, []simulator.Table{simulator.Changing(m, simulator.Change{
		At: partition.TickOf(start.Add(5 * time.Minute)), Column: "Going", Kind: simulator.Appears,
	})})
	w.run()
	w.pass(time.Hour)
	w.run()
	w.pass(time.Hour)
	w.run()
	w.pass(25 * time.Hour)
	w.run()
	w.holdsOnce(7)
}

// A key column that is gone chooses no more buckets: the source would refuse the question for ever.
func TestKeyIsGoneBeforeSplit(t *testing.T) {
	src := burst(5, 0, start.Add(40*time.Minute))
	at := partition.TickOf(start.Add(2 * time.Hour))
	src.put(100, 170, at, at)
	w := newWorld(t, []simulator.Table{simulator.Changing(src, simulator.Change{
		At: partition.TickOf(start.Add(30 * time.Minute)), Column: "Going", Kind: simulator.Vanishes,
	})})
	w.opts.Caps.Rows, w.opts.Tables[0].Source.Keys = 10, []string{"ReportId", "DeviceId", "Going"}
	for range 3 {
		w.run()
		w.pass(time.Hour + 30*time.Minute)
	}
	w.pass(25 * time.Hour)
	w.run()
	w.holdsOnce(80)
}

// A key column may go before any answer tells of it, or while some buckets have been read and others not. What is left is
// read by the columns that are left, and nothing is given up.
func TestKeyIsGone(t *testing.T) {
	for _, c := range []struct {
		name string
		read int // buckets that are read before
	}{{"before the first answer", 0}, {"between buckets", 3}, {"before the last bucket", 9}} {
		t.Run(c.name, func(t *testing.T) {
			src := burst(5, 0, start.Add(-2*time.Hour))
			at := partition.TickOf(start.Add(2 * time.Hour))
			src.put(100, 170, at, at)
			src.put(200, 205, at+1, at+1)
			var w *world
			read := 0
			w = newWorld(t, []simulator.Table{simulator.Changing(src, simulator.Change{
				At: partition.TickOf(start.Add(3 * time.Hour)), Column: "Going", Kind: simulator.Vanishes,
			})}, func(o *simulator.Options) {
				o.Faults = func(_ int, query string) simulator.Fault {
					if strings.Contains(query, "hash") && isDataQuery(query) {
						if read++; read == c.read {
							w.pass(time.Hour)
						}
					}
					return simulator.Fault{}
				}
			})
			w.opts.Caps.Rows, w.opts.Parallel, w.opts.Tables[0].Source.Keys = 10, 1, []string{"ReportId", "Going"}
			w.run()
			w.pass(2*time.Hour + 30*time.Minute)
			if c.read == 0 {
				w.pass(time.Hour)
			}
			w.run()
			if c.read > 0 && w.now().Before(start.Add(3*time.Hour)) {
				t.Fatalf("the column is not gone after %d buckets", read)
			}
			w.pass(25 * time.Hour)
			w.run()
			w.holdsOnce(85)
			if got := w.differences(); got != "" {
				t.Errorf("verify says %q", got)
			}
			state(w, "Alpha").View(func(s *checkpoint.State) {
				if c.read == 0 && len(s.Gaps) > 0 {
					t.Errorf("gaps: %+v", s.Gaps)
				}
				for _, change := range s.Changes {
					if change.Kind == schema.Gone && change.Column != "Going" {
						t.Errorf("column %s is gone", change.Column)
					}
				}
				for _, g := range s.Gaps {
					if g.Rows == nil || *g.Rows != 0 {
						t.Errorf("rows are given up: %+v", g)
					}
				}
			})
		})
	}
}

// Buckets are recorded with the columns that they were counted by, though another answer brings one more meanwhile.
func TestColumnComesWhileBucketsAreCounted(t *testing.T) {
	src := burst(30, 0, start.Add(3*time.Hour))
	at := partition.TickOf(start.Add(2 * time.Hour))
	src.put(100, 170, at, at)
	for id := int64(200); id < 230; id++ {
		at := partition.TickOf(start.Add(3*time.Hour + time.Duration(id)*time.Second))
		src.put(id, id+1, at, at)
	}
	var w *world
	counting, evolved := make(chan struct{}), make(chan struct{})
	var once sync.Once
	armed := false
	await := func(c <-chan struct{}) {
		select {
		case <-c:
		case <-time.After(5 * time.Second): // the other call comes first, or no column comes: nothing to see
		}
	}
	w = newWorld(t, []simulator.Table{simulator.Changing(src, simulator.Change{
		At: partition.TickOf(start.Add(50*time.Hour + 30*time.Second)), Column: "Going", Kind: simulator.Appears,
	})}, func(o *simulator.Options) {
		o.Faults = func(_ int, query string) simulator.Fault {
			switch {
			case !armed:
			case strings.Contains(query, "by Bucket"):
				once.Do(func() {
					w.pass(time.Minute)
					close(counting)
					await(evolved)
				})
			case isDataQuery(query):
				await(counting)
			}
			return simulator.Fault{}
		}
	})
	w.opts.Caps.Rows, w.opts.Parallel, w.opts.Tables[0].Source.Keys = 10, 2, nil
	w.run()
	w.pass(50 * time.Hour)
	armed = true
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
			for _, c := range w.columns("Alpha").Columns {
				if c.Source == "Going" {
					close(evolved)
					return
				}
			}
		}
	}()
	w.run()
	w.holdsOnce(135)
}
