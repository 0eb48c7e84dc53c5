package pipeline_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
)

// owner is the newest owner record of the lake.
func (b *budget) owner() checkpoint.Owner {
	b.t.Helper()
	y := checkpoint.NewTenancy(first{b.bucket}, tenantID, checkpoint.Claimant{Nonce: "reader"}, b.now)
	o, _, err := y.Latest(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return o
}

// take makes another process the owner, though the one before is only asleep.
func (b *budget) take(life time.Duration) {
	b.t.Helper()
	who := checkpoint.Claimant{Nonce: "other", Program: "huntlake/other", Gone: func(string) bool { return true }}
	if _, err := checkpoint.NewTenancy(first{b.bucket}, tenantID, who, b.now).Claim(b.t.Context(), life, nil); err != nil {
		b.t.Fatal(err)
	}
}

// What a plan, a verify and a repair ask is counted like what a run asks, and a tenant that another process works on is
// left alone, with nobody asked.
func TestEveryVerbClaims(t *testing.T) {
	for name, verb := range map[string]func(*process) error{
		"plan":   func(p *process) error { _, err := p.Plan(p.ctx); return err },
		"verify": func(p *process) error { _, err := p.Verify(p.ctx); return err },
		"repair": func(p *process) error { _, err := p.Repair(p.ctx); return err },
		"run":    func(p *process) error { _, err := p.Run(p.ctx); return err },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBudget(t, generate(t, 100, "AlertInfo", "EmailEvents"), hunting.QuotaOptions{CallsPerHour: 100})
				if _, err := b.process().Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Hour) // all of that is forgotten
				if err := verb(b.process()); err != nil {
					t.Fatal(err)
				}
				seen := 0
				for _, c := range b.service.Calls() {
					if b.now().Sub(c.At) < time.Hour {
						seen++
					}
				}
				if o := b.owner(); seen == 0 || !strings.Contains(string(o.Spent), `"calls":`) || callsIn(t, o) != seen || o.Until > partition.TickOf(b.now()) {
					t.Errorf("%d calls, owner record %s until %v", seen, o.Spent, o.Until)
				}
				b.take(time.Hour)
				all := len(b.service.Calls())
				err := verb(b.process(func(o *pipeline.Options) { o.Gone = nil }))
				var owned *checkpoint.OwnedError
				if !errors.As(err, &owned) || !strings.Contains(err.Error(), "tenant "+tenantID+": another process (huntlake/other, other) works on this tenant, which is its own until ") {
					t.Errorf("another process works there: %v", err)
				}
				if n := len(b.service.Calls()) - all; n > 0 {
					t.Errorf("%d calls were made all the same", n)
				}
			})
		})
	}
}

// callsIn is how many calls an owner record counts.
func callsIn(t *testing.T, o checkpoint.Owner) (calls int) {
	t.Helper()
	var spent hunting.Spent
	if err := json.Unmarshal(o.Spent, &spent); err != nil {
		t.Fatal(err)
	}
	for _, m := range spent.Minutes {
		calls += m.Calls
	}
	return calls
}

// A process that was asleep makes no call before it knows whether the tenant is still its own.
func TestSleeperLosesTenant(t *testing.T) {
	for _, tt := range []struct {
		name  string
		life  time.Duration // of the other process's claim; 0: it came and went
		taken bool
	}{{"taken over", time.Hour, true}, {"taken and given up", 0, false}} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBudget(t, generate(t, 400, "AlertInfo"), hunting.QuotaOptions{CallsPerMinute: 1000})
				b.dialect = hunting.Defender // which tells the run time itself: the leap is none
				b.opts.Caps, b.opts.Parallel = small(10), 1
				p := b.process()
				const awake = 10
				var once sync.Once
				p.line.answered = func(n int) {
					if n == awake {
						once.Do(func() { // the clock of a machine that wakes up has leapt, and no timer of its has fired
							b.leap(5 * time.Minute)
							b.take(tt.life)
						})
					}
				}
				_, err := p.Run(p.ctx)
				calls := len(b.service.Calls())
				var owned *checkpoint.OwnedError
				switch {
				case tt.taken && (!errors.As(err, &owned) || !strings.Contains(err.Error(), "has taken over this tenant")):
					t.Errorf("got %v", err)
				case tt.taken && calls > awake:
					t.Errorf("%d calls after it was taken over", calls-awake)
				case !tt.taken && (err != nil || calls < 2*awake):
					t.Errorf("got %v after %d calls", err, calls)
				}
			})
		})
	}
}

// Two processes that take turns count what each has spent once.
func TestTurnsCountOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBudget(t, generate(t, 50, "AlertInfo"), hunting.QuotaOptions{CallsPerHour: 1000})
		one, two := b.process(), b.process()
		for range 4 {
			for _, p := range []*process{one, two, two, one} {
				if _, err := p.Verify(p.ctx); err != nil {
					t.Fatal(err)
				}
				if _, err := p.Run(p.ctx); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
			}
		}
		if o := b.owner(); callsIn(t, o) != len(b.service.Calls()) {
			t.Errorf("%d calls are counted, %d were made", callsIn(t, o), len(b.service.Calls()))
		}
	})
}

// An endpoint that is down is given up for all tables after about as long as for one; a table that cannot be asked stops
// no other one.
func TestOutage(t *testing.T) {
	names := []string{"AlertInfo", "AlertEvidence", "CloudAppEvents", "DeviceEvents", "DeviceInfo", "DeviceProcessEvents", "EmailEvents", "IdentityLogonEvents"}
	broken := func(tables int, fault simulator.Fault) func(int, string) simulator.Fault {
		return func(_ int, query string) simulator.Fault {
			for _, name := range names[:tables] {
				if strings.HasPrefix(query, name+" ") {
					return fault
				}
			}
			return simulator.Fault{}
		}
	}
	for _, tt := range []struct {
		name   string
		faults func(int, string) simulator.Fault
		calls  int           // at most
		took   time.Duration // likewise
		failed int           // tables, at least and at most
	}{
		{"down", broken(8, simulator.FaultUnavailable(0)), 20, 3 * time.Minute, 8},
		{"internal error for everything", broken(8, simulator.FaultInternal()), 20, 3 * time.Minute, 8},
		{"bad gateway for everything", broken(8, simulator.FaultBadGateway()), 10, 3 * time.Minute, 8},
		{"timeout for everything", broken(8, simulator.FaultTimeout()), 10, 3 * time.Minute, 8},
		{"one table always fails", broken(1, simulator.FaultInternal()), 200, 10 * time.Minute, 1},
		{"two tables always fail", broken(2, simulator.FaultInternal()), 200, 10 * time.Minute, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBudget(t, generate(t, 60, names...), hunting.QuotaOptions{CallsPerMinute: 45}, func(o *simulator.Options) { o.Faults = tt.faults })
				began := b.now()
				p := b.process()
				r, err := p.Run(p.ctx)
				calls, took := len(b.service.Calls()), b.now().Sub(began)
				failed := 0
				for _, table := range r.Tenants[0].Tables {
					if table.Fault != "" {
						failed++
					}
				}
				if err == nil || calls > tt.calls || took > tt.took || failed != tt.failed {
					t.Errorf("%d calls in %v, %d tables failed: %v", calls, took, failed, err)
				}
			})
		})
	}
}

// A service that goes down in the middle is given up too, and what it answered stays.
func TestOutageMidway(t *testing.T) {
	bubble(t, func(t *testing.T) {
		down := false
		b := newBudget(t, generate(t, 300, "AlertInfo", "CloudAppEvents", "DeviceEvents", "EmailEvents"), hunting.QuotaOptions{CallsPerMinute: 45}, func(o *simulator.Options) {
			o.Faults = func(n int, _ string) simulator.Fault {
				if down = down || n == 40; down {
					return simulator.FaultUnavailable(0)
				}
				return simulator.Fault{}
			}
		})
		b.opts.Caps, b.opts.Parallel = small(20), 1
		p, began := b.process(), b.now()
		r, err := p.Run(p.ctx)
		if took := b.now().Sub(began); err == nil || took > 5*time.Minute || len(b.service.Calls()) > 55 {
			t.Errorf("%d calls in %v: %v", len(b.service.Calls()), took, err)
		}
		if r.Total().Rows == 0 || r.Total().Published == 0 {
			t.Errorf("nothing is left of what was answered: %+v", r.Total())
		}
		if !strings.Contains(err.Error(), "not asked, because the service does not answer") || !strings.Contains(err.Error(), http.StatusText(http.StatusServiceUnavailable)) {
			t.Errorf("got %v", err)
		}
	})
}

// An owner record whose quota is not understood, by damage or as a newer program's, keeps nobody out once it has run out.
func TestOwnerRecordNotUnderstood(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBudget(t, generate(t, 100, "AlertInfo"), hunting.QuotaOptions{CallsPerHour: 1000})
		old := partition.TickOf(b.now().Add(-48 * time.Hour))
		text := fmt.Sprintf(`{"format":1,"number":1,"nonce":"other","program":"huntlake/9","time":%q,"until":%q,"spent":{"minutes":{}}}`,
			old, old+partition.Minute)
		if err := b.bucket.Create(t.Context(), partition.OwnerKey(tenantID, 1), []byte(text)); err != nil {
			t.Fatal(err)
		}
		p := b.process()
		if _, err := p.Run(p.ctx); err != nil {
			t.Error(err)
		}
	})
}
