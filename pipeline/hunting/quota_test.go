package hunting_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"huntlake/pipeline/hunting"
)

func newQuota(t *testing.T, opts hunting.QuotaOptions) *hunting.Quota {
	t.Helper()
	if opts.Now == nil {
		opts.Now = time.Now // of the bubble
	}
	q, err := hunting.NewQuota(opts)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// step is one call: it is asked for once pause has passed, and must be admitted after wait; then it runs for run.
// With refused, it must be refused at once, until the time since the beginning.
type step struct {
	pause, wait, run time.Duration
	refused          time.Duration
	budget           string
}

func TestQuotaAdmit(t *testing.T) {
	const maxWait = 2 * time.Minute
	calls := func(n int, s step) []step {
		out := make([]step, n)
		for i := range out {
			out[i] = s
		}
		return out
	}
	join := func(parts ...[]step) (out []step) {
		for _, p := range parts {
			out = append(out, p...)
		}
		return out
	}
	for _, tt := range []struct {
		name  string
		opts  hunting.QuotaOptions
		steps []step
	}{
		{"no budget", hunting.QuotaOptions{}, calls(1000, step{run: time.Second})},
		{"calls per minute, at once", hunting.QuotaOptions{CallsPerMinute: 3},
			[]step{{}, {}, {}, {wait: time.Minute}, {}, {}, {wait: time.Minute}}},
		{"calls per minute, spread", hunting.QuotaOptions{CallsPerMinute: 3},
			[]step{{}, {pause: 20 * time.Second}, {pause: 20 * time.Second}, {wait: 20 * time.Second}, {wait: 20 * time.Second}, {wait: 20 * time.Second}}},
		{"a call leaves after exactly a minute", hunting.QuotaOptions{CallsPerMinute: 1},
			[]step{{}, {pause: time.Minute - 1, wait: 1}, {pause: time.Minute}}},
		{"a pause saves nothing up", hunting.QuotaOptions{CallsPerMinute: 2},
			[]step{{}, {}, {pause: time.Hour}, {}, {wait: time.Minute}}},
		{"share", hunting.QuotaOptions{CallsPerMinute: 45, Share: 0.5},
			join(calls(22, step{}), []step{{wait: time.Minute}})},
		{"share of next to nothing", hunting.QuotaOptions{CallsPerMinute: 45, Share: 0.001},
			[]step{{}, {wait: time.Minute}}},
		{"calls per hour", hunting.QuotaOptions{CallsPerHour: 2},
			[]step{{}, {pause: 30 * time.Minute}, {refused: time.Hour, budget: "calls per hour"}, {pause: 29 * time.Minute, wait: time.Minute}}},
		{"both", hunting.QuotaOptions{CallsPerMinute: 2, CallsPerHour: 3},
			[]step{{}, {}, {wait: time.Minute}, {refused: time.Hour, budget: "calls per hour"}}},
		{"run time per hour", hunting.QuotaOptions{RunTimePerHour: 10 * time.Minute},
			[]step{{run: 4 * time.Minute}, {run: 5 * time.Minute}, {run: 3 * time.Minute},
				{refused: 64 * time.Minute, budget: "run time per hour"}, {pause: 51 * time.Minute, wait: time.Minute, run: time.Second}}},
		{"overspent run time leaves last", hunting.QuotaOptions{RunTimePerHour: 10 * time.Minute},
			[]step{{run: time.Minute}, {run: 20 * time.Minute}, {refused: 81 * time.Minute, budget: "run time per hour"}}},
		{"run time per day", hunting.QuotaOptions{RunTimePerDay: 3 * time.Hour, Share: 0.5},
			[]step{{run: 90 * time.Minute}, {pause: 22 * time.Hour, refused: 25*time.Hour + 30*time.Minute, budget: "run time per day"}, {pause: 2 * time.Hour}}},
		{"run time that is not spent", hunting.QuotaOptions{RunTimePerHour: time.Second}, calls(5, step{})},
		{"the longest wait", hunting.QuotaOptions{CallsPerHour: 1},
			[]step{{}, {pause: 58*time.Minute - 1, refused: time.Hour, budget: "calls per hour"}, {pause: 1, wait: 2 * time.Minute}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told, waited time.Duration
				tt.opts.Waits = func(b hunting.Block) { told += time.Until(b.Until) }
				q, start := newQuota(t, tt.opts), time.Now()
				for i, s := range tt.steps {
					time.Sleep(s.pause)
					asked := time.Now()
					release, err := q.Admit(t.Context(), maxWait)
					if got := time.Since(asked); got != s.wait {
						t.Fatalf("call %d at %v: waited %v, want %v", i, asked.Sub(start), got, s.wait)
					}
					if waited += s.wait; told != waited {
						t.Fatalf("call %d: told of %v of waiting, want %v", i, told, waited)
					}
					if s.refused > 0 {
						want := &hunting.QuotaError{Until: start.Add(s.refused), Budget: s.budget}
						got := &hunting.QuotaError{}
						if !errors.As(err, &got) || !got.Until.Equal(want.Until) || got.Budget != want.Budget {
							t.Fatalf("call %d: got %v, want %v", i, err, want)
						}
						continue
					}
					if err != nil {
						t.Fatalf("call %d: %v", i, err)
					}
					time.Sleep(s.run)
					release(s.run)
					release(s.run) // a second release counts for nothing
				}
			})
		})
	}
}

func TestQuotaBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, start := newQuota(t, hunting.QuotaOptions{CallsPerMinute: 10}), time.Now()
		q.Block(hunting.Block{Until: start.Add(90 * time.Second), Budget: "cpu"})
		q.Block(hunting.Block{Until: start.Add(30 * time.Second), Budget: "calls per minute"})
		if _, err := q.Admit(t.Context(), 90*time.Second-1); err == nil || err.Error() != "the budget of cpu is spent until 2000-01-01T00:01:30Z" {
			t.Errorf("got %v", err)
		}
		if _, err := q.Admit(t.Context(), 90*time.Second); err != nil || time.Since(start) != 90*time.Second {
			t.Errorf("admitted after %v, %v", time.Since(start), err)
		}
	})
}

// A call under way has spent something already, though it has not ended.
func TestQuotaCountsCallsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQuota(t, hunting.QuotaOptions{RunTimePerHour: time.Minute})
		first, err := q.Admit(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(59 * time.Second)
		second, err := q.Admit(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if _, err := q.Admit(t.Context(), time.Minute); !errors.Is(err, hunting.ErrQuota) {
			t.Errorf("61 seconds are under way: got %v", err)
		}
		first(10 * time.Second) // the service worked on it for less
		second(0)
		if _, err := q.Admit(t.Context(), 0); err != nil {
			t.Errorf("10 seconds are spent: %v", err)
		}
	})
}

func TestQuotaAdmitEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQuota(t, hunting.QuotaOptions{CallsPerMinute: 1})
		if _, err := q.Admit(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		if _, err := q.Admit(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 10*time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

// Many callers at once never begin more calls in a minute than there are, and each gets its turn.
func TestQuotaConcurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQuota(t, hunting.QuotaOptions{CallsPerMinute: 5})
		var mu sync.Mutex
		var begun []time.Time
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				release, err := q.Admit(t.Context(), time.Hour)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				begun = append(begun, time.Now())
				mu.Unlock()
				time.Sleep(time.Second)
				release(time.Second)
			})
		}
		wg.Wait()
		for i := 5; i < len(begun); i++ {
			if d := begun[i].Sub(begun[i-5]); d < time.Minute {
				t.Errorf("calls %d and %d began within %v", i-5, i, d)
			}
		}
		if got := begun[19].Sub(begun[0]); got != 3*time.Minute {
			t.Errorf("the last call began after %v, want 3m", got)
		}
	})
}

func TestQuotaSpentAndRestore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := hunting.QuotaOptions{CallsPerMinute: 3, CallsPerHour: 5, RunTimePerHour: 10 * time.Minute}
		q, start := newQuota(t, opts), time.Now().UTC()
		for _, s := range []step{{}, {pause: 15 * time.Second, run: 5 * time.Second}, {pause: 60 * time.Second, run: 10 * time.Second}} {
			time.Sleep(s.pause)
			release, err := q.Admit(t.Context(), 0)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(s.run)
			release(s.run)
		}
		if _, err := q.Admit(t.Context(), 0); err != nil { // under way
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second) // 1m32s
		q.Block(hunting.Block{Until: start.Add(100 * time.Second), Budget: "cpu"})

		got := q.Spent()
		want := hunting.Spent{
			Minutes: []hunting.Spend{
				{At: start, Calls: 1},
				{At: start.Add(time.Minute), Calls: 1, RunTime: 5 * time.Second},
				{At: start.Add(92 * time.Second), Calls: 2, RunTime: 12 * time.Second},
			},
			Blocked: hunting.Block{Until: start.Add(100 * time.Second), Budget: "cpu"},
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
		text, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var read hunting.Spent
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		resumed := newQuota(t, opts)
		resumed.Restore(read)
		asked := time.Now()
		if _, err := resumed.Admit(t.Context(), time.Minute); err != nil || time.Since(asked) != 28*time.Second {
			// the first minute's second call, dated to its end, leaves at 2m
			t.Errorf("admitted after %v, %v", time.Since(asked), err)
		}
		if _, err := resumed.Admit(t.Context(), time.Minute); !errors.Is(err, hunting.ErrQuota) {
			t.Errorf("five calls are spent in the hour: got %v", err)
		}
	})
}

// A snapshot from a clock that runs ahead, or a clock that is set back, neither forgives nor blocks for ever.
func TestQuotaClocks(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	q := newQuota(t, hunting.QuotaOptions{CallsPerHour: 2, Now: func() time.Time { return now }})
	q.Restore(hunting.Spent{Minutes: []hunting.Spend{{At: now.Add(240 * time.Hour), Calls: 1}, {At: now.Add(-2 * time.Hour), Calls: 9}}})
	if _, err := q.Admit(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	now = now.Add(-30 * time.Minute)
	var spent *hunting.QuotaError
	if _, err := q.Admit(t.Context(), 0); !errors.As(err, &spent) || !spent.Until.Equal(now.Add(time.Hour)) {
		t.Errorf("got %v", err)
	}
	now = now.Add(time.Hour)
	if _, err := q.Admit(t.Context(), 0); err != nil {
		t.Error(err)
	}
}

func TestNewQuotaRefuses(t *testing.T) {
	for name, opts := range map[string]hunting.QuotaOptions{
		"no clock":       {},
		"negative share": {Share: -0.1, Now: time.Now},
		"share above 1":  {Share: 1.01, Now: time.Now},
		"negative calls": {CallsPerHour: -1, Now: time.Now},
		"negative time":  {RunTimePerDay: -1, Now: time.Now},
	} {
		if _, err := hunting.NewQuota(opts); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
