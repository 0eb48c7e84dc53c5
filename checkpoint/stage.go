package checkpoint

import (
	"fmt"
	"time"

	"huntlake/partition"
	"huntlake/schema"
)

// Stage records slices whose rows are durable in the bucket. The objects that it names were written before it.
type Stage struct {
	Receipts []Receipt `json:"receipts"`
}

// Receipt proves one reading of a slice.
type Receipt struct {
	Reading  Reading        `json:"reading"`
	Query    string         `json:"query"`
	Counted  []int64        `json:"counted"`           // the plan's count, then each recount
	Received int64          `json:"received"`          // rows of the answer
	Held     int64          `json:"held,omitempty"`    // of those, rows that earlier generations had staged
	Moved    bool           `json:"moved,omitempty"`   // the source kept changing: Received is not the last count
	Changed  []ChangedHour  `json:"changed,omitempty"` // hours in which rows changed in place: what the source shows there now is not staged
	Answer   int64          `json:"answer_bytes"`      // JSON, decoded
	RunTime  time.Duration  `json:"run_time_ns"`
	Called   partition.Tick `json:"called"`
	Answered partition.Tick `json:"answered"`
	Schema   string         `json:"schema"`                 // fingerprint of the table's schema
	Columns  int            `json:"columns"`                // how many columns were pinned: a later generation is compared over the first one's
	Object   string         `json:"object,omitempty"`       // key; empty if no row is left to stage
	Bytes    int64          `json:"object_bytes,omitempty"` // size of the object
	Sections []Section      `json:"sections,omitempty"`
	Cells    []CellRows     `json:"cells,omitempty"`
}

// ChangedHour is an hour of the cursor in which the source no longer shows rows that the lake holds. If it shows others,
// nobody can say which replaces which, so the lake keeps what it has.
type ChangedHour struct {
	Hour partition.Tick `json:"hour"`
	Rows int64          `json:"rows"`           // shown by the source and not staged
	Over int64          `json:"over,omitempty"` // by how much the source's rows of the hour outnumber the lake's; may be negative
}

// changed is how many rows of the answer are not staged because they changed in place.
func (r *Receipt) changed() (rows int64) {
	for _, c := range r.Changed {
		rows += c.Rows
	}
	return rows
}

// Fresh is how many rows of the answer are to be staged.
func (r *Receipt) Fresh() int64 { return r.Received - r.Held - r.changed() }

// Section is the rows of one dt in a staged object: Length bytes at Offset, an Arrow IPC stream of its own.
type Section struct {
	DT     partition.Date `json:"dt"`
	Offset int64          `json:"offset"`
	Length int64          `json:"length"`
	Rows   int64          `json:"rows"`
	Digest schema.Digest  `json:"digest"`
}

// CellRows is a cell and the rows staged in it.
type CellRows struct {
	Cell Cell  `json:"cell"`
	Rows int64 `json:"rows"`
}

// RowCap is the number of rows at which the service cuts an answer without saying so: an answer that reaches it
// proves nothing.
const RowCap = 100_000

// maxRecounts is how often a count that does not match is asked again before the source is said to move.
const maxRecounts = 2

// Kind is KindStage.
func (*Stage) Kind() Kind { return KindStage }

func (p *Stage) check(s *State, _ *Commit) error {
	if len(p.Receipts) == 0 {
		return fmt.Errorf("no receipts")
	}
	seen := map[partition.Slice]bool{}
	for i := range p.Receipts {
		r := &p.Receipts[i]
		if seen[r.Reading.Slice] {
			return fmt.Errorf("%v twice", r.Reading)
		}
		seen[r.Reading.Slice] = true
		if err := r.check(s); err != nil {
			return fmt.Errorf("%v: %w", r.Reading, err)
		}
	}
	return nil
}

func (r *Receipt) check(s *State) error {
	leaf, ok := s.Leaves[r.Reading.Slice]
	if !ok || !leaf.Open || leaf.Generation != r.Reading.Generation {
		return fmt.Errorf("not open at this generation")
	}
	if err := r.checkCount(leaf, len(s.Schema.Columns)); err != nil {
		return err
	}
	if r.Reading.Slice.Stream == partition.Snapshot {
		if err := s.Snapshot.checkReceipt(r); err != nil {
			return err
		}
		return r.checkObject(s.Ledger)
	}
	if err := r.checkChanged(leaf); err != nil {
		return err
	}
	if err := r.checkCells(); err != nil {
		return err
	}
	return r.checkObject(s.Ledger)
}

// checkCount is the rule that no answer is trusted because it came: it holds what the plan counted, or what a recount
// did, unless the two recounts differ and so prove that the source moves.
func (r *Receipt) checkCount(leaf Leaf, columns int) error {
	n := len(r.Counted)
	switch {
	case n == 0 || n > 1+maxRecounts:
		return fmt.Errorf("%d counts", n)
	case r.Counted[0] != leaf.Counted:
		return fmt.Errorf("%d rows planned, not %d", leaf.Counted, r.Counted[0])
	case r.Received < 0 || r.Received >= RowCap:
		return fmt.Errorf("%d rows reach the cap", r.Received)
	case r.Held < 0 || r.Held > r.Received || (r.Held > 0 && leaf.Generation == 1):
		return fmt.Errorf("%d of %d rows held before generation %d", r.Held, r.Received, leaf.Generation)
	case !r.Moved && r.Received != r.Counted[n-1]:
		return fmt.Errorf("%d rows received, %d counted", r.Received, r.Counted[n-1])
	case r.Moved && (n != 1+maxRecounts || r.Counted[n-1] == r.Counted[n-2]):
		return fmt.Errorf("said to have moved after counts of %d", r.Counted)
	case r.Columns < 0 || r.Columns > columns:
		return fmt.Errorf("%d columns of %d", r.Columns, columns)
	case r.Answer < 0 || r.RunTime < 0:
		return fmt.Errorf("an answer of %d bytes after %v", r.Answer, r.RunTime)
	}
	return nil
}

// checkChanged holds the changed hours to the rows that are left of an answer, of a slice that was read before.
func (r *Receipt) checkChanged(leaf Leaf) error {
	left, before := r.Received-r.Held, partition.NoTick
	for _, c := range r.Changed {
		if leaf.Generation == 1 || c.Hour <= before || c.Rows < 0 || c.Rows > left || c.Rows == 0 && c.Over >= 0 {
			return fmt.Errorf("hour %v: %d rows changed in generation %d, %d left", c.Hour, c.Rows, leaf.Generation, left)
		}
		left, before = left-c.Rows, c.Hour
	}
	return nil
}

func (r *Receipt) checkCells() error {
	left := r.Fresh()
	for _, c := range r.Cells {
		if c.Rows <= 0 || c.Rows > left {
			return fmt.Errorf("cell of %v and %v: %d rows, %d left", c.Cell.Hour, c.Cell.Day, c.Rows, left)
		}
		if c.Cell.Day != partition.CellDay(c.Cell.Hour, c.Cell.Day) {
			return fmt.Errorf("cell of %v and %v: the day is too far ahead", c.Cell.Hour, c.Cell.Day)
		}
		left -= c.Rows
	}
	if left != 0 {
		return fmt.Errorf("%d rows to stage are in no cell", left)
	}
	return nil
}

// checkObject holds the object to the receipt: its name tells its reading, for whoever sweeps, and its sections tell
// where each row to stage is.
func (r *Receipt) checkObject(l partition.Ledger) error {
	left, at := r.Fresh(), int64(0)
	if named, err := ParseObject(l, r.Object); left > 0 && (err != nil || named != r.Reading) {
		return fmt.Errorf("object %q is not %s%v-<nonce>.arrow", r.Object, l.StagedPrefix(), r.Reading)
	}
	for i, sec := range r.Sections {
		after := i == 0 || sec.DT > r.Sections[i-1].DT
		inside := sec.Offset >= at && sec.Length > 0 && sec.Length <= r.Bytes && sec.Offset <= r.Bytes-sec.Length
		if !after || !inside || sec.Rows <= 0 || sec.Rows > left {
			return fmt.Errorf("section %d, of dt %v: %d rows in %d bytes at %d, %d rows left", i, sec.DT, sec.Rows, sec.Length, sec.Offset, left)
		}
		left, at = left-sec.Rows, sec.Offset+sec.Length
	}
	if left != 0 {
		return fmt.Errorf("%d rows to stage are in no section", left)
	}
	return nil
}

func (p *Stage) apply(s *State, c *Commit) {
	for i := range p.Receipts {
		p.Receipts[i].apply(s, c)
	}
}

func (r *Receipt) apply(s *State, c *Commit) {
	slice, rows := r.Reading.Slice, r.Fresh()
	leaf := s.Leaves[slice]
	leaf.Open = false
	leaf.Counted, leaf.Held = r.Received, leaf.Held+rows
	if leaf.Columns == 0 {
		leaf.Columns = r.Columns
	}
	if s.Leaves[slice] = leaf; leaf.Again {
		s.lendColumns(slice, leaf.Columns)
		delete(s.Leaves, slice)
	}
	if rows > 0 {
		st := Staged{Number: c.Number, Object: r.Object, Time: c.Time}
		for _, sec := range r.Sections {
			st.Sections = append(st.Sections, StagedSection{Section: sec})
		}
		s.Staged[r.Reading] = st
	}
	cells := s.Cells[slice.Stream]
	makeMap(&cells)
	for _, cell := range r.Cells {
		cells[cell.Cell] += cell.Rows
	}
	s.Cells[slice.Stream] = cells
	s.remember(slice.Stream, r.Changed)
	s.Cost = s.Cost.Observe(r.Received, r.Answer, r.RunTime)
	s.keepPace(c.Time, r)
	s.Totals.Calls++
	s.Totals.Rows += rows
	s.Totals.Bytes += r.Answer
	s.Totals.Changed += r.changed()
}
