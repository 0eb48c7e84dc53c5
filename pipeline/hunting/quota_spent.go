package hunting

import (
	"slices"
	"time"
)

// Spent is what a quota remembers, in a form that is small enough to be written down often: at most one entry a
// minute.
type Spent struct {
	Minutes []Spend `json:"minutes,omitempty"` // ascending At
	Blocked Block   `json:"blocked,omitzero"`
}

// Spent returns what was spent within the longest budget's span, by the minute. Each minute is dated to its end, or
// to now if it is not over, so that what is restored leaves a window later than it should, never earlier. The calls
// under way count with the time they have taken so far.
func (q *Quota) Spent() Spent {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.spentByMinute()
}

func (q *Quota) spentByMinute() Spent {
	now := q.advance()
	spent := slices.Clone(q.spent)
	for call := range q.running {
		spent = append(spent, Spend{At: now, RunTime: now.Sub(call.At)})
	}
	out := Spent{Blocked: q.blocked}
	for _, s := range spent {
		end := s.At.UTC().Truncate(time.Minute)
		if end.Before(s.At) { // what has been dated to its minute's end stays there, however often it is written down
			end = end.Add(time.Minute)
		}
		if end.After(now) {
			end = now.UTC()
		}
		if n := len(out.Minutes); n > 0 && out.Minutes[n-1].At.Equal(end) {
			out.Minutes[n-1].Calls += s.Calls
			out.Minutes[n-1].RunTime += s.RunTime
			continue
		}
		out.Minutes = append(out.Minutes, Spend{At: end, Calls: s.Calls, RunTime: s.RunTime})
	}
	return out
}

// Restore takes what another process has written down, which holds what this one had written before, for what has been
// spent: so a pair of processes that take turns count nothing twice. What is dated later than now, in advance or by
// another clock, counts as spent now.
func (q *Quota) Restore(earlier Spent) {
	q.mu.Lock()
	now := q.advance()
	q.spent = nil
	for _, s := range earlier.Minutes {
		if s.At.After(now) {
			s.At = now
		}
		q.spent = append(q.spent, s)
	}
	slices.SortStableFunc(q.spent, func(a, b Spend) int { return a.At.Compare(b.At) })
	q.advance()
	q.mu.Unlock()
	if latest := now.Add(longestBlock); earlier.Blocked.Until.After(latest) {
		earlier.Blocked.Until = latest
	}
	q.Block(earlier.Blocked)
}
