package pipeline_test

import (
	"strings"
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
)

// newNamed is a table of 70 rows of one instant, which a named query is asked of.
func newNamed(t *testing.T, change ...func(*simulator.Options)) *world {
	t.Helper()
	at := partition.TickOf(start.Add(-5 * time.Hour))
	src := &script{name: "Alpha"}
	for id := range int64(70) {
		src.rows = append(src.rows, scriptRow{id: id, at: at, stamp: at, shown: at})
	}
	w := newWorld(t, []simulator.Table{src}, change...)
	w.opts.Tables[0].Table = partition.Table{Name: "named", Query: true}
	return w
}

// asks sets the named query.
func (w *world) asks(text string) {
	w.t.Helper()
	_, tail, err := hunting.ParseNamedQuery(text)
	if err != nil {
		w.t.Fatal(err)
	}
	w.opts.Tables[0].Source.Tail = tail
}

// A named query that leaves out a column by which the table's rows are told apart, and makes some whose names are words
// of the query language or could be queries, is put into buckets by what it has.
func TestNamedBuckets(t *testing.T) {
	w := newNamed(t, func(o *simulator.Options) { o.Limits.MaxBytes = 25_000 })
	w.asks(`Alpha | extend ['title'] = strcat("n", tostring(ReportId)), ["own; name"] = DeviceId | project-away ReportId`)
	w.opts.Tables[0].Source.Keys = []string{"ReportId", "DeviceId"}
	r := w.run()
	if v, err := w.exporter().Verify(t.Context()); err != nil || !v.Clean() || r.Total().Rows != 70 {
		t.Errorf("verify: %v %+v of %+v", err, v, r.Total())
	}
	const keys = `, tostring(["title"]))`
	buckets := 0
	for _, c := range w.service.Calls() {
		if c.Status == 200 && strings.Contains(c.Query, " by Bucket = ") && strings.Contains(c.Query, keys) {
			buckets++
		}
	}
	if buckets == 0 {
		t.Errorf("no buckets were asked for: %+v", r.Total())
	}
}

// A table that was begun with one query is not gone on with as another, in whatever a process does; the same query
// written otherwise is the same. A preview binds nothing.
func TestNamedQueryStays(t *testing.T) {
	w := newNamed(t)
	w.asks("Alpha | where ReportId % 7 < 2")
	if _, err := w.exporter().Plan(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.asks("Alpha | where ReportId % 7 < 5")
	if r := w.run(); r.Total().Rows != 50 {
		t.Fatalf("%d rows", r.Total().Rows)
	}
	w.pass(time.Hour)
	w.asks("Alpha // all of it\n  | where ReportId % 7 < 5")
	w.run()

	w.pass(time.Hour)
	w.asks("Alpha | where ReportId % 7 < 6")
	for verb, do := range map[string]func() error{
		"run":    func() error { _, err := w.exporter().Run(t.Context()); return err },
		"plan":   func() error { _, err := w.exporter().Plan(t.Context()); return err },
		"verify": func() error { _, err := w.exporter().Verify(t.Context()); return err },
		"repair": func() error { _, err := w.exporter().Repair(t.Context()); return err },
	} {
		before := len(w.service.Calls())
		if err := do(); err == nil || !strings.Contains(err.Error(), "queries/named: the table was begun with another query") || !strings.Contains(err.Error(), "ReportId % 7 < 5") {
			t.Errorf("%s with another query: %v", verb, err)
		}
		if n := len(w.service.Calls()) - before; n > 0 {
			t.Errorf("%s with another query: %d calls", verb, n)
		}
	}
}
