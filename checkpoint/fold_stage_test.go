package checkpoint_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/checkpoint"
	"huntlake/partition"
)

func TestFoldStage(t *testing.T) {
	type R = checkpoint.Receipt
	r := reading(stamped(2), 1)
	name := r.String() + ": "
	one := func(change func(*R)) *checkpoint.Stage {
		return stage(altered(receipt(r, 20, part{0, 15}, part{1, 5}), change))
	}
	second := func(change func(*R)) *checkpoint.Stage {
		held := altered(receipt(reading(stamped(0), 2), 12, part{0, 2}), func(r *R) { r.Held = 10 })
		return stage(altered(held, change))
	}
	again := reading(stamped(0), 2).String() + ": "
	other := receipt(reading(stamped(3), 1), 30, part{0, 30})
	judge(t, []verdict{
		{"what was planned", "planned", one(func(*R) {}), ""},
		{"two at once", "planned", stage(receipt(r, 20, part{0, 20}), other), ""},
		{"what was recounted", "planned", one(func(r *R) { r.Counted = []int64{20, 21, 20} }), ""},
		{"a moving source", "planned", one(func(r *R) { r.Counted, r.Moved = []int64{20, 21, 22}, true }), ""},
		{"nothing any more", "planned", stage(altered(receipt(r, 0), func(r *R) { r.Counted = []int64{20, 0} })), ""},
		{"of a generation", "again", second(func(*R) {}), ""},
		{"of a generation that is held whole", "again", second(func(r *R) {
			r.Held, r.Object, r.Sections, r.Cells = 12, "", nil, nil
		}), ""},
		{"of a generation that changed in place", "again", second(func(r *R) {
			r.Held, r.Changed, r.Object, r.Sections, r.Cells = 9, inHours(1, 2), "", nil, nil
		}), ""},
		{"of a generation that changed in place in part", "again", second(func(r *R) { r.Held, r.Changed = 8, inHours(2) }), ""},

		{"nothing", "planned", stage(), "no receipts"},
		{"of an unknown slice", "empty", one(func(*R) {}), name + "not open at this generation"},
		{"again what was read", "staged", stage(receipt(reading(stamped(0), 1), 10, part{0, 10})), reading(stamped(0), 1).String() + ": not open at this generation"},
		{"a slice proved empty", "planned", stage(receipt(reading(stamped(1), 1), 0)), reading(stamped(1), 1).String() + ": not open at this generation"},
		{"an older generation", "again", stage(receipt(reading(stamped(0), 1), 12, part{0, 12})), reading(stamped(0), 1).String() + ": not open at this generation"},
		{"a later generation", "planned", stage(receipt(reading(stamped(2), 2), 20, part{0, 20})), reading(stamped(2), 2).String() + ": not open at this generation"},
		{"one reading twice", "planned", stage(receipt(r, 20, part{0, 20}), receipt(r, 20, part{0, 20})), r.String() + " twice"},
		{"one that is valid and one that is not", "planned", stage(other, receipt(reading(stamped(0), 2), 20, part{0, 20})),
			reading(stamped(0), 2).String() + ": not open at this generation"},

		{"no count", "planned", one(func(r *R) { r.Counted = nil }), name + "0 counts"},
		{"too many counts", "planned", one(func(r *R) { r.Counted = []int64{20, 21, 22, 20} }), name + "4 counts"},
		{"a plan that was not made", "planned", one(func(r *R) { r.Counted = []int64{19, 20} }), name + "20 rows planned, not 19"},
		{"at the cap", "planned", stage(altered(receipt(r, 20, part{0, 100_000}), func(r *R) {
			r.Counted, r.Received = []int64{20, 100_000}, 100_000
		})), name + "100000 rows reach the cap"},
		{"fewer than nothing", "planned", one(func(r *R) { r.Counted, r.Received = []int64{20, -1}, -1 }), name + "-1 rows reach the cap"},
		{"fewer than counted", "planned", one(func(r *R) { r.Received = 19 }), name + "19 rows received, 20 counted"},
		{"fewer than the last count", "planned", one(func(r *R) { r.Counted = []int64{20, 21} }), name + "20 rows received, 21 counted"},
		{"moved after one count", "planned", one(func(r *R) { r.Moved = true }), name + "said to have moved after counts of [20]"},
		{"moved after counts that agree", "planned", one(func(r *R) { r.Counted, r.Moved = []int64{20, 21, 21}, true }),
			name + "said to have moved after counts of [20 21 21]"},
		{"bytes below zero", "planned", one(func(r *R) { r.Answer = -1 }), name + "an answer of -1 bytes after 39.0625ms"},
		{"time below zero", "planned", one(func(r *R) { r.RunTime = -1 }), name + "an answer of 20000 bytes after -1ns"},
		{"held before the first generation", "planned", one(func(r *R) { r.Held = 5 }), name + "5 of 20 rows held before generation 1"},
		{"held below zero", "again", second(func(r *R) { r.Held = -1 }), again + "-1 of 12 rows held before generation 2"},
		{"more held than received", "again", second(func(r *R) { r.Held = 13 }), again + "13 of 12 rows held before generation 2"},
		{"more changed in place than are left", "again", second(func(r *R) { r.Changed = inHours(3) }),
			again + "hour 2026-11-22T00:00:00.0000000Z: 3 rows changed in generation 2, 2 left"},
		{"changed in place, and all the same to stage", "again", second(func(r *R) { r.Changed = inHours(1) }),
			again + "cell of 2026-11-22T00:00:00.0000000Z and 2026-11-22: 2 rows, 1 left"},
		{"changed below zero", "again", second(func(r *R) { r.Changed = inHours(-1) }),
			again + "hour 2026-11-22T00:00:00.0000000Z: -1 rows changed in generation 2, 2 left"},
		{"deleted, not changed", "again", second(func(r *R) {
			r.Changed = []checkpoint.ChangedHour{{Hour: at(0), Over: -2}}
		}), ""},
		{"neither deleted nor changed", "again", second(func(r *R) { r.Changed = inHours(0); r.Changed[0].Over = 0 }),
			again + "hour 2026-11-22T00:00:00.0000000Z: 0 rows changed in generation 2, 2 left"},
		{"one hour that changed twice", "again", second(func(r *R) { r.Changed = append(inHours(1), inHours(1)...) }),
			again + "hour 2026-11-22T00:00:00.0000000Z: 1 rows changed in generation 2, 1 left"},
		{"changed before the first generation", "planned", one(func(r *R) { r.Changed = inHours(1) }),
			name + "hour 2026-11-22T00:00:00.0000000Z: 1 rows changed in generation 1, 20 left"},
		{"columns that were not pinned", "planned", one(func(r *R) { r.Columns = 1 }), name + "1 columns of 0"},
		{"columns below zero", "planned", one(func(r *R) { r.Columns = -1 }), name + "-1 columns of 0"},

		{"rows in no cell", "planned", one(func(r *R) { r.Cells = r.Cells[:1] }), name + "5 rows to stage are in no cell"},
		{"more rows in cells", "planned", one(func(r *R) { r.Cells[0].Rows = 21 }),
			name + "cell of 2026-11-22T02:00:00.0000000Z and 2026-11-22: 21 rows, 20 left"},
		{"a cell too far ahead of its hour", "planned", one(func(r *R) { r.Cells[0].Cell.Day += 3 }),
			name + "cell of 2026-11-22T02:00:00.0000000Z and 2026-11-25: the day is too far ahead"},
		{"a cell below zero", "planned", one(func(r *R) { r.Cells[0].Rows, r.Cells[1].Rows = -1, 21 }),
			name + "cell of 2026-11-22T02:00:00.0000000Z and 2026-11-22: -1 rows, 20 left"},
	})
}

// inHours are rows that changed in place, by hour from the first on.
func inHours(rows ...int64) (out []checkpoint.ChangedHour) {
	for i, n := range rows {
		out = append(out, checkpoint.ChangedHour{Hour: at(i), Rows: n, Over: n - 1})
	}
	return out
}

// What changed in place is remembered by hour until the hour is read again.
func TestFoldChanged(t *testing.T) {
	slice := hours(partition.Stamped, 0, 3)
	history := []checkpoint.Body{plan(partition.Stamped, 0, 3, 30), stage(receipt(reading(slice, 1), 30, part{0, 30}))}
	after := func(bodies ...checkpoint.Body) *checkpoint.State {
		history = append(history, bodies...)
		return fold(t, history...)
	}
	changed := func(generation int, rows ...int64) *checkpoint.Stage {
		r := receipt(reading(slice, generation), 30)
		r.Counted, r.Changed, r.Held = []int64{30}, inHours(rows...), 30
		for _, n := range rows {
			r.Held -= n
		}
		return stage(r)
	}
	s := after(again(3, reading(slice, 2), 30), changed(2, 2, 1))
	want := checkpoint.ChangedHours{at(0): {Rows: 2, Over: 1}, at(1): {Rows: 1}}
	if diff := cmp.Diff(want, s.Changed[partition.Stamped]); diff != "" {
		t.Errorf("after the second generation: %s", diff)
	}
	s = after(again(3, reading(slice, 3), 30))
	if n := len(s.Changed[partition.Stamped]); n != 0 {
		t.Errorf("%d hours are remembered while they are read again", n)
	}
	s = after(changed(3, 3))
	if diff := cmp.Diff(checkpoint.ChangedHours{at(0): {Rows: 3, Over: 2}}, s.Changed[partition.Stamped]); diff != "" {
		t.Errorf("after the third generation: %s", diff)
	}
	if got := s.Totals; got.Changed != 6 || got.Rows != 30 {
		t.Errorf("totals %+v", got)
	}
}

func TestFoldStageObject(t *testing.T) {
	type R = checkpoint.Receipt
	r := reading(stamped(2), 1)
	name := r.String() + ": "
	one := func(change func(*R)) *checkpoint.Stage {
		return stage(altered(receipt(r, 20, part{0, 15}, part{1, 5}), change))
	}
	object := func(key string) verdict {
		return verdict{"object " + key, "planned", one(func(r *R) { r.Object = key }),
			name + `object "` + key + `" is not ` + ours.StagedPrefix() + r.String() + "-<nonce>.arrow"}
	}
	elsewhere := partition.Ledger{Tenant: "t2", Table: ours.Table}
	judge(t, []verdict{
		{"a gap between sections", "planned", one(func(r *R) { r.Sections[1].Offset, r.Bytes = 1600, 2100 }), ""},
		object(""),
		object("n1.arrow"),
		object(elsewhere.StagedKey(r.Slice, 1, "n1")),
		object(ours.StagedKey(stamped(3), 1, "n1")),
		object(ours.StagedKey(r.Slice, 2, "n1")),
		object(ours.StagedKey(r.Slice, 1, "")),
		object(ours.StagedKey(r.Slice, 1, "n-1")),
		object(ours.StagedKey(r.Slice, 1, "../n1")),

		{"rows in no section", "planned", one(func(r *R) { r.Sections = r.Sections[:1] }), name + "5 rows to stage are in no section"},
		{"no sections", "planned", one(func(r *R) { r.Sections = nil }), name + "20 rows to stage are in no section"},
		{"more rows in sections", "planned", one(func(r *R) { r.Sections[1].Rows = 6 }),
			name + "section 1, of dt 2026-11-23: 6 rows in 500 bytes at 1500, 5 rows left"},
		{"rows that overflow", "planned", one(func(r *R) { r.Sections[0].Rows = 1<<63 - 1 }),
			name + "section 0, of dt 2026-11-22: 9223372036854775807 rows in 1500 bytes at 0, 20 rows left"},
		{"a section without rows", "planned", one(func(r *R) { r.Sections[0].Rows = 0 }),
			name + "section 0, of dt 2026-11-22: 0 rows in 1500 bytes at 0, 20 rows left"},
		{"a section without bytes", "planned", one(func(r *R) { r.Sections[0].Length = 0 }),
			name + "section 0, of dt 2026-11-22: 15 rows in 0 bytes at 0, 20 rows left"},
		{"one dt twice", "planned", one(func(r *R) { r.Sections[1].DT = dayZero }),
			name + "section 1, of dt 2026-11-22: 5 rows in 500 bytes at 1500, 5 rows left"},
		{"dts out of order", "planned", one(func(r *R) { r.Sections[1].DT = dayZero - 1 }),
			name + "section 1, of dt 2026-11-21: 5 rows in 500 bytes at 1500, 5 rows left"},
		{"sections that overlap", "planned", one(func(r *R) { r.Sections[1].Offset = 1499 }),
			name + "section 1, of dt 2026-11-23: 5 rows in 500 bytes at 1499, 5 rows left"},
		{"a section before the object", "planned", one(func(r *R) { r.Sections[0].Offset = -1 }),
			name + "section 0, of dt 2026-11-22: 15 rows in 1500 bytes at -1, 20 rows left"},
		{"a section past the object", "planned", one(func(r *R) { r.Bytes = 1999 }),
			name + "section 1, of dt 2026-11-23: 5 rows in 500 bytes at 1500, 5 rows left"},
		{"an offset that overflows", "planned", one(func(r *R) { r.Sections[1].Offset = 1<<63 - 1 }),
			name + "section 1, of dt 2026-11-23: 5 rows in 500 bytes at 9223372036854775807, 5 rows left"},
	})
}
