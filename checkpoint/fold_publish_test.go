package checkpoint_test

import (
	"testing"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/schema"
)

func TestFoldPublishBegin(t *testing.T) {
	r, day := reading(stamped(0), 1), reading(hours(partition.Whole, 0, 24), 1)
	inputs := make([]checkpoint.Reading, checkpoint.MaxInputs+1)
	key := checkpoint.NewState(ours).FileKey
	type B = checkpoint.PublishBegin
	judge(t, []verdict{
		{"of one dt", "staged", begin(3, 0, r), ""},
		{"of the other dt", "begun", begin(4, 1, r), ""},
		{"of a settled day", "settled", begin(4, 0, day), ""},

		{"of nothing", "staged", begin(3, 0), "0 inputs"},
		{"of too much", "staged", begin(3, 0, inputs...), "33 inputs"},
		{"one input twice", "staged", begin(3, 0, r, r), r.String() + " twice"},
		{"of what was claimed", "begun", begin(4, 0, r), r.String() + " has no unclaimed rows of 2026-11-22"},
		{"of what was published", "ended", begin(5, 0, r), r.String() + " has no unclaimed rows of 2026-11-22"},
		{"of another dt", "staged", begin(3, 2, r), r.String() + " has no unclaimed rows of 2026-11-24"},
		{"of what was not staged", "staged", begin(3, 0, reading(stamped(2), 1)), reading(stamped(2), 1).String() + " has no unclaimed rows of 2026-11-22"},
		{"of a later generation", "staged", begin(3, 0, reading(stamped(0), 2)), reading(stamped(0), 2).String() + " has no unclaimed rows of 2026-11-22"},
		{"of one that is there and one that is not", "staged", begin(3, 0, r, reading(stamped(2), 1)),
			reading(stamped(2), 1).String() + " has no unclaimed rows of 2026-11-22"},
		{"under another number", "staged", begin(4, 0, r), `file "` + key(dayZero, 4) + `" must be "` + key(dayZero, 3) + `"`},
		{"under another dt", "staged", with(begin(3, 0, r), func(b *B) { b.DT++ }), `file "` + key(dayZero, 3) + `" must be "` + key(dayZero+1, 3) + `"`},
		{"of a day that is not settled", "whole", begin(3, 0, day), "2026-11-22 of whole is not settled"},
	})
}

func TestFoldPublishEnd(t *testing.T) {
	type E = checkpoint.PublishEnd
	good := func(change func(*E)) *E { return with(end(3, 0, 6, digest(6)), change) }
	key := checkpoint.NewState(ours).FileKey(dayZero, 3)
	judge(t, []verdict{
		{"of what was begun", "begun", good(func(*E) {}), ""},

		{"of what was not begun", "staged", good(func(*E) {}), `publish 3 of "` + key + `" has not begun, or has ended`},
		{"a second time", "ended", good(func(*E) {}), `publish 3 of "` + key + `" has not begun, or has ended`},
		{"of another number", "begun", good(func(e *E) { e.File.Number = 2 }), `publish 2 of "` + key + `" has not begun, or has ended`},
		{"of another file", "begun", good(func(e *E) { e.File.Key = "x" }), `publish 3 of "x" has not begun, or has ended`},
		{"with a row less", "begun", good(func(e *E) { e.File.Rows = 5 }),
			key + " holds 5 rows, digest 00000000000000060000000000000024; its inputs 6 rows, digest 00000000000000060000000000000024"},
		{"with other rows", "begun", good(func(e *E) { e.File.Digest = digest(7) }),
			key + " holds 6 rows, digest 00000000000000070000000000000031; its inputs 6 rows, digest 00000000000000060000000000000024"},
	})
}

func TestFoldSettled(t *testing.T) {
	type S = checkpoint.Settled
	judge(t, []verdict{
		{"a day that was staged", "whole", settled(partition.Whole, 0), ""},
		{"a day before the first", "whole", settled(partition.Whole, -1), ""},

		{"a day with an open slice", "whole", settled(partition.Whole, 1), "whole has been staged to 2026-11-23T00:00:00.0000000Z only"},
		{"a day past the frontier", "whole", settled(partition.Whole, 2), "whole has been staged to 2026-11-23T00:00:00.0000000Z only"},
		{"an unknown stream", "planned", settled(partition.Unstamped, 0), "unstamped has been staged to 0001-01-01T00:00:00.0000000Z only"},
		{"a stamped stream", "planned", settled(partition.Stamped, -1), "a stamped stream needs no settling"},
		{"twice", "settled", settled(partition.Whole, 0), "2026-11-22 is settled already, or has 5 rows"},
		{"rows below zero", "whole", with(settled(partition.Whole, 0), func(s *S) { s.Rows = -1 }), "2026-11-22 is settled already, or has -1 rows"},
	})
}

func TestFoldSchema(t *testing.T) {
	columns := func(cs ...schema.Column) *checkpoint.Schema {
		return &checkpoint.Schema{Table: schema.Table{Columns: cs}}
	}
	a := schema.Column{Source: "A", Type: "Int32", Name: "A", Kind: schema.Int64}
	b := schema.Column{Source: "B", Type: "String", Name: "B", Kind: schema.String}
	wider, variant := a, a
	wider.Type, wider.Gone = "Int64", true
	variant.Kind = schema.String
	judge(t, []verdict{
		{"the first", "empty", columns(a, b), ""},
		{"no columns", "empty", columns(), "0 columns follow 0"},
		{"two of a name", "empty", columns(a, a), `column "A" has the name of column A`},
	})
	found := func(streams ...partition.Stream) *checkpoint.Schema {
		return with(columns(a, b), func(p *checkpoint.Schema) { p.Streams = streams })
	}
	on := func() *checkpoint.State { return fold(t, found(partition.Stamped)) }
	for name, c := range map[string]struct {
		body *checkpoint.Schema
		want string
	}{
		"the same":         {columns(a, b), ""},
		"one more":         {columns(a, b, schema.Column{Source: "C", Type: "Guid", Name: "C", Kind: schema.String}), ""},
		"wider, then gone": {columns(wider, b), ""},
		"one fewer":        {columns(a), "1 columns follow 2"},
		"another order":    {columns(b, a), "column A is pinned and cannot become B"},
		"another kind":     {columns(variant, b), "column A is pinned and cannot become A"},
		"probed again":     {found(partition.Stamped), ""},
		"one more stream":  {found(partition.Stamped, partition.Unstamped), ""},
		"another stream":   {found(partition.Unstamped), "the stamped rows have been found before"},
		"out of order":     {found(partition.Unstamped, partition.Stamped), "streams [unstamped stamped] of one table"},
		"rows twice":       {found(partition.Stamped, partition.Whole), "streams [stamped whole] of one table"},
		"no stream":        {found(partition.Stamped, 9), "streams [stamped stream(9)] of one table"},
	} {
		record := commit(on(), c.body)
		if err := checkpoint.Check(on(), record); reason(err, record) != c.want {
			t.Errorf("%s: Check = %q, want %q", name, reason(err, record), c.want)
		}
	}
}
