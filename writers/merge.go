package writers

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"huntlake/partition"
	"huntlake/writers/parquet"
)

// handful is how many rows are merged before they are handed on.
const handful = 8192

// merger takes rows from sections in the order of their times; of equal times, in the order of the sections. It has one
// record of each section in memory; of sections without time, which follow each other, one in all.
type merger struct {
	mem     memory.Allocator
	schema  *arrow.Schema
	clock   clock
	timed   bool
	file    *parquet.Writer
	sources []*source
	records []arrow.Record // of each source, the one at hand
	queue   queue          // of the sources that have rows left
	runs    []parquet.Run  // chosen, not handed on yet
	rows    int            // in runs
	last    partition.Tick // of the row chosen last
}

// source is one section on its way.
type source struct {
	number  int
	section *sectionReader
	binding binding
	times   []partition.Tick // of the record at hand
	row     int              // the first of it that is not chosen yet
}

func newMerger(out Output, file *parquet.Writer) (*merger, error) {
	m := &merger{mem: out.Allocator, schema: out.Schema, file: file, last: partition.NoTick}
	var err error
	m.clock, m.timed, err = timeColumn(out.Schema, out.TimeColumn)
	return m, err
}

// merge moves the rows of all sections. Those without time are opened one after the other: there may be thousands.
func (m *merger) merge(ctx context.Context, b *Bucket, in []Input) error {
	for _, i := range in {
		if err := m.open(ctx, b, i); err != nil {
			return err
		}
		if m.timed {
			continue
		}
		if err := m.run(ctx); err != nil {
			return err
		}
		m.close()
	}
	return m.run(ctx)
}

func (m *merger) open(ctx context.Context, b *Bucket, in Input) error {
	section, err := b.readSection(ctx, in, m.mem)
	if err != nil {
		return err
	}
	s := &source{number: len(m.sources), section: section}
	m.sources, m.records = append(m.sources, s), append(m.records, nil)
	if s.binding, err = bind(section.stream.Schema(), m.schema); err != nil {
		return fmt.Errorf("section of dt %v in %s: %w", in.DT, in.Key, err)
	}
	more, err := m.load(s)
	if more {
		heap.Push(&m.queue, s)
	}
	return err
}

// load replaces the record of s by its next one with rows, or returns false if there is none.
func (m *merger) load(s *source) (bool, error) {
	for {
		rec, err := s.section.next()
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if rec.NumRows() == 0 {
			continue
		}
		m.put(s.number, s.binding.apply(m.mem, rec))
		s.times, s.row = absent(s.times, int(rec.NumRows())), 0
		if m.timed {
			s.times = m.clock.at(m.records[s.number], s.times)
		}
		return true, nil
	}
}

func (m *merger) put(number int, rec arrow.Record) {
	if old := m.records[number]; old != nil {
		old.Release()
	}
	m.records[number] = rec
}

// run moves all rows. Rows that stand together move together.
func (m *merger) run(ctx context.Context) error {
	for len(m.queue) > 0 {
		s := m.queue[0]
		if err := m.choose(s); err != nil {
			return err
		}
		if s.row < len(s.times) {
			heap.Fix(&m.queue, 0)
			continue
		}
		// What was chosen of the record must be handed on before the next one takes its place.
		if err := errors.Join(ctx.Err(), m.handOn()); err != nil {
			return err
		}
		more, err := m.load(s)
		if err != nil {
			return err
		}
		if more {
			heap.Fix(&m.queue, 0)
		} else {
			heap.Pop(&m.queue)
		}
	}
	return m.handOn()
}

// choose takes rows of s for as long as no other source has an earlier one.
func (m *merger) choose(s *source) error {
	from := s.row
	for s.row < len(s.times) && m.queue.first(s) && m.rows+s.row-from < handful {
		if s.time() < m.last {
			return fmt.Errorf("section of dt %v in %s is not in order", s.section.in.DT, s.section.in.Key)
		}
		m.last = s.time()
		s.row++
	}
	m.runs = append(m.runs, parquet.Run{Record: s.number, From: from, To: s.row})
	m.rows += s.row - from
	if m.rows >= handful {
		return m.handOn()
	}
	return nil
}

func (m *merger) handOn() error {
	err := m.file.Append(m.records, m.runs)
	m.runs, m.rows = m.runs[:0], 0
	return err
}

func (m *merger) close() {
	for i, s := range m.sources {
		s.section.close()
		m.put(i, nil)
	}
	m.sources, m.records = nil, nil
}

// time is that of the next row. A row without time comes first, so that the order is one of nulls first.
func (s *source) time() partition.Tick { return s.times[s.row] }

func (s *source) before(o *source) bool {
	return cmp.Or(cmp.Compare(s.time(), o.time()), cmp.Compare(s.number, o.number)) < 0
}

// queue is a heap of sources by their next row.
type queue []*source

// first reports whether s, which is at the head and may have moved on, would stay there.
func (q queue) first(s *source) bool {
	for k := 1; k < min(len(q), 3); k++ {
		if q[k].before(s) {
			return false
		}
	}
	return true
}

// Len implements heap.Interface.
func (q queue) Len() int { return len(q) }

// Less implements heap.Interface.
func (q queue) Less(i, j int) bool { return q[i].before(q[j]) }

// Swap implements heap.Interface.
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *queue) Push(x any) { *q = append(*q, x.(*source)) }

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
