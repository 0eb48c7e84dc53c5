package pipeline_test

import (
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/schema"
	"huntlake/writers/buckettest"
)

// standing is a source table that holds a state. Its rows only come, or only go: counts that agree before and after a
// reading then prove that it saw one instant, which is all that a service without a view across calls allows.
type standing struct{ *script }

func (standing) TimeColumn() string                    { return "" }
func (standing) Columns(partition.Tick) []schema.Field { return scriptColumns[1:stable] }
func (standing) Time(int) partition.Tick               { return partition.NoTick }
func (standing) Ingested(int) partition.Tick           { return partition.NoTick }

// standing makes the scenario's table. Its rows come or go in a few bursts, which are when the actors are likely to read.
func (c *scenario) standing(name string, draw *rand.Rand) standing {
	s := standing{&script{name: name}}
	var bursts []time.Time
	for range 1 + draw.IntN(5) {
		at := time.Duration(draw.Int64N(int64(c.life)))
		if c.inStep > 0 {
			at = at.Truncate(c.inStep)
		}
		bursts = append(bursts, start.Add(at))
	}
	length := []time.Duration{10 * time.Second, time.Minute, 10 * time.Minute}[draw.IntN(3)]
	growing := draw.IntN(2) == 0
	for id := range int64(c.weather.rows) {
		row := scriptRow{id: id, shown: partition.TickOf(start.Add(-48 * time.Hour))}
		at := partition.TickOf(bursts[draw.IntN(len(bursts))].Add(time.Duration(draw.Int64N(int64(length)))))
		switch changes := id%3 == 0; {
		case changes && growing:
			row.shown = at
		case changes:
			row.gone = at
		}
		s.rows = append(s.rows, row)
	}
	return s
}

// ids are the rows that are there at an instant.
func (s standing) ids(at partition.Tick) (ids []int64) {
	for _, r := range s.rows {
		if r.shown <= at && (r.gone == 0 || at < r.gone) {
			ids = append(ids, r.id)
		}
	}
	return ids
}

// stood reports whether the rows were all there was at one instant between two.
func (s standing) stood(ids []int64, from, to partition.Tick) bool {
	instants := []partition.Tick{from}
	for _, r := range s.rows {
		instants = append(instants, r.shown, r.gone)
	}
	return slices.ContainsFunc(instants, func(at partition.Tick) bool {
		return at >= from && at <= to && slices.Equal(s.ids(at), ids)
	})
}

// album holds the snapshots that readers see against the source, at every change of what they see.
type album struct {
	now    func() partition.Tick
	source standing
	fault  func(format string, args ...any)

	mu   sync.Mutex
	days map[string]string // by dt: the key of its file
	last buckettest.Effect // the newest file
}

// watch is told of every change of the store.
func (a *album) watch(e buckettest.Effect) {
	if path.Ext(e.Key) != ".parquet" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if e.Content == nil {
		a.fault("%v: %s deletes %s, which readers see", a.now(), e.Process, e.Key)
		return
	}
	if err := a.add(e); err != nil {
		a.fault("%v: %s writes %s: %v", a.now(), e.Process, e.Key, err)
	}
}

// add wants a whole state, of some instant from the beginning of its day on, and the only one of its day.
func (a *album) add(e buckettest.Effect) error {
	_, dt, _ := strings.Cut(e.Key, "/dt=")
	dt, _, _ = strings.Cut(dt, "/")
	day, err := time.Parse(time.DateOnly, dt)
	if err != nil {
		return err
	}
	if other, ok := a.days[dt]; ok {
		return fmt.Errorf("the day has %s already", other)
	}
	a.days[dt], a.last = e.Key, e
	var ids []int64
	err = decodeFile(e.Content, func(row fileRow) error {
		id := row.int("ReportId") - idBase
		at := slices.IndexFunc(a.source.rows, func(r scriptRow) bool { return r.id == id })
		if at < 0 {
			return fmt.Errorf("row %d is not in the source", id)
		}
		ids = append(ids, id)
		return row.compareStable(a.source.rows[at])
	})
	if err != nil {
		return err
	}
	slices.Sort(ids)
	if from := partition.TickOf(day); !a.source.stood(ids, from, a.now()) {
		return fmt.Errorf("its %d rows were at no instant all there was; now there are %d", len(ids), len(a.source.ids(a.now())))
	}
	return nil
}

// snapshots makes the world of the scenario with a table that holds a state in place of its others.
func (c *scenario) snapshots(t *testing.T, seed uint64) (*sim, *album) {
	t.Helper()
	source := c.standing("State", rand.New(rand.NewPCG(seed, 2)))
	s := newSim(t, seed, nil, nil)
	a := &album{now: s.oracle.now, source: source, fault: s.oracle.fault, days: map[string]string{}}
	s.store = buckettest.NewStore(a.watch)
	opts := c.opts
	opts.Now, opts.Program, opts.Caps.Bytes = s.opts.Now, s.opts.Program, s.opts.Caps.Bytes
	opts.Tables = []pipeline.Table{{
		Table:  partition.Table{Name: source.name},
		Source: hunting.Source{Name: source.name, Keys: []string{"ReportId", "DeviceId"}},
	}}
	s.opts, s.quota = opts, c.quota
	s.serve(t, []simulator.Table{source}, c.limits, simulator.CostModel{})
	s.fate, s.call = c.fate, c.call
	return s, a
}

// Every seed has one table of states, and what else it draws. A day has one snapshot or none, each is the state of one
// instant, whole, at every moment; and as soon as nothing goes wrong any more, a day has one.
func TestSoakSnapshots(t *testing.T) {
	n := *seedCount
	if testing.Short() {
		n = min(n, 20)
	}
	bubble(t, func(t *testing.T) {
		published := 0
		for i := range n {
			seed := *firstSeed + uint64(i)
			c := newScenario(seed)
			s, a := c.snapshots(t, seed)
			var group sync.WaitGroup
			for i := range c.actors {
				group.Go(func() { c.live(t, s, string(rune('a'+i))) })
			}
			group.Wait()
			s.rest(t)
			today := s.now().UTC().Format(time.DateOnly)
			s.runToEnd(t, s.machine(t, "last"))
			if published += len(a.days); a.days[today] == "" {
				a.fault("no snapshot of %s, when nothing went wrong; there are %v", today, a.days)
			}
			if len(s.oracle.faults) > 0 {
				s.judge(t)
				t.Fatalf("seed %d (%s); replay it with: go test ./pipeline -run SoakSnapshots -first %d -seeds 1", seed, strings.Join(c.with, ", "), seed)
			}
		}
		t.Logf("%d snapshots of %d seeds", published, n)
	})
}

// The album notices a second file of a day, and a file that lacks a row, or has one that is not in the source, or was gone
// when the day began.
func TestAlbumNotices(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, a := newScenario(1).snapshots(t, 1)
		s.fate, s.call = nil, nil
		s.runToEnd(t, s.machine(t, "a"))
		file := a.last
		if err := a.add(file); err == nil || !strings.Contains(err.Error(), "the day has") {
			t.Errorf("the same day twice: %v", err)
		}
		for name, change := range map[string]func(rows []scriptRow) []scriptRow{
			"lacks a row":       func(rows []scriptRow) []scriptRow { return append(rows, scriptRow{id: 1 << 20}) },
			"has a strange row": func(rows []scriptRow) []scriptRow { rows[1].id = 1 << 20; return rows },
			"has a gone row":    func(rows []scriptRow) []scriptRow { rows[1].gone = 1; return rows },
		} {
			other := &album{now: a.now, source: standing{&script{rows: change(slices.Clone(a.source.rows))}}, days: map[string]string{}}
			if err := other.add(file); err == nil {
				t.Errorf("a file that %s is taken", name)
			}
		}
		s.judge(t)
	})
}
