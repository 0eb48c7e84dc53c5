package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"time"

	"huntlake/partition"
)

// month is the rows of one table, made up: when each happened, when it came in and how many bytes of JSON it makes. Its
// rows are numbered in the order in which they came in.
type month struct {
	start, end partition.Tick // of what is exported, along either clock
	stamped    []partition.Tick
	times      []partition.Tick
	width      []uint16
	byTime     []uint32 // the rows by the time at which they happened
}

// days is how far back an export reaches: a day less than the service keeps, so that nothing expires during it and
// every strategy reads the same rows.
const days = 29

// now is when an export begins.
var now = time.Date(2026, 11, 22, 12, 0, 30, 0, time.UTC)

// shape says how rows are spread over the month.
type shape struct {
	name   string
	weight func(at partition.Tick, r *rand.Rand) float64 // of a minute
}

var shapes = []shape{{"even", evenly}, {"office", office}, {"storm", storm}}

// logNormal has the mean 1.
func logNormal(r *rand.Rand, sigma float64) float64 {
	return math.Exp(sigma*r.NormFloat64() - sigma*sigma/2)
}

func evenly(_ partition.Tick, r *rand.Rand) float64 { return logNormal(r, 0.7) }

// office is eight hours of work on five days, some bustle at night, and one minute in five hundred that brings thirty
// times its share.
func office(at partition.Tick, r *rand.Rand) float64 {
	hour := float64(at%partition.Day) / float64(partition.Hour)
	w := evenly(at, r) * (0.12 + math.Exp(-math.Pow((hour-13)/4, 2)))
	if at/partition.Day%7 >= 5 { // tick zero was a Monday
		w *= 0.2
	}
	if r.IntN(500) == 0 {
		w *= 30
	}
	return w
}

// stormDay brings as much as the rest of the month, most of it within some hours.
var stormDay = partition.TickOf(now).Floor(partition.Day) - 12*partition.Day

func storm(at partition.Tick, r *rand.Rand) float64 {
	if at.Floor(partition.Day) != stormDay {
		return office(at, r)
	}
	hour := float64(at%partition.Day) / float64(partition.Hour)
	return 100 * evenly(at, r) * (0.02 + math.Exp(-math.Pow((hour-10)/2, 2)))
}

const (
	burstRows = 16   // of a burst, which a device sends at once, at most
	burstVary = 0.12 // by how much the width differs from burst to burst
	rowVary   = 0.1  // and from row to row
	overhead  = 200  // bytes that the other columns take, at least
	lateShare = 0.01 // of the bursts come hours late
)

// drift is by how much the mean width differs from one hour to the next, both ways.
func newMonth(s shape, rows, width int, drift float64) *month {
	r := rand.New(rand.NewPCG(uint64(rows), uint64(width)))
	m := &month{
		end: partition.TickOf(now) - 10*partition.Minute,
	}
	m.end = m.end.Floor(partition.Minute)
	m.start = partition.TickOf(now.Add(-days * 24 * time.Hour)).Floor(partition.Hour)
	weights, total := make([]float64, (m.end-m.start)/partition.Minute), 0.0
	for i := range weights {
		weights[i] = s.weight(m.start+partition.Tick(i)*partition.Minute, r)
		total += weights[i]
	}
	hourly, before := 1.0, 0.0
	for i, w := range weights {
		at := m.start + partition.Tick(i)*partition.Minute
		if at%partition.Hour == 0 {
			hourly = 1 + drift*(2*r.Float64()-1)
		}
		before += w
		m.addMinute(r, at, int(float64(rows)*before/total)-len(m.stamped), float64(width)*hourly)
	}
	m.sort()
	return m
}

// addMinute appends n rows that come in within a minute.
func (m *month) addMinute(r *rand.Rand, at partition.Tick, n int, width float64) {
	first := len(m.stamped)
	arrivals := make([]partition.Tick, 0, n/4+1)
	for left := n; left > 0; left -= burstRows / 2 {
		arrivals = append(arrivals, at+partition.Tick(r.Int64N(int64(partition.Minute))))
	}
	slices.Sort(arrivals)
	for i, stamp := range arrivals {
		rows := (n - (len(m.stamped) - first)) / (len(arrivals) - i)
		lag := partition.Tick(120 * logNormal(r, 0.35) * float64(partition.Second))
		if r.Float64() < lateShare {
			lag = partition.Tick(5 * logNormal(r, 0.5) * float64(partition.Hour))
		}
		wide := width * logNormal(r, burstVary)
		for range rows {
			bytes := max(overhead, min(wide*logNormal(r, rowVary), math.MaxUint16))
			m.stamped = append(m.stamped, stamp)
			m.times = append(m.times, stamp-lag-partition.Tick(r.Int64N(int64(2*partition.Second))))
			m.width = append(m.width, uint16(bytes))
		}
	}
}

func (m *month) sort() {
	m.byTime = make([]uint32, len(m.times))
	for i := range m.byTime {
		m.byTime[i] = uint32(i)
	}
	slices.SortFunc(m.byTime, func(a, b uint32) int {
		return int(min(max(m.times[a]-m.times[b], -1), 1))
	})
}

// clock is one of the two that rows are asked for along.
type clock struct {
	tick func(k int) partition.Tick // of the k-th row along it
	row  func(k int) int
}

func (m *month) along(ingestion bool) clock {
	if ingestion {
		return clock{func(k int) partition.Tick { return m.stamped[k] }, func(k int) int { return k }}
	}
	return clock{func(k int) partition.Tick { return m.times[m.byTime[k]] }, func(k int) int { return int(m.byTime[k]) }}
}

// between is where along a clock the rows of [from, to) are.
func (m *month) between(c clock, from, to partition.Tick) (lo, hi int) {
	lo = sort.Search(len(m.times), func(k int) bool { return c.tick(k) >= from })
	hi = sort.Search(len(m.times), func(k int) bool { return c.tick(k) >= to })
	return lo, max(lo, hi)
}
