package pipeline

import (
	"sync"
	"time"

	"huntlake/partition"
)

// clock tells the time that plans are made by: the earlier of the local clock and the service's, so that neither a
// local clock that runs ahead nor one that lags makes a plan reach into rows that are still to come.
type clock struct {
	now func() time.Time

	mu     sync.Mutex
	behind time.Duration // how far the service's clock is behind the local one, never negative
}

// observe learns from the Date of an answer, which has been cut to the second.
func (c *clock) observe(date time.Time) {
	if date.IsZero() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.behind = max(0, c.now().Sub(date)-time.Second)
}

func (c *clock) tick() partition.Tick {
	c.mu.Lock()
	defer c.mu.Unlock()
	return partition.TickOf(c.now().Add(-c.behind))
}

// wasAhead reports whether an instant that tick once returned has turned out, from an answer since, to be one that the
// service has yet to come to.
func (c *clock) wasAhead(at partition.Tick) bool { return c.tick() < at-partition.Minute }
