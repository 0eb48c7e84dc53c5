package writers

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"huntlake/partition"
	"huntlake/schema"
)

// StageOptions say how rows are staged.
type StageOptions struct {
	// TimeColumn is the lake name of the event time, which rows are sorted and put into dts by. Empty: the rows are a
	// snapshot's, keep their order and all belong to DT.
	TimeColumn string
	DT         partition.Date
	// Stream is what the rows are of. Its cursor is the clock of Cell.Hour; the zero Stream counts as Stamped.
	Stream    partition.Stream
	Allocator memory.Allocator // memory.DefaultAllocator by default
}

// Stage creates the object key with the rows of recs, which are records of one lake schema; their strings may be
// dictionary-encoded. The records are read, not released. Errors are those of Create, but an object that is there and is
// the same is none; rows that belong nowhere, for want of a time column, are refused before anything is written.
func (b *Bucket) Stage(ctx context.Context, key string, recs []arrow.Record, opts StageOptions) (Staged, error) {
	if opts.Allocator == nil {
		opts.Allocator = memory.DefaultAllocator
	}
	if len(recs) == 0 {
		return Staged{Oldest: partition.NoTick, Newest: partition.NoTick}, nil
	}
	s := stager{opts: opts, recs: recs}
	if err := s.read(); err != nil {
		return Staged{}, fmt.Errorf("stage %s: %w", b.at(key), err)
	}
	var object bytes.Buffer
	if err := s.encode(&object); err != nil {
		return Staged{}, fmt.Errorf("stage %s: %w", b.at(key), err)
	}
	if s.out.Rows == 0 {
		return s.out, nil
	}
	// A crash before the object exists leaves nothing, one after it an object that no commit names: another attempt
	// stages the slice under a key of its own, and the sweep removes this one.
	if err := b.create(ctx, key, object.Bytes()); err != nil {
		return Staged{}, err
	}
	s.out.Key, s.out.Bytes = key, int64(object.Len())
	return s.out, nil
}

// create creates an object that nobody else creates: what is there after an error is the echo of a try whose answer was
// lost, and as good, if it is the same.
func (b *Bucket) create(ctx context.Context, key string, content []byte) error {
	err := b.Create(ctx, key, content)
	if err == nil {
		return nil
	}
	if there, readErr := b.Read(ctx, key, int64(len(content))); readErr == nil && bytes.Equal(there, content) {
		return nil
	}
	return err
}

// ref is one row of the records, with what it is sorted by.
type ref struct {
	dt       partition.Date
	at       partition.Tick
	rec, row int32
}

// compare orders rows by dt, time and content: the service answers in an order of its own each time, and what is
// staged is not to depend on it.
func (s *stager) compare(r, o ref) int {
	if c := cmp.Or(cmp.Compare(r.dt, o.dt), cmp.Compare(r.at, o.at)); c != 0 {
		return c
	}
	a, b := s.hashes[r.rec][r.row], s.hashes[o.rec][o.row]
	return cmp.Or(cmp.Compare(a.Hi, b.Hi), cmp.Compare(a.Lo, b.Lo))
}

// stager turns records into a staged object.
type stager struct {
	opts   StageOptions
	recs   []arrow.Record
	refs   []ref             // all rows in the order they are staged in
	hashes [][]schema.Digest // of rows, by record
	out    Staged
}

// read looks at every row once: where it goes, its hash, its size, its cell.
func (s *stager) read() error {
	first := s.recs[0].Schema()
	event, timed, err := timeColumn(first, s.opts.TimeColumn)
	if err != nil {
		return err
	}
	ingestion, stamped := clockOf(first, schema.IngestionTime)
	hasher, err := schema.NewHasher(first)
	if err != nil {
		return err
	}
	cells := map[Cell]int64{}
	seen := newSpan()
	var events, arrivals []partition.Tick
	for i, rec := range s.recs {
		if !sameColumns(first, rec.Schema()) {
			return fmt.Errorf("record %d has other columns than the first", i)
		}
		n := int(rec.NumRows())
		events, arrivals = absent(events, n), absent(arrivals, n)
		if timed {
			events = event.at(rec, events)
			seen.add(events)
		}
		if stamped {
			arrivals = ingestion.at(rec, arrivals)
		}
		for row := range n {
			s.place(ref{at: events[row], rec: int32(i), row: int32(row)}, arrivals[row], timed)
			cells[s.cell(events[row], arrivals[row])]++
		}
		s.hashes = append(s.hashes, hasher.Rows(rec, nil))
	}
	if timed {
		slices.SortFunc(s.refs, s.compare)
	}
	s.out.Rows, s.out.Oldest, s.out.Newest = int64(len(s.refs)), seen.oldest, seen.newest
	s.out.Cells = sorted(cells)
	return nil
}

// sameColumns reports whether names agree; types may differ in how strings are encoded.
func sameColumns(a, b *arrow.Schema) bool {
	return slices.EqualFunc(a.Fields(), b.Fields(), func(f, g arrow.Field) bool { return f.Name == g.Name })
}

func absent(ticks []partition.Tick, n int) []partition.Tick {
	return append(ticks[:0], slices.Repeat([]partition.Tick{partition.NoTick}, n)...)
}

func (s *stager) place(r ref, arrival partition.Tick, timed bool) {
	r.dt = s.opts.DT
	if timed {
		r.dt = partition.DT(r.at, arrival)
	}
	s.refs = append(s.refs, r)
}

// cell returns the cell of a row; its Rows are left to the caller. A row without event time counts as of day zero, like
// its dt.
func (s *stager) cell(event, arrival partition.Tick) Cell {
	cursor := arrival
	if s.opts.Stream.Cursor() == partition.TimestampCursor {
		cursor = event
	}
	c := Cell{Hour: partition.NoTick}
	if cursor != partition.NoTick {
		c.Hour = cursor.Floor(partition.Hour)
	}
	if event != partition.NoTick {
		c.Day = partition.CellDay(c.Hour, partition.DateOf(event))
	}
	return c
}

func sorted(rows map[Cell]int64) []Cell {
	var cells []Cell
	for c, n := range rows {
		c.Rows = n
		cells = append(cells, c)
	}
	slices.SortFunc(cells, func(a, b Cell) int { return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Hour, b.Hour)) })
	return cells
}

// encode writes the sections.
func (s *stager) encode(object *bytes.Buffer) error {
	g := newGatherer(s.opts.Allocator, s.recs)
	w, err := newSectionWriter(object, g.schema, s.opts.Allocator)
	if err != nil {
		return err
	}
	for rest := s.refs; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].dt == rest[0].dt {
			n++
		}
		section := Section{DT: rest[0].dt, Offset: int64(object.Len()), Rows: int64(n)}
		for _, r := range rest[:n] {
			section.Digest = section.Digest.Add(s.hashes[r.rec][r.row])
		}
		refs := rest[:n]
		err := w.write(func() arrow.Record {
			rec, n := g.record(refs)
			refs = refs[n:]
			return rec
		})
		if err != nil {
			return err
		}
		section.Length = int64(object.Len()) - section.Offset
		s.out.Sections = append(s.out.Sections, section)
		rest = rest[n:]
	}
	return nil
}
