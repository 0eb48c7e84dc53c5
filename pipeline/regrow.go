package pipeline

import (
	"cmp"
	"slices"

	"huntlake/checkpoint"
	"huntlake/partition"
)

// overlap is how far behind the frontier each histogram of the stamped stream starts, to see whether bins have grown
// since they were staged.
const overlap = partition.Day

// grown compares leaves that have been read with a newer histogram of their range, and returns those that may hold
// more rows now. A leaf that holds fewer is left alone: what has been deleted at the source stays in the lake.
//
// A histogram's bins do not cut leaves, but several leaves may share a bin; those are compared together and, where
// they have grown, named together.
func grown(s *checkpoint.State, h partition.Histogram, stream partition.Stream) []partition.Slice {
	var out []partition.Slice
	for _, group := range sharedBins(closedLeaves(s, h, stream), h) {
		var held int64
		for _, slice := range group {
			held += s.Leaves[slice].Counted
		}
		if h.Within(group[0].Start, lastEnd(group)).Rows() > held {
			out = append(out, group...)
		}
	}
	return out
}

// closedLeaves are the leaves that have been read and lie whole inside h, in order.
func closedLeaves(s *checkpoint.State, h partition.Histogram, stream partition.Stream) []partition.Slice {
	var out []partition.Slice
	for slice, leaf := range s.Leaves {
		if slice.Stream == stream && !leaf.Open && slice.Start >= h.Start && slice.End <= h.End {
			out = append(out, slice)
		}
	}
	slices.SortFunc(out, func(a, b partition.Slice) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), a.Compare(b))
	})
	return out
}

// sharedBins groups leaves so that no bin of h and no leaf lies in two groups.
func sharedBins(leaves []partition.Slice, h partition.Histogram) [][]partition.Slice {
	var groups [][]partition.Slice
	for i := 0; i < len(leaves); {
		j := i + 1
		for end := lastEnd(leaves[i:j]); j < len(leaves) && (leaves[j].Start < end || h.Cuts(end)); j++ {
			end = max(end, leaves[j].End)
		}
		groups = append(groups, leaves[i:j])
		i = j
	}
	return groups
}

func lastEnd(group []partition.Slice) partition.Tick {
	end := group[0].End
	for _, s := range group {
		end = max(end, s.End)
	}
	return end
}
