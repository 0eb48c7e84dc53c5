package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"huntlake/checkpoint"
	"huntlake/partition"
)

// verifySource holds the source's counts against the receipts'.
//
// Each stream is counted by hour of its cursor and day of Timestamp, above a floor. Besides, every day of Timestamp
// is counted without any word about the cursor, so that no predicate can hide rows from both sides: those totals must
// be the stamped rows of all hours, before, inside and behind what was exported, and the unstamped ones of the days that
// were.
func (t *track) verifySource(ctx context.Context, streams []partition.Stream, v *checkpoint.Verify) error {
	if open := t.openSlices(); open > 0 {
		v.Differences = append(v.Differences, fmt.Sprintf("%d slices have not been read yet: run the export to its end first", open))
		return nil
	}
	v.Floor = t.commonFloor()
	now := t.tenant.clock.tick()
	if v.Floor >= now {
		return nil
	}
	days, err := t.askDays(ctx, v.Floor, now)
	if err != nil {
		return err
	}
	if t.commonFloor() != v.Floor { // the answer has told that the local clock is wrong, or it has struck midnight
		return t.verifySource(ctx, streams, v)
	}
	shown := map[partition.Stream]map[partition.Date]int64{}
	for _, stream := range streams {
		if shown[stream], err = t.verifyStream(ctx, stream, v); err != nil {
			return err
		}
	}
	t.verifyTotals(days, shown, v)
	return nil
}

// countSource counts a table of snapshots, for information: it holds other rows than the newest one by now. A table of
// which that one could not be taken is left alone, since it may be one that cannot be counted.
func (t *track) countSource(ctx context.Context, _ []partition.Stream, v *checkpoint.Verify) error {
	var st checkpoint.Standing
	t.ledger.View(func(s *checkpoint.State) { st = s.Snapshot })
	if v.LedgerRows = st.Rows; st.Done == 0 {
		v.Differences = append(v.Differences, "no snapshot has been taken yet: run the export to its end first")
	}
	if st.Done == 0 || st.Last != st.Done {
		return nil
	}
	rows, err := t.askCount(ctx, planning, partition.Slice{Stream: partition.Snapshot})
	if hopeless(err) {
		return nil
	}
	v.SourceRows = rows
	return err
}

func (t *track) openSlices() (n int) {
	t.ledger.View(func(s *checkpoint.State) { n, _ = s.Unread() })
	return n
}

// commonFloor is the lowest Timestamp above which every slice was read whole and the source still has every row: the
// floor of all plans, if they share one that has not expired; else the first midnight above them all.
func (t *track) commonFloor() partition.Tick {
	edge := t.edge() + slack/3
	low, high := partition.MaxTick, partition.MinTick
	t.ledger.View(func(s *checkpoint.State) {
		for _, r := range s.Streams {
			low, high = min(low, r.First), max(high, r.Floor)
		}
		for _, g := range s.Gaps {
			high = max(high, g.Below)
		}
	})
	if low == high && low >= edge {
		return low
	}
	return max(high, edge).Ceil(partition.Day)
}

// verifyStream compares a stream up to its frontier, cell by cell, and returns how many rows the source shows of each day:
// of a stream along Timestamp, up to the frontier.
func (t *track) verifyStream(ctx context.Context, stream partition.Stream, v *checkpoint.Verify) (shown map[partition.Date]int64, err error) {
	var r checkpoint.Range
	var ledger checkpoint.Cells
	t.ledger.View(func(s *checkpoint.State) { r, ledger = s.Streams[stream], maps.Clone(s.Cells[stream]) })
	s := partition.Slice{Stream: stream, Start: partition.MinTick, End: r.End, Floor: v.Floor}
	found, err := t.askCells(ctx, s)
	if err != nil {
		return nil, err
	}
	source := found.cells
	maps.DeleteFunc(source, func(cell checkpoint.Cell, _ int64) bool { return cell.Hour < r.Start }) // before the export began
	t.dropPending(stream, source, ledger)
	explained := t.explainChanged(stream, source, ledger, v)
	t.differing[stream] = compareCells(stream, source, ledger, v, explained)
	if stream != partition.Stamped {
		return found.days, nil
	}
	s.Start, s.End = r.End, partition.MaxTick
	behind, err := t.askCells(ctx, s)
	for day, n := range behind.days {
		found.days[day] += n
	}
	return found.days, err
}

// dropPending leaves out the days of a stream on the timestamp cursor that are still to be counted again: rows come late
// there by nature, and those days have not been published.
func (t *track) dropPending(stream partition.Stream, source, ledger checkpoint.Cells) {
	t.ledger.View(func(s *checkpoint.State) {
		pending := func(cell checkpoint.Cell, _ int64) bool { return !s.IsSettled(stream, cell.Day) }
		maps.DeleteFunc(source, pending)
		maps.DeleteFunc(ledger, pending)
	})
}

// explainChanged names the hours in which rows changed in place after they had been read, and returns those of them
// where that is the whole difference between source and ledger.
func (t *track) explainChanged(stream partition.Stream, source, ledger checkpoint.Cells, v *checkpoint.Verify) map[partition.Tick]bool {
	over, first := map[partition.Tick]int64{}, partition.DateOf(v.Floor)
	for cell, n := range source {
		if cell.Day >= first {
			over[cell.Hour] += n
		}
	}
	for cell, n := range ledger {
		if cell.Day >= first {
			over[cell.Hour] -= n
		}
	}
	explained := map[partition.Tick]bool{}
	t.ledger.View(func(s *checkpoint.State) {
		for _, hour := range slices.Sorted(maps.Keys(s.Changed[stream])) {
			c := s.Changed[stream][hour]
			if _, compared := over[hour]; !compared || hour < v.Floor.Floor(partition.Hour) {
				continue
			}
			v.Differences = append(v.Differences, describeChanged(stream, hour, c))
			explained[hour] = over[hour] == c.Over
		}
	})
	return explained
}

func describeChanged(stream partition.Stream, hour partition.Tick, c checkpoint.Surplus) string {
	if c.Rows == 0 {
		return fmt.Sprintf("%v rows of hour %v: %d have been deleted at the source since that hour was read; the lake keeps them", stream, hour, -c.Over)
	}
	return fmt.Sprintf("%v rows of hour %v: %d have changed at the source since that hour was read; the lake keeps them as they were", stream, hour, c.Rows)
}

// compareCells names every cell above the floor in which source and ledger differ, unless its hour is explained, and
// returns them.
func compareCells(stream partition.Stream, source, ledger checkpoint.Cells, v *checkpoint.Verify, explained map[partition.Tick]bool) (differing []checkpoint.Cell) {
	first := partition.DateOf(v.Floor)
	cells := maps.Clone(source)
	maps.Copy(cells, ledger)
	for _, cell := range slices.SortedFunc(maps.Keys(cells), checkpoint.Cell.Compare) {
		if cell.Day < first {
			continue
		}
		v.SourceRows += source[cell]
		v.LedgerRows += ledger[cell]
		if explained[cell.Hour] || source[cell] == ledger[cell] {
			continue
		}
		differing = append(differing, cell)
		v.Differences = append(v.Differences, fmt.Sprintf("%v rows of hour %v, day %v: the source has %d, the ledger %d",
			stream, cell.Hour, cell.Day, source[cell], ledger[cell]))
	}
	return differing
}

// verifyTotals compares the totals that ignore the cursor with the sums of the streams. The totals were asked first:
// rows that arrived in between may only add to the sums.
func (t *track) verifyTotals(days map[partition.Date]dayCount, shown map[partition.Stream]map[partition.Date]int64, v *checkpoint.Verify) {
	if shown[partition.Whole] != nil {
		return // its cells are the totals
	}
	for _, day := range slices.Sorted(maps.Keys(days)) {
		n := days[day]
		t.verifyTotal(partition.Stamped, day, n.rows-n.unstamped, shown[partition.Stamped], v)
		t.verifyTotal(partition.Unstamped, day, n.unstamped, shown[partition.Unstamped], v)
	}
}

// verifyTotal names a day of which the source has more rows of a stream than it shows by hour, or any if nothing of the
// stream was planned.
func (t *track) verifyTotal(stream partition.Stream, day partition.Date, rows int64, shown map[partition.Date]int64, v *checkpoint.Verify) {
	with := "with"
	if stream == partition.Unstamped {
		with = "without"
	}
	switch {
	case shown == nil && rows > 0:
		if t.table.Cursor == Auto {
			t.unread = union(t.unread, []partition.Stream{stream})
		}
		v.Differences = append(v.Differences, fmt.Sprintf("day %v: %d rows %s an ingestion time have not been exported", day, rows, with))
	case shown != nil && shown[day] < rows && (stream == partition.Stamped || day.End() <= t.plannedTo(stream)):
		v.Differences = append(v.Differences, fmt.Sprintf("day %v: the source has %d rows %s an ingestion time, but shows %d by hour",
			day, rows, with, shown[day]))
	}
}
