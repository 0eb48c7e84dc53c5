package checkpoint_test

import (
	"fmt"
	"testing"
	"time"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/schema"
)

// Instants of the fixtures: hours from the start of day zero, 2026-11-22.
const dayZero = partition.Date(739_941)

var (
	floor = at(-30 * 24)
	ours  = partition.Ledger{Tenant: "t1", Table: partition.Table{Name: "DeviceEvents"}}
)

func at(hour int) partition.Tick { return dayZero.Start() + partition.Tick(hour)*partition.Hour }

// hours is the slice of a stream from one hour to another, at the fixtures' floor.
func hours(s partition.Stream, from, to int) partition.Slice {
	return partition.Slice{Stream: s, Start: at(from), End: at(to), Floor: floor}
}

// stamped is the slice of the hour-th hour.
func stamped(hour int) partition.Slice { return hours(partition.Stamped, hour, hour+1) }

func reading(s partition.Slice, generation int) checkpoint.Reading {
	return checkpoint.Reading{Slice: s, Generation: generation}
}

func digest(n uint64) schema.Digest { return schema.Digest{Hi: n, Lo: n * n} }

// perRow is 2^-9 s, and every answer has 1000 bytes a row: averages of both are exact on every machine.
const perRow = 1_953_125 * time.Nanosecond

// part is the rows of one dt, counted from day zero.
type part struct {
	day  int
	rows int64
}

// receipt proves a reading that found exactly what was counted, and staged the parts.
func receipt(r checkpoint.Reading, counted int64, parts ...part) checkpoint.Receipt {
	out := checkpoint.Receipt{
		Reading: r, Query: "DeviceEvents | where ingestion_time() >= A and Timestamp >= F", Counted: []int64{counted},
		Received: counted, Answer: 1000 * counted, RunTime: perRow * time.Duration(counted),
		Called: at(5), Answered: at(5) + partition.Second,
		Schema: "0123456789abcdef",
	}
	if len(parts) > 0 {
		out.Object = ours.StagedKey(r.Slice, r.Generation, "n1")
	}
	for _, p := range parts {
		dt := dayZero + partition.Date(p.day)
		out.Sections = append(out.Sections, checkpoint.Section{
			DT: dt, Offset: out.Bytes, Length: 100 * p.rows, Rows: p.rows, Digest: digest(uint64(p.rows)),
		})
		hour := r.Slice.Start.Floor(partition.Hour)
		if r.Slice.Stream == partition.Snapshot {
			hour = partition.NoTick
		}
		out.Cells = append(out.Cells, checkpoint.CellRows{Cell: checkpoint.Cell{Hour: hour, Day: dt}, Rows: p.rows})
		out.Bytes += 100 * p.rows
	}
	return out
}

func stage(receipts ...checkpoint.Receipt) *checkpoint.Stage {
	return &checkpoint.Stage{Receipts: receipts}
}

// plan tiles a range by slices of equal length with the given rows.
func plan(s partition.Stream, from, each int, rows ...int64) *checkpoint.Plan {
	p := &checkpoint.Plan{Stream: s, Start: at(from), End: at(from + each*len(rows)), Floor: floor}
	for i, n := range rows {
		p.Slices = append(p.Slices, checkpoint.PlannedSlice{Slice: hours(s, from+i*each, from+(i+1)*each), Rows: n})
	}
	return p
}

// again opens the range of a reading for its generation.
func again(frontier int, r checkpoint.Reading, rows int64) *checkpoint.Plan {
	return &checkpoint.Plan{
		Stream: r.Slice.Stream, Start: at(frontier), End: at(frontier), Floor: floor, Generation: r.Generation,
		Again: []checkpoint.PlannedSlice{{Slice: r.Slice, Rows: rows}},
	}
}

// shard is the k-th of n slices of a snapshot.
func shard(k, n int) partition.Slice {
	if n == 1 {
		return partition.Slice{Stream: partition.Snapshot}
	}
	return partition.Slice{Stream: partition.Snapshot, Bucket: k, Of: n}
}

// snapshotPlan opens a generation for a day, of as many slices as there are counts.
func snapshotPlan(generation, day int, rows ...int64) *checkpoint.Plan {
	p := &checkpoint.Plan{Stream: partition.Snapshot, Generation: generation, DT: dayZero + partition.Date(day)}
	for k, n := range rows {
		p.Slices = append(p.Slices, checkpoint.PlannedSlice{Slice: shard(k, len(rows)), Rows: n})
	}
	return p
}

// snapshotReceipt proves the k-th of n slices.
func snapshotReceipt(generation, day, k, n int, rows int64) checkpoint.Receipt {
	r := receipt(reading(shard(k, n), generation), rows, part{day, rows})
	r.Cells = nil
	return r
}

func snapshotSettled(day int, rows int64) *checkpoint.Settled {
	return &checkpoint.Settled{Stream: partition.Snapshot, DT: dayZero + partition.Date(day), Rows: rows}
}

func snapshotGap(day int) *checkpoint.Gap {
	return &checkpoint.Gap{Stream: partition.Snapshot, Start: at(24 * day), End: at(24*day + 24), Below: at(24*day + 24), Why: "unstable"}
}

func begin(number int64, day int, inputs ...checkpoint.Reading) *checkpoint.PublishBegin {
	dt := dayZero + partition.Date(day)
	return &checkpoint.PublishBegin{DT: dt, Inputs: inputs, Key: checkpoint.NewState(ours).FileKey(dt, number)}
}

func end(number int64, day int, rows int64, d schema.Digest) *checkpoint.PublishEnd {
	key := checkpoint.NewState(ours).FileKey(dayZero+partition.Date(day), number)
	return &checkpoint.PublishEnd{File: checkpoint.File{
		Number: number, Key: key, Rows: rows, Bytes: 50 * rows, Digest: d, Oldest: at(24 * day), Newest: at(24*day) + 1, Time: at(6),
	}}
}

func settled(s partition.Stream, day int) *checkpoint.Settled {
	return &checkpoint.Settled{Stream: s, DT: dayZero + partition.Date(day), Rows: 5}
}

func gapBelow(s partition.Slice, below partition.Tick, left int64) *checkpoint.Gap {
	return &checkpoint.Gap{Stream: s.Stream, Start: s.Start, End: s.End, Below: below, Why: "expired", Slice: &s, Left: left}
}

func split(s partition.Slice, rows int64, children ...partition.Slice) *checkpoint.Split {
	p := &checkpoint.Split{Slice: s, Why: "too big"}
	for _, c := range children {
		p.Children = append(p.Children, checkpoint.PlannedSlice{Slice: c, Rows: rows})
	}
	return p
}

// commit is the record that a writer would append to s.
func commit(s *checkpoint.State, body checkpoint.Body) *checkpoint.Commit {
	n := s.Number + 1
	return &checkpoint.Commit{Number: n, Nonce: fmt.Sprintf("n%d", n), Time: at(6), Program: "huntlake test", Body: body}
}

// fold builds a state out of commits that must be valid.
func fold(t *testing.T, bodies ...checkpoint.Body) *checkpoint.State {
	t.Helper()
	s := checkpoint.NewState(ours)
	more(t, s, bodies...)
	return s
}

// more folds further commits that must be valid, as they read back from their own text.
func more(t *testing.T, s *checkpoint.State, bodies ...checkpoint.Body) {
	t.Helper()
	for _, body := range bodies {
		if err := checkpoint.Fold(s, reread(t, commit(s, body))); err != nil {
			t.Fatal(err)
		}
	}
}

func reread(t *testing.T, c *checkpoint.Commit) *checkpoint.Commit {
	t.Helper()
	text, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := checkpoint.DecodeCommit(text)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

// states are what the cases of Fold start from, each made anew.
func states(t *testing.T, name string) *checkpoint.State {
	t.Helper()
	const day = 24
	planned := plan(partition.Stamped, 0, 1, 10, 0, 20, 30)
	first := stage(receipt(reading(stamped(0), 1), 10, part{0, 6}, part{1, 4}))
	whole := plan(partition.Whole, 0, day, 5, 5)
	snapshot := []checkpoint.Body{
		snapshotPlan(1, 0, 7, 0, 5), stage(snapshotReceipt(1, 0, 0, 3, 7), snapshotReceipt(1, 0, 2, 3, 5)), snapshotSettled(0, 12),
		begin(4, 0, reading(shard(0, 3), 1), reading(shard(2, 3), 1)), end(4, 0, 12, digest(7).Add(digest(5))),
	}
	switch name {
	case "empty":
		return fold(t)
	case "planned":
		return fold(t, planned)
	case "staged":
		return fold(t, planned, first)
	case "begun":
		return fold(t, planned, first, begin(3, 0, reading(stamped(0), 1)))
	case "ended":
		return fold(t, planned, first, begin(3, 0, reading(stamped(0), 1)), end(3, 0, 6, digest(6)))
	case "again":
		return fold(t, planned, first, again(4, reading(stamped(0), 2), 12))
	case "over":
		return fold(t, planned, first, again(4, reading(hours(partition.Stamped, 0, 2), 2), 12))
	case "whole":
		return fold(t, whole, stage(receipt(reading(hours(partition.Whole, 0, day), 1), 5, part{0, 5})))
	case "settled":
		return fold(t, whole, stage(receipt(reading(hours(partition.Whole, 0, day), 1), 5, part{0, 5})), settled(partition.Whole, 0))
	case "reread":
		return fold(t, planned, first, again(4, reading(stamped(0), 2), 12),
			stage(altered(receipt(reading(stamped(0), 2), 12, part{0, 2}), func(r *checkpoint.Receipt) { r.Held = 10 })))
	case "snapshot":
		return fold(t, snapshot[:1]...)
	case "snapshot read":
		return fold(t, snapshot[:2]...)
	case "snapshot settled":
		return fold(t, snapshot[:3]...)
	case "snapshot begun":
		return fold(t, snapshot[:4]...)
	case "snapshot ended":
		return fold(t, snapshot...)
	case "snapshot given up":
		return fold(t, snapshot[0], snapshot[1], snapshotGap(0))
	case "snapshot half":
		return fold(t, snapshot[0], stage(snapshotReceipt(1, 0, 0, 3, 7)))
	case "snapshot again":
		return fold(t, snapshot[0], snapshot[1], snapshotPlan(2, 0, 3, 4))
	case "snapshot uncounted":
		return fold(t, snapshotPlan(1, 0))
	}
	t.Fatalf("no state %q", name)
	return nil
}
