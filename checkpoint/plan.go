package checkpoint

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"huntlake/partition"
)

// Plan extends a stream: the slices that tile [Start, End) exactly, and slices behind Start that are to be read
// again because they have grown. It is committed before its first data call.
type Plan struct {
	Stream partition.Stream `json:"stream"`
	Start  partition.Tick   `json:"start"`
	End    partition.Tick   `json:"end"`
	Floor  partition.Tick   `json:"floor"` // on Timestamp, for every slice
	Slices []PlannedSlice   `json:"slices,omitempty"`
	Again  []PlannedAgain   `json:"again,omitempty"`
	Sample *Sample          `json:"sample,omitempty"`
}

// PlannedSlice is a slice and the rows counted in it. A slice of zero rows is proved by the count and never asked.
type PlannedSlice struct {
	Slice partition.Slice `json:"slice"`
	Rows  int64           `json:"rows"`
}

// PlannedAgain opens the next generation of a slice that has been read.
type PlannedAgain struct {
	Reading Reading `json:"reading"`
	Rows    int64   `json:"rows"` // counted now
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
	if len(p.Slices) == 0 && len(p.Again) == 0 {
		return errors.New("nothing is planned")
	}
	if err := p.checkTiles(s); err != nil {
		return err
	}
	seen := map[partition.Slice]bool{}
	for _, a := range p.Again {
		leaf, ok := s.Leaves[a.Reading.Slice]
		switch {
		case !ok || leaf.Open || seen[a.Reading.Slice]:
			return fmt.Errorf("%v has not been read whole", a.Reading.Slice)
		case a.Reading.Generation != leaf.Generation+1:
			return fmt.Errorf("%v follows generation %d", a.Reading, leaf.Generation)
		case a.Rows < 0 || a.Reading.Slice.Stream != p.Stream:
			return fmt.Errorf("%v with %d rows", a.Reading, a.Rows)
		}
		seen[a.Reading.Slice] = true
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
	if err := p.checkOnce(s); err != nil {
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

// checkOnce refuses slices of rows that another plan has: those of a snapshot, whose only slice never ends and is read
// again as its next generation, and those that another stream shares.
func (p *Plan) checkOnce(s *State) error {
	if _, known := s.Streams[p.Stream]; p.Stream.Cursor() == partition.NoCursor && (known || len(p.Slices) > 1) {
		return fmt.Errorf("a %v has one slice, planned once", p.Stream)
	}
	for other := partition.Stamped; other <= partition.Snapshot; other++ {
		disjoint := other == p.Stream || max(other, p.Stream) == partition.Unstamped
		if _, planned := s.Streams[other]; planned && !disjoint {
			return fmt.Errorf("the %v rows are planned as %v rows", p.Stream, other)
		}
	}
	return nil
}

func (p *Plan) apply(s *State, _ *Commit) {
	r, known := s.Streams[p.Stream]
	if !known {
		r.Start, r.First = p.Start, p.Floor
	}
	r.End, r.Floor = p.End, max(r.Floor, p.Floor)
	s.Streams[p.Stream] = r
	for _, ps := range p.Slices {
		s.Leaves[ps.Slice] = Leaf{Generation: 1, Open: ps.Rows > 0, Counted: ps.Rows}
	}
	for _, a := range p.Again {
		leaf := s.Leaves[a.Reading.Slice]
		leaf.Generation, leaf.Open, leaf.Counted = a.Reading.Generation, true, a.Rows
		s.Leaves[a.Reading.Slice] = leaf
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
	maps.DeleteFunc(s.Settled[stream], func(d partition.Date, _ bool) bool { return d.End() < old })
}
