package pipeline

import (
	"context"
	"errors"
	"fmt"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/schema"
)

// sourceCells is what the source holds of a slice.
type sourceCells struct {
	cells checkpoint.Cells         // as receipts count them: see partition.CellDay
	days  map[partition.Date]int64 // by the day of Timestamp, up to tomorrow at least
}

func newSourceCells() sourceCells {
	return sourceCells{checkpoint.Cells{}, map[partition.Date]int64{}}
}

func (c sourceCells) add(hour partition.Tick, day partition.Date, rows int64) {
	c.cells[checkpoint.Cell{Hour: hour, Day: partition.CellDay(hour, day)}] += rows
	c.days[day] += rows
}

// askCells counts a slice by hour of its cursor and day of Timestamp. Forged clocks can make any number of days; where
// they make too many for an answer, the rows from the day after tomorrow on are counted by hour alone, as no cell tells
// them apart, and the others by halves.
func (t *track) askCells(ctx context.Context, s partition.Slice) (sourceCells, error) {
	all := newSourceCells()
	err := t.addCells(ctx, s, 0, 0, all)
	if !errors.Is(err, hunting.ErrTooBig) {
		return all, err
	}
	parts := newSourceCells()
	if s.Stream != partition.Stamped {
		return parts, t.addCells(ctx, s, 0, halvings, parts)
	}
	forged := (partition.DateOf(t.tenant.clock.tick()) + 2).Start()
	if err := t.addCells(ctx, s, forged, halvings, parts); err != nil {
		return parts, err
	}
	s.Floor = forged
	h, err := t.askHistogram(ctx, s, partition.Hour)
	for _, b := range h.Bins {
		parts.add(b.Start.Floor(partition.Hour), partition.DateOf(forged), b.Rows)
	}
	return parts, err
}

// isMany doubts every answer that a cap may have cut: what a verify says must not rest on a guess.
func isMany(rows int64) bool { return rows >= leastCap }

// addCells counts the rows of a slice whose Timestamp is below ceiling, if that is not 0.
func (t *track) addCells(ctx context.Context, s partition.Slice, ceiling partition.Tick, left int, to sourceCells) error {
	below := s
	below.Ceiling = ceiling
	query := t.table.Source.Cells(below)
	f, err := t.askSums(ctx, below, sums{query, []schema.Field{rowsField, binField, dayField}, isMany})
	if halves, ok := t.halve(s, partition.Hour); ok && left > 0 && errors.Is(err, hunting.ErrTooBig) {
		for _, half := range halves {
			if err := t.addCells(ctx, half, ceiling, left-1, to); err != nil {
				return err
			}
		}
		return nil
	}
	if err != nil {
		return err
	}
	for i := range f.rows {
		hour, day := f.ticks(binField.Name, i), f.ticks(dayField.Name, i)
		if hour < s.Start.Floor(partition.Hour) || hour >= s.End || day < s.Floor.Floor(partition.Day) || day > partition.MaxTick {
			return fmt.Errorf("answer to %q: a cell of hour %v and day %v, which were not asked for", query, hour, day)
		}
		to.add(hour, partition.DateOf(day), f.columns[rowsField.Name][i])
	}
	return nil
}

// dayCount is what the source holds of a day of Timestamp.
type dayCount struct{ rows, unstamped int64 }

// askDays counts the rows of a range of Timestamp by its days, by halves where that is too much.
func (t *track) askDays(ctx context.Context, from, to partition.Tick) (map[partition.Date]dayCount, error) {
	days := map[partition.Date]dayCount{}
	return days, t.addDays(ctx, from, to, days)
}

func (t *track) addDays(ctx context.Context, from, to partition.Tick, days map[partition.Date]dayCount) error {
	query := t.table.Source.Days(from, to)
	f, err := t.figures(ctx, planning, query, rowsField, unstamped, dayField)
	if middle := (from + (to-from)/2).Floor(partition.Day); middle > from && errors.Is(err, hunting.ErrTooBig) {
		if err := t.addDays(ctx, from, middle, days); err != nil {
			return err
		}
		return t.addDays(ctx, middle, to, days)
	}
	if err != nil {
		return err
	}
	for i := range f.rows { // there are far too few days for a cap, if each is asked for and comes once
		at := f.ticks(dayField.Name, i)
		day := partition.DateOf(at)
		if _, twice := days[day]; twice || at < from.Floor(partition.Day) || at >= to {
			return fmt.Errorf("answer to %q: day %v, which was not asked for or comes twice", query, at)
		}
		days[day] = dayCount{f.columns[rowsField.Name][i], f.columns[unstamped.Name][i]}
	}
	return nil
}
