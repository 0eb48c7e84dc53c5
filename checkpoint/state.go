package checkpoint

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"huntlake/partition"
	"huntlake/schema"
)

// State is what a table's commits add up to. It is a function of them alone: folding the same commits gives the same
// state on every machine. Only Fold changes it.
type State struct {
	Ledger  partition.Ledger `json:"ledger"`
	Number  int64            `json:"number"` // of the newest commit folded, 0 before the first
	Schema  schema.Table     `json:"schema"`
	Changes []SchemaChange   `json:"changes,omitempty"` // the newest maxChanges, and the newest of each column that was gone
	Cost    partition.Cost   `json:"cost"`
	Pace    []PaceHour       `json:"pace,omitempty"` // the newest, at most maxPace

	Found      []partition.Stream                `json:"found,omitempty"`  // streams that a probe has seen, ascending
	Probed     partition.Tick                    `json:"probed,omitempty"` // when the newest commit said so
	Streams    map[partition.Stream]Range        `json:"streams,omitempty"`
	Leaves     map[partition.Slice]Leaf          `json:"leaves,omitempty"`
	Staged     map[Reading]Staged                `json:"staged,omitempty"`
	Begun      map[int64]PublishBegin            `json:"begun,omitempty"` // publishes without an end, by number
	Days       map[partition.Date]Day            `json:"days,omitempty"`
	Cells      map[partition.Stream]Cells        `json:"cells,omitempty"`
	Changed    map[partition.Stream]ChangedHours `json:"changed,omitempty"`
	Settled    map[partition.Stream]settledDays  `json:"settled,omitempty"`
	Gaps       []RecordedGap                     `json:"gaps,omitempty"`
	Generation int                               `json:"generation,omitempty"` // the newest that a plan has opened
	Snapshot   Standing                          `json:"snapshot,omitzero"`
	Totals     Totals                            `json:"totals"`
	Verdict    *RecordedVerify                   `json:"verdict,omitempty"`
}

// Range is what of a stream has been planned.
type Range struct {
	Start partition.Tick `json:"start"`       // first instant exported
	End   partition.Tick `json:"end"`         // the frontier
	Floor partition.Tick `json:"floor"`       // the newest floor
	First partition.Tick `json:"first_floor"` // the first one
}

// Leaf is a slice that no split has replaced.
type Leaf struct {
	Again      bool           `json:"again,omitempty"` // lies over leaves that have been read, until it has been read itself
	Generation int            `json:"generation"`
	Open       bool           `json:"open"`              // the generation has been planned but not staged
	Counted    int64          `json:"counted"`           // rows the source was counted to hold, for this generation
	Oldest     partition.Tick `json:"oldest,omitempty"`  // the smallest Timestamp among those; 0: not known
	Held       int64          `json:"held,omitempty"`    // rows staged from it so far, by all generations
	Columns    int            `json:"columns,omitempty"` // pinned when its first rows were staged
	Keys       []string       `json:"keys,omitempty"`    // of a bucket: the columns that choose it
}

// Staged is a reading with rows that readers do not see yet.
type Staged struct {
	Number   int64           `json:"number"` // of the commit
	Object   string          `json:"object"` // key
	Time     partition.Tick  `json:"time"`   // of the commit
	Sections []StagedSection `json:"sections"`
}

// StagedSection is the rows of one dt in a staged object.
type StagedSection struct {
	Section
	Publish int64 `json:"publish,omitempty"` // the publish that has claimed it
}

// Totals only ever grow.
type Totals struct {
	Calls     int64 `json:"calls"` // answers staged
	Rows      int64 `json:"rows"`
	Bytes     int64 `json:"bytes"` // of JSON received
	Published int64 `json:"published"`
	Changed   int64 `json:"changed,omitempty"`  // rows found to have changed in place, by all re-readings
	Dropped   int64 `json:"dropped,omitempty"`  // rows staged of snapshots that were not settled
	Rejected  int64 `json:"rejected,omitempty"` // inert records met
}

// SchemaChange is a change of schema and when it was committed.
type SchemaChange struct {
	Number int64          `json:"number"`
	Time   partition.Tick `json:"time"`
	schema.Change
}

const (
	maxChanges = 200
	// horizon is how long closed leaves, cells and settled days are remembered behind the frontier: longer than the
	// source can be asked about them.
	horizon = 35 * partition.Day
)

// NewState is the state before the first commit.
func NewState(l partition.Ledger) *State {
	s := &State{Ledger: l}
	s.makeMaps()
	return s
}

func (s *State) makeMaps() {
	makeMap(&s.Streams)
	makeMap(&s.Leaves)
	makeMap(&s.Staged)
	makeMap(&s.Begun)
	makeMap(&s.Days)
	makeMap(&s.Cells)
	makeMap(&s.Changed)
	makeMap(&s.Settled)
}

func makeMap[M ~map[K]V, K comparable, V any](m *M) {
	if *m == nil {
		*m = M{}
	}
}

// Watermark is the instant of a stream before which everything is staged or is a recorded gap: the start of its
// first open slice, else its frontier. Of snapshots it is the start of the newest dt that has one. It returns false for
// a stream that was never planned.
func (s *State) Watermark(stream partition.Stream) (partition.Tick, bool) {
	r, ok := s.Streams[stream]
	if stream == partition.Snapshot {
		return max(r.Start, s.Snapshot.Last.Start()), ok
	}
	at := r.End
	for slice, leaf := range s.Leaves {
		if leaf.Open && slice.Stream == stream {
			at = min(at, slice.Start)
		}
	}
	return at, ok
}

// Open returns the readings that have been planned and not staged, in order.
func (s *State) Open() []Reading {
	var out []Reading
	for slice, leaf := range s.Leaves {
		if leaf.Open {
			out = append(out, Reading{slice, leaf.Generation})
		}
	}
	slices.SortFunc(out, Reading.Compare)
	return out
}

// Unread returns how many slices have been planned and not staged, and the rows counted in them.
func (s *State) Unread() (n int, rows int64) {
	for _, leaf := range s.Leaves {
		if leaf.Open {
			n++
			rows += leaf.Counted
		}
	}
	return n, rows
}

// Unpublished returns, by dt, the readings with unclaimed rows of that dt, in order.
func (s *State) Unpublished() map[partition.Date][]Reading {
	out := map[partition.Date][]Reading{}
	for r, st := range s.Staged {
		for _, sec := range st.Sections {
			if sec.Publish == 0 {
				out[sec.DT] = append(out[sec.DT], r)
			}
		}
	}
	for _, rs := range out {
		slices.SortFunc(rs, Reading.Compare)
	}
	return out
}

// Section returns the rows of dt that r has staged.
func (s *State) Section(r Reading, dt partition.Date) (Staged, StagedSection, bool) {
	st := s.Staged[r]
	for _, sec := range st.Sections {
		if sec.DT == dt {
			return st, sec, true
		}
	}
	return st, StagedSection{}, false
}

// Published returns the published days in order.
func (s *State) Published() []partition.Date { return slices.Sorted(maps.Keys(s.Days)) }

// IsSettled reports whether a day of a stream may be published: always on the ingestion cursor, after a `settled`
// commit on the timestamp cursor and of snapshots, of which nothing older is staged that was not settled.
func (s *State) IsSettled(stream partition.Stream, day partition.Date) bool {
	switch stream.Cursor() {
	case partition.IngestionCursor:
		return true
	case partition.NoCursor:
		return day <= s.Snapshot.Last
	}
	return s.Settled[stream][day] || day.End() < s.Streams[stream].End-horizon
}

// SettleDay is the day that has to be settled before the rows of dt in slice may be published: dt itself, unless a
// forged clock put a row into a dt that the slice does not touch.
func SettleDay(slice partition.Slice, dt partition.Date) partition.Date {
	if slice.Stream == partition.Snapshot {
		return dt
	}
	return min(max(dt, partition.DateOf(slice.Start)), partition.DateOf(slice.End-1))
}

// Cells count the rows of a stream by hour of its cursor and day of Timestamp: what a source is compared with.
type Cells map[Cell]int64

// Cell is one hour of a stream's cursor and one day of Timestamp, the last of which stands for all later ones too: see
// partition.CellDay.
type Cell struct {
	Hour partition.Tick
	Day  partition.Date
}

// MarshalText prints c as <hour>/<day>.
func (c Cell) MarshalText() ([]byte, error) {
	return []byte(c.Hour.String() + "/" + c.Day.String()), nil
}

// UnmarshalText reads what MarshalText prints.
func (c *Cell) UnmarshalText(b []byte) (err error) {
	hour, day, _ := strings.Cut(string(b), "/")
	if c.Hour, err = partition.ParseTick(hour); err != nil {
		return err
	}
	c.Day, err = partition.ParseDate(day)
	return err
}

// Compare orders cells by day, then hour.
func (c Cell) Compare(d Cell) int {
	return cmp.Or(cmp.Compare(c.Day, d.Day), cmp.Compare(c.Hour, d.Hour))
}

type settledDays map[partition.Date]bool
