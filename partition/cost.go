package partition

import (
	"math"
	"time"
)

// Caps bound one answer. Zero means no bound.
type Caps struct {
	Rows  int64         // most rows of an answer that cannot have been cut
	Bytes int64         // most bytes of JSON
	Time  time.Duration // longest run time
}

// Cost is what answers of one table have cost so far, as moving averages that are the same whoever computes them.
// The zero Cost knows nothing.
type Cost struct {
	Answers     int64   `json:"answers"`
	Weight      float64 `json:"weight"`        // rows that the averages rest on, old ones faded
	BytesPerRow float64 `json:"bytes_per_row"` // mean over rows
	Spread      float64 `json:"spread"`        // relative standard deviation of an answer's mean
	SecsPerRow  float64 `json:"secs_per_row"`
}

const (
	memory       = 32.0 // answers after which an old one has faded to 1/e
	leastSpread  = 0.002
	usualSpread  = 0.01 // what several answers have shown of most tables, at least
	rowSpread    = 0.2  // what a single row adds to that; it fades with the root of an answer's rows
	clumpSpread  = 0.5  // the same for the mean of what was read: rows of one device and hour are alike, so that they tell less
	mostDoubt    = 0.1  // more than that, and every first plan would be cut too small for the sake of a few
	sigmas       = 3.0  // headroom: a cap is passed by fewer than one answer in several hundred
	fewestToward = 4    // answers before the measured spread is believed
	telling      = 100  // rows from which on an answer tells their width in full
	timeTelling  = 1000 // rows from which on an answer tells what each costs in time, and not what a call does
)

// Observe returns c with one more answer of the given rows, bytes and run time. It counts by its rows: a sample of two
// hundred tells little beside an answer of ten thousand.
func (c Cost) Observe(rows, bytes int64, run time.Duration) Cost {
	if rows <= 0 {
		return c
	}
	x := float64(bytes) / float64(rows)
	told := min(1, float64(rows)/telling) // most of a small answer is its schema
	kept := float64(c.Weight * (1 - told/memory))
	weight := 1.0
	if kept > 0 {
		weight = told * float64(rows) / (kept + float64(told*float64(rows)))
	}
	d := x - c.BytesPerRow
	variance := math.Pow(c.Spread*c.BytesPerRow, 2)
	if c.Answers == 0 {
		d, variance = 0, 0
		c.BytesPerRow = x
	}
	c.BytesPerRow += float64(weight * d)
	c.Spread = math.Sqrt((1-weight)*(variance+float64(weight*d*d))) / max(c.BytesPerRow, 1)
	if rows >= timeTelling {
		secs := run.Seconds() / float64(rows)
		if c.SecsPerRow > 0 {
			secs = c.SecsPerRow + float64(weight*(secs-c.SecsPerRow))
		}
		c.SecsPerRow = secs
	}
	c.Weight = kept + float64(told*float64(rows))
	c.Answers++
	return c
}

// headroom is the factor by which an answer may turn out wider than the mean: by as much as answers differ, and by what
// the mean itself may be off, of which little is known from few rows.
func (c Cost) headroom() float64 {
	spread := max(c.Spread, leastSpread)
	if c.Answers < fewestToward {
		spread = max(spread, usualSpread)
	}
	doubt := clumpSpread / math.Sqrt(max(c.Weight, 1))
	return 1 + min(sigmas*math.Hypot(spread, doubt), max(mostDoubt, sigmas*c.Spread))
}

// Settled returns c as it is expected to be once several answers have come: their mean as it is, with little spread,
// though with more the fewer rows an answer may have.
func (c Cost) Settled(caps Caps) Cost {
	if c.Answers < fewestToward && c.Answers > 0 {
		rows := float64(c.RowsPerCall(caps))
		c.Answers, c.Spread = fewestToward, max(usualSpread, rowSpread/math.Sqrt(rows))/2
		c.Weight = max(c.Weight, rows*fewestToward)
	}
	return c
}

// RowsPerCall is the most rows that one call may ask for under every cap at once, at least 1.
func (c Cost) RowsPerCall(caps Caps) int64 {
	limit := float64(math.MaxInt32)
	if caps.Rows > 0 {
		limit = float64(caps.Rows)
	}
	if caps.Bytes > 0 && c.BytesPerRow > 0 {
		limit = min(limit, float64(caps.Bytes)/(c.BytesPerRow*c.headroom()))
	}
	if caps.Time > 0 && c.SecsPerRow > 0 {
		limit = min(limit, caps.Time.Seconds()/(c.SecsPerRow*c.headroom()))
	}
	return max(1, int64(limit))
}

// Bytes is the expected size of an answer of the given rows.
func (c Cost) Bytes(rows int64) int64 { return int64(float64(rows) * c.BytesPerRow) }

// LeastBytes is a size that an answer of the given rows is all but certain to have.
func (c Cost) LeastBytes(rows int64) int64 {
	return int64(float64(rows) * c.BytesPerRow * (2 - c.headroom()))
}

// Time is the expected run time of an answer of the given rows.
func (c Cost) Time(rows int64) time.Duration {
	return time.Duration(float64(rows) * c.SecsPerRow * float64(time.Second))
}
