package checkpoint

import (
	"fmt"

	"huntlake/partition"
)

// Settled says that a day of a stream on the timestamp cursor was counted again, long enough after its end, and held
// what had been staged of it: it may be published. Of snapshots it says the same of the newest generation, counted again
// after it was read.
type Settled struct {
	Stream partition.Stream `json:"stream"`
	DT     partition.Date   `json:"dt"`
	Rows   int64            `json:"rows"`
}

// Kind is KindSettled.
func (*Settled) Kind() Kind { return KindSettled }

func (p *Settled) check(s *State, _ *Commit) error {
	if p.Stream == partition.Snapshot {
		return p.checkSnapshot(s)
	}
	if p.Stream.Cursor() != partition.TimestampCursor {
		return fmt.Errorf("a %v stream needs no settling", p.Stream)
	}
	if at, ok := s.Watermark(p.Stream); !ok || at < p.DT.End() {
		return fmt.Errorf("%v has been staged to %v only", p.Stream, at)
	}
	if p.Rows < 0 || s.Settled[p.Stream][p.DT] {
		return fmt.Errorf("%v is settled already, or has %d rows", p.DT, p.Rows)
	}
	return nil
}

func (p *Settled) apply(s *State, c *Commit) {
	if p.Stream == partition.Snapshot {
		p.applySnapshot(s, c)
		return
	}
	days := s.Settled[p.Stream]
	makeMap(&days)
	days[p.DT] = true
	s.Settled[p.Stream] = days
}
