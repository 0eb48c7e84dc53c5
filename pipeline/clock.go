package pipeline

import (
	"fmt"
	"sync"
	"time"

	"huntlake/partition"
)

// clock tells the time that plans are made by: the earlier of the local clock and the service's, so that neither a
// local clock that runs ahead nor one that lags makes a plan reach into rows that are still to come. What has expired is
// told by the service's.
type clock struct {
	now func() time.Time

	mu     sync.Mutex
	heard  bool          // the service has said what time it is
	behind time.Duration // how far the service's clock is behind the local one, never negative
	ahead  time.Duration // or ahead of it
	worst  time.Duration // the most that it has been in this run
	slides int           // how often that has grown
}

// What of a service's clock is beyond belief: to be so far off, or to fall behind so often. A slow answer, whose Date is
// old when it has come, makes it fall behind by minutes at most.
const (
	maxOff    = 366 * 24 * time.Hour
	slide     = 30 * time.Second
	maxSlides = 50
)

// observe learns from the Date of an answer, which has been cut to the second. It returns an error if no plan can be
// made by such a clock.
func (c *clock) observe(date time.Time) error {
	if date.IsZero() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	off := now.Sub(date) - time.Second
	if off > maxOff || off < -maxOff {
		return fmt.Errorf("the service says that it is %s, this machine %s: set the clock that is wrong", date.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	c.heard, c.behind, c.ahead = true, max(0, off), max(0, -off-time.Second)
	if c.behind > c.worst+slide {
		c.worst = c.behind
		c.slides++
	}
	if c.slides > maxSlides {
		return fmt.Errorf("the service's clock falls behind with every answer, and is at %s", date.UTC().Format(time.RFC3339))
	}
	return nil
}

func (c *clock) tick() partition.Tick {
	c.mu.Lock()
	defer c.mu.Unlock()
	return partition.TickOf(c.now().Add(-c.behind))
}

// service is the service's clock as far as it is known.
func (c *clock) service() partition.Tick {
	c.mu.Lock()
	defer c.mu.Unlock()
	return partition.TickOf(c.now().Add(-c.behind + c.ahead))
}

// wasAhead reports whether an instant that tick once returned has turned out, from an answer since, to be one that the
// service has yet to come to.
func (c *clock) wasAhead(at partition.Tick) bool { return c.tick() < at-partition.Minute }

// isHeard reports whether an answer has told the service's time in this run: before one has, nothing may be given up for
// having expired.
func (c *clock) isHeard() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heard
}
