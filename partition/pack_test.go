package partition_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"huntlake/partition"
)

// shape draws the instants of n rows in a month.
type shape func(r *rand.Rand, n int) []partition.Tick

const month = 30 * partition.Day

func evenly(r *rand.Rand, n int) []partition.Tick {
	out := make([]partition.Tick, n)
	for i := range out {
		out[i] = partition.Tick(r.Int64N(int64(month)))
	}
	return out
}

// office puts rows into working hours, in bursts of a few hundred that share a second.
func office(r *rand.Rand, n int) []partition.Tick {
	out := make([]partition.Tick, 0, n)
	for len(out) < n {
		day, hour := partition.Tick(r.IntN(30)), partition.Tick(8+r.IntN(9))
		at := day*partition.Day + hour*partition.Hour + partition.Tick(r.Int64N(int64(partition.Hour)))
		for range min(1+r.IntN(300), n-len(out)) {
			out = append(out, at+partition.Tick(r.Int64N(int64(partition.Second))))
		}
	}
	return out
}

// storm puts half of all rows into two minutes.
func storm(r *rand.Rand, n int) []partition.Tick {
	out := evenly(r, n)
	for i := range out[:n/2] {
		out[i] = 12*partition.Day + partition.Tick(r.Int64N(int64(2*partition.Minute)))
	}
	return out
}

// batches gives every arrival batch of up to 120 rows one tick, as ingestion does. (Ticks that hold a large part of a
// call cannot be packed well by anyone.)
func batches(r *rand.Rand, n int) []partition.Tick {
	out := make([]partition.Tick, 0, n)
	for len(out) < n {
		at := partition.Tick(r.Int64N(int64(month)))
		for range min(1+r.IntN(120), n-len(out)) {
			out = append(out, at)
		}
	}
	return out
}

// histogram is the service's answer to a histogram query over sorted instants.
func histogram(t *testing.T, ticks []partition.Tick, span partition.Span) partition.Histogram {
	t.Helper()
	var bins []partition.Bin
	i, _ := slices.BinarySearch(ticks, span.Start)
	for ; i < len(ticks) && ticks[i] < span.End; i++ {
		start := ticks[i].Floor(span.Width)
		if len(bins) == 0 || bins[len(bins)-1].Start != start {
			bins = append(bins, partition.Bin{Start: start, End: start + span.Width, Oldest: ticks[i]})
		}
		bins[len(bins)-1].Rows++
	}
	if len(bins) > partition.MaxBins {
		t.Fatalf("asked for %d bins", len(bins))
	}
	h, err := partition.NewHistogram(span.Start, span.End, bins)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Slices tile exactly, none is over the limit when the histogram is right, and all calls, those for finer bins
// included, stay within 5 % (and two calls) of the bound.
func TestPackBursty(t *testing.T) {
	for name, draw := range map[string]shape{"even": evenly, "office": office, "storm": storm, "batches": batches} {
		for _, limit := range []int64{3_000, 20_000, 99_999} {
			for seed := range uint64(3) {
				t.Run(fmt.Sprintf("%s/%d/%d", name, limit, seed), func(t *testing.T) {
					ticks := draw(rand.New(rand.NewPCG(seed, 7)), 600_000)
					slices.Sort(ticks)
					pack(t, ticks, limit)
				})
			}
		}
	}
}

func pack(t *testing.T, ticks []partition.Tick, limit int64) {
	h := histogram(t, ticks, partition.Span{Start: 0, End: month, Width: partition.Minute})
	asked := 1
	for round := 0; round < 6; round++ {
		hot := h.Hot(limit)
		if len(hot) == 0 {
			break
		}
		for _, span := range hot {
			h = h.Refine(histogram(t, ticks, span))
			asked++
		}
	}
	if got := h.Rows(); got != int64(len(ticks)) {
		t.Fatalf("the histogram holds %d rows of %d", got, len(ticks))
	}
	whole := partition.Slice{Stream: partition.Stamped, Start: 0, End: month}
	plan := partition.Pack(whole, h, limit)
	checkTiles(t, whole, plan, ticks)
	for _, p := range plan {
		if p.Rows > limit {
			t.Errorf("%v holds %d rows, over %d", p.Slice, p.Rows, limit)
		}
	}
	bound := math.Ceil(float64(len(ticks)) / float64(limit))
	if calls := len(plan) + asked; float64(calls) > 1.05*bound+2 {
		t.Errorf("%d calls (%d for bins), bound %.0f", calls, asked, bound)
	}
}

func checkTiles(t *testing.T, whole partition.Slice, plan []partition.Planned, ticks []partition.Tick) {
	t.Helper()
	at := whole.Start
	for _, p := range plan {
		if p.Slice.Start != at {
			t.Fatalf("%v does not begin where the one before ends, at %v", p.Slice, at)
		}
		at = p.Slice.End
		i, _ := slices.BinarySearch(ticks, p.Slice.Start)
		j, _ := slices.BinarySearch(ticks, p.Slice.End)
		if int64(j-i) != p.Rows {
			t.Fatalf("%v holds %d rows, planned %d", p.Slice, j-i, p.Rows)
		}
	}
	if at != whole.End {
		t.Fatalf("the plan ends at %v, not %v", at, whole.End)
	}
}

func TestPackEvens(t *testing.T) {
	var bins []partition.Bin
	for i := range partition.Tick(31) {
		bins = append(bins, partition.Bin{Start: i, End: i + 1, Rows: 100})
	}
	h, _ := partition.NewHistogram(0, 100, bins)
	plan := partition.Pack(partition.Slice{Stream: partition.Whole, End: 100}, h, 1000)
	var got []int64
	for _, p := range plan {
		got = append(got, p.Rows)
	}
	if want := []int64{800, 800, 800, 700}; !slices.Equal(got, want) {
		t.Errorf("packed %v, want the four calls that are needed and them even: %v", got, want)
	}
}

func TestPackNothing(t *testing.T) {
	h, _ := partition.NewHistogram(0, 100, nil)
	if plan := partition.Pack(partition.Slice{Stream: partition.Whole, End: 100}, h, 10); len(plan) != 0 {
		t.Errorf("a range without rows is planned as %v", plan)
	}
	if h.Oldest() != partition.NoTick {
		t.Error("a histogram without rows has an oldest row")
	}
}

// A tick that is over the limit comes out of Pack alone, and is cut on the other clock by PackOther.
func TestPackOther(t *testing.T) {
	h, _ := partition.NewHistogram(0, 100, []partition.Bin{{Start: 10, End: 11, Rows: 5}, {Start: 50, End: 51, Rows: 5000}, {Start: 60, End: 61, Rows: 5}})
	if hot := h.Hot(1000); len(hot) != 0 {
		t.Errorf("a single tick is to be asked again: %v", hot)
	}
	whole := partition.Slice{Stream: partition.Stamped, End: 100, Floor: 3}
	plan := partition.Pack(whole, h, 1000)
	if len(plan) != 3 || plan[1].Rows != 5000 {
		t.Fatalf("packed %v", plan)
	}
	var stamps []partition.Bin
	for i := range partition.Tick(10) {
		stamps = append(stamps, partition.Bin{Start: 10 * (i + 1), End: 10 * (i + 2), Rows: 500})
	}
	other, _ := partition.NewHistogram(3, 200, stamps)
	narrow := partition.PackOther(plan[1].Slice, other, 1000)
	var children []partition.Slice
	for _, p := range narrow {
		if p.Rows > 1000 {
			t.Errorf("%v holds %d rows", p.Slice, p.Rows)
		}
		children = append(children, p.Slice)
	}
	if err := plan[1].Slice.Tile(children); err != nil || len(children) != 5 {
		t.Errorf("%d children: %v", len(children), err)
	}
	one, _ := partition.NewHistogram(3, 200, stamps[:1])
	if got := partition.PackOther(plan[1].Slice, one, 100); len(got) != 1 || got[0].Slice != plan[1].Slice {
		t.Errorf("one bin is cut into %v", got)
	}
}

func TestNewHistogramRefuses(t *testing.T) {
	for name, bins := range map[string][]partition.Bin{
		"negative": {{Start: 1, End: 2, Rows: -1}},
		"empty":    {{Start: 2, End: 2, Rows: 1}},
		"outside":  {{Start: 100, End: 101, Rows: 1}},
		"before":   {{Start: -5, End: 0, Rows: 1}},
		"overlap":  {{Start: 1, End: 5, Rows: 1}, {Start: 4, End: 6, Rows: 1}},
	} {
		if _, err := partition.NewHistogram(0, 100, bins); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	h, err := partition.NewHistogram(7, 95, []partition.Bin{{Start: 90, End: 100, Rows: 1}, {Start: 0, End: 10, Rows: 1}, {Start: 40, End: 50}})
	if err != nil || len(h.Bins) != 2 || h.Bins[0].Start != 7 || h.Bins[1].End != 95 {
		t.Errorf("NewHistogram = %+v, %v: want two bins, in order, cut to the range", h, err)
	}
}

func TestCost(t *testing.T) {
	caps := partition.Caps{Rows: 99_999, Bytes: 50 << 20, Time: time.Minute}
	var c partition.Cost
	if got := c.RowsPerCall(caps); got != caps.Rows {
		t.Errorf("knowing nothing, %d rows a call", got)
	}
	c = c.Observe(200, 500_000, time.Second/10)
	if got := c.RowsPerCall(caps); got < 18_000 || got > 20_000 {
		t.Errorf("after a sample at 2500 B a row, %d rows a call", got)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 40 {
		perRow := 2500 * (1 + 0.01*r.NormFloat64())
		c = c.Observe(20_000, int64(20_000*perRow), 10*time.Second)
	}
	if c.Spread < 0.005 || c.Spread > 0.02 {
		t.Errorf("spread %.4f of answers that vary by 0.01", c.Spread)
	}
	got := float64(c.RowsPerCall(caps)) * 2500 / (50 << 20)
	if got < 0.93 || got > 0.99 {
		t.Errorf("a learned call fills %.3f of the cap", got)
	}
	c.SecsPerRow = 0.01
	if got := c.RowsPerCall(caps); got > 6000 || got < 5000 {
		t.Errorf("at 10 ms a row and a minute a call, %d rows", got)
	}
	c.BytesPerRow = 1e12
	if got := c.RowsPerCall(caps); got != 1 {
		t.Errorf("a row wider than the cap: %d rows", got)
	}
	if c.Observe(0, 10, time.Second) != c {
		t.Error("an answer without rows teaches something")
	}
}

func TestCuts(t *testing.T) {
	h, _ := partition.NewHistogram(0, 100, []partition.Bin{{Start: 10, End: 20, Rows: 1}, {Start: 20, End: 30, Rows: 1}, {Start: 50, End: 60, Rows: 1}})
	for at, want := range map[partition.Tick]bool{5: false, 10: false, 15: true, 20: false, 29: true, 30: false, 40: false, 59: true, 60: false, 99: false} {
		if got := h.Cuts(at); got != want {
			t.Errorf("Cuts(%d) = %v", at, got)
		}
	}
}

// A bin width keeps the answer below its cap, and fits the edges.
func TestBinWidth(t *testing.T) {
	for _, span := range []partition.Tick{1, 1000, partition.Second, partition.Minute, partition.Hour, partition.Day, 3 * partition.Day, 29*partition.Day + 1, 30 * partition.Day, 400 * partition.Day} {
		width := partition.BinWidth(0, span)
		if partition.Edge%width != 0 && width%partition.Edge != 0 {
			t.Errorf("bins of %d ticks for %d do not fit between edges", width, span)
		}
		if bins := span/width + 2; bins > partition.MaxBins+1 {
			t.Errorf("%d bins of %d ticks for %d", bins, width, span)
		}
		if finest := max(1, span/partition.MaxBins); width > 2*finest+1 {
			t.Errorf("bins of %d ticks for %d, where %d would do", width, span, finest)
		}
	}
}
