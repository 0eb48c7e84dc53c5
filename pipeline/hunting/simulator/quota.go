package simulator

import (
	"fmt"
	"math"
	"sync"
	"time"
)

// cpuCycle is how often the CPU pool is filled again.
const cpuCycle = 15 * time.Minute

// quota counts what a tenant has spent. Windows slide: what was spent an hour ago has come back.
type quota struct {
	limits Limits

	mu    sync.Mutex
	calls []time.Time // those admitted in the last hour
	runs  []run       // those of the last day
	cycle time.Time   // the start of the CPU cycle that spent belongs to
	spent time.Duration
}

type run struct {
	at   time.Time
	took time.Duration
}

// admit counts a call, or returns why there may be none. A refused call is not counted: nobody documents whether it is.
func (q *quota) admit(now time.Time) (Fault, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.forget(now)
	if wait := q.cpuWait(now); wait > 0 {
		return FaultCPUQuota(wait), false
	}
	if wait := max(q.runWait(now, time.Hour, q.limits.RunTimePerHour), q.runWait(now, 24*time.Hour, q.limits.RunTimePerDay)); wait > 0 {
		return FaultCPUQuota(wait), false
	}
	for _, w := range []struct {
		span time.Duration
		most int
	}{{time.Minute, q.limits.CallsPerMinute}, {time.Hour, q.limits.CallsPerHour}} {
		if n := len(q.calls); n >= w.most && now.Sub(q.calls[n-w.most]) < w.span {
			return FaultCallQuota(w.most, w.span, w.span-now.Sub(q.calls[n-w.most])), false
		}
	}
	q.calls = append(q.calls, now)
	return Fault{}, true
}

func (q *quota) forget(now time.Time) {
	for len(q.calls) > 0 && now.Sub(q.calls[0]) >= time.Hour {
		q.calls = q.calls[1:]
	}
	for len(q.runs) > 0 && now.Sub(q.runs[0].at) >= 24*time.Hour {
		q.runs = q.runs[1:]
	}
	if cycle := now.Truncate(cpuCycle); !cycle.Equal(q.cycle) {
		q.cycle, q.spent = cycle, 0
	}
}

// cpuWait returns how long the CPU pool stays empty.
func (q *quota) cpuWait(now time.Time) time.Duration {
	if q.spent < q.limits.CPU {
		return 0
	}
	return q.cycle.Add(cpuCycle).Sub(now)
}

// runWait returns how long the run time within a span stays at or above most.
func (q *quota) runWait(now time.Time, span, most time.Duration) time.Duration {
	total := time.Duration(0)
	for i := len(q.runs) - 1; i >= 0 && now.Sub(q.runs[i].at) < span; i-- {
		if total += q.runs[i].took; total >= most {
			return span - now.Sub(q.runs[i].at)
		}
	}
	return 0
}

// charge books the time that a call has run.
func (q *quota) charge(now time.Time, took time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.forget(now)
	q.runs = append(q.runs, run{now, took})
	q.spent += took
}

func (q *quota) spend(now time.Time, cpu time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.forget(now)
	q.spent += cpu
}

// seconds rounds up, so that whoever waits that long has waited long enough.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// clockFace prints a whole number of seconds as the service prints a window: 00:01:00.
func clockFace(d time.Duration) string {
	s := seconds(d)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}
