package pipeline_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zeebo/xxh3"

	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/writers/buckettest"
)

var (
	seedCount = flag.Int("seeds", 100, "how many seeds TestSoak runs")
	firstSeed = flag.Uint64("first", 1, "the first seed of TestSoak")
	onlySeed  = flag.Uint64("seed", 0, "the only seed that TestSoak runs")
)

// scenario is what a seed makes of a simulation, before it begins.
type scenario struct {
	draw    *rand.Rand
	with    []string // the features drawn
	tables  int
	weather weather
	changes []simulator.Change // of every table
	opts    pipeline.Options
	life    time.Duration // how long faults go on
	actors  int
	inStep  time.Duration // the actors begin together, so often; 0: each when it likes
	trouble trouble
	limits  simulator.Limits
	quota   hunting.QuotaOptions
	upkeep  bool // verify and repair between the runs
}

// trouble is how much goes wrong, in operations of 10,000.
type trouble struct {
	store, crash, pause, calls int
	outages                    []partition.Span // of the store
	most                       time.Duration    // the longest pause
}

// features are what seeds combine. Whatever a table or a service may do belongs here.
var features = []struct {
	name  string
	share float64
	add   func(*scenario)
}{
	{"both streams", 0.3, func(c *scenario) { c.weather.unstamped = 0.4 }},
	{"by timestamp", 0.15, func(c *scenario) { c.each(func(t *pipeline.Table) { t.Cursor = pipeline.ByTimestampOnly }) }},
	{"late rows", 0.5, func(c *scenario) { c.weather.tail = time.Duration(1+c.draw.IntN(24)) * time.Hour }},
	{"rows behind their stamps", 0.3, func(c *scenario) { c.weather.behind = 0.1 }},
	{"bursts", 0.4, func(c *scenario) { c.weather.bursts = 30 }},
	{"twins", 0.4, func(c *scenario) { c.weather.twins = 0.1 }},
	{"deleted rows", 0.15, func(c *scenario) { c.weather.deleted = 0.05 }},
	{"changed rows", 0.15, (*scenario).changing},
	{"many tables", 0.2, func(c *scenario) { c.tables = 2 + c.draw.IntN(2) }},
	{"drift", 0.25, (*scenario).drift},
	{"several actors", 0.5, func(c *scenario) { c.actors = 2 + c.draw.IntN(2) }},
	{"in step", 0.7, func(c *scenario) { c.inStep = c.life / time.Duration(2+c.draw.IntN(4)) }},
	{"one claim for all", 0.5, func(c *scenario) { c.opts.Claim = "00000000000000aa" }}, // none keeps the others from working
	{"store faults", 0.5, func(c *scenario) { c.trouble.store = 20 + c.draw.IntN(200) }},
	{"store outages", 0.2, (*scenario).outages},
	{"crashes", 0.5, func(c *scenario) { c.trouble.crash = 5 + c.draw.IntN(60) }},
	{"pauses", 0.4, func(c *scenario) { c.trouble.pause, c.trouble.most = 5+c.draw.IntN(60), 12*time.Hour }},
	{"call faults", 0.5, func(c *scenario) { c.trouble.calls = 100 + c.draw.IntN(1500) }},
	{"a storm", 0.1, func(c *scenario) {
		c.trouble.store, c.trouble.crash, c.trouble.pause, c.trouble.calls, c.trouble.most = 400, 60, 60, 2500, 2*time.Hour
	}},
	{"limits", 0.15, func(c *scenario) { c.limits = simulator.Limits{CallsPerMinute: 6, CallsPerHour: 100} }},
	{"budgets", 0.15, func(c *scenario) { // calls that wait for the same instant take turns as they like, so there is only one
		c.quota, c.opts.Parallel = hunting.QuotaOptions{CallsPerMinute: 5, CallsPerHour: 60, RunTimePerHour: 4 * time.Minute}, 1
	}},
	{"one call at a time", 0.3, func(c *scenario) { c.opts.Parallel = 1 }},
	{"ripe days only", 0.3, func(c *scenario) { c.opts.OneShot, c.opts.MaxDelay = false, 6*time.Hour }},
	{"upkeep", 0.4, func(c *scenario) { c.upkeep = true }},
}

// newScenario draws what a seed stands for.
func newScenario(seed uint64) *scenario {
	draw := rand.New(rand.NewPCG(seed, 1))
	c := &scenario{
		draw: draw, tables: 1, actors: 1, life: time.Duration(30+draw.IntN(60)) * time.Hour,
		limits:  simulator.Limits{CallsPerMinute: -1, CallsPerHour: -1, RunTimePerHour: -1, RunTimePerDay: -1},
		weather: weather{rows: 30 + draw.IntN(100)},
		opts: pipeline.Options{
			Window: time.Duration(6+draw.IntN(60)) * time.Hour, Caps: partition.Caps{Rows: 8 + draw.Int64N(30)}, OneShot: true,
			Tables: make([]pipeline.Table, 3),
		},
	}
	for _, f := range features {
		if draw.Float64() < f.share {
			f.add(c)
			c.with = append(c.with, f.name)
		}
	}
	c.weather.from, c.weather.to = start.Add(-c.opts.Window-24*time.Hour), start.Add(c.life)
	return c
}

func (c *scenario) each(change func(*pipeline.Table)) {
	for i := range c.opts.Tables {
		change(&c.opts.Tables[i])
	}
}

// changing has rows change in place. Ticks that are read by buckets are left out: their keys change here too, and of that
// a bucket cannot know.
func (c *scenario) changing() { c.weather.changed, c.weather.bursts, c.weather.twins = 0.05, 0, 0 }

// drift has columns come, go and turn into others while the runs go on.
func (c *scenario) drift() {
	at := func() partition.Tick { return partition.TickOf(start.Add(time.Duration(c.draw.Int64N(int64(c.life))))) }
	to := "String"
	if c.draw.IntN(2) == 0 {
		to = "Double"
	}
	for _, change := range []simulator.Change{
		{At: at(), Column: "Coming", Kind: simulator.Appears},
		{At: at(), Column: "Going", Kind: simulator.Vanishes},
		{At: at(), Column: "Turning", Kind: simulator.Retyped, Type: to},
	} {
		if c.draw.IntN(2) == 0 {
			c.changes = append(c.changes, change)
		}
	}
}

// outages are times in which the store answers nobody.
func (c *scenario) outages() {
	for range 1 + c.draw.IntN(3) {
		from := partition.TickOf(start.Add(time.Duration(c.draw.Int64N(int64(c.life)))))
		c.trouble.outages = append(c.trouble.outages, partition.Span{
			Start: from, End: from.Add(time.Duration(1+c.draw.IntN(120)) * time.Minute), Width: 1,
		})
	}
}

// sim makes the world of the scenario.
func (c *scenario) sim(t *testing.T, seed uint64) *sim {
	t.Helper()
	var source []*script
	changes := map[string][]simulator.Change{}
	for i := range c.tables {
		name := []string{"Alpha", "Beta", "Gamma"}[i]
		source = append(source, newScript(name, seed+uint64(i)<<32, c.weather))
		changes[name] = c.changes
	}
	s := newSim(t, seed, source, changes)
	tables := s.opts.Tables
	for i := range tables {
		tables[i].Cursor = c.opts.Tables[i].Cursor
	}
	opts := c.opts
	opts.Now, opts.Program, opts.Tables, opts.Caps.Bytes = s.opts.Now, s.opts.Program, tables, s.opts.Caps.Bytes
	s.opts, s.quota = opts, c.quota
	s.serve(t, s.tables(changes), c.limits, simulator.CostModel{})
	s.fate, s.call = c.fate, c.call
	return s
}

// fate is what becomes of an operation.
func (c *scenario) fate(s buckettest.Step) (f buckettest.Fate) {
	at := partition.TickOf(s.At)
	for _, o := range c.trouble.outages {
		if at >= o.Start && at < o.End && s.Kind != "call" {
			f.Fault = buckettest.Before
		}
	}
	luck := s.Luck >> 8
	weight := 1
	if durable(s.Kind) {
		weight = 4 // most operations are reads
	}
	throw := func(share int) bool {
		hit := int(luck%10_000) < share*weight
		luck = xxh3.HashString(fmt.Sprint(luck))
		return hit
	}
	if throw(c.trouble.store) {
		f.Fault = []buckettest.Fault{buckettest.Before, buckettest.After, buckettest.Echo, buckettest.Half}[luck%4]
	}
	if throw(c.trouble.crash) {
		f.Crash = true
		f.Fault = []buckettest.Fault{buckettest.None, buckettest.Before}[luck%2]
	}
	if throw(c.trouble.pause) {
		f.Pause = time.Duration(luck % uint64(c.trouble.most))
	}
	return f
}

// call is what becomes of a call at the service.
func (c *scenario) call(_ int, luck uint64) simulator.Fault {
	if int(luck%10_000) >= c.trouble.calls {
		return simulator.Fault{}
	}
	faults := []simulator.Fault{
		simulator.FaultCallQuota(45, time.Minute, 30*time.Second), simulator.FaultThrottled(20 * time.Second),
		simulator.FaultCPUQuota(11 * time.Minute), simulator.FaultThrottledHTML(), simulator.FaultUnavailable(5 * time.Second),
		simulator.FaultInternal(), simulator.FaultTimeout(), simulator.FaultResultSize(), simulator.FaultPreempted(),
		simulator.FaultBadGateway(), simulator.FaultCut(1), simulator.FaultCut(150), simulator.FaultErrorInBody(),
		simulator.FaultHTML(), simulator.FaultUnauthorized(), {Hang: true}, {Drip: 20 * time.Second}, {Drip: 5 * time.Minute},
		{RowsFirst: true}, {ShuffleKeys: true}, {OmitNulls: true}, {Spaces: true, ShuffleKeys: true, RowsFirst: true},
	}
	return faults[luck>>16%uint64(len(faults))]
}

// live has an actor run the exporter, in one process after another, until the faults end.
func (c *scenario) live(t *testing.T, s *sim, name string) {
	t.Helper()
	draw := rand.New(rand.NewPCG(s.seed, xxh3.HashString(name)))
	for n := 1; s.now().Before(start.Add(c.life)); n++ {
		m := s.machine(t, fmt.Sprintf("%s%d", name, n))
		for range 1 + draw.IntN(3) {
			c.act(m, draw)
			_ = pass(t.Context(), c.rest(s, draw))
			if m.process.Dead() {
				break
			}
		}
	}
}

// rest is how long an actor does nothing.
func (c *scenario) rest(s *sim, draw *rand.Rand) time.Duration {
	if c.inStep == 0 {
		return time.Duration(draw.Int64N(int64(c.life * 2 / 5)))
	}
	return c.inStep - s.now().Sub(start)%c.inStep + time.Duration(draw.Int64N(int64(4*time.Second)))
}

// act is one thing that an actor does. What errors it meets is not judged: what is left behind is.
func (c *scenario) act(m *machine, draw *rand.Rand) {
	var work func(context.Context) error
	switch n := draw.IntN(10); {
	case c.upkeep && n == 0:
		work = func(ctx context.Context) error { _, err := m.Verify(ctx); return err }
	case c.upkeep && n < 3:
		work = func(ctx context.Context) error { _, err := m.Repair(ctx); return err }
	default:
		work = func(ctx context.Context) error { _, err := m.Run(ctx); return err }
	}
	ctx, cancel := context.WithCancel(m.ctx)
	defer cancel()
	if draw.IntN(10) == 0 { // interrupted
		stop := time.AfterFunc(time.Duration(draw.Int64N(int64(20*time.Second))), cancel)
		defer stop.Stop()
	}
	_ = work(ctx)
}

// soak runs one seed.
func soak(t *testing.T, seed uint64, traced bool) *sim {
	t.Helper()
	c := newScenario(seed)
	s := c.sim(t, seed)
	if traced {
		s.trace = []string{}
	}
	var group sync.WaitGroup
	for i := range c.actors {
		group.Go(func() { c.live(t, s, string(rune('a'+i))) })
	}
	group.Wait()
	s.rest(t)
	if len(s.oracle.faults) > 0 {
		t.Errorf("seed %d (%s); replay it with: go test ./pipeline -run Soak -seed %d", seed, strings.Join(c.with, ", "), seed)
	}
	s.judge(t)
	return s
}

// Every seed draws features, faults and their instants. Nothing is lost, nothing is there twice, at no moment.
func TestSoak(t *testing.T) {
	from, n := *firstSeed, *seedCount
	switch {
	case *onlySeed != 0:
		from, n = *onlySeed, 1
	case testing.Short():
		n = min(n, 20)
	}
	const together = 25 // seeds in a bubble: beginning one is not cheap, and its clock does not go on for ever
	for n > 0 {
		bubble(t, func(t *testing.T) {
			for range min(n, together) {
				soak(t, from, false)
				from++
				n--
			}
		})
		if t.Failed() {
			return
		}
	}
}

// Two runs of one seed are the same in every operation, its instant and its outcome: a failing seed fails again.
func TestSeedsRepeat(t *testing.T) {
	const from, n = 1, 8
	once := func() (traces [n][]string) {
		bubble(t, func(t *testing.T) {
			for i := range traces {
				traces[i] = soak(t, from+uint64(i), true).trace
				slices.Sort(traces[i]) // what ends with its ctx ends at one instant
			}
		})
		return traces
	}
	first, second := once(), once()
	for i := range first {
		if len(first[i]) < 200 {
			t.Errorf("seed %d: a trace of %d operations shows little", from+i, len(first[i]))
		}
		if at := differ(first[i], second[i]); at >= 0 {
			t.Fatalf("seed %d: operation %d of %d and %d differs:\n%s\n\n%s", from+i, at, len(first[i]), len(second[i]), around(first[i], at), around(second[i], at))
		}
	}
}

// differ is the first place at which two traces differ, or -1.
func differ(a, b []string) int {
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return i
		}
	}
	return -1
}

func around(trace []string, at int) string {
	return strings.Join(trace[min(max(at-25, 0), len(trace)):min(at+15, len(trace))], "\n")
}
