package checkpoint

import (
	"fmt"

	"huntlake/schema"
)

// Schema pins the columns of the table: names once given stay, columns are only added.
type Schema struct {
	Table   schema.Table    `json:"table"`
	Changes []schema.Change `json:"changes"`
}

// Kind is KindSchema.
func (*Schema) Kind() Kind { return KindSchema }

func (p *Schema) check(s *State, _ *Commit) error {
	if len(p.Table.Columns) < len(s.Schema.Columns) || len(p.Table.Columns) == 0 {
		return fmt.Errorf("%d columns follow %d", len(p.Table.Columns), len(s.Schema.Columns))
	}
	for i, old := range s.Schema.Columns {
		now := p.Table.Columns[i]
		if now.Source != old.Source || now.Name != old.Name || now.Kind != old.Kind {
			return fmt.Errorf("column %s is pinned and cannot become %s", old.Name, now.Name)
		}
	}
	return p.Table.Validate()
}

func (p *Schema) apply(s *State, c *Commit) {
	s.Schema = p.Table
	for _, ch := range p.Changes {
		s.Changes = append(s.Changes, SchemaChange{c.Number, c.Time, ch})
	}
	s.Changes = s.Changes[max(0, len(s.Changes)-maxChanges):]
}
