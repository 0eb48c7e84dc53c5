package checkpoint

import (
	"cmp"
	"errors"
	"fmt"
	"maps"

	"huntlake/partition"
)

// MaxParts bounds the slices of a snapshot, and so the inputs of its publish, which are concatenated.
const MaxParts = 4096

// Standing is where the snapshots of a table without a time column stand. Such a table has one snapshot a dt: a
// generation of its rows that was counted, read whole, and counted again with the same result, which is when it is
// settled. A generation that is not settled is replaced by the next one, or its dt is given up with a gap.
type Standing struct {
	DT    partition.Date `json:"dt"`              // that the newest generation is for
	Tries int            `json:"tries"`           // generations that were opened for it
	Keys  []string       `json:"keys,omitempty"`  // columns that choose the bucket of a row in the newest generation
	Parts int            `json:"parts,omitempty"` // slices of the newest generation that has some
	Done  partition.Date `json:"done,omitempty"`  // the newest dt that was settled or given up
	Last  partition.Date `json:"last,omitempty"`  // the newest dt that was settled
	Rows  int64          `json:"rows,omitempty"`  // of the newest snapshot that was settled
	Time  partition.Tick `json:"time,omitempty"`  // when that was
}

// checkNext refuses a dt that was settled or given up, or is older than one that is being read.
func (st *Standing) checkNext(dt partition.Date) error {
	if dt <= st.Done || dt < st.DT {
		return fmt.Errorf("a snapshot of %v follows %v, and %v is over", dt, st.DT, st.Done)
	}
	return nil
}

// checkSnapshot holds a plan of a snapshot to one generation of the whole table. One without slices opens a generation
// that could not be counted: it holds nothing, can never be settled, and is there because tries are counted.
func (p *Plan) checkSnapshot(s *State) error {
	if p.Start|p.End|p.Floor != 0 || len(p.Again) > 0 {
		return errors.New("a snapshot has no times, and is read again as a whole")
	}
	if p.Generation != s.Generation+1 {
		return fmt.Errorf("generation %d follows %d", p.Generation, s.Generation)
	}
	if err := s.Snapshot.checkNext(p.DT); err != nil {
		return err
	}
	if err := s.checkAlone(p.Stream); err != nil {
		return err
	}
	parts, _ := parted(len(p.Slices))
	if len(parts) != len(p.Slices) {
		return fmt.Errorf("a snapshot of %d slices", len(p.Slices))
	}
	for i, ps := range p.Slices {
		if ps.Slice != parts[i] || ps.Rows < 0 {
			return fmt.Errorf("slice %d of %d is %v with %d rows", i, len(parts), ps.Slice, ps.Rows)
		}
	}
	return nil
}

// parted is a snapshot as n slices: none, the whole, or n buckets.
func parted(n int) ([]partition.Slice, bool) {
	whole := partition.Slice{Stream: partition.Snapshot}
	switch {
	case n < 0 || n > MaxParts:
		return nil, false
	case n == 0:
		return nil, true
	case n == 1:
		return []partition.Slice{whole}, true
	}
	return whole.SplitBuckets(n)
}

// applySnapshot opens the generation, in place of what there was of one that was not settled.
func (p *Plan) applySnapshot(s *State) {
	s.reach(p.DT)
	s.Generation, s.Snapshot.Keys = p.Generation, p.Keys
	s.Snapshot.Tries++
	s.Snapshot.Parts = cmp.Or(len(p.Slices), s.Snapshot.Parts)
	for _, ps := range p.Slices {
		s.Leaves[ps.Slice] = Leaf{Generation: p.Generation, Open: ps.Rows > 0, Counted: ps.Rows}
	}
	if p.Sample != nil {
		s.Cost = s.Cost.Observe(p.Sample.Rows, p.Sample.Bytes, p.Sample.RunTime)
	}
	s.condense()
}

// reach makes dt the one that snapshots have come to, and drops what was read of a generation that was not settled. A
// publish has never claimed it, so its objects are left to the sweep.
func (s *State) reach(dt partition.Date) {
	r, known := s.Streams[partition.Snapshot]
	if !known {
		r.Start = dt.Start()
	}
	r.End = dt.End()
	s.Streams[partition.Snapshot] = r
	if st := &s.Snapshot; st.DT != dt {
		st.DT, st.Tries = dt, 0
	}
	clear(s.Leaves)
	maps.DeleteFunc(s.Staged, func(_ Reading, st Staged) bool {
		for _, sec := range st.Sections {
			if sec.DT <= s.Snapshot.Last {
				return false
			}
			s.Totals.Dropped += sec.Rows
		}
		return true
	})
}

// checkReceipt holds a reading of a snapshot's slice to its count: one that is not met ends the try, and no row has a
// cell to be counted in.
func (st *Standing) checkReceipt(r *Receipt) error {
	switch {
	case len(r.Counted) != 1 || r.Received != r.Counted[0] || r.Held > 0 || len(r.Changed) > 0:
		return fmt.Errorf("a snapshot's slice of %d rows, counted %d, held %d", r.Received, r.Counted, r.Held)
	case len(r.Cells) > 0 || len(r.Sections) > 1:
		return fmt.Errorf("%d cells and %d sections of a snapshot", len(r.Cells), len(r.Sections))
	case len(r.Sections) == 1 && r.Sections[0].DT != st.DT:
		return fmt.Errorf("a section of dt %v in a snapshot of %v", r.Sections[0].DT, st.DT)
	}
	return nil
}

// checkSnapshot accepts the newest generation once it has been read whole.
func (p *Settled) checkSnapshot(s *State) error {
	if p.DT != s.Snapshot.DT || p.DT == s.Snapshot.Done || len(s.Leaves) == 0 {
		return fmt.Errorf("no snapshot of %v has been read", p.DT)
	}
	var rows int64
	for slice, leaf := range s.Leaves {
		if leaf.Open {
			return fmt.Errorf("%v is open", slice)
		}
		rows += leaf.Counted
	}
	if rows != p.Rows {
		return fmt.Errorf("the snapshot of %v holds %d rows, not %d", p.DT, rows, p.Rows)
	}
	return nil
}

func (p *Settled) applySnapshot(s *State, c *Commit) {
	st := &s.Snapshot
	st.Done, st.Last, st.Rows, st.Time = p.DT, p.DT, p.Rows, c.Time
	clear(s.Leaves)
}

// checkSnapshot holds a gap to one dt, which it ends the tries for.
func (p *Gap) checkSnapshot(s *State) error {
	dt := partition.DateOf(p.Start)
	if p.Slice != nil || p.Start != dt.Start() || p.End != dt.End() {
		return fmt.Errorf("a gap of [%v, %v) in snapshots, which have one dt each", p.Start, p.End)
	}
	if err := s.Snapshot.checkNext(dt); err != nil {
		return err
	}
	return s.checkAlone(p.Stream)
}

func (p *Gap) applySnapshot(s *State) {
	dt := partition.DateOf(p.Start)
	s.reach(dt)
	s.Snapshot.Done = dt
}

// checkSnapshot holds the publish of a dt's snapshot to all of it, so that readers see it whole or not at all.
func (p *PublishBegin) checkSnapshot(s *State) error {
	if n := len(s.Unpublished()[p.DT]); n != len(p.Inputs) {
		return fmt.Errorf("%d of %d readings of the snapshot of %v", len(p.Inputs), n, p.DT)
	}
	return nil
}
