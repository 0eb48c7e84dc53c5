package partition

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
)

// Bin is the rows whose clock lies in [Start, End).
type Bin struct {
	Start, End Tick
	Rows       int64
	Oldest     Tick // the smallest Timestamp among the rows
}

// Histogram is the rows of a range of a clock, by bins. Bins without rows are left out; the others are ascending and
// disjoint and lie inside [Start, End).
type Histogram struct {
	Start, End Tick
	Bins       []Bin
}

// MaxBins is how many bins one call may ask for: an answer of so many rows stays clear of the row cap.
const MaxBins = 90_000

// NewHistogram puts bins in order, cuts the outermost to [start, end) and refuses those that overlap, lie outside or
// hold a negative number of rows: an answer that does so cannot be planned from.
func NewHistogram(start, end Tick, bins []Bin) (Histogram, error) {
	h := Histogram{Start: start, End: end}
	for _, b := range bins {
		if b.Rows < 0 || b.End <= b.Start || b.Start >= end || b.End <= start {
			return Histogram{}, fmt.Errorf("histogram of [%v, %v): bin [%v, %v) with %d rows", start, end, b.Start, b.End, b.Rows)
		}
		if b.Rows > 0 {
			b.Start, b.End = max(b.Start, start), min(b.End, end)
			h.Bins = append(h.Bins, b)
		}
	}
	slices.SortFunc(h.Bins, func(a, b Bin) int { return cmp.Compare(a.Start, b.Start) })
	for i := 1; i < len(h.Bins); i++ {
		if h.Bins[i].Start < h.Bins[i-1].End {
			return Histogram{}, fmt.Errorf("histogram of [%v, %v): two bins hold %v", start, end, h.Bins[i].Start)
		}
	}
	return h, nil
}

// Rows is the number of rows in all bins.
func (h Histogram) Rows() int64 { return rowsOf(h.Bins) }

// Oldest is the smallest Timestamp among all rows, or NoTick if there are none.
func (h Histogram) Oldest() Tick { return oldestOf(h.Bins) }

func oldestOf(bins []Bin) Tick {
	oldest := NoTick
	for _, b := range bins {
		if oldest == NoTick || b.Oldest < oldest {
			oldest = b.Oldest
		}
	}
	return oldest
}

// Within returns the part of h inside [start, end), which must not cut a bin: a bin that is cut stays whole on the
// side where it starts.
func (h Histogram) Within(start, end Tick) Histogram {
	i := sort.Search(len(h.Bins), func(i int) bool { return h.Bins[i].Start >= start })
	j := sort.Search(len(h.Bins), func(j int) bool { return h.Bins[j].Start >= end })
	return Histogram{Start: max(start, h.Start), End: min(end, h.End), Bins: h.Bins[i:max(i, j)]}
}

// Refine returns h with everything inside finer's range taken from finer, which was asked later and at smaller bins.
// The range must begin and end on edges of h's bins.
func (h Histogram) Refine(finer Histogram) Histogram {
	before, after := h.Within(h.Start, finer.Start), h.Within(finer.End, h.End)
	return Histogram{Start: h.Start, End: h.End, Bins: slices.Concat(before.Bins, finer.Bins, after.Bins)}
}

func rowsOf(bins []Bin) int64 {
	var rows int64
	for _, b := range bins {
		rows += b.Rows
	}
	return rows
}

// Span is a range of a clock to be asked again at a bin width.
type Span struct {
	Start, End Tick
	Width      Tick
}

// Edge is the finest part of a minute of which a month has no more than MaxBins. Chunks of a plan end on multiples of it,
// so that a histogram of the rest, asked in another run, cuts no bin.
const Edge = Minute / 2

// BinWidth is the finest width at which [start, end) has at most MaxBins bins, wherever it begins, of those that are a part
// or a multiple of Edge: no bin begins or ends in the middle of one of another width.
func BinWidth(start, end Tick) Tick {
	width := max(1, (end-start+MaxBins-2)/(MaxBins-1))
	if width >= Edge {
		return width.Ceil(Edge)
	}
	parts := Edge / width
	for Edge%parts != 0 {
		parts--
	}
	return Edge / parts
}

// coarse says which bins stand in the way of a good packing: those of more than limit/coarse rows.
const coarse = 32

// Hot returns the spans of h that should be asked again before it is packed under limit rows a call: those whose
// bins are so big that packing them as they are would cost more calls than asking once more, and those with a bin
// over the limit. Each span is one call. Bins of a single tick are never named: no call can refine them.
func (h Histogram) Hot(limit int64) []Span {
	var hot []Span
	for i := 0; i < len(h.Bins); {
		if !tooCoarse(h.Bins[i], limit) {
			i++
			continue
		}
		j := h.hotRun(i, limit)
		if worthRefining(h.Bins[i:j], limit) {
			start, end := h.Bins[i].Start, h.Bins[j-1].End
			hot = append(hot, Span{start, end, BinWidth(start, end)})
		}
		i = j
	}
	return hot
}

func tooCoarse(b Bin, limit int64) bool { return b.Rows > limit/coarse && b.End-b.Start > 1 }

// hotRun returns the end of the longest run of bins from i, ending in a coarse one, that one call still resolves:
// its coarsest bin, spread evenly over the width asked for, falls below limit/coarse.
func (h Histogram) hotRun(i int, limit int64) int {
	end, densest := i+1, 0.0
	for j := i; j < len(h.Bins); j++ {
		b := h.Bins[j]
		if !tooCoarse(b, limit) {
			continue
		}
		densest = max(densest, float64(b.Rows)/float64(b.End-b.Start))
		width := BinWidth(h.Bins[i].Start, b.End)
		if j > i && densest*float64(width) > float64(limit)/coarse {
			break
		}
		end = j + 1
	}
	return end
}

// worthRefining weighs the calls that packing bins as they are would cost above the bound against the one call that
// finer bins cost.
func worthRefining(bins []Bin, limit int64) bool {
	for _, b := range bins {
		if b.Rows > limit && b.End-b.Start > 1 {
			return true
		}
	}
	bound := (rowsOf(bins) + limit - 1) / limit
	return int64(len(groups(bins, limit))) > bound+1
}

// Cuts reports whether at lies inside a bin of h, and not on an edge.
func (h Histogram) Cuts(at Tick) bool {
	i := sort.Search(len(h.Bins), func(i int) bool { return h.Bins[i].End > at })
	return i < len(h.Bins) && h.Bins[i].Start < at
}
