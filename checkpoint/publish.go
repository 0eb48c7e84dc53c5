package checkpoint

import (
	"fmt"
	"slices"

	"huntlake/partition"
	"huntlake/schema"
)

// MaxInputs bounds a publish, and so the memory of a merge. The readings of a snapshot, of which there are MaxParts at
// most, are not merged.
const MaxInputs = 32

// PublishBegin claims the rows of one dt in an ordered list of readings for one output file, before that file is
// written. The commit's number is the publish number, and whoever finds a publish without an end may finish it: the
// inputs say exactly what the file must hold.
type PublishBegin struct {
	DT     partition.Date `json:"dt"`
	Inputs []Reading      `json:"inputs"`
	Key    string         `json:"key"`
}

// PublishEnd records the file of a publish as it was read back from the bucket.
type PublishEnd struct {
	File File `json:"file"`
}

// File is a published file.
type File struct {
	Number int64          `json:"number"` // the publish number
	Key    string         `json:"key"`
	Rows   int64          `json:"rows"`
	Bytes  int64          `json:"bytes"`
	Digest schema.Digest  `json:"digest"`
	Oldest partition.Tick `json:"oldest"` // smallest and largest event time
	Newest partition.Tick `json:"newest"`
	Time   partition.Tick `json:"time"`
}

// Kind is KindPublishBegin.
func (*PublishBegin) Kind() Kind { return KindPublishBegin }

func (p *PublishBegin) check(s *State, c *Commit) error {
	_, whole := s.Streams[partition.Snapshot]
	if n := len(p.Inputs); n == 0 || n > MaxInputs && !whole {
		return fmt.Errorf("%d inputs", n)
	}
	if want := s.FileKey(p.DT, c.Number); p.Key != want {
		return fmt.Errorf("file %q must be %q", p.Key, want)
	}
	seen := map[Reading]bool{}
	for _, in := range p.Inputs {
		if seen[in] {
			return fmt.Errorf("%v twice", in)
		}
		seen[in] = true
		_, sec, ok := s.Section(in, p.DT)
		if !ok || sec.Publish != 0 {
			return fmt.Errorf("%v has no unclaimed rows of %v", in, p.DT)
		}
		if day := SettleDay(in.Slice, p.DT); !s.IsSettled(in.Slice.Stream, day) {
			return fmt.Errorf("%v of %v is not settled", day, in.Slice.Stream)
		}
	}
	if whole {
		return p.checkSnapshot(s)
	}
	return nil
}

// FileKey is the key of publish number n of a dt.
func (s *State) FileKey(dt partition.Date, n int64) string {
	return partition.Partition{Table: s.Ledger.Table, Tenant: s.Ledger.Tenant, DT: dt}.FileKey(n)
}

func (p *PublishBegin) apply(s *State, c *Commit) {
	s.Begun[c.Number] = *p
	for _, in := range p.Inputs {
		s.eachSection(in, p.DT, func(sec *StagedSection) { sec.Publish = c.Number })
	}
}

// eachSection changes the sections of dt in a reading. The slice is copied, so that a state that was handed out stays
// as it was.
func (s *State) eachSection(r Reading, dt partition.Date, change func(*StagedSection)) {
	st := s.Staged[r]
	st.Sections = slices.Clone(st.Sections)
	for i := range st.Sections {
		if st.Sections[i].DT == dt {
			change(&st.Sections[i])
		}
	}
	s.Staged[r] = st
}

// Kind is KindPublishEnd.
func (*PublishEnd) Kind() Kind { return KindPublishEnd }

func (p *PublishEnd) check(s *State, _ *Commit) error {
	begun, ok := s.Begun[p.File.Number]
	if !ok || begun.Key != p.File.Key {
		return fmt.Errorf("publish %d of %q has not begun, or has ended", p.File.Number, p.File.Key)
	}
	rows, digest := s.InputSums(begun)
	if rows != p.File.Rows || digest != p.File.Digest {
		return fmt.Errorf("%s holds %d rows, digest %v; its inputs %d rows, digest %v", p.File.Key, p.File.Rows, p.File.Digest, rows, digest)
	}
	return nil
}

// InputSums is what the receipts say that the output of a begun publish must hold.
func (s *State) InputSums(p PublishBegin) (rows int64, digest schema.Digest) {
	for _, in := range p.Inputs {
		_, sec, _ := s.Section(in, p.DT)
		rows, digest = rows+sec.Rows, digest.Add(sec.Digest)
	}
	return rows, digest
}

// readPast reports whether every stream has been staged up to at.
func (s *State) readPast(at partition.Tick) bool {
	for stream := range s.Streams {
		if w, _ := s.Watermark(stream); w < at {
			return false
		}
	}
	return true
}

// apply forgets the staged rows: from here on they are the file's, and an object without sections may be swept.
func (p *PublishEnd) apply(s *State, c *Commit) {
	begun := s.Begun[p.File.Number]
	delete(s.Begun, p.File.Number)
	for _, in := range begun.Inputs {
		st := s.Staged[in]
		st.Sections = slices.DeleteFunc(slices.Clone(st.Sections), func(sec StagedSection) bool { return sec.DT == begun.DT })
		s.Staged[in] = st
		if len(st.Sections) == 0 {
			delete(s.Staged, in)
		}
	}
	day := s.Days[begun.DT]
	day.Files = append(slices.Clone(day.Files), p.File)
	if day.Closed == 0 && s.readPast(begun.DT.End()+partition.Day) {
		day.Closed = c.Number
	}
	s.Days[begun.DT] = day
	s.Totals.Published += p.File.Rows
}
