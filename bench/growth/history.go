package main

import (
	"testing"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/schema"
)

// A history is years of a table that is exported every hour: a plan of three slices, three answers, one file.
const (
	perHour    = 6 // commits
	slicesHour = 3
	sliceRows  = 1000
)

// history is the ledger of a table after so many commits, the newest of them an hour ago, and the texts of the commits
// behind its newest snapshot. What lies before that is folded and not kept: an opening has no use for it, and where it
// asked for it, it would fail.
type history struct {
	state    *checkpoint.State
	snapshot []byte
	at       int64            // the snapshot's commit
	tail     map[int64][]byte // commits behind it
}

// newHistory folds commits up to number n, the plans of which end at an hour.
func newHistory(t *testing.T, key partition.Ledger, columns []schema.Field, n int, end partition.Tick) *history {
	t.Helper()
	h := &history{state: checkpoint.NewState(key), tail: map[int64][]byte{}}
	table, changes, err := schema.Table{}.Evolve(columns)
	if err != nil {
		t.Fatal(err)
	}
	spacing, hours := int64(16), n/perHour
	add := func(b checkpoint.Body) {
		number := h.state.Number + 1
		c := &checkpoint.Commit{Number: number, Nonce: "0123456789abcdef", Program: "huntlake/growth", Time: end, Body: b}
		if err := checkpoint.Fold(h.state, c); err != nil {
			t.Fatal(err)
		}
		if number > int64(n)-300 {
			if h.tail[number], err = c.Encode(); err != nil {
				t.Fatal(err)
			}
		}
		if number%spacing != 0 || number <= int64(n)-300 {
			return
		}
		if h.snapshot, err = checkpoint.EncodeSnapshot(h.state); err != nil {
			t.Fatal(err)
		}
		h.at = number
		spacing = spacingOf(len(h.snapshot))
	}
	add(&checkpoint.Schema{Table: table, Changes: changes, Streams: []partition.Stream{partition.Stamped}})
	for hour := range hours {
		at := end - partition.Tick(hours-hour)*partition.Hour
		h.hour(add, at)
	}
	for number := range h.tail {
		if number <= h.at {
			delete(h.tail, number)
		}
	}
	return h
}

// spacingOf is how far apart snapshots of that size are written.
func spacingOf(size int) int64 {
	spacing := int64(16)
	for ; size > 1<<20 && spacing < 256; size /= 2 {
		spacing *= 2
	}
	return spacing
}

// hour adds the commits of an hour.
func (h *history) hour(add func(checkpoint.Body), at partition.Tick) {
	floor := max(at-30*partition.Day, 0).Floor(partition.Hour)
	p := &checkpoint.Plan{Stream: partition.Stamped, Start: at, End: at + partition.Hour, Floor: floor}
	for i := range partition.Tick(slicesHour) {
		s := partition.Slice{
			Stream: partition.Stamped, Floor: floor,
			Start: at + i*partition.Hour/slicesHour, End: at + (i+1)*partition.Hour/slicesHour,
		}
		p.Slices = append(p.Slices, checkpoint.PlannedSlice{Slice: s, Rows: sliceRows, Oldest: at})
	}
	add(p)
	dt := partition.DateOf(at)
	begin := &checkpoint.PublishBegin{DT: dt}
	var sum schema.Digest
	for _, s := range p.Slices {
		r := checkpoint.Reading{Slice: s.Slice, Generation: 1}
		digest := schema.Digest{Hi: uint64(s.Slice.Start) * 0x9e3779b97f4a7c15, Lo: uint64(h.state.Number) * 0xbf58476d1ce4e5b9}
		sum = sum.Add(digest)
		add(&checkpoint.Stage{Receipts: []checkpoint.Receipt{{
			Reading: r, Query: "Events | where ingestion_time() >= datetime(2026-11-22T00:00:00.0000000Z)", Counted: []int64{sliceRows},
			Received: sliceRows, Answer: 2500 * sliceRows, RunTime: 1e9, Called: at, Answered: at, Schema: "0123456789abcdef",
			Columns: len(h.state.Schema.Columns), Object: h.state.Ledger.StagedKey(s.Slice, 1, "0123456789abcdef"), Bytes: 100 * sliceRows,
			Sections: []checkpoint.Section{{DT: dt, Length: 100 * sliceRows, Rows: sliceRows, Digest: digest}},
			Cells:    []checkpoint.CellRows{{Cell: checkpoint.Cell{Hour: at, Day: dt}, Rows: sliceRows}},
		}}})
		begin.Inputs = append(begin.Inputs, r)
	}
	number := h.state.Number + 1
	begin.Key = h.state.FileKey(dt, number)
	add(begin)
	add(&checkpoint.PublishEnd{File: checkpoint.File{
		Number: number, Key: begin.Key, Rows: slicesHour * sliceRows, Bytes: 200 * sliceRows, Digest: sum,
		Oldest: at, Newest: at + partition.Hour - 1, Time: at + partition.Hour,
	}})
}

// put writes what an opening reads.
func (h *history) put(t *testing.T, s *store) {
	t.Helper()
	key := h.state.Ledger
	if h.snapshot != nil {
		if err := s.bucket.Create(t.Context(), key.SnapshotKey(h.at), h.snapshot); err != nil {
			t.Fatal(err)
		}
	}
	for number, text := range h.tail {
		if err := s.bucket.Create(t.Context(), key.LogKey(number), text); err != nil {
			t.Fatal(err)
		}
	}
}
