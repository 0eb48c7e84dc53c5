package partition

import "sort"

// Planned is a slice with the rows that the plan counted in it.
type Planned struct {
	Slice  Slice
	Rows   int64
	Oldest Tick // the smallest Timestamp among them, or NoTick
}

// Pack cuts s along its cursor into slices of at most limit rows each, out of whole bins of h and in order. The
// slices tile s exactly, are as few as whole bins allow and, among the packings of that number, the most even: the
// evenness is headroom against rows that turn out wider than expected. A bin of more than limit rows becomes a slice
// of its own, over the limit; the caller narrows it on the other clock. A range without rows needs no slice.
func Pack(s Slice, h Histogram, limit int64) []Planned {
	gs := even(h.Bins, limit)
	out := make([]Planned, len(gs))
	for i, g := range gs {
		c := s
		if i > 0 {
			c.Start = g[0].Start
			out[i-1].Slice.End = c.Start
		}
		out[i] = Planned{c, rowsOf(g), oldestOf(g)}
	}
	return out
}

// PackOther cuts a stamped slice on the other clock, out of bins of Timestamp, by the rules of Pack. A slice that a
// single bin fills comes back alone.
func PackOther(s Slice, h Histogram, limit int64) []Planned {
	gs := even(h.Bins, limit)
	at := make([]Tick, 0, len(gs))
	for _, g := range gs[min(1, len(gs)):] {
		at = append(at, g[0].Start)
	}
	children, ok := s.SplitOther(at...)
	if !ok || len(children) != len(gs) {
		return []Planned{{s, h.Rows(), h.Oldest()}}
	}
	out := make([]Planned, len(gs))
	for i, g := range gs {
		out[i] = Planned{children[i], rowsOf(g), oldestOf(g)}
	}
	return out
}

// Head returns the part of h that the first n slices of a plan take if each is filled to the limit, back to an Edge;
// that of more slices, if n do not get to one. It is the whole of h if they take it all.
func (h Histogram) Head(limit int64, n int) Histogram {
	gs := groups(h.Bins, limit)
	for ; n < len(gs); n++ {
		end := gs[n][0].Start.Floor(Edge)
		if head := h.Within(h.Start, end); len(head.Bins) > 0 {
			return head
		}
	}
	return h
}

// groups packs bins greedily, in order, which no other packing in order beats in number.
func groups(bins []Bin, limit int64) [][]Bin {
	var out [][]Bin
	for i := 0; i < len(bins); {
		j, rows := i, int64(0)
		for j < len(bins) && (j == i || rows+bins[j].Rows <= limit) {
			rows += bins[j].Rows
			j++
		}
		out = append(out, bins[i:j])
		i = j
	}
	return out
}

// even packs bins into as few groups as limit allows, with the largest group as small as that number allows.
func even(bins []Bin, limit int64) [][]Bin {
	fewest := groups(bins, limit)
	if len(fewest) < 2 {
		return fewest
	}
	low := rowsOf(bins) / int64(len(fewest))
	if low >= limit {
		return fewest
	}
	smallest := low + int64(sort.Search(int(limit-low), func(d int) bool {
		return len(groups(bins, low+int64(d))) <= len(fewest)
	}))
	return groups(bins, smallest)
}
