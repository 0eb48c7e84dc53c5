package simulator

import (
	"iter"
	"sort"
	"sync"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
)

// index finds the rows of a table by their times, their ingestion times and their arrivals, which are the ingestion
// times but for rows that become visible later.
type index struct {
	table Table
	build func()
	// The rows in order of the clock; nil where that is the order of their numbers. Rows without a time come first,
	// since NoTick is less than any tick.
	byTime, byIngestion, byArrival []uint32
}

// newIndex returns the index of a table, which is built when it is first used.
func newIndex(t Table) *index {
	x := &index{table: t}
	x.build = sync.OnceFunc(func() {
		x.byTime = sorted(t.Len(), t.Time)
		x.byIngestion = sorted(t.Len(), t.Ingested)
		x.byArrival = sorted(t.Len(), t.Arrived)
	})
	return x
}

// sorted returns the numbers 0 to n-1 in order of their ticks, nil if they are in order already. It is a radix sort,
// since months of rows are sorted before a test can begin.
func sorted(n int, tick func(int) partition.Tick) []uint32 {
	type entry struct {
		key uint64
		row uint32
	}
	ordered := true
	entries := make([]entry, n)
	low := partition.MaxTick
	for i := range entries {
		low = min(low, tick(i))
		ordered = ordered && (i == 0 || tick(i-1) <= tick(i))
	}
	if ordered {
		return nil
	}
	span := uint64(0)
	for i := range entries {
		entries[i] = entry{uint64(tick(i) - low), uint32(i)}
		span = max(span, entries[i].key)
	}
	const bits = 12
	next := make([]entry, n)
	for shift := 0; span>>shift > 0; shift += bits {
		var start [1<<bits + 1]int
		for _, e := range entries {
			start[e.key>>shift&(1<<bits-1)+1]++
		}
		for i := 1; i < len(start); i++ {
			start[i] += start[i-1]
		}
		for _, e := range entries {
			b := e.key >> shift & (1<<bits - 1)
			next[start[b]] = e
			start[b]++
		}
		entries, next = next, entries
	}
	rows := make([]uint32, n)
	for i, e := range entries {
		rows[i] = e.row
	}
	return rows
}

// view is a table as one call sees it.
type view struct {
	*index
	fields  []schema.Field
	now     partition.Tick
	window  kql.Interval // the times that retention, or the call's Timespan, leaves
	scanned int64        // rows looked at so far
}

// at returns the table as seen at now. Rows with a time outside of window are gone; a row without one counts by its
// arrival.
func (x *index) at(now partition.Tick, window kql.Interval) *view {
	x.build()
	return &view{index: x, fields: x.table.Columns(now), now: now, window: window}
}

func (v *view) Fields() []schema.Field          { return v.fields }
func (v *view) TimeColumn() string              { return v.table.TimeColumn() }
func (v *view) Time(row int) partition.Tick     { return v.table.Time(row) }
func (v *view) Ingested(row int) partition.Tick { return v.table.Ingested(row) }
func (v *view) Read() kql.Reader                { return v.table.Read(v.fields) }

// Rows looks along the clock whose bounds leave the fewest rows.
func (v *view) Rows(r kql.Range) iter.Seq[int] {
	timed := v.table.TimeColumn() != ""
	r.Time = v.bound(r.Time, timed)
	rows := v.byArrival
	lo, hi := v.find(rows, v.table.Arrived, kql.Interval{From: partition.NoTick, To: v.now + 1, Bounded: true})
	if r.Ingested.Bounded {
		if l, h := v.find(v.byIngestion, v.table.Ingested, r.Ingested); h-l < hi-lo {
			rows, lo, hi = v.byIngestion, l, h
		}
	}
	if r.Time.Bounded {
		if l, h := v.find(v.byTime, v.table.Time, r.Time); h-l < hi-lo {
			rows, lo, hi = v.byTime, l, h
		}
	}
	return func(yield func(int) bool) {
		for k := lo; k < hi; k++ {
			row := k
			if rows != nil {
				row = int(rows[k])
			}
			v.scanned++
			if there(v.table, row, v.now) && v.holds(row, r, timed) && !yield(row) {
				return
			}
		}
	}
}

// bound narrows a range of times to the window. An open range stays open: rows without a time are in it too.
func (v *view) bound(iv kql.Interval, timed bool) kql.Interval {
	if !timed || !iv.Bounded {
		return iv
	}
	return iv.And(v.window.From, v.window.To)
}

func (v *view) holds(row int, r kql.Range, timed bool) bool {
	t := v.table.Time(row)
	if timed {
		kept := t
		if t == partition.NoTick {
			kept = v.table.Arrived(row)
		}
		if !v.window.Contains(kept) {
			return false
		}
	}
	return r.Contains(t, v.table.Ingested(row))
}

// find returns the positions in rows whose ticks lie in iv.
func (v *view) find(rows []uint32, tick func(int) partition.Tick, iv kql.Interval) (lo, hi int) {
	at := func(k int) partition.Tick {
		if rows != nil {
			k = int(rows[k])
		}
		return tick(k)
	}
	n := v.table.Len()
	lo = sort.Search(n, func(k int) bool { return at(k) >= iv.From })
	hi = sort.Search(n, func(k int) bool { return at(k) >= iv.To })
	return lo, max(lo, hi)
}
