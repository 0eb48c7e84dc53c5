package pipeline_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
)

func isDataQuery(query string) bool {
	return strings.HasSuffix(query, "extend _IngestionTime = ingestion_time()")
}

// Whatever is killed, whenever: over no span does the service see more than the budgets' share, and the month comes out
// whole.
func TestQuotaOverRestarts(t *testing.T) {
	const never = 1 << 30
	for _, tt := range []struct {
		name    string
		quota   hunting.QuotaOptions
		fixed   time.Duration // what a call runs
		calls   []int         // after which the processes are killed, one after the other, over and over
		after   time.Duration // or after which time
		minute  int           // calls that may be seen within one
		hour    int
		perHour time.Duration
		perDay  time.Duration
	}{
		{name: "calls, never killed", quota: hunting.QuotaOptions{CallsPerMinute: 10}, fixed: time.Second, calls: []int{never}, minute: 10},
		{name: "calls, killed", quota: hunting.QuotaOptions{CallsPerMinute: 10}, fixed: time.Second, calls: []int{1, 2, 3, 9, 5, 0, 14, 7}, minute: 10},
		{name: "calls, killed by the clock", quota: hunting.QuotaOptions{CallsPerMinute: 10}, fixed: 2 * time.Second, calls: []int{never}, after: 37 * time.Second, minute: 10},
		{name: "share", quota: hunting.QuotaOptions{CallsPerMinute: 10, CallsPerHour: 100, Share: 0.5}, fixed: time.Second, calls: []int{3, 50, 4, 11}, minute: 5, hour: 50},
		{name: "run time", quota: hunting.QuotaOptions{CallsPerMinute: 10, RunTimePerHour: 10 * time.Minute}, fixed: 20 * time.Second, calls: []int{never},
			minute: 10, perHour: 11 * time.Minute},
		{name: "run time, killed", quota: hunting.QuotaOptions{CallsPerMinute: 10, RunTimePerHour: 10 * time.Minute}, fixed: 20 * time.Second, calls: []int{12, 3, 40, 1, 8},
			minute: 10, perHour: 11 * time.Minute},
		{name: "run time of a day, killed", quota: hunting.QuotaOptions{CallsPerMinute: 10, RunTimePerHour: 10 * time.Minute, RunTimePerDay: 30 * time.Minute},
			fixed: 20 * time.Second, calls: []int{25, 60}, minute: 10, perHour: 11 * time.Minute, perDay: 31 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				tables := generate(t, 600, "AlertInfo", "DeviceProcessEvents")
				b := newBudget(t, tables, tt.quota, func(o *simulator.Options) { o.Cost.Fixed = tt.fixed })
				b.opts.Caps = small(15)
				began := b.now()
				rounds := b.finish(func(round int) (*process, time.Duration) {
					p := b.process()
					p.line.left, p.line.after = tt.calls[round%len(tt.calls)], round%2 == 0
					if tt.after > 0 {
						return p, tt.after
					}
					return p, forever
				})
				b.within(time.Minute, tt.minute, 0)
				b.within(time.Hour, tt.hour, tt.perHour)
				b.within(24*time.Hour, 0, tt.perDay)
				for _, table := range tables {
					b.whole(table, began)
				}
				t.Logf("%d processes, %d calls, %v", rounds+1, len(b.service.Calls()), b.now().Sub(began))
			})
		})
	}
}

// A run that has to stop says when to come back: one that comes earlier asks for nothing at all, as a new process knows
// from the lake, and one that comes then gets on.
func TestQuotaEndsRun(t *testing.T) {
	for _, dialect := range []hunting.Dialect{hunting.Graph, hunting.Defender} {
		t.Run(dialect.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBudget(t, generate(t, 600, "AlertInfo", "DeviceProcessEvents"), hunting.QuotaOptions{RunTimePerHour: 10 * time.Minute},
					func(o *simulator.Options) { o.Cost.Fixed = 30 * time.Second })
				b.dialect, b.opts.Caps = dialect, small(10)
				for stop := 0; ; stop++ {
					_, err := b.process().Run(t.Context())
					if err == nil {
						if stop < 3 {
							t.Errorf("it ended after %d stops", stop)
						}
						return
					}
					at, seen := until(t, err), len(b.service.Calls())
					if lead := at.Sub(b.now()); lead < 3*time.Minute || lead > time.Hour {
						t.Fatalf("it asks to wait for %v", lead)
					}
					for _, early := range []time.Duration{at.Sub(b.now()), 10 * time.Minute, 2*time.Minute + time.Second} {
						time.Sleep(at.Add(-early).Sub(b.now()))
						_, err := b.process().Run(t.Context())
						if again := until(t, err); again.Before(at) || again.Sub(at) > time.Minute {
							t.Errorf("%v early it says %v, want %v", early, again, at)
						}
					}
					if n := len(b.service.Calls()); n != seen {
						t.Fatalf("%d calls were made too early", n-seen)
					}
					time.Sleep(at.Sub(b.now()))
					if _, err = b.process().Run(t.Context()); len(b.service.Calls()) == seen {
						t.Fatalf("no call at %v: %v", at, err)
					} else if err != nil {
						until(t, err)
					}
				}
			})
		})
	}
}

// Others empty the pool that only refusals show. The client comes back on the second that it is told, asks nothing
// meanwhile, and goes on where it was.
func TestQuotaSharedPool(t *testing.T) {
	for _, dialect := range []hunting.Dialect{hunting.Graph, hunting.Defender} {
		t.Run(dialect.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				tables := generate(t, 600, "AlertInfo", "DeviceProcessEvents")
				b := newBudget(t, tables, hunting.QuotaOptions{CallsPerMinute: 10}, func(o *simulator.Options) {
					o.Limits.CPU, o.Cost.Fixed = 2*time.Minute, 5*time.Second
				})
				b.dialect, b.opts.Caps = dialect, small(10)
				others := make(chan struct{})
				go func() { // an analyst who empties the pool now and then
					for range 40 {
						time.Sleep(11 * time.Minute)
						b.service.SpendCPU(2 * time.Minute)
					}
					close(others)
				}()
				began := b.now()
				rounds := b.finish(func(int) (*process, time.Duration) { return b.process(), forever })
				for _, table := range tables {
					b.whole(table, began)
				}
				for query, n := range b.dataCalls() {
					if n > 1 {
						t.Errorf("%d times: %s", n, query)
					}
				}
				refused := b.obeyed()
				if refused < 5 || rounds < 5 {
					t.Errorf("%d refusals, %d rounds", refused, rounds)
				}
				<-others
			})
		})
	}
}

// obeyed counts refusals, and fails the test if a call began before the time that one named, or none did soon after.
func (b *budget) obeyed() (refused int) {
	b.t.Helper()
	const cycle = 15 * time.Minute
	calls := b.service.Calls()
	for i, c := range calls {
		if c.Status != http.StatusTooManyRequests {
			continue
		}
		refused++
		back := c.At.Truncate(cycle).Add(cycle)
		for _, next := range calls[i+1:] {
			if next.At.Before(back) && next.At.After(c.At) {
				b.t.Errorf("a call at %v: refused at %v until %v", next.At, c.At, back)
			}
			if late := next.At.Sub(back); late >= 0 {
				if late > time.Second {
					b.t.Errorf("the next call comes %v late, at %v", late, next.At)
				}
				break
			}
		}
	}
	return refused
}

// A backfill of an hour counts its rows once. What has been counted is not counted again for the floor's sake, unless
// some of it may expire before it is read.
func TestBackfillCountsOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBudget(t, generate(t, 1200, "DeviceProcessEvents"), hunting.QuotaOptions{CallsPerMinute: 10})
		b.opts.Caps, b.opts.Window = small(4), 28*24*time.Hour
		began := b.now()
		b.finish(func(int) (*process, time.Duration) { return b.process(), forever })
		counts := 0
		for _, c := range b.service.Calls() {
			if strings.Contains(c.Query, "by Bin = bin(ingestion_time(), 1m)") {
				counts++
			}
		}
		if took := b.now().Sub(began); counts > 1 || took < 20*time.Minute {
			t.Errorf("counted %d times in %v", counts, took)
		}
	})
}
