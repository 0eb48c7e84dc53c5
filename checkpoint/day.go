package checkpoint

import (
	"slices"

	"huntlake/partition"
	"huntlake/schema"
)

// Day is what has been published of one dt.
type Day struct {
	Files []File `json:"files,omitempty"` // those that rows of the source may still be compared with, in order of their publishes
	// Past is the sum of the files before them. A day is read again for as long as the source has rows of it and no
	// longer, and a lake has files without end, of which each state would tell.
	Past Past `json:"past,omitzero"`
	// Closed is the first commit that ended a publish of it when the streams had been read a day past its end, 0 before.
	// What is staged after that commit comes late.
	Closed int64 `json:"closed,omitempty"`
}

// Past is what files add up to that are no longer told apart.
type Past struct {
	Files  int           `json:"files"`
	Rows   int64         `json:"rows"`
	Bytes  int64         `json:"bytes"`
	Digest schema.Digest `json:"digest"`
}

// Add returns p with one more file.
func (p Past) Add(f File) Past {
	return Past{p.Files + 1, p.Rows + f.Rows, p.Bytes + f.Bytes, p.Digest.Add(f.Digest)}
}

// Sum is what all files of the day add up to.
func (d Day) Sum() Past {
	sum := d.Past
	for _, f := range d.Files {
		sum = sum.Add(f)
	}
	return sum
}

// Rows and Digest are the sums over the files.
func (d Day) Rows() int64 { return d.Sum().Rows }

// Digest is the sum over the files.
func (d Day) Digest() schema.Digest { return d.Sum().Digest }

// condense adds up the files that no reading can be compared with any more. A row lies in a dt at most 35 days before
// its ingestion, and what is read again is at most 35 days behind the frontier, or open since then. Along the time
// column alone, a row may lie in the dt of an ingestion time long past; there the files' own bounds tell.
func (s *State) condense() {
	old := s.oldestRead() - horizon - 2*partition.Day
	_, whole := s.Streams[partition.Whole]
	for dt, day := range s.Days {
		if len(day.Files) == 0 || dt.End() >= old {
			continue
		}
		var left []File
		for _, f := range day.Files {
			if whole && f.Newest >= old {
				left = append(left, f)
				continue
			}
			day.Past = day.Past.Add(f)
		}
		day.Files = left
		s.Days[dt] = day
	}
}

// oldestRead is the earliest instant, on any cursor, of what may still be read.
func (s *State) oldestRead() partition.Tick {
	oldest := partition.MaxTick
	for _, r := range s.Streams {
		oldest = min(oldest, r.End-horizon)
	}
	for slice, leaf := range s.Leaves {
		if leaf.Open && slice.Stream != partition.Snapshot {
			oldest = min(oldest, slice.Start)
		}
	}
	return oldest
}

// mergeGaps makes one of the gaps of a stream that begin on the same day for the same reason, once they lie so far back
// that nothing is asked about them: a source that loses rows all the time would make the state grow with each.
func (s *State) mergeGaps(stream partition.Stream, old partition.Tick) {
	type kind struct {
		day partition.Date
		why string
	}
	first := map[kind]int{}
	var out []RecordedGap
	for _, g := range s.Gaps {
		if g.Stream != stream || g.End >= old {
			out = append(out, g)
			continue
		}
		k := kind{partition.DateOf(g.Start), g.Why}
		i, seen := first[k]
		if !seen {
			first[k] = len(out)
			out = append(out, g)
			continue
		}
		out[i] = out[i].with(g)
	}
	if len(out) < len(s.Gaps) {
		s.Gaps = slices.Clip(out)
	}
}

// with is g and a later gap as one.
func (g RecordedGap) with(later RecordedGap) RecordedGap {
	out := later
	out.Start, out.End, out.Below = min(g.Start, later.Start), max(g.End, later.End), max(g.Below, later.Below)
	out.Slice, out.Left, out.Rows = nil, 0, nil
	if g.Rows != nil && later.Rows != nil {
		rows := *g.Rows + *later.Rows
		out.Rows = &rows
	}
	return out
}
