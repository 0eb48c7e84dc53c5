package checkpoint

import (
	"maps"

	"huntlake/partition"
)

// ChangedHours are the hours of a stream's cursor in which rows were found to have changed in place, by the newest
// reading of each. They are remembered so that such an hour is not read again for as long as the source counts the same.
type ChangedHours map[partition.Tick]Surplus

// Surplus is what of an hour the lake does not hold.
type Surplus struct {
	Rows int64 `json:"rows"`           // shown by the source in place of others, and not staged
	Over int64 `json:"over,omitempty"` // by how much the source's rows outnumber the lake's; may be negative
}

// remember adds what a reading found of hours; several slices may lie in one.
func (s *State) remember(stream partition.Stream, changed []ChangedHour) {
	hours := s.Changed[stream]
	for _, c := range changed {
		makeMap(&hours)
		was := hours[c.Hour]
		hours[c.Hour] = Surplus{was.Rows + c.Rows, was.Over + c.Over}
	}
	if len(hours) > 0 {
		s.Changed[stream] = hours
	}
}

// judgeAgain forgets what was found of the hours of a slice that is to be read again.
func (s *State) judgeAgain(slice partition.Slice) {
	maps.DeleteFunc(s.Changed[slice.Stream], func(hour partition.Tick, _ Surplus) bool {
		return hour+partition.Hour > slice.Start && hour < slice.End
	})
}
