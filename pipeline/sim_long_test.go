package pipeline_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/writers/buckettest"
)

var long = flag.Bool("long", false, "run TestLong, which takes minutes")

// The months of TestLong: a backfill of what the source still has, then ninety days as run --watch makes them.
const (
	longTables = 20
	longDays   = 90
	longEvery  = 4 * time.Hour
	longRows   = 600 // of a table in a day
	longBatch  = 25  // rows that are ingested together
	longCap    = 500 // rows of an answer
)

// Twenty tables under the budgets of ten calls a minute, ten minutes of run time an hour and four hours a day: the
// backfill of thirty days takes no longer than the budgets ask for, within a tenth; ninety days of late rows, changing
// columns, faults and crashes later the lake holds every row once.
func TestLong(t *testing.T) {
	if !*long {
		t.Skip("it runs with -long")
	}
	bubble(t, func(t *testing.T) {
		debug.SetGCPercent(100) // bubble sets it back
		s, changes := newLong(t)
		s.backfill(t)
		s.serveLong(t, changes)
		s.fate, s.call = longFate, longCall
		s.watch(t, start.Add(longDays*24*time.Hour))
		s.rest(t)
		s.judge(t)
	})
}

// newLong makes the world of TestLong.
func newLong(t *testing.T) (*sim, map[string][]simulator.Change) {
	t.Helper()
	var source []*script
	changes := map[string][]simulator.Change{}
	for i := range longTables {
		name := fmt.Sprintf("Table%02d", i)
		unstamped := 0.0
		if i%10 == 3 {
			unstamped = 0.3
		}
		source = append(source, newBatches(name, uint64(i), unstamped))
		if i%4 == 0 {
			at := func(day int) partition.Tick {
				return partition.TickOf(start.Add(time.Duration(day+i) * 24 * time.Hour))
			}
			changes[name] = []simulator.Change{
				{At: at(5), Column: "Coming", Kind: simulator.Appears},
				{At: at(20), Column: "Going", Kind: simulator.Vanishes},
				{At: at(40), Column: "Turning", Kind: simulator.Retyped, Type: "String"},
			}
		}
	}
	s := newSim(t, 1, source, changes)
	s.opts.OneShot, s.opts.Caps = false, partition.Caps{Rows: longCap, Bytes: 49_000_000}
	s.opts.Tables[7].Cursor = pipeline.ByTimestampOnly
	s.quota = hunting.QuotaOptions{CallsPerMinute: 10, RunTimePerHour: 10 * time.Minute, RunTimePerDay: 4 * time.Hour}
	s.serveLong(t, changes)
	return s, changes
}

// serveLong begins the service anew, with nothing spent. What a call costs is nearly all in what it brings, as it is
// where tables are a thousand times as large.
func (s *sim) serveLong(t *testing.T, changes map[string][]simulator.Change) {
	t.Helper()
	s.serve(t, s.tables(changes), simulator.Limits{CallsPerMinute: 10, CallsPerHour: -1, RunTimePerHour: 10 * time.Minute, RunTimePerDay: 4 * time.Hour},
		simulator.CostModel{Fixed: time.Second, PerMillionRows: time.Second, PerMegabyte: 160 * time.Second})
}

// newBatches writes the rows of a table as services ingest them: some at a time, soon after they happened, a few hours
// or a day late.
func newBatches(name string, seed uint64, unstamped float64) *script {
	r := rand.New(rand.NewPCG(seed, 2))
	w := weather{tail: 26 * time.Hour, behind: 0.01, twins: 0.005}
	s := &script{name: name}
	from := start.Add(-31 * 24 * time.Hour)
	days := 31 + longDays - 1
	for id := int64(1); id < int64(days*longRows); {
		batch := partition.TickOf(from.Add(time.Duration(r.Int64N(int64(days) * int64(24*time.Hour)))))
		for range longBatch {
			late := time.Minute
			if r.IntN(50) == 0 {
				late = w.lateness(r)
			}
			row := scriptRow{id: id, at: batch.Add(-late) - partition.Tick(r.IntN(int(partition.Minute))), stamp: batch, shown: batch}
			id++
			s.add(r, w, row, r.Float64() < unstamped)
		}
	}
	return s
}

func longFate(s buckettest.Step) (f buckettest.Fate) {
	switch luck := s.Luck >> 8 % 100_000; {
	case luck < 40:
		f.Fault = []buckettest.Fault{buckettest.Before, buckettest.After, buckettest.Echo, buckettest.Half}[luck%4]
	case luck < 42 && durable(s.Kind):
		f.Crash = true
	}
	return f
}

func longCall(number int, luck uint64) simulator.Fault {
	if luck%1000 < 5 {
		return (&scenario{trouble: trouble{calls: 10_000}}).call(number, luck)
	}
	return simulator.Fault{}
}

// watch runs as run --watch does until an instant, and begins a new process when one has ended.
func (s *sim) watch(t *testing.T, until time.Time) {
	t.Helper()
	for n := 1; s.now().Before(until); n++ {
		m := s.machine(t, fmt.Sprintf("watch%d", n))
		for s.now().Before(until) && !m.process.Dead() {
			_ = s.once(m, longEvery)
		}
	}
}

// once is one turn of run --watch.
func (s *sim) once(m *machine, every time.Duration) error {
	next := s.now().Add(every)
	_, err := m.Run(m.ctx)
	var quota *hunting.QuotaError
	if errors.As(err, &quota) {
		next = quota.Until
	}
	time.Sleep(next.Sub(s.now()))
	return err
}

// backfill exports what the source has at the start, and holds the time that it took against what the budgets ask for.
func (s *sim) backfill(t *testing.T) {
	t.Helper()
	m := s.machine(t, "backfill")
	for n := 0; s.once(m, 0) != nil; n++ {
		if n == 1000 {
			t.Fatal("the backfill does not end")
		}
	}
	var calls, rows int
	var ran time.Duration
	var ended time.Time
	sum := map[string]time.Duration{}
	for _, c := range s.service.Calls() {
		sum[callKind(c.Query)] += c.RunTime
		if from, data := dataFrom(c.Query); data && c.Status == 200 && from < partition.TickOf(start)-10*partition.Minute {
			calls, rows, ran, ended = calls+1, rows+c.Rows, ran+c.RunTime, c.At.Add(c.RunTime)
		}
	}
	ideal := (rows + longCap - 1) / longCap
	ran -= time.Duration(calls-ideal) * time.Second // those that an ideal exporter would not have needed
	bound := max(time.Duration(ideal)*time.Minute/10, ran*6)
	took := ended.Sub(start)
	t.Logf("backfill of %d rows: %d calls for rows, %d needed; %v of run time needed, %v spent; %v, the bound is %v (%.3f)", rows, calls, ideal, ran, sum, took, bound, float64(took)/float64(bound))
	if float64(took) > 1.1*float64(bound) {
		t.Errorf("the backfill took %v, more than a tenth over the %v that the budgets ask for", took, bound)
	}
}

// dataFrom is where the slice of a call for rows begins.
func dataFrom(query string) (partition.Tick, bool) {
	if callKind(query) != "rows" {
		return 0, false
	}
	_, rest, _ := strings.Cut(query, "datetime(")
	text, _, _ := strings.Cut(rest, ")")
	from, err := partition.ParseTick(text)
	return from, err == nil
}

// callKind is what a call asks for.
func callKind(query string) string {
	switch {
	case strings.Contains(query, "summarize"):
		return "sums"
	case strings.HasSuffix(query, "| count"):
		return "count"
	case strings.Contains(query, "| take "):
		return "sample"
	}
	return "rows"
}
