package checkpoint

import (
	"slices"

	"huntlake/partition"
)

// PaceHour is what the stage commits of one hour have brought, by the clocks of their writers. Like Cost it is advice:
// it tells how fast rows have been read, and no rule looks at it.
type PaceHour struct {
	Hour    partition.Tick `json:"hour"`
	Since   partition.Tick `json:"since"` // the first of those commits
	Answers int64          `json:"answers"`
	Rows    int64          `json:"rows"`  // staged
	Bytes   int64          `json:"bytes"` // of JSON received with them
}

// maxPace is how many hours a state remembers.
const maxPace = 48

// keepPace adds a receipt to its hour. Hours are kept in the order in which they were first met, so that those of a
// clock that ran ahead are forgotten like all others.
func (s *State) keepPace(at partition.Tick, r *Receipt) {
	rows, bytes := r.Received-r.Held, r.Answer
	if r.Held > 0 { // most of it was in the lake already
		bytes = int64(float64(bytes) * float64(rows) / float64(r.Received))
	}
	hour := at.Floor(partition.Hour)
	i := slices.IndexFunc(s.Pace, func(p PaceHour) bool { return p.Hour == hour })
	if i < 0 {
		i = len(s.Pace)
		s.Pace = append(s.Pace, PaceHour{Hour: hour, Since: at})
	}
	p := &s.Pace[i]
	p.Since = min(p.Since, at)
	p.Answers++
	p.Rows += rows
	p.Bytes += bytes
	if over := len(s.Pace) - maxPace; over > 0 {
		s.Pace = slices.Delete(s.Pace, 0, over)
	}
}
