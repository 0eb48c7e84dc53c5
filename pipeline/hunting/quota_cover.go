package hunting

import (
	"context"
	"time"
)

// cover is what a durable record has counted in advance: calls that begin on it are known to whoever reads the record,
// even if this process is killed before it writes the next one.
type cover struct {
	calls   int           // that may still begin on it
	runTime time.Duration // that calls may still take
	until   time.Time     // no call begins on it from then on
}

const (
	ahead        = 4               // calls that a record counts in advance
	firstTypical = 5 * time.Second // what a call is assumed to run before one has shown it
)

// Keep makes calls wait for a cover: no call begins but on an advance (see Ahead) that has been put into force, and
// keep is called, by one call at a time, to renew an advance that is used up or too old. What it returns ends the call
// that needed it. With nil, calls need no cover, as at first.
func (q *Quota) Keep(keep func(context.Context) error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.keep, q.cover = keep, cover{}
}

// covered reports whether a call may begin now.
func (q *Quota) covered(now time.Time) bool {
	return q.keep == nil || q.cover.calls > 0 && q.cover.runTime > 0 && now.Before(q.cover.until)
}

// renewCover has the cover renewed, unless another call has just done so.
func (q *Quota) renewCover(ctx context.Context) error {
	select {
	case q.keeping <- struct{}{}:
		defer func() { <-q.keeping }()
	case <-ctx.Done():
		return ctx.Err()
	}
	q.mu.Lock()
	keep, covered := q.keep, q.covered(q.now())
	q.mu.Unlock()
	if covered {
		return nil
	}
	if err := keep(ctx); err != nil {
		return &fault{ErrPermanent, err} // it has been tried again where that helps
	}
	return nil
}

// Ahead returns Spent with an advance on the next few calls and on what those under way may still take. It is dated to
// until, the instant from which no call begins on it. Once that is durable, enforce puts the advance into force; what was
// spent meanwhile is taken from it.
//
// The advance knows the number of calls exactly, and their run time as what calls have typically taken: what a call
// that is under way when the process is killed takes beyond that is not known to the next one.
func (q *Quota) Ahead(until time.Time) (spent Spent, enforce func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	spent = q.spentByMinute()
	begun, ran := q.begun, q.ran
	runTime := q.typical * time.Duration(ahead+len(q.running))
	spent.Minutes = append(spent.Minutes, Spend{At: until.UTC(), Calls: ahead, RunTime: runTime})
	return spent, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.cover = cover{calls: ahead - (q.begun - begun), runTime: runTime - (q.ran - ran), until: until}
	}
}
