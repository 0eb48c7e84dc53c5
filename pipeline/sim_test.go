package pipeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zeebo/xxh3"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/writers/buckettest"
)

// A simulation is the whole program, the service, the store and the clock in one bubble of virtual time. Everything in
// it follows from one seed: every operation on the store and every call takes a time of its own, to the nanosecond, that
// follows from what it is (see buckettest.Process), so that between two instants only one chain of causes runs and the
// scheduler has nothing to decide.
type sim struct {
	seed    uint64
	began   time.Time // of the bubble
	source  []*script
	store   *buckettest.Store
	service *simulator.Service
	oracle  *oracle
	opts    pipeline.Options
	quota   hunting.QuotaOptions // of every process; the zero one: none is counted

	// What goes wrong; all of it is nil once the simulation is to come to rest.
	fate func(buckettest.Step) buckettest.Fate
	call func(number int, luck uint64) simulator.Fault

	mu    sync.Mutex
	trace []string // nil: none is kept
}

// bubble runs a simulation in virtual time. Decoders that libraries keep in pools hold channels, which must not go from
// one bubble to another, nor to the tests outside: two collections empty every pool. Goroutines that one begins at the
// same instant take their turns in the same order each time, as they have one processor.
func bubble(t *testing.T, run func(t *testing.T)) {
	t.Helper()
	drain := func() {
		runtime.GC()
		runtime.GC()
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(800)) // pools that are kept save most of the time
	drain()
	defer drain()
	synctest.Test(t, run)
}

// newSim makes a world in which nothing goes wrong, and whose tables change as changes say, by table.
func newSim(t *testing.T, seed uint64, source []*script, changes map[string][]simulator.Change) *sim {
	t.Helper()
	s := &sim{seed: seed, began: time.Now(), source: source}
	s.oracle = newOracle(func() partition.Tick { return partition.TickOf(s.now()) }, source...)
	s.store = buckettest.NewStore(s.oracle.watch)
	s.opts = pipeline.Options{
		Program: "huntlake/sim", Now: s.now, OneShot: true, Caps: partition.Caps{Rows: 20, Bytes: 49_000_000},
	}
	for _, src := range source {
		s.opts.Tables = append(s.opts.Tables, pipeline.Table{
			Table:  partition.Table{Name: src.name},
			Source: hunting.Source{Name: src.name, TimeColumn: "Timestamp", Stamp: true, Keys: []string{"ReportId", "DeviceId"}},
		})
	}
	s.serve(t, s.tables(changes), simulator.Limits{CallsPerMinute: -1, CallsPerHour: -1, RunTimePerHour: -1, RunTimePerDay: -1}, simulator.CostModel{})
	return s
}

// tables are what the service serves.
func (s *sim) tables(changes map[string][]simulator.Change) (tables []simulator.Table) {
	for _, src := range s.source {
		tables = append(tables, simulator.Changing(src, changes[src.name]...))
	}
	return tables
}

func (s *sim) serve(t *testing.T, tables []simulator.Table, limits simulator.Limits, cost simulator.CostModel) {
	t.Helper()
	var err error
	s.service, err = simulator.New(simulator.Options{
		Tables: tables, Now: s.now, Limits: limits, Cost: cost, Seed: s.seed, Wait: pass,
		Faults: func(number int, _ string) simulator.Fault {
			if s.call == nil {
				return simulator.Fault{}
			}
			return s.call(number, s.luck("call", number))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// pass lets time pass.
func pass(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *sim) now() time.Time { return start.Add(time.Since(s.began)) }

// luck is a number that follows from the seed and what it is for.
func (s *sim) luck(what string, n int) uint64 {
	return xxh3.HashStringSeed(fmt.Sprintf("%s %d", what, n), s.seed)
}

// machine is a process that runs an Exporter. It shares nothing with others but the store and the service.
type machine struct {
	*pipeline.Exporter
	process *buckettest.Process
	ctx     context.Context // of the process
}

// machine starts a process.
func (s *sim) machine(t *testing.T, name string) *machine {
	t.Helper()
	m := &machine{}
	m.process, m.ctx = buckettest.NewProcess(t.Context(), buckettest.ProcessOptions{
		Name: name, Seed: s.seed, Now: s.now, Least: 2 * time.Millisecond, Most: 80 * time.Millisecond, Strip: withoutNonce,
		Fate: func(step buckettest.Step) buckettest.Fate {
			if s.fate == nil || step.Kind == "ask" {
				return buckettest.Fate{}
			}
			return s.fate(step)
		},
		Trace: s.record,
	})
	opts := s.opts
	opts.Bucket = s.store.Open(m.process)
	draw := rand.New(rand.NewPCG(s.seed, xxh3.HashString(name)))
	var mu sync.Mutex
	opts.Nonce = func() string {
		mu.Lock()
		defer mu.Unlock()
		return fmt.Sprintf("%016x", draw.Uint64())
	}
	client := s.client(t, m.process, func() float64 {
		mu.Lock()
		defer mu.Unlock()
		return draw.Float64()
	})
	opts.Tenants = []pipeline.Tenant{client}
	var err error
	if m.Exporter, err = pipeline.New(opts); err != nil {
		t.Fatal(err)
	}
	return m
}

func (s *sim) client(t *testing.T, p *buckettest.Process, chance func() float64) pipeline.Tenant {
	t.Helper()
	credential, err := hunting.Credential("token", hunting.CredentialOptions{Token: hunting.NewSecret("a-token-of-the-tests")})
	if err != nil {
		t.Fatal(err)
	}
	budgets := s.quota
	budgets.Now = s.now
	quota, err := hunting.NewQuota(budgets)
	if err != nil {
		t.Fatal(err)
	}
	client, err := hunting.New(hunting.Options{
		Dialect: hunting.Graph, Credential: credential, Transport: wire{p, s.service.Transport()}, Now: s.now, Tenant: tenantID,
		Quota: quota, Chance: chance,
	})
	if err != nil {
		t.Fatal(err)
	}
	return pipeline.Tenant{ID: tenantID, API: asker{p, client}, Quota: quota}
}

// asker has the calls that a process wants to make at one instant come to their quota one after the other.
type asker struct {
	process *buckettest.Process
	client  *hunting.Client
}

// Run implements pipeline.API.
func (a asker) Run(ctx context.Context, q hunting.Query) (*hunting.Answer, error) {
	if err := a.process.Do(ctx, "ask", q.Text, func(bool) error { return nil }); err != nil {
		return nil, err
	}
	return a.client.Run(ctx, q)
}

// withoutNonce is the key of an object without what each attempt draws anew.
func withoutNonce(key string) string {
	if at := strings.LastIndexByte(key, '-'); at >= 0 && strings.HasSuffix(key, ".arrow") {
		return key[:at]
	}
	return key
}

// record keeps a line for each operation.
func (s *sim) record(step buckettest.Step, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trace == nil {
		return
	}
	s.trace = append(s.trace, fmt.Sprintf("%020d %s %s %s: %v", s.now().Sub(start), step.Process, step.Kind, step.Key, err != nil))
}

// wire is the way of a process's calls to the service.
type wire struct {
	process *buckettest.Process
	service http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (w wire) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	r.Header.Del("Accept-Encoding") // compressing costs more than everything else
	var q struct{ Query string }
	if err := json.Unmarshal(text, &q); err != nil {
		return nil, err
	}
	err = w.process.Do(r.Context(), "call", q.Query, func(half bool) error {
		resp, err = w.service.RoundTrip(r)
		if err == nil && half {
			resp.Body = &halved{ReadCloser: resp.Body, left: 200}
		}
		return err
	})
	if err != nil && resp != nil {
		_ = resp.Body.Close() // nobody reads it
		resp = nil
	}
	return resp, err
}

// halved is a body that breaks off.
type halved struct {
	io.ReadCloser
	left int
}

// Read implements io.Reader.
func (h *halved) Read(p []byte) (int, error) {
	if h.left == 0 {
		return 0, errors.New("connection reset by peer")
	}
	n, err := h.ReadCloser.Read(p[:min(len(p), h.left)])
	h.left -= n
	return n, err
}

// state is what a ledger adds up to.
func (s *sim) state(t *testing.T, table string) *checkpoint.State {
	t.Helper()
	p, ctx := buckettest.NewProcess(t.Context(), buckettest.ProcessOptions{Name: "reader", Now: s.now})
	l, err := checkpoint.Open(ctx, s.store.Open(p), checkpoint.Options{
		Ledger: partition.Ledger{Tenant: tenantID, Table: partition.Table{Name: table}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var out *checkpoint.State
	l.View(func(st *checkpoint.State) { out = st })
	return out
}

// rest ends the faults, lets everything come to rest and judges what there is then. Rows that came too late to be found
// by a run are found by a repair, and stragglers are published a day after they have come.
func (s *sim) rest(t *testing.T) {
	t.Helper()
	s.fate, s.call = nil, nil
	m := s.machine(t, "rest")
	time.Sleep(60 * time.Hour) // until every row has come, and its day has settled
	s.runToEnd(t, m)
	s.toEnd(t, "repair", func() error { return second(m.Repair(m.ctx)) })
	s.runToEnd(t, m)
	time.Sleep(40 * time.Hour)
	s.runToEnd(t, m)
	s.settled(t, m)
}

// settled judges a simulation that has come to rest.
func (s *sim) settled(t *testing.T, m *machine) {
	t.Helper()
	time.Sleep(3 * time.Minute) // until the claim of a process that crashed has run out
	var v pipeline.Verification
	s.toEnd(t, "verify", func() (err error) {
		v, err = m.Verify(m.ctx)
		return err
	})
	for i, source := range s.source {
		state := s.state(t, source.name)
		s.oracle.complete(source, state)
		s.oracle.once(source)
		moved := movedHours(state, source)
		for _, d := range v.Tables[i].Differences {
			if !aboutHours(d, moved) {
				s.oracle.fault("verify of %s: %s", source.name, d)
			}
		}
	}
}

// aboutHours reports whether a difference is that of one of some hours.
func aboutHours(difference string, hours map[streamHour]bool) bool {
	for h := range hours {
		if strings.HasPrefix(difference, fmt.Sprintf("%v rows of hour %v", h.stream, h.hour)) {
			return true
		}
	}
	return false
}

// runToEnd runs until nothing is in the way of a run.
func (s *sim) runToEnd(t *testing.T, m *machine) {
	t.Helper()
	s.toEnd(t, "run", func() error { return second(m.Run(m.ctx)) })
}

func second[T any](_ T, err error) error { return err }

// toEnd works until no budget and no claim is in the way.
func (s *sim) toEnd(t *testing.T, what string, work func() error) {
	t.Helper()
	const patience = 100
	for range patience {
		err := work()
		var quota *hunting.QuotaError
		var owned *checkpoint.OwnedError
		switch {
		case err == nil:
			return
		case errors.As(err, &quota):
			time.Sleep(quota.Until.Sub(s.now()))
		case errors.As(err, &owned):
			time.Sleep(owned.Owner.Until.Time().Sub(s.now()))
		default:
			s.oracle.fault("%s without faults: %v", what, err)
			return
		}
	}
	s.oracle.fault("%s has not come to an end in %d tries", what, patience)
}

// judge reports what was found to be wrong.
func (s *sim) judge(t *testing.T) {
	t.Helper()
	for _, f := range s.oracle.faults {
		t.Error(f)
	}
}
