package checkpoint_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/checkpoint"
	"huntlake/partition"
)

func TestFoldSnapshotPlan(t *testing.T) {
	type P = checkpoint.Plan
	next := func(change func(*P)) *P { return with(snapshotPlan(2, 1, 3, 4), change) }
	few, many := make([]int64, checkpoint.MaxParts), make([]int64, checkpoint.MaxParts+1)
	judge(t, []verdict{
		{"the first", "empty", snapshotPlan(1, 0, 7), ""},
		{"of a table without rows", "empty", snapshotPlan(1, 0, 0), ""},
		{"in buckets", "empty", snapshotPlan(1, 0, 7, 0, 5), ""},
		{"in as many as there may be", "empty", snapshotPlan(1, 0, few...), ""},
		{"that could not be counted", "empty", snapshotPlan(1, 0), ""},
		{"with a sample and keys", "empty", with(snapshotPlan(1, 0, 7), func(p *P) { p.Sample, p.Keys = &checkpoint.Sample{Rows: 1}, []string{"A"} }), ""},
		{"a second try", "snapshot", snapshotPlan(2, 0, 3, 4), ""},
		{"a second try of what was read", "snapshot read", snapshotPlan(2, 0, 3, 4), ""},
		{"after one that could not be counted", "snapshot uncounted", snapshotPlan(2, 0, 3, 4), ""},
		{"of the next dt", "snapshot settled", next(func(*P) {}), ""},
		{"of the next dt, while one is published", "snapshot begun", next(func(*P) {}), ""},
		{"of the next dt after a gap", "snapshot given up", next(func(*P) {}), ""},
		{"of the next dt, before one is settled", "snapshot read", next(func(*P) {}), ""},

		{"of a dt that is settled", "snapshot settled", snapshotPlan(2, 0, 7), "a snapshot of 2026-11-22 follows 2026-11-22, and 2026-11-22 is over"},
		{"of a dt that was given up", "snapshot given up", snapshotPlan(2, 0, 7), "a snapshot of 2026-11-22 follows 2026-11-22, and 2026-11-22 is over"},
		{"of a dt before", "snapshot", snapshotPlan(2, -1, 7), "a snapshot of 2026-11-21 follows 2026-11-22, and 0001-01-01 is over"},
		{"of no dt", "empty", with(snapshotPlan(1, 0, 7), func(p *P) { p.DT = 0 }), "a snapshot of 0001-01-01 follows 0001-01-01, and 0001-01-01 is over"},
		{"a stale one", "snapshot", snapshotPlan(1, 0, 7), "generation 1 follows 1"},
		{"a generation too far", "snapshot", snapshotPlan(3, 0, 7), "generation 3 follows 1"},
		{"beside stamped", "planned", snapshotPlan(1, 0, 7), "the snapshot rows are planned as stamped rows"},
		{"with times", "snapshot", next(func(p *P) { p.End = at(1) }), "a snapshot has no times, and is read again as a whole"},
		{"with a floor", "snapshot", next(func(p *P) { p.Floor = floor }), "a snapshot has no times, and is read again as a whole"},
		{"with more to read again", "snapshot", next(func(p *P) { p.Again = p.Slices[:1] }), "a snapshot has no times, and is read again as a whole"},
		{"with a bucket missing", "snapshot", next(func(p *P) { p.Slices = p.Slices[1:] }), "slice 0 of 1 is snapshot_b1of2 with 4 rows"},
		{"with a bucket twice", "snapshot", next(func(p *P) { p.Slices[1] = p.Slices[0] }), "slice 1 of 2 is snapshot_b0of2 with 3 rows"},
		{"with buckets out of order", "snapshot", next(func(p *P) { p.Slices[0], p.Slices[1] = p.Slices[1], p.Slices[0] }), "slice 0 of 2 is snapshot_b1of2 with 4 rows"},
		{"with too many buckets", "empty", with(snapshotPlan(1, 0, many...), func(*P) {}), "a snapshot of 4097 slices"},
		{"with rows below zero", "snapshot", next(func(p *P) { p.Slices[1].Rows = -1 }), "slice 1 of 2 is snapshot_b1of2 with -1 rows"},
	})
}

func TestFoldSnapshotStage(t *testing.T) {
	type R = checkpoint.Receipt
	one := func(change func(*R)) *checkpoint.Stage { return stage(altered(snapshotReceipt(1, 0, 0, 3, 7), change)) }
	const name = "snapshot_b0of3-1: "
	judge(t, []verdict{
		{"a bucket", "snapshot", one(func(*R) {}), ""},

		{"a bucket without rows", "snapshot", stage(snapshotReceipt(1, 0, 1, 3, 0)), "snapshot_b1of3-1: not open at this generation"},
		{"a bucket of others", "snapshot", stage(snapshotReceipt(1, 0, 0, 2, 7)), "snapshot_b0of2-1: not open at this generation"},
		{"a generation to come", "snapshot", stage(snapshotReceipt(2, 0, 0, 3, 7)), "snapshot_b0of3-2: not open at this generation"},
		{"what is settled", "snapshot settled", one(func(*R) {}), name + "not open at this generation"},
		{"what was given up", "snapshot given up", one(func(*R) {}), name + "not open at this generation"},
		{"what was recounted", "snapshot", one(func(r *R) { r.Counted = []int64{7, 8, 7} }), name + "a snapshot's slice of 7 rows, counted [7 8 7], held 0"},
		{"another count", "snapshot", one(func(r *R) { r.Counted, r.Received = []int64{7, 6}, 6 }), name + "a snapshot's slice of 6 rows, counted [7 6], held 0"},
		{"a moving source", "snapshot", one(func(r *R) { r.Counted, r.Moved = []int64{7, 8, 9}, true }), name + "a snapshot's slice of 7 rows, counted [7 8 9], held 0"},
		{"cells", "snapshot", one(func(r *R) { r.Cells = []checkpoint.CellRows{{Rows: 7}} }), name + "1 cells and 1 sections of a snapshot"},
		{"two dts", "snapshot", one(func(r *R) { r.Sections = append(r.Sections, r.Sections[0]) }), name + "0 cells and 2 sections of a snapshot"},
		{"another dt", "snapshot", one(func(r *R) { r.Sections[0].DT++ }), name + "a section of dt 2026-11-23 in a snapshot of 2026-11-22"},
		{"no section", "snapshot", one(func(r *R) { r.Sections = nil }), name + "7 rows to stage are in no section"},
	})
	judge(t, []verdict{{"held rows", "snapshot again", stage(altered(snapshotReceipt(2, 0, 0, 2, 3), func(r *R) { r.Held = 1 })),
		"snapshot_b0of2-2: a snapshot's slice of 3 rows, counted [3], held 1"}})
}

func TestFoldSnapshotSettled(t *testing.T) {
	judge(t, []verdict{
		{"what was read", "snapshot read", snapshotSettled(0, 12), ""},

		{"what is open", "snapshot half", snapshotSettled(0, 12), "snapshot_b2of3 is open"},
		{"what could not be counted", "snapshot uncounted", snapshotSettled(0, 0), "no snapshot of 2026-11-22 has been read"},
		{"nothing", "empty", snapshotSettled(0, 0), "no snapshot of 2026-11-22 has been read"},
		{"twice", "snapshot settled", snapshotSettled(0, 12), "no snapshot of 2026-11-22 has been read"},
		{"what was given up", "snapshot given up", snapshotSettled(0, 12), "no snapshot of 2026-11-22 has been read"},
		{"another dt", "snapshot read", snapshotSettled(1, 12), "no snapshot of 2026-11-23 has been read"},
		{"other rows", "snapshot read", snapshotSettled(0, 11), "the snapshot of 2026-11-22 holds 12 rows, not 11"},
	})
}

func TestFoldSnapshotGap(t *testing.T) {
	type G = checkpoint.Gap
	const times = "a gap of [2026-11-22T00:00:00.0000000Z, 2026-11-22T01:00:00.0000000Z) in snapshots, which have one dt each"
	judge(t, []verdict{
		{"what was read", "snapshot read", snapshotGap(0), ""},
		{"what could not be counted", "snapshot uncounted", snapshotGap(0), ""},
		{"what was never planned", "empty", snapshotGap(0), ""},
		{"the next dt", "snapshot settled", snapshotGap(1), ""},

		{"what is settled", "snapshot settled", snapshotGap(0), "a snapshot of 2026-11-22 follows 2026-11-22, and 2026-11-22 is over"},
		{"what was given up", "snapshot given up", snapshotGap(0), "a snapshot of 2026-11-22 follows 2026-11-22, and 2026-11-22 is over"},
		{"a dt before", "snapshot", snapshotGap(-1), "a snapshot of 2026-11-21 follows 2026-11-22, and 0001-01-01 is over"},
		{"part of a dt", "snapshot", with(snapshotGap(0), func(g *G) { g.End = at(1) }), times},
		{"beside stamped", "planned", snapshotGap(0), "the snapshot rows are planned as stamped rows"},
		{"without a reason", "snapshot", with(snapshotGap(0), func(g *G) { g.Why = "" }), "without a reason, or with a negative count"},
	})
	whole := shard(0, 1)
	judge(t, []verdict{{"with a slice", "snapshot", with(snapshotGap(0), func(g *G) { g.Slice = &whole }),
		"a gap of [2026-11-22T00:00:00.0000000Z, 2026-11-23T00:00:00.0000000Z) in snapshots, which have one dt each"}})
}

func TestFoldSnapshotPublish(t *testing.T) {
	first, last := reading(shard(0, 3), 1), reading(shard(2, 3), 1)
	parts := make([]int64, checkpoint.MaxInputs+1)
	var receipts []checkpoint.Receipt
	var inputs []checkpoint.Reading
	for k := range parts {
		parts[k] = 1
		receipts = append(receipts, snapshotReceipt(1, 0, k, len(parts), 1))
		inputs = append(inputs, reading(shard(k, len(parts)), 1))
	}
	if s := fold(t, snapshotPlan(1, 0, parts...), stage(receipts...), snapshotSettled(0, int64(len(parts)))); checkpoint.Check(s, commit(s, begin(4, 0, inputs...))) != nil {
		t.Errorf("a snapshot of %d inputs is refused: %v", len(parts), checkpoint.Check(s, commit(s, begin(4, 0, inputs...))))
	}
	judge(t, []verdict{
		{"all of it", "snapshot settled", begin(4, 0, first, last), ""},

		{"before it is settled", "snapshot read", begin(3, 0, first, last), "2026-11-22 of snapshot is not settled"},
		{"part of it", "snapshot settled", begin(4, 0, first), "1 of 2 readings of the snapshot of 2026-11-22"},
		{"nothing of it", "snapshot settled", begin(4, 0), "0 inputs"},
		{"a slice without rows", "snapshot settled", begin(4, 0, first, last, reading(shard(1, 3), 1)), "snapshot_b1of3-1 has no unclaimed rows of 2026-11-22"},
		{"another dt", "snapshot settled", begin(4, 1, first, last), "snapshot_b0of3-1 has no unclaimed rows of 2026-11-23"},
		{"a slice twice", "snapshot settled", begin(4, 0, first, first), "snapshot_b0of3-1 twice"},
		{"what is claimed", "snapshot begun", begin(5, 0, first, last), "snapshot_b0of3-1 has no unclaimed rows of 2026-11-22"},
	})
}

func TestFoldSnapshotSplit(t *testing.T) {
	whole := shard(0, 1)
	halves, _ := whole.SplitBuckets(2)
	s := fold(t, snapshotPlan(1, 0, 7))
	c := commit(s, split(whole, 3, halves...))
	if got, want := reason(checkpoint.Check(s, c), c), "snapshot is planned anew, with the rest of its snapshot"; got != want {
		t.Errorf("Check = %q, want %q", got, want)
	}
}

// What is kept of a generation depends on whether it was settled when the next one is opened.
func TestSnapshotStanding(t *testing.T) {
	first, last := reading(shard(0, 3), 1), reading(shard(2, 3), 1)
	settled := checkpoint.Standing{DT: dayZero, Tries: 1, Parts: 3, Done: dayZero, Last: dayZero, Rows: 12, Time: at(6)}
	tests := []struct {
		on      string
		then    checkpoint.Body
		want    checkpoint.Standing
		staged  int
		leaves  int
		dropped int64
	}{
		{"snapshot read", nil, checkpoint.Standing{DT: dayZero, Tries: 1, Parts: 3}, 2, 3, 0},
		{"snapshot read", snapshotPlan(2, 0, 3, 4), checkpoint.Standing{DT: dayZero, Tries: 2, Parts: 2}, 0, 2, 12},
		{"snapshot read", snapshotPlan(2, 1, 3, 4), checkpoint.Standing{DT: dayZero + 1, Tries: 1, Parts: 2}, 0, 2, 12},
		{"snapshot read", snapshotGap(0), checkpoint.Standing{DT: dayZero, Tries: 1, Parts: 3, Done: dayZero}, 0, 0, 12},
		{"snapshot settled", nil, settled, 2, 0, 0},
		{"snapshot settled", snapshotPlan(2, 1, 3, 4), altered(settled, func(s *checkpoint.Standing) { s.DT, s.Parts = dayZero+1, 2 }), 2, 2, 0},
		{"snapshot begun", snapshotPlan(2, 1, 3, 4), altered(settled, func(s *checkpoint.Standing) { s.DT, s.Parts = dayZero+1, 2 }), 2, 2, 0},
		{"snapshot begun", snapshotGap(1), altered(settled, func(s *checkpoint.Standing) { s.DT, s.Tries, s.Done = dayZero+1, 0, dayZero+1 }), 2, 0, 0},
		{"snapshot ended", nil, settled, 0, 0, 0},
		{"snapshot uncounted", snapshotPlan(2, 0), checkpoint.Standing{DT: dayZero, Tries: 2}, 0, 0, 0},
	}
	for _, c := range tests {
		s := states(t, c.on)
		if c.then != nil {
			more(t, s, c.then)
		}
		if diff := cmp.Diff(c.want, s.Snapshot); diff != "" || len(s.Staged) != c.staged || len(s.Leaves) != c.leaves || s.Totals.Dropped != c.dropped {
			t.Errorf("%s, then %+v: %d staged, %d leaves, %d dropped %s", c.on, c.then, len(s.Staged), len(s.Leaves), s.Totals.Dropped, diff)
		}
	}
	s := states(t, "snapshot begun")
	more(t, s, snapshotPlan(2, 1, 3, 4), end(4, 0, 12, digest(7).Add(digest(5))))
	if len(s.Days[dayZero].Files) != 1 || len(s.Staged) != 0 {
		t.Errorf("the publish of %v and %v has not ended: %+v", first, last, s.Days)
	}
	if at, ok := s.Watermark(partition.Snapshot); !ok || at != dayZero.Start() {
		t.Errorf("the watermark is %v, %v", at, ok)
	}
}
