package checkpoint

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"huntlake/partition"
)

// Plan extends a stream by the slices that tile [Start, End) exactly, and opens ranges behind Start that are to be read
// again because the source holds more of them than was staged. It is committed before its first data call.
//
// A slice that is read again is not one of the tiles: it lies over them, as wide as what has grown, and is gone once
// it has been read. What it stages is what the lake does not hold.
type Plan struct {
	Stream partition.Stream `json:"stream"`
	Start  partition.Tick   `json:"start"`
	End    partition.Tick   `json:"end"`
	Floor  partition.Tick   `json:"floor"` // on Timestamp, for every slice
	Slices []PlannedSlice   `json:"slices,omitempty"`
	Again  []PlannedSlice   `json:"again,omitempty"`
	// Generation is that of the slices in Again: the one after the table's newest.
	Generation int `json:"generation,omitempty"`
	// Sample is of a snapshot, or of the first plan of a table by an early program: others learn from the first slice.
	Sample *Sample `json:"sample,omitempty"`
	// Of a snapshot, which is planned whole at each generation: the dt that it is for, and the columns that choose a row's
	// bucket.
	DT   partition.Date `json:"dt,omitempty"`
	Keys []string       `json:"keys,omitempty"`
}

// PlannedSlice is a slice and the rows counted in it. A slice of zero rows is proved by the count and never asked.
type PlannedSlice struct {
	Slice  partition.Slice `json:"slice"`
	Rows   int64           `json:"rows"`
	Oldest partition.Tick  `json:"oldest,omitempty"` // the smallest Timestamp among them; 0: not known
}

// NewPlannedSlice returns what a plan says of a slice.
func NewPlannedSlice(p partition.Planned) PlannedSlice {
	return PlannedSlice{Slice: p.Slice, Rows: p.Rows, Oldest: max(p.Oldest, 0)}
}

// Sample is an answer that was asked for its width alone.
type Sample struct {
	Rows    int64         `json:"rows"`
	Bytes   int64         `json:"bytes"`
	RunTime time.Duration `json:"run_time_ns"`
}

// Kind is KindPlan.
func (*Plan) Kind() Kind { return KindPlan }

func (p *Plan) check(s *State, _ *Commit) error {
	if p.Stream == partition.Snapshot {
		return p.checkSnapshot(s)
	}
	if p.DT != 0 || len(p.Keys) > 0 {
		return fmt.Errorf("a %v plan has no dt and no keys", p.Stream)
	}
	if len(p.Slices) == 0 && len(p.Again) == 0 {
		return errors.New("nothing is planned")
	}
	if err := p.checkTiles(s); err != nil {
		return err
	}
	return p.checkAgain(s)
}

// checkAgain holds what is read again to what has been planned, and apart from everything that is being read: two open
// slices over one row would both find it missing, and stage it twice.
func (p *Plan) checkAgain(s *State) error {
	if len(p.Again) > 0 && p.Generation != s.newestGeneration()+1 {
		return fmt.Errorf("generation %d follows %d", p.Generation, s.newestGeneration())
	}
	r := s.Streams[p.Stream]
	at := r.Start
	for _, a := range p.Again {
		whole := partition.Slice{Stream: p.Stream, Start: a.Slice.Start, End: a.Slice.End, Floor: a.Slice.Floor}
		if a.Slice != whole || a.Rows <= 0 || whole.Start < at || whole.End > r.End {
			return fmt.Errorf("%v with %d rows is not a range that has been planned", a.Slice, a.Rows)
		}
		if err := whole.Validate(); err != nil {
			return err
		}
		for slice, leaf := range s.Leaves {
			if leaf.Open && overlap(slice, whole) {
				return fmt.Errorf("%v is being read as %v", whole, slice)
			}
		}
		at = whole.End
	}
	return nil
}

func (p *Plan) checkTiles(s *State) error {
	r, known := s.Streams[p.Stream]
	if known && p.Start != r.End {
		return fmt.Errorf("%v plan starts at %v, the frontier is %v", p.Stream, p.Start, r.End)
	}
	if len(p.Slices) == 0 {
		if !known || p.End != p.Start {
			return errors.New("a range without slices")
		}
		return nil
	}
	if err := s.checkAlone(p.Stream); err != nil {
		return err
	}
	at := p.Start
	for _, ps := range p.Slices {
		want := partition.Slice{Stream: p.Stream, Start: at, End: ps.Slice.End, Floor: p.Floor}
		if ps.Slice != want || ps.Rows < 0 {
			return fmt.Errorf("slice %v with %d rows does not continue the plan at %v", ps.Slice, ps.Rows, at)
		}
		if err := ps.Slice.Validate(); err != nil {
			return err
		}
		at = ps.Slice.End
	}
	if at != p.End {
		return fmt.Errorf("the slices end at %v, the plan at %v", at, p.End)
	}
	return nil
}

// checkAlone refuses a stream that shares its rows with another one that has been planned.
func (s *State) checkAlone(stream partition.Stream) error {
	for other := partition.Stamped; other <= partition.Snapshot; other++ {
		disjoint := other == stream || max(other, stream) == partition.Unstamped
		if _, planned := s.Streams[other]; planned && !disjoint {
			return fmt.Errorf("the %v rows are planned as %v rows", stream, other)
		}
	}
	return nil
}

func (p *Plan) apply(s *State, _ *Commit) {
	if p.Stream == partition.Snapshot {
		p.applySnapshot(s)
		return
	}
	r, known := s.Streams[p.Stream]
	if !known {
		r.Start, r.First = p.Start, p.Floor
	}
	if r.End = p.End; len(p.Slices) > 0 {
		r.Floor = max(r.Floor, p.Floor)
	}
	s.Streams[p.Stream] = r
	for _, ps := range p.Slices {
		s.Leaves[ps.Slice] = Leaf{Generation: 1, Open: ps.Rows > 0, Counted: ps.Rows, Oldest: ps.Oldest}
	}
	for _, a := range p.Again {
		s.Generation = p.Generation
		leaf, tile := s.Leaves[a.Slice]
		leaf.Again, leaf.Columns = !tile, s.firstColumns(a.Slice)
		leaf.Generation, leaf.Open, leaf.Counted, leaf.Oldest = p.Generation, true, a.Rows, a.Oldest
		s.Leaves[a.Slice] = leaf
		s.judgeAgain(a.Slice)
	}
	if p.Sample != nil {
		s.Cost = s.Cost.Observe(p.Sample.Rows, p.Sample.Bytes, p.Sample.RunTime)
	}
	s.forget(p.Stream)
}

// forget drops what no question can be asked about any more.
func (s *State) forget(stream partition.Stream) {
	old := s.Streams[stream].End - horizon
	maps.DeleteFunc(s.Leaves, func(slice partition.Slice, leaf Leaf) bool {
		return slice.Stream == stream && !leaf.Open && slice.End < old
	})
	maps.DeleteFunc(s.Cells[stream], func(c Cell, _ int64) bool { return c.Day.End() < old })
	maps.DeleteFunc(s.Changed[stream], func(hour partition.Tick, _ Surplus) bool { return hour < old })
	maps.DeleteFunc(s.Settled[stream], func(d partition.Date, _ bool) bool { return d.End() < old })
	s.mergeGaps(stream, old)
	s.condense()
}

// overlap reports whether a row may lie in both slices, as far as the cursor tells.
func overlap(a, b partition.Slice) bool {
	return a.Stream == b.Stream && a.Start < b.End && b.Start < a.End
}

// newestGeneration is 1 before anything was read again.
func (s *State) newestGeneration() int { return max(s.Generation, 1) }

// lendColumns tells the tiles below a slice that was read again, and of which no rows were staged before, how many
// columns their first rows had.
func (s *State) lendColumns(slice partition.Slice, columns int) {
	for tile, leaf := range s.Leaves {
		if tile != slice && !leaf.Again && leaf.Columns == 0 && overlap(tile, slice) {
			leaf.Columns = columns
			s.Leaves[tile] = leaf
		}
	}
}

// firstColumns is how many columns were pinned when the first rows of a range were staged, 0 if none were.
func (s *State) firstColumns(slice partition.Slice) (columns int) {
	for tile, leaf := range s.Leaves {
		if leaf.Columns > 0 && overlap(tile, slice) && (columns == 0 || leaf.Columns < columns) {
			columns = leaf.Columns
		}
	}
	return columns
}
