package synth

import (
	"math"
	"strings"

	"huntlake/partition"
)

// timeline is when the rows of a table happen and arrive. Rows are numbered in order of time.
type timeline struct {
	times    []partition.Tick
	burst    []uint32         // the burst that a row belongs to, ascending
	arrivals []partition.Tick // of a burst
}

const (
	burstRows = 16                   // longest burst
	burstGap  = 2 * partition.Second // a longer silence begins a new one
)

// newTimeline spreads rows over the minutes from Start to End.
func newTimeline(o Options, table string, rows int, h hash) *timeline {
	t := &timeline{times: make([]partition.Tick, 0, rows), burst: make([]uint32, 0, rows)}
	start, end := partition.TickOf(o.Start), partition.TickOf(o.End)
	minutes := int((end - start + partition.Minute - 1) / partition.Minute)
	weights := make([]float64, minutes)
	total := 0.0
	for m := range weights {
		weights[m] = o.Shape.weight(start+partition.Tick(m)*partition.Minute, h.and(uint64(m)))
		total += weights[m]
	}
	grain, before := grainOf(table), 0.0
	for m, w := range weights {
		from := start + partition.Tick(m)*partition.Minute
		n := int(float64(rows)*(before+w)/total+0.5) - len(t.times)
		before += w
		t.addMinute(from, min(from+partition.Minute, end), min(n, rows-len(t.times)), grain, h.and(uint64(m)).and(3))
	}
	t.addMinute(end-partition.Tick(min(int64(partition.Second), int64(end-start))), end, rows-len(t.times), grain, h.and(9))
	t.arrive(o, table, h.and(5))
	return t
}

// weight is how many rows a minute has, in proportion to others.
func (s Shape) weight(at partition.Tick, h hash) float64 {
	w := h.logNormal(1, 0.7)
	if s == Even {
		return w
	}
	hour := float64(at%partition.Day) / float64(partition.Hour)
	w *= 0.12 + math.Exp(-math.Pow((hour-13)/4, 2))
	if day := at / partition.Day % 7; day >= 5 { // tick zero was a Monday
		w *= 0.2
	}
	if s == Storm && h.and(2).chance(0.0005) {
		w *= 150
	}
	return w
}

// addMinute appends n rows between from and to: clumps of rows close together or at the same tick, and gaps.
func (t *timeline) addMinute(from, to partition.Tick, n int, grain partition.Tick, h hash) {
	if n <= 0 {
		return
	}
	first, sum := len(t.times), 2*h.unit()
	for k := range n {
		g := h.and(uint64(k))
		gap := 0.0
		switch u := g.unit(); {
		case u < 0.15:
		case u < 0.8:
			gap = 0.002 + 0.04*g.and(1).unit()
		default:
			gap = -math.Log(1-g.and(1).unit()) * 4
		}
		sum += gap
		t.times = append(t.times, partition.Tick(sum*1e6))
	}
	scale := float64(to-from) / ((sum + 2*h.and(1<<20).unit() + 0.01) * 1e6)
	for k := first; k < len(t.times); k++ {
		at := from + partition.Tick(float64(t.times[k])*scale)
		t.times[k] = max(min(at, to-1).Floor(grain), from.Ceil(grain))
	}
}

// grainOf is the precision of the clock that a table's rows are stamped with.
func grainOf(table string) partition.Tick {
	switch {
	case strings.HasPrefix(table, "Email"), strings.HasPrefix(table, "DeviceTvm"), strings.HasPrefix(table, "AAD"):
		return partition.Second
	case strings.HasPrefix(table, "Identity"), strings.HasPrefix(table, "Cloud"), strings.HasPrefix(table, "Behavior"), table == "OAuthAppInfo":
		return partition.Millisecond
	case strings.HasPrefix(table, "Alert"):
		return partition.Microsecond
	}
	return 1
}

// arrive cuts the rows into bursts, each of which arrives at once.
func (t *timeline) arrive(o Options, table string, h hash) {
	size := 0
	for i, at := range t.times {
		if size == 0 || size == burstRows || at-t.times[i-1] > burstGap {
			t.arrivals = append(t.arrivals, 0)
			size = 0
		}
		size++
		b := len(t.arrivals) - 1
		t.burst = append(t.burst, uint32(b))
		t.arrivals[b] = at
	}
	for b := range t.arrivals {
		t.arrivals[b] = min(t.arrivals[b]+lag(o, table, h.and(uint64(b))), partition.MaxTick)
	}
}

// lag is the time from the last event of a burst to its arrival.
func lag(o Options, table string, h hash) partition.Tick {
	seconds := h.logNormal(o.MedianLag.Seconds(), 0.35)
	switch {
	case h.and(3).chance(o.Late): // the device was offline
		seconds = h.and(4).logNormal(5*3600, 0.5)
	case strings.HasPrefix(table, "Alert"):
		seconds += (22 + 6*h.and(5).unit()) * 3600
	}
	return max(partition.Tick(seconds*float64(partition.Second)), 1)
}
