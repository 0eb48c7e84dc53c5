package checkpoint_test

import (
	"testing"

	"huntlake/checkpoint"
	"huntlake/partition"
)

func TestFoldPlan(t *testing.T) {
	type P = checkpoint.Plan
	next := func(change func(*P)) *P { return with(plan(partition.Stamped, 4, 1, 7, 8), change) }
	re := func(r checkpoint.Reading, change func(*P)) *P { return with(again(4, r, 12), change) }
	snapshot := partition.Slice{Stream: partition.Snapshot}
	judge(t, []verdict{
		{"the first", "empty", plan(partition.Stamped, 0, 1, 10, 0), ""},
		{"the next", "planned", next(func(*P) {}), ""},
		{"a higher floor", "planned", next(func(p *P) {
			p.Floor = floor + 1
			p.Slices[0].Slice.Floor, p.Slices[1].Slice.Floor = floor+1, floor+1
		}), ""},
		{"with a sample", "planned", next(func(p *P) { p.Sample = &checkpoint.Sample{Rows: 200, Bytes: 1} }), ""},
		{"again alone", "staged", re(reading(stamped(0), 2), func(*P) {}), ""},
		{"again of what was proved empty", "planned", re(reading(stamped(1), 2), func(*P) {}), ""},
		{"again and the next", "staged", next(func(p *P) { p.Again = again(4, reading(stamped(0), 2), 12).Again }), ""},
		{"unstamped beside stamped", "planned", plan(partition.Unstamped, 0, 1, 1), ""},
		{"a snapshot", "empty", snapshotPlan(snapshot), ""},
		{"a snapshot again", "snapshot", with(again(0, reading(snapshot, 2), 9), func(p *P) { p.Start, p.End = 0, 0 }), "snapshot has not been read whole"},

		{"of nothing", "planned", again(4, reading(stamped(0), 2), 1), stamped(0).String() + " has not been read whole"},
		{"empty", "planned", next(func(p *P) { p.Slices = nil }), "nothing is planned"},
		{"behind the frontier", "planned", plan(partition.Stamped, 3, 1, 1),
			"stamped plan starts at 2026-11-22T03:00:00.0000000Z, the frontier is 2026-11-22T04:00:00.0000000Z"},
		{"past the frontier", "planned", plan(partition.Stamped, 5, 1, 1),
			"stamped plan starts at 2026-11-22T05:00:00.0000000Z, the frontier is 2026-11-22T04:00:00.0000000Z"},
		{"a stale one", "planned", plan(partition.Stamped, 0, 1, 10, 0, 20, 30),
			"stamped plan starts at 2026-11-22T00:00:00.0000000Z, the frontier is 2026-11-22T04:00:00.0000000Z"},
		{"a range without slices", "staged", re(reading(stamped(0), 2), func(p *P) { p.End++ }), "a range without slices"},
		{"again of an unknown stream", "empty", again(0, reading(stamped(0), 2), 1), "a range without slices"},
		{"a hole", "planned", next(func(p *P) { p.Slices = p.Slices[1:] }),
			"slice " + stamped(5).String() + " with 8 rows does not continue the plan at 2026-11-22T04:00:00.0000000Z"},
		{"an overlap", "planned", next(func(p *P) { p.Slices[1] = p.Slices[0] }),
			"slice " + stamped(4).String() + " with 7 rows does not continue the plan at 2026-11-22T05:00:00.0000000Z"},
		{"short of its end", "planned", next(func(p *P) { p.End += 1 }),
			"the slices end at 2026-11-22T06:00:00.0000000Z, the plan at 2026-11-22T06:00:00.0000001Z"},
		{"an empty slice", "planned", next(func(p *P) { p.Slices[0].Slice.End = at(4) }),
			"slice: range [2026-11-22T04:00:00.0000000Z, 2026-11-22T04:00:00.0000000Z) is empty or out of bounds"},
		{"another floor", "planned", next(func(p *P) { p.Slices[0].Slice.Floor++ }),
			"slice stamped_20261122T0400000000000_20261122T0500000000000_f20261023T0000000000001 with 7 rows does not continue the plan at 2026-11-22T04:00:00.0000000Z"},
		{"another stream's slice", "planned", next(func(p *P) { p.Slices[0].Slice.Stream = partition.Whole }),
			"slice " + hours(partition.Whole, 4, 5).String() + " with 7 rows does not continue the plan at 2026-11-22T04:00:00.0000000Z"},
		{"a bucket", "planned", next(func(p *P) { p.Slices[0].Slice.Of = 2 }),
			"slice " + stamped(4).String() + "_b0of2 with 7 rows does not continue the plan at 2026-11-22T04:00:00.0000000Z"},
		{"rows below zero", "planned", next(func(p *P) { p.Slices[0].Rows = -1 }),
			"slice " + stamped(4).String() + " with -1 rows does not continue the plan at 2026-11-22T04:00:00.0000000Z"},
		{"no stream", "empty", plan(0, 0, 1, 1), "slice: stream(0)\na snapshot has no times"},

		{"again while open", "again", re(reading(stamped(0), 3), func(*P) {}), stamped(0).String() + " has not been read whole"},
		{"again of the same generation", "staged", re(reading(stamped(0), 1), func(*P) {}), stamped(0).String() + "-1 follows generation 1"},
		{"again, two generations on", "staged", re(reading(stamped(0), 3), func(*P) {}), stamped(0).String() + "-3 follows generation 1"},
		{"again twice", "staged", re(reading(stamped(0), 2), func(p *P) { p.Again = append(p.Again, p.Again[0]) }), stamped(0).String() + " has not been read whole"},
		{"again of a slice in the same plan", "planned", next(func(p *P) { p.Again = again(4, reading(stamped(4), 2), 1).Again }), stamped(4).String() + " has not been read whole"},
		{"again below zero", "staged", again(4, reading(stamped(0), 2), -1), stamped(0).String() + "-2 with -1 rows"},
		{"again of another stream", "staged", with(plan(partition.Unstamped, 0, 1, 1), func(p *P) { p.Again = again(4, reading(stamped(0), 2), 1).Again }), stamped(0).String() + "-2 with 1 rows"},

		{"whole beside stamped", "planned", plan(partition.Whole, 4, 1, 1), "the whole rows are planned as stamped rows"},
		{"stamped beside whole", "whole", plan(partition.Stamped, 48, 1, 1), "the stamped rows are planned as whole rows"},
		{"unstamped beside whole", "whole", plan(partition.Unstamped, 48, 1, 1), "the unstamped rows are planned as whole rows"},
		{"a snapshot beside stamped", "planned", snapshotPlan(snapshot), "the snapshot rows are planned as stamped rows"},
		{"stamped beside a snapshot", "snapshot", plan(partition.Stamped, 0, 1, 1), "the stamped rows are planned as snapshot rows"},
		{"a snapshot planned twice", "snapshot", snapshotPlan(snapshot), "a snapshot has one slice, planned once"},
		{"a snapshot of two slices", "empty", snapshotPlan(snapshot, snapshot), "a snapshot has one slice, planned once"},
	})
}

func TestFoldSplit(t *testing.T) {
	s := stamped(2)
	byCursor, _ := s.SplitAt(at(2) + partition.Minute)
	byOther, _ := s.SplitOther(at(0), at(1))
	byBucket, _ := s.SplitBuckets(3)
	closed, _ := stamped(0).SplitAt(at(0) + 1)
	empty, _ := stamped(1).SplitAt(at(1) + 1)
	tiles := func(n string) string { return "tile " + s.String() + ": " + n }
	judge(t, []verdict{
		{"along the cursor", "planned", split(s, 10, byCursor...), ""},
		{"along the other clock", "planned", split(s, 10, byOther...), ""},
		{"into buckets", "planned", split(s, 10, byBucket...), ""},
		{"of a generation", "again", split(stamped(0), 6, closed...), ""},
		{"with nothing in them", "planned", split(s, 0, byCursor...), ""},

		{"of an unknown slice", "empty", split(s, 10, byCursor...), s.String() + " is not open"},
		{"of a slice that was read", "staged", split(stamped(0), 5, closed...), stamped(0).String() + " is not open"},
		{"of a slice proved empty", "planned", split(stamped(1), 5, empty...), stamped(1).String() + " is not open"},
		{"no children", "planned", split(s, 10), tiles("0 children")},
		{"one child", "planned", split(s, 10, s), tiles("1 children")},
		{"a hole", "planned", split(s, 10, byOther[0], byOther[2]), tiles("the 2 children leave a hole or overlap")},
		{"a lost bucket", "planned", split(s, 10, byBucket[:2]...), tiles("the 2 children leave a hole or overlap")},
		{"rows below zero", "planned", split(s, -1, byCursor...), byCursor[0].String() + " with -1 rows"},
		{"a child that cannot be", "planned", split(s, 1, byCursor[0], partition.Slice{}), "slice: stream(0)"},
	})
}

func TestFoldGap(t *testing.T) {
	type G = checkpoint.Gap
	s, below := stamped(2), floor+partition.Day
	minus := int64(-1)
	change := func(f func(*G)) *G { return with(gapBelow(s, below, 3), f) }
	day := hours(partition.Whole, 24, 48)
	judge(t, []verdict{
		{"of a slice", "planned", change(func(*G) {}), ""},
		{"of a slice, with nothing left", "planned", change(func(g *G) { g.Left = 0 }), ""},
		{"of a whole day", "whole", gapBelow(day, at(48), 0), ""},
		{"of the open generation", "again", gapBelow(stamped(0), below, 3), ""},
		{"of no slice", "empty", change(func(g *G) { g.Slice = nil }), ""},

		{"empty", "planned", change(func(g *G) { g.End = g.Start }),
			"range [2026-11-22T02:00:00.0000000Z, 2026-11-22T02:00:00.0000000Z) of stamped"},
		{"no stream", "planned", change(func(g *G) { g.Stream, g.Slice = 0, nil }),
			"range [2026-11-22T02:00:00.0000000Z, 2026-11-22T03:00:00.0000000Z) of stream(0)"},
		{"no reason", "planned", change(func(g *G) { g.Why = "" }), "without a reason, or with a negative count"},
		{"rows below zero", "planned", change(func(g *G) { g.Rows = &minus }), "without a reason, or with a negative count"},
		{"left below zero", "planned", change(func(g *G) { g.Left = -1 }), "without a reason, or with a negative count"},
		{"of an unknown slice", "empty", change(func(*G) {}), s.String() + " is not open"},
		{"of a slice that was read", "staged", gapBelow(stamped(0), below, 3), stamped(0).String() + " is not open"},
		{"of another range", "planned", change(func(g *G) { g.End++ }), s.String() + " has another range"},
		{"of another stream", "planned", change(func(g *G) { g.Stream = partition.Unstamped }), s.String() + " has another range"},
		{"that raises nothing", "planned", change(func(g *G) { g.Below = floor }),
			"floor 2026-10-23T00:00:00.0000000Z of " + s.String() + " does not rise to 2026-10-23T00:00:00.0000000Z"},
	})
}
