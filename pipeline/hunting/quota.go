package hunting

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"
)

// QuotaOptions are the budgets that the tenant has, and what part of them is ours. The service publishes them as
// minimums: 45 calls a minute, 1500 an hour, and where run time is counted 10 minutes an hour and 3 hours a day.
type QuotaOptions struct {
	CallsPerMinute int              // 0: not counted
	CallsPerHour   int              // 0: not counted
	RunTimePerHour time.Duration    // 0: not counted
	RunTimePerDay  time.Duration    // 0: not counted
	Share          float64          // of every budget, above 0 and at most 1; 0 means 1
	Now            func() time.Time // must advance with the timers of the runtime
	Waits          func(Block)      // told whenever a call begins to wait, and for what; must be as safe for concurrent use; may be nil
}

// Quota admits calls so that, over every span of a minute, an hour or a day, the calls begun and the run time spent
// stay within the budgets. The spans slide with the clock, so neither a pause nor a restart (see Restore) lets a
// burst through. It is safe for concurrent use, by any number of clients.
type Quota struct {
	budgets []budget
	now     func() time.Time
	waits   func(Block)

	keeping chan struct{} // held by who renews the cover

	mu      sync.Mutex
	spent   []Spend             // ascending At
	running map[*Spend]struct{} // calls that have begun and not ended: At is when
	blocked Block
	keep    func(context.Context) error // renews the cover; nil: calls need none
	cover   cover
	begun   int           // calls, in all
	ran     time.Duration // run time of calls that have ended, in all
	typical time.Duration // run time of a call, as a moving average
}

// Spend is what was spent at one instant.
type Spend struct {
	At      time.Time     `json:"at"`
	Calls   int           `json:"calls,omitempty"`
	RunTime time.Duration `json:"run_time_ns,omitempty"`
}

// Block is a refusal by the service: no call before Until.
type Block struct {
	Until  time.Time `json:"until"`
	Budget string    `json:"budget"`
}

// longestBlock is the longest of the service's own cycles. A refusal that asks for more is mistaken, or was written down
// by a clock that ran ahead: when this is over, the service is asked again.
const longestBlock = 24 * time.Hour

// budget bounds what the entries of one sliding window may add up to.
type budget struct {
	name   string
	window time.Duration
	limit  int64
	cost   func(Spend) int64
}

// NewQuota returns a quota of which nothing is spent.
func NewQuota(opts QuotaOptions) (*Quota, error) {
	if err := opts.validate(); err != nil {
		return nil, fmt.Errorf("quota: %w", err)
	}
	q := &Quota{now: opts.Now, waits: opts.Waits, running: map[*Spend]struct{}{}, keeping: make(chan struct{}, 1), typical: firstTypical}
	calls := func(s Spend) int64 { return int64(s.Calls) }
	runTime := func(s Spend) int64 { return int64(s.RunTime) }
	share := cmp.Or(opts.Share, 1)
	q.add(budget{"calls per minute", time.Minute, int64(opts.CallsPerMinute), calls}, share)
	q.add(budget{"calls per hour", time.Hour, int64(opts.CallsPerHour), calls}, share)
	q.add(budget{"run time per hour", time.Hour, int64(opts.RunTimePerHour), runTime}, share)
	q.add(budget{"run time per day", 24 * time.Hour, int64(opts.RunTimePerDay), runTime}, share)
	return q, nil
}

func (o QuotaOptions) validate() error {
	var errs []error
	if o.Now == nil {
		errs = append(errs, errors.New("no clock"))
	}
	if !(o.Share >= 0 && o.Share <= 1) {
		errs = append(errs, fmt.Errorf("share %v is not above 0 and at most 1", o.Share))
	}
	if min(o.CallsPerMinute, o.CallsPerHour) < 0 || min(o.RunTimePerHour, o.RunTimePerDay) < 0 {
		errs = append(errs, errors.New("a budget is negative"))
	}
	return errors.Join(errs...)
}

// add takes up a budget that is counted. Its share is rounded down, but is never nothing.
func (q *Quota) add(b budget, share float64) {
	if b.limit == 0 {
		return
	}
	if share < 1 {
		b.limit = max(1, int64(math.Floor(float64(b.limit)*share)))
	}
	q.budgets = append(q.budgets, b)
}

// Admit waits until one more call fits, and counts it as begun. The caller calls release once, when the call has
// ended, with the time that the service worked on it. If the call would not fit within maxWait, Admit returns a
// *QuotaError at once, and ctx's error if ctx ends first.
//
// A call is admitted as long as any run time is left, as nobody knows what it will take; so the run time may be
// exceeded by the calls that are under way, and what they exceed it by is missing from the next span.
func (q *Quota) Admit(ctx context.Context, maxWait time.Duration) (release func(runTime time.Duration), err error) {
	patience := q.now().Add(maxWait)
	for {
		call, block := q.begin()
		switch {
		case call != nil:
			return func(runTime time.Duration) { q.end(call, runTime) }, nil
		case block == (Block{}):
			if err := q.renewCover(ctx); err != nil {
				return nil, err
			}
			continue
		}
		if block.Until.After(patience) {
			return nil, &QuotaError{Until: block.Until, Budget: block.Budget}
		}
		if q.waits != nil {
			q.waits(block)
		}
		if err := Sleep(ctx, block.Until.Sub(q.now())); err != nil {
			return nil, err
		}
	}
}

// begin counts a call, or says what is in its way; nothing of a budget is if only the cover is missing.
func (q *Quota) begin() (*Spend, Block) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.advance()
	if b := q.latest(now); b.Until.After(now) {
		return nil, b
	}
	if !q.covered(now) {
		return nil, Block{}
	}
	q.begun++
	q.cover.calls--
	q.spent = append(q.spent, Spend{At: now, Calls: 1})
	call := &Spend{At: now}
	q.running[call] = struct{}{}
	return call, Block{}
}

// end counts the run time of a call, once.
func (q *Quota) end(call *Spend, runTime time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, ok := q.running[call]; !ok {
		return
	}
	delete(q.running, call)
	runTime = max(runTime, 0)
	q.ran += runTime
	q.cover.runTime -= runTime
	q.typical += (runTime - q.typical) / 8
	q.spent = append(q.spent, Spend{At: q.advance(), RunTime: runTime})
}

// advance returns the time and drops what has left every window. What a clock that was set back has left in the
// future counts as spent now: nothing is given back, and nothing is held against us for ever.
func (q *Quota) advance() time.Time {
	now := q.now()
	for i := len(q.spent) - 1; i >= 0 && q.spent[i].At.After(now); i-- {
		q.spent[i].At = now
	}
	var longest time.Duration
	for _, b := range q.budgets {
		longest = max(longest, b.window)
	}
	old := 0
	for old < len(q.spent) && !q.spent[old].At.Add(longest).After(now) {
		old++
	}
	q.spent = slices.Delete(q.spent, 0, old)
	return now
}

// latest returns the budget that opens last, or the service's refusal if that ends later still.
func (q *Quota) latest(now time.Time) Block {
	last := q.blocked
	for _, b := range q.budgets {
		if until := q.opens(b, now); until.After(last.Until) {
			last = Block{Until: until, Budget: b.name}
		}
	}
	return last
}

// opens returns the first instant at which b has room for one more call: when so much has left the window that the
// rest is below the limit. Calls under way count with the time they have taken so far.
func (q *Quota) opens(b budget, now time.Time) time.Time {
	var used int64
	for call := range q.running {
		used += b.cost(Spend{RunTime: max(0, now.Sub(call.At))})
	}
	if used >= b.limit {
		return now.Add(b.window)
	}
	for _, s := range slices.Backward(q.spent) {
		leaves := s.At.Add(b.window)
		if !leaves.After(now) {
			break
		}
		if used += b.cost(s); used >= b.limit {
			return leaves
		}
	}
	return now
}

// Block admits no call before until: the service has refused one, for the sake of the named budget. A refusal that
// ends earlier than one that is known changes nothing.
func (q *Quota) Block(b Block) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if b.Until.After(q.blocked.Until) {
		q.blocked = b
	}
}

// Sleep waits for d, or for the end of ctx.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
