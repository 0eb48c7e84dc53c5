package checkpoint

import (
	"fmt"

	"huntlake/partition"
)

// Split replaces an open slice, which turned out too big for a call, by children that tile it.
type Split struct {
	Slice    partition.Slice `json:"slice"`
	Children []PlannedSlice  `json:"children"`
	Why      string          `json:"why"`
}

// Kind is KindSplit.
func (*Split) Kind() Kind { return KindSplit }

func (p *Split) check(s *State, _ *Commit) error {
	if leaf, ok := s.Leaves[p.Slice]; !ok || !leaf.Open {
		return fmt.Errorf("%v is not open", p.Slice)
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
// subtracted from each child's next reading like any others.
func (p *Split) apply(s *State, _ *Commit) {
	parent := s.Leaves[p.Slice]
	delete(s.Leaves, p.Slice)
	for _, c := range p.Children {
		if leaf := (Leaf{Generation: parent.Generation, Again: parent.Again, Open: c.Rows > 0, Counted: c.Rows, Columns: parent.Columns}); leaf.Open || !leaf.Again {
			s.Leaves[c.Slice] = leaf
		}
	}
}
