package main

import (
	"testing"
)

// The floors of the table, with some room: calls of a backfill are at most a tenth above what the caps make necessary,
// one in a hundred is in vain, and no other strategy does better in anything. The rows of narrow tables are a tenth of
// those in the table, and so are the caps.
func TestCalls(t *testing.T) {
	for _, s := range shapes {
		for _, w := range []struct{ bytes, rows, scale int }{{500, 995_000, 10}, {2500, 1_000_000, 2}, {5000, 1_000_000, 1}} {
			m := newMonth(s, w.rows, w.bytes, drift)
			results := measureAll(t, m, w.scale)
			ours := results[0]
			t.Logf("%s, %d bytes: %d calls, %d needed (%.3f), %d in vain, %d to plan", s.name, w.bytes, ours.calls, ours.needed, ours.ratio(), ours.void, ours.planning)
			if ours.needed < 50 || ours.ratio() > 1.10 || ours.void > max(1, ours.calls/100) {
				t.Errorf("%s, %d bytes: %+v", s.name, w.bytes, ours)
			}
			for _, r := range results[1:] {
				if r.calls <= ours.calls || r.charged <= ours.charged || r.perSecond() >= ours.perSecond() || r.took <= ours.took {
					t.Errorf("%s, %d bytes: %s does better: %+v, ours %+v", s.name, w.bytes, r.strategy, r, ours)
				}
				if r.rows < int64(w.rows)*99/100 {
					t.Errorf("%s, %d bytes: %s has read %d rows of %d", s.name, w.bytes, r.strategy, r.rows, w.rows)
				}
			}
		}
	}
}

// The model counts and charges as the whole simulator does, so that a backfill takes as many calls on it.
func TestModel(t *testing.T) {
	m := newMonth(shapes[1], 100_000, 5000, drift)
	model, real := measureHuntlake(t, m, 1), confirm(t, m)
	t.Logf("on the model %+v, on the simulator %+v", model, real)
	if off := model.calls - real.calls; off < -1 || off > 1 || model.rows != real.rows {
		t.Errorf("on the model %d calls for %d rows, on the simulator %d for %d", model.calls, model.rows, real.calls, real.rows)
	}
	if off := model.charged.Seconds() / real.charged.Seconds(); off < 0.97 || off > 1.03 {
		t.Errorf("the model charges %v, the simulator %v", model.charged, real.charged)
	}
}
