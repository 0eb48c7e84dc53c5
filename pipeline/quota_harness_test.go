package pipeline_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/writers"
)

// budget is a world in a bubble: its clock is the bubble's, and calls take the time that they run.
type budget struct {
	*world
	quota  hunting.QuotaOptions
	zero   time.Time
	leaped atomic.Int64
}

// unlimited is a service that refuses nothing for want of quota, so that what it sees is what the client allows itself.
var unlimited = simulator.Limits{CallsPerMinute: -1, CallsPerHour: -1, RunTimePerHour: -1, RunTimePerDay: -1}

func newBudget(t *testing.T, tables []simulator.Table, quota hunting.QuotaOptions, change ...func(*simulator.Options)) *budget {
	t.Helper()
	b := &budget{quota: quota, zero: time.Now()}
	b.quota.Now = b.now
	changes := append([]func(*simulator.Options){func(o *simulator.Options) {
		o.Now, o.Wait, o.Limits = b.now, pass, unlimited
		o.Cost = simulator.CostModel{Fixed: time.Second}
	}}, change...)
	b.world = newWorld(t, tables, changes...)
	b.opts.Now = b.now
	return b
}

func (b *budget) now() time.Time {
	return start.Add(time.Since(b.zero) + time.Duration(b.leaped.Load()))
}

// leap moves the clock, but no timer: a process that was asleep finds it so when it wakes up.
func (b *budget) leap(d time.Duration) { b.leaped.Add(int64(d)) }

// process is a process that may be killed: from then on nothing of it reaches the service, and what it still writes is
// written to a lake that nobody reads.
type process struct {
	*pipeline.Exporter
	ctx  context.Context
	line *line
}

func (b *budget) process(change ...func(*pipeline.Options)) *process {
	b.t.Helper()
	quota, err := hunting.NewQuota(b.quota)
	if err != nil {
		b.t.Fatal(err)
	}
	p := &process{ctx: b.t.Context(), line: &line{to: b.service.Transport(), left: -1, cut: make(chan struct{})}}
	credential, err := hunting.Credential("token", hunting.CredentialOptions{Token: hunting.NewSecret("a-token-of-the-tests")})
	if err != nil {
		b.t.Fatal(err)
	}
	client, err := hunting.New(hunting.Options{
		Dialect: b.dialect, Credential: credential, Transport: p.line, Now: b.now, Tenant: tenantID, Quota: quota,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	opts := b.opts
	opts.Bucket, opts.Process = b.bucket, "here/"+b.nonce()
	opts.Gone = func(string) bool { return true } // the one before has been killed, or has ended
	opts.Tenants = []pipeline.Tenant{{ID: tenantID, API: client, Quota: quota}}
	for _, c := range change {
		c(&opts)
	}
	if p.Exporter, err = pipeline.New(opts); err != nil {
		b.t.Fatal(err)
	}
	return p
}

// line is the way to the service. It may be cut after some calls.
type line struct {
	to  http.RoundTripper
	cut chan struct{} // closed when the line is cut

	answered func(call int) // called after each call, if it is set

	mu    sync.Mutex
	calls int  // that went through
	left  int  // calls that go through; negative: all
	after bool // the call that finds the line cut has reached the service, and only its answer is lost
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	through, last := l.take()
	if last {
		close(l.cut)
	}
	if through {
		resp, err := l.to.RoundTrip(r)
		l.mu.Lock()
		l.calls++
		n := l.calls
		l.mu.Unlock()
		if l.answered != nil {
			l.answered(n)
		}
		return resp, err
	}
	if last && l.after {
		if resp, err := l.to.RoundTrip(r); err == nil {
			_ = resp.Body.Close()
		}
	}
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func (l *line) take() (through, last bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	last = l.left == 0
	if l.left >= -1 {
		through = l.left != 0
		if l.left != -1 {
			l.left--
		}
		if last {
			l.left = -2
		}
		return through, last
	}
	return false, false
}

// runKilled runs p until it ends by itself, or its line is cut, or a time has passed. A process that was killed leaves
// the lake as it was at that instant.
func (b *budget) runKilled(p *process, after time.Duration) (killed bool, err error) {
	ctx, cancel := context.WithCancel(b.t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := p.Run(ctx)
		ended <- err
	}()
	select {
	case err := <-ended:
		return false, err
	case <-p.line.cut:
	case <-time.After(after):
		p.line.mu.Lock()
		p.line.left = -2
		p.line.mu.Unlock()
	}
	b.bucket = b.copyLake()
	cancel()
	<-ended
	return true, nil
}

func (b *budget) copyLake() *writers.Bucket {
	to, err := writers.Open(b.t.Context(), "mem://")
	if err != nil {
		b.t.Fatal(err)
	}
	objects, err := b.bucket.List(b.t.Context(), "", 0)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, o := range objects {
		text, err := b.bucket.Read(b.t.Context(), o.Key, 1<<30)
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted since it was listed
		}
		if err == nil {
			err = to.Create(b.t.Context(), o.Key, text)
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
	return to
}

// whole fails the test unless the lake holds every row that could be exported at an instant, but for those that were
// about to expire, and no row more often than the source does now. What comes late for a day that has been published
// waits for a day, so a run a day later comes first.
func (b *budget) whole(table simulator.Table, began time.Time) {
	b.t.Helper()
	time.Sleep(25 * time.Hour)
	for {
		_, err := b.process().Run(b.t.Context())
		if err == nil {
			break
		}
		time.Sleep(until(b.t, err).Sub(b.now()))
	}
	keep, edge := exported(began), partition.TickOf(began.Add(time.Hour))-30*partition.Day
	b.pass(b.now().Sub(b.world.now())) // the source is as it is now
	got, all := b.lake(table.Name()), b.source(table, func(simulator.Row) bool { return true })
	missing, extra := 0, 0
	for row, n := range b.source(table, func(r simulator.Row) bool { return keep(r) && r.Time >= edge }) {
		missing += max(0, n-got[row])
	}
	for row, n := range got {
		extra += max(0, n-all[row])
	}
	if missing+extra > 0 {
		b.t.Errorf("%s: %d rows missing, %d too many, of %d", table.Name(), missing, extra, len(got))
	}
}

// within fails the test if the calls that the service has seen ever exceed a budget. Run time may be exceeded by calls
// that were under way when it was spent.
func (b *budget) within(span time.Duration, calls int, runTime time.Duration) {
	b.t.Helper()
	all := b.service.Calls()
	for i, first := range all {
		n, ran := 0, time.Duration(0)
		for _, c := range all[i:] {
			if c.At.Sub(first.At) >= span {
				break
			}
			n++
			ran += c.RunTime
		}
		if calls > 0 && n > calls {
			b.t.Errorf("%d calls within %v of %v, want at most %d", n, span, first.At, calls)
		}
		if runTime > 0 && ran > runTime {
			b.t.Errorf("%v of run time within %v of %v, want at most %v", ran, span, first.At, runTime)
		}
	}
}

// until is when a quota error says that it is over.
func until(t *testing.T, err error) time.Time {
	t.Helper()
	var spent *hunting.QuotaError
	if !errors.As(err, &spent) {
		t.Fatalf("got %v, want a quota error", err)
	}
	return spent.Until
}

// finish runs processes, each of which may be killed, until one has nothing left to do. Between two it waits for the
// quota.
func (b *budget) finish(next func(round int) (p *process, after time.Duration)) (rounds int) {
	b.t.Helper()
	for ; rounds < 3000; rounds++ {
		p, after := next(rounds)
		killed, err := b.runKilled(p, after)
		switch {
		case killed:
		case err == nil:
			return rounds
		default:
			time.Sleep(until(b.t, err).Sub(b.now()))
		}
	}
	b.t.Fatalf("not done after %d processes and %d calls", rounds, len(b.service.Calls()))
	return rounds
}

// dataCalls are the calls for rows that were answered, by query.
func (b *budget) dataCalls() map[string]int {
	calls := map[string]int{}
	for _, c := range b.service.Calls() {
		if c.Status == http.StatusOK && isDataQuery(c.Query) {
			calls[c.Query]++
		}
	}
	return calls
}

const forever = 1000 * 24 * time.Hour

// small makes slices of at most so many rows.
func small(rows int64) partition.Caps { return partition.Caps{Rows: rows, Bytes: 49_000_000} }
