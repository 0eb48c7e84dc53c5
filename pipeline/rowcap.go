package pipeline

import (
	"sync"

	"huntlake/checkpoint"
	"huntlake/partition"
)

// rowCap is the number of rows at which a tenant's service cuts an answer without a word: the documented one, until
// answers show that it is less, as it was in earlier years (10,000, 30,000). It is learned anew by every run.
type rowCap struct {
	mu    sync.Mutex
	rows  int64
	short map[int64]bool // rows of the answers that fell short of their counts, or may have
}

func newRowCap() *rowCap { return &rowCap{rows: checkpoint.RowCap, short: map[int64]bool{}} }

// leastCap is the smallest number of rows that is taken for a cap: a table whose answers always lack a few rows must
// not end up being read a handful of rows at a time.
const leastCap = 1000

func (c *rowCap) at() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rows
}

// reached reports whether an answer of so many rows may have been cut: one of fewer is whole, unless the cap has yet to be
// learned.
func (c *rowCap) reached(rows int64) bool { return rows == c.at() || rows >= checkpoint.RowCap }

// learn takes note of an answer that holds fewer rows than were counted, and reports whether it was cut: at a number at
// which another answer ended, too. One alone proves nothing, however round it is: rows may have come in between.
func (c *rowCap) learn(rows int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	again := c.short[rows]
	c.short[rows] = true
	if !again || rows < leastCap {
		return false
	}
	c.rows = min(c.rows, rows)
	return true
}

// suspect takes note of an answer that nobody has held against a count.
func (c *rowCap) suspect(rows int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.short[rows] = true
}

// saw takes note of an answer: one of more rows than the cap disproves it.
func (c *rowCap) saw(rows int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if rows > c.rows {
		c.rows = checkpoint.RowCap
		clear(c.short)
	}
}

// isCapLike reports whether somebody might have set so many rows as a limit.
func isCapLike(rows int64) bool {
	return rows >= leastCap && (rows%1000 == 0 || rows%1024 == 0)
}

// caps are the limits of one answer, as far as they are known.
func (t *track) caps() partition.Caps {
	caps := t.opts().Caps
	caps.Rows = min(caps.Rows, t.tenant.rowCap.at()-1)
	return caps
}
