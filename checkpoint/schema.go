package checkpoint

import (
	"fmt"
	"slices"

	"huntlake/partition"
	"huntlake/schema"
)

// Schema pins the columns of the table: names once given stay, columns are only added. It also says which streams a
// probe of the table has found; those that were found stay.
type Schema struct {
	Table   schema.Table       `json:"table"`
	Changes []schema.Change    `json:"changes,omitempty"`
	Streams []partition.Stream `json:"streams,omitempty"` // ascending; none: what was found before
}

// Kind is KindSchema.
func (*Schema) Kind() Kind { return KindSchema }

func (p *Schema) check(s *State, _ *Commit) error {
	if n := len(p.Table.Columns); n < len(s.Schema.Columns) || n == 0 && len(p.Streams) == 0 {
		return fmt.Errorf("%d columns follow %d", n, len(s.Schema.Columns))
	}
	if err := p.checkStreams(s); err != nil {
		return err
	}
	for i, old := range s.Schema.Columns {
		now := p.Table.Columns[i]
		if now.Source != old.Source || now.Name != old.Name || now.Kind != old.Kind {
			return fmt.Errorf("column %s is pinned and cannot become %s", old.Name, now.Name)
		}
	}
	return p.Table.Validate()
}

// checkStreams keeps what was found, and apart what shares rows: stamped and unstamped ones go together, whole ones and
// snapshots alone.
func (p *Schema) checkStreams(s *State) error {
	if len(p.Streams) == 0 {
		return nil
	}
	for _, was := range s.Found {
		if !slices.Contains(p.Streams, was) {
			return fmt.Errorf("the %v rows have been found before", was)
		}
	}
	for i, stream := range p.Streams {
		if !stream.Valid() || i > 0 && (stream != partition.Unstamped || p.Streams[i-1] != partition.Stamped) {
			return fmt.Errorf("streams %v of one table", p.Streams)
		}
	}
	return nil
}

func (p *Schema) apply(s *State, c *Commit) {
	s.Schema = p.Table
	if len(p.Streams) > 0 {
		s.Found, s.Probed = slices.Clone(p.Streams), c.Time
	}
	for _, ch := range p.Changes {
		s.Changes = append(s.Changes, SchemaChange{c.Number, c.Time, ch})
	}
	s.forgetChanges()
}

// forgetChanges keeps the newest changes, and that a column was ever away.
func (s *State) forgetChanges() {
	old := max(0, len(s.Changes)-maxChanges)
	kept, gone := []SchemaChange{}, map[string]bool{}
	for i := len(s.Changes) - 1; i >= 0; i-- {
		c := s.Changes[i]
		last := c.Kind == schema.Gone && !gone[c.Column]
		gone[c.Column] = gone[c.Column] || c.Kind == schema.Gone
		if i >= old || last {
			kept = append(kept, c)
		}
	}
	slices.Reverse(kept)
	s.Changes = kept
}
