package checkpoint_test

import (
	"testing"

	"huntlake/checkpoint"
	"huntlake/partition"
)

func TestFoldPlan(t *testing.T) {
	type P = checkpoint.Plan
	next := func(change func(*P)) *P { return with(plan(partition.Stamped, 4, 1, 7, 8), change) }
	judge(t, []verdict{
		{"the first", "empty", plan(partition.Stamped, 0, 1, 10, 0), ""},
		{"the next", "planned", next(func(*P) {}), ""},
		{"a higher floor", "planned", next(func(p *P) {
			p.Floor = floor + 1
			p.Slices[0].Slice.Floor, p.Slices[1].Slice.Floor = floor+1, floor+1
		}), ""},
		{"with a sample", "planned", next(func(p *P) { p.Sample = &checkpoint.Sample{Rows: 200, Bytes: 1} }), ""},
		{"unstamped beside stamped", "planned", plan(partition.Unstamped, 0, 1, 1), ""},

		{"empty", "planned", next(func(p *P) { p.Slices = nil }), "nothing is planned"},
		{"behind the frontier", "planned", plan(partition.Stamped, 3, 1, 1),
			"stamped plan starts at 2026-11-22T03:00:00.0000000Z, the frontier is 2026-11-22T04:00:00.0000000Z"},
		{"past the frontier", "planned", plan(partition.Stamped, 5, 1, 1),
			"stamped plan starts at 2026-11-22T05:00:00.0000000Z, the frontier is 2026-11-22T04:00:00.0000000Z"},
		{"a stale one", "planned", plan(partition.Stamped, 0, 1, 10, 0, 20, 30),
			"stamped plan starts at 2026-11-22T00:00:00.0000000Z, the frontier is 2026-11-22T04:00:00.0000000Z"},
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

		{"whole beside stamped", "planned", plan(partition.Whole, 4, 1, 1), "the whole rows are planned as stamped rows"},
		{"stamped beside whole", "whole", plan(partition.Stamped, 48, 1, 1), "the stamped rows are planned as whole rows"},
		{"unstamped beside whole", "whole", plan(partition.Unstamped, 48, 1, 1), "the unstamped rows are planned as whole rows"},
		{"stamped beside a snapshot", "snapshot", plan(partition.Stamped, 0, 1, 1), "the stamped rows are planned as snapshot rows"},
		{"for a dt", "planned", next(func(p *P) { p.DT = dayZero }), "a stamped plan has no dt and no keys"},
		{"with keys", "planned", next(func(p *P) { p.Keys = []string{"A"} }), "a stamped plan has no dt and no keys"},
	})
}

func TestFoldPlanAgain(t *testing.T) {
	type P = checkpoint.Plan
	name := func(s partition.Slice) string { return s.String() }
	two, one := hours(partition.Stamped, 0, 2), stamped(0)
	re := func(s partition.Slice, change func(*P)) *P { return with(again(4, reading(s, 2), 12), change) }
	outside := func(s partition.Slice, rows string) string {
		return name(s) + " with " + rows + " rows is not a range that has been planned"
	}
	judge(t, []verdict{
		{"a slice", "staged", re(one, func(*P) {}), ""},
		{"a range of slices", "staged", re(two, func(*P) {}), ""},
		{"part of a slice", "staged", re(partition.Slice{Stream: partition.Stamped, Start: at(0) + 1, End: at(1) - 1, Floor: floor + 5}, func(*P) {}), ""},
		{"what was proved empty", "planned", re(stamped(1), func(*P) {}), ""},
		{"two ranges", "staged", re(one, func(p *P) { p.Again = append(p.Again, checkpoint.PlannedSlice{Slice: stamped(1), Rows: 3}) }), ""},
		{"and the next", "staged", with(plan(partition.Stamped, 4, 1, 7), func(p *P) { p.Again, p.Generation = re(one, func(*P) {}).Again, 2 }), ""},
		{"a second time", "reread", with(again(4, reading(one, 3), 12), func(*P) {}), ""},
		{"beside what is open", "again", with(again(4, reading(stamped(1), 3), 12), func(*P) {}), ""},

		{"a range without slices", "staged", re(one, func(p *P) { p.End++ }), "a range without slices"},
		{"an unknown stream", "empty", again(0, reading(one, 2), 1), "a range without slices"},
		{"while it is first read", "planned", re(one, func(*P) {}), name(one) + " is being read as " + name(one)},
		{"over what is first read", "staged", re(hours(partition.Stamped, 1, 3), func(*P) {}),
			name(hours(partition.Stamped, 1, 3)) + " is being read as " + name(stamped(2))},
		{"while it is read again", "again", again(4, reading(one, 3), 12), name(one) + " is being read as " + name(one)},
		{"part of what is read again", "over", again(4, reading(stamped(1), 3), 12), name(stamped(1)) + " is being read as " + name(two)},
		{"over what is read again", "again", again(4, reading(two, 3), 12), name(two) + " is being read as " + name(one)},
		{"a generation that was", "reread", again(4, reading(one, 2), 12), "generation 2 follows 2"},
		{"a generation too far", "staged", again(4, reading(one, 3), 12), "generation 3 follows 1"},
		{"no generation", "staged", re(one, func(p *P) { p.Generation = 0 }), "generation 0 follows 1"},
		{"one range twice", "staged", re(one, func(p *P) { p.Again = append(p.Again, p.Again[0]) }), outside(one, "12")},
		{"out of order", "staged", re(stamped(1), func(p *P) { p.Again = append(p.Again, checkpoint.PlannedSlice{Slice: one, Rows: 1}) }), outside(one, "1")},
		{"before the first", "staged", re(hours(partition.Stamped, -1, 1), func(*P) {}), outside(hours(partition.Stamped, -1, 1), "12")},
		{"past the frontier", "staged", re(stamped(4), func(*P) {}), outside(stamped(4), "12")},
		{"what the same plan adds", "staged", with(plan(partition.Stamped, 4, 1, 7), func(p *P) { p.Again, p.Generation = re(stamped(4), func(*P) {}).Again, 2 }), outside(stamped(4), "12")},
		{"nothing", "staged", re(one, func(p *P) { p.Again[0].Rows = 0 }), outside(one, "0")},
		{"another stream", "staged", re(one, func(p *P) { p.Again[0].Slice.Stream = partition.Unstamped }), outside(hours(partition.Unstamped, 0, 1), "12")},
		{"a bucket", "staged", re(one, func(p *P) { p.Again[0].Slice.Of = 2 }), name(one) + "_b0of2 with 12 rows is not a range that has been planned"},
		{"under a ceiling", "staged", re(one, func(p *P) { p.Again[0].Slice.Ceiling = floor + 1 }),
			name(one) + "_c20261023T0000000000001 with 12 rows is not a range that has been planned"},
		{"an empty range", "staged", re(one, func(p *P) { p.Again[0].Slice.End = at(0) }),
			"slice: range [2026-11-22T00:00:00.0000000Z, 2026-11-22T00:00:00.0000000Z) is empty or out of bounds"},
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
		{"of a range that is read again", "over", split(hours(partition.Stamped, 0, 2), 6, stamped(0), stamped(1)), ""},
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
		{"of a range that is read again", "over", gapBelow(hours(partition.Stamped, 0, 2), below, 3), ""},
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
