package checkpoint

import (
	"errors"
	"fmt"

	"huntlake/partition"
)

// Gap records rows that can no longer be read: those of a stream whose cursor lies in [Start, End) and whose
// Timestamp is below Below. If Slice is set, that open slice gives them up: its floor rises to Below, and it is
// closed if nothing is left of it.
//
// Of snapshots it gives up the one of the dt that starts at Start: nothing more is tried for it.
type Gap struct {
	Stream partition.Stream `json:"stream"`
	Start  partition.Tick   `json:"start"`
	End    partition.Tick   `json:"end"`
	Below  partition.Tick   `json:"below"`
	Rows   *int64           `json:"rows,omitempty"` // how many, where known
	Why    string           `json:"why"`
	Slice  *partition.Slice `json:"slice,omitempty"`
	Left   int64            `json:"left,omitempty"` // rows still counted in the slice, above Below
}

// RecordedGap is a gap and when it was committed.
type RecordedGap struct {
	Number int64          `json:"number"`
	Time   partition.Tick `json:"time"`
	Gap
}

// Kind is KindGap.
func (*Gap) Kind() Kind { return KindGap }

func (p *Gap) check(s *State, _ *Commit) error {
	if !p.Stream.Valid() || p.Start >= p.End {
		return fmt.Errorf("range [%v, %v) of %v", p.Start, p.End, p.Stream)
	}
	if p.Why == "" || (p.Rows != nil && *p.Rows < 0) || p.Left < 0 {
		return errors.New("without a reason, or with a negative count")
	}
	if p.Stream == partition.Snapshot {
		return p.checkSnapshot(s)
	}
	if p.Slice == nil {
		return nil
	}
	leaf, ok := s.Leaves[*p.Slice]
	switch {
	case !ok || !leaf.Open:
		return fmt.Errorf("%v is not open", *p.Slice)
	case p.Slice.Stream != p.Stream || p.Slice.Start != p.Start || p.Slice.End != p.End:
		return fmt.Errorf("%v has another range", *p.Slice)
	case p.Below <= p.Slice.Floor:
		return fmt.Errorf("floor %v of %v does not rise to %v", p.Slice.Floor, *p.Slice, p.Below)
	}
	if next, left := p.narrowed(); left {
		if _, taken := s.Leaves[next]; taken {
			return fmt.Errorf("%v is there already", next)
		}
	}
	return nil
}

// narrowed is the slice with its floor raised, and whether anything is left of it.
func (p *Gap) narrowed() (partition.Slice, bool) {
	s := *p.Slice
	s.Floor = p.Below
	if s.Stream.Cursor() == partition.TimestampCursor && s.Floor >= s.End {
		return s, false
	}
	return s, s.Ceiling == 0 || s.Floor < s.Ceiling
}

func (p *Gap) apply(s *State, c *Commit) {
	if p.Stream == partition.Snapshot {
		p.applySnapshot(s)
	}
	if p.Slice != nil {
		leaf := s.Leaves[*p.Slice]
		delete(s.Leaves, *p.Slice)
		if next, left := p.narrowed(); left {
			leaf.Counted, leaf.Open = p.Left, p.Left > 0
			if leaf.Oldest != 0 {
				leaf.Oldest = max(leaf.Oldest, p.Below)
			}
			if leaf.Open || !leaf.Again {
				s.Leaves[next] = leaf
			}
		}
	}
	s.Gaps = append(s.Gaps, RecordedGap{c.Number, c.Time, *p})
}
