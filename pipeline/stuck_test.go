package pipeline_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/writers"
)

// A staged object that somebody has deleted is named by run and verify, and keeps no other rows from being published.
func TestStagedObjectIsGone(t *testing.T) {
	tables := generate(t, 400, "DeviceProcessEvents", "AlertInfo")
	w := newWorld(t, tables)
	w.opts.Caps.Rows = 40
	w.opts.OneShot = false // everything stays staged
	began := w.now()
	w.run()
	staged, err := w.bucket.List(t.Context(), "_export/tenant="+tenantID+"/DeviceProcessEvents/staged/", 0)
	if err != nil || len(staged) < 5 {
		t.Fatalf("%d staged objects, %v", len(staged), err)
	}
	lost := staged[len(staged)/2].Key
	if err := w.bucket.Delete(t.Context(), lost); err != nil {
		t.Fatal(err)
	}
	w.opts.OneShot = true
	r, err := w.exporter().Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), lost) || !strings.Contains(err.Error(), "restore the object") {
		t.Errorf("run: %v", err)
	}
	total := w.source(tables[0], exported(began))
	if got, rows := w.lake("DeviceProcessEvents"), r.Total().Waiting; int64(len(got))+rows < int64(len(total)) || len(got) < len(total)*3/4 {
		t.Errorf("%d rows are published and %d wait, of %d", len(got), rows, len(total))
	}
	w.compare(tables[1], exported(began))
	v, err := w.exporter().Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(v.Tables[0].Differences, "\n"); !strings.Contains(got, lost+": the ledger expects this staged object, and it is not there") {
		t.Errorf("verify: %s", got)
	}
}

// One staged object that is damaged keeps its own rows from being published, and no others.
func TestStagedDamaged(t *testing.T) {
	src := &script{name: "Alpha"}
	for i := range 24 * 5 {
		at := partition.TickOf(start.Add(-time.Hour).Add(time.Duration(i) * time.Hour))
		src.rows = append(src.rows, scriptRow{id: int64(i), at: at, stamp: at, shown: at})
	}
	w := newWorld(t, []simulator.Table{src})
	w.opts.OneShot = false
	w.run()
	objects, err := w.bucket.List(t.Context(), "_export/tenant="+tenantID+"/Alpha/staged/", 0)
	if err != nil || len(objects) != 1 {
		t.Fatalf("%d staged: %v", len(objects), err)
	}
	text, err := w.bucket.Read(t.Context(), objects[0].Key, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := w.bucket.Delete(t.Context(), objects[0].Key); err != nil {
		t.Fatal(err)
	}
	if err := w.bucket.Create(t.Context(), objects[0].Key, text); err != nil {
		t.Fatal(err)
	}
	if got := w.differences(); !strings.Contains(got, objects[0].Key+": read section of dt ") || !strings.Contains(got, "the staged object is damaged") || strings.Contains(got, "\n") {
		t.Errorf("verify: %s", got)
	}
	w.opts.OneShot = true
	for range 3 {
		w.pass(24 * time.Hour)
		if _, err := w.exporter().Run(t.Context()); !errors.Is(err, writers.ErrDamaged) || !strings.Contains(err.Error(), "restore the object") {
			t.Errorf("run: %v", err)
		}
	}
	state(w, "Alpha").View(func(s *checkpoint.State) {
		if s.Totals.Published < 70 {
			t.Errorf("%d rows of %d are published", s.Totals.Published, s.Totals.Rows)
		}
	})
}
