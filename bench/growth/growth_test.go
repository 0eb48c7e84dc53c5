package main

import "testing"

// An opening, a status and one more hour cost the same requests whatever lies behind them, and the state does not grow
// with what does.
func TestGrowth(t *testing.T) {
	var first growth
	for i, n := range []int{10_000, 100, 40_000} {
		g := measureGrowth(t, n)
		t.Logf("%+v", g)
		wanted := g.open
		wanted.lists++ // of the tenant's tables, of which there may be more than are configured
		if g.open.lists != 1 || g.open.gets > 2+int(spacingOf(g.snapshot))+16 || g.open.puts+g.open.deletes > 0 || g.status != wanted {
			t.Errorf("%d commits: opening takes %v, status %v", n, g.open, g.status)
		}
		if i == 0 {
			first = g
		}
		more := g.hour.gets - g.open.gets
		if g.hour.lists != first.hour.lists || g.hour.puts != first.hour.puts || more > 4 {
			t.Errorf("%d commits: one more hour takes %v, of %d commits %v", n, g.hour, first.commits, first.hour)
		}
		if float64(g.snapshot) > 1.2*float64(first.snapshot) {
			t.Errorf("%d commits: a snapshot has %d bytes, of %d commits %d", n, g.snapshot, first.commits, first.snapshot)
		}
	}
}

// What a slice costs of the store does not grow with their number: its object, its commit, and shares of a snapshot and
// of a file.
func TestDayOfManySlices(t *testing.T) {
	p := measureDay(t, 1000)
	t.Logf("%+v", p)
	if per := float64(p.spent.puts) / float64(p.slices); p.slices < 1000 || per > 2.4 {
		t.Errorf("%d slices take %v: %.2f creations each", p.slices, p.spent, per)
	}
	if per := float64(p.spent.gets) / float64(p.slices); per > 1.5 || p.spent.lists > 12 {
		t.Errorf("%d slices take %v: %.2f reads each", p.slices, p.spent, per)
	}
	if p.peak > 256<<20 {
		t.Errorf("the heap grew to %d MB", p.peak>>20)
	}
}

// A tenant of a process is served as if it were alone, whatever the others have to read.
func TestFleet(t *testing.T) {
	f := measureFleet(t, 40)
	t.Logf("%+v", f)
	if f.last > f.alone*3/2 || f.whale < 2*f.last {
		t.Errorf("the last of the small tenants has asked after %v, alone after %v; the large one after %v", f.last, f.alone, f.whale)
	}
	if gets, lists := f.idle.gets/f.tenants, f.idle.lists/f.tenants; gets > 20 || lists > 5 || f.idle.puts > 5*f.tenants || f.idleCalls > f.tenants {
		t.Errorf("an idle round of %d tenants takes %v and %d calls", f.tenants, f.idle, f.idleCalls)
	}
}
