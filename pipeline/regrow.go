package pipeline

import (
	"context"
	"slices"

	"huntlake/checkpoint"
	"huntlake/partition"
)

// overlap is how far behind the frontier each histogram of the stamped stream starts, to see whether bins have grown
// since they were staged.
const overlap = partition.Day

// grownHours compares what has been staged with a newer histogram of the same range, hour by hour of the cursor, and
// returns the hours of which the source has more than when they were read. Hours of which it has less are left alone:
// what has been deleted at the source stays in the lake.
func grownHours(s *checkpoint.State, h partition.Histogram, stream partition.Stream) []partition.Tick {
	source, staged := map[partition.Tick]int64{}, map[partition.Tick]int64{}
	for _, b := range h.Bins {
		source[b.Start.Floor(partition.Hour)] += b.Rows
	}
	for cell, n := range s.Cells[stream] {
		staged[cell.Hour] += n
	}
	var grown []partition.Tick
	for hour, n := range source {
		if hour >= h.Start && n > staged[hour]+s.Changed[stream][hour].Over {
			grown = append(grown, hour)
		}
	}
	return grown
}

// spansOf joins hours that follow each other into ranges.
func spansOf(hours []partition.Tick) []partition.Span {
	hours = slices.Compact(slices.Sorted(slices.Values(hours)))
	var out []partition.Span
	for _, hour := range hours {
		if n := len(out); n > 0 && out[n-1].End == hour {
			out[n-1].End += partition.Hour
			continue
		}
		out = append(out, partition.Span{Start: hour, End: hour + partition.Hour, Width: partition.Hour})
	}
	return out
}

// counter counts a slice.
type counter func(context.Context, partition.Slice) (partition.Planned, error)

// counted counts by a histogram of the stream that has been asked with the slices' floor.
func counted(h partition.Histogram) counter {
	return func(_ context.Context, s partition.Slice) (partition.Planned, error) {
		part := h.Within(s.Start, s.End)
		return partition.Planned{Slice: s, Rows: part.Rows(), Oldest: part.Oldest()}, nil
	}
}

// recounted counts by a call of its own.
func (t *track) recounted(ctx context.Context, s partition.Slice) (partition.Planned, error) {
	rows, err := t.askCount(ctx, recounting, s)
	return partition.Planned{Slice: s, Rows: rows}, err
}

// openAgain commits that hours of a stream that seem to have grown are to be read again, as the next generation: the
// answer is compared with the lake, and what the lake does not hold is staged. Ranges that are being read are left alone.
func (t *track) openAgain(ctx context.Context, stream partition.Stream, hours []partition.Tick, floor partition.Tick, count counter) error {
	var again []checkpoint.PlannedSlice
	for _, span := range spansOf(hours) {
		s := partition.Slice{Stream: stream, Start: max(span.Start, t.start(stream)), End: min(span.End, t.frontier(stream)), Floor: floor}
		if s.Validate() != nil || lowest(s) >= highest(s) || t.isOpen(s) {
			continue
		}
		planned, err := count(ctx, s)
		if err != nil {
			return err
		}
		if planned.Rows > 0 {
			again = append(again, checkpoint.NewPlannedSlice(planned))
		}
	}
	if len(again) == 0 {
		return nil
	}
	return t.planAgain(ctx, stream, floor, again)
}

// planAgain commits that ranges are to be read as the next generation.
func (t *track) planAgain(ctx context.Context, stream partition.Stream, floor partition.Tick, again []checkpoint.PlannedSlice) error {
	_, err := t.ledger.Append(ctx, func(s *checkpoint.State, _ int64) (checkpoint.Body, error) {
		at := s.Streams[stream].End
		return &checkpoint.Plan{
			Stream: stream, Start: at, End: at, Floor: floor, Again: again, Generation: max(s.Generation, 1) + 1,
		}, nil
	})
	return err
}

// isOpen reports whether part of a slice is planned and not staged.
func (t *track) isOpen(s partition.Slice) bool { return len(t.openWithin(s)) > 0 }
