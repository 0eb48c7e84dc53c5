package checkpoint

import (
	"cmp"
	"fmt"

	"huntlake/partition"
)

// Split replaces an open slice, which turned out too big for a call, by children that tile it.
type Split struct {
	Slice    partition.Slice `json:"slice"`
	Children []PlannedSlice  `json:"children"`
	Why      string          `json:"why"`
	Keys     []string        `json:"keys,omitempty"` // of children that are buckets: the columns that choose a row's
}

// Kind is KindSplit.
func (*Split) Kind() Kind { return KindSplit }

func (p *Split) check(s *State, _ *Commit) error {
	if leaf, ok := s.Leaves[p.Slice]; !ok || !leaf.Open {
		return fmt.Errorf("%v is not open", p.Slice)
	}
	if p.Slice.Stream == partition.Snapshot {
		return fmt.Errorf("%v is planned anew, with the rest of its snapshot", p.Slice)
	}
	children := make([]partition.Slice, len(p.Children))
	for i, c := range p.Children {
		if c.Rows < 0 {
			return fmt.Errorf("%v with %d rows", c.Slice, c.Rows)
		}
		if err := c.Slice.Validate(); err != nil {
			return err
		}
		children[i] = c.Slice
	}
	return p.Slice.Tile(children)
}

// apply keeps the children at their parent's generation: rows that earlier generations staged stay staged, and are
// subtracted from each child's next reading like any others. The children of a slice that is read again lie over tiles
// as it did; one that is a tile itself is read in its place, and goes on as a tile.
func (p *Split) apply(s *State, _ *Commit) {
	parent := s.Leaves[p.Slice]
	delete(s.Leaves, p.Slice)
	for _, c := range p.Children {
		leaf, tile := s.Leaves[c.Slice]
		leaf.Again, leaf.Columns = parent.Again && !tile, parent.Columns
		leaf.Generation, leaf.Open, leaf.Counted = parent.Generation, c.Rows > 0, c.Rows
		leaf.Oldest, leaf.Keys = cmp.Or(c.Oldest, parent.Oldest), p.Keys
		if leaf.Open || !parent.Again {
			s.Leaves[c.Slice] = leaf
		}
	}
}
