package pipeline_test

import (
	"strings"
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
)

// A named query that leaves out a column by which the table's rows are told apart, and makes some whose names are words
// of the query language or could be queries, is put into buckets by what it has.
func TestNamedBuckets(t *testing.T) {
	at := partition.TickOf(start.Add(-5 * time.Hour))
	src := &script{name: "Alpha"}
	for id := range int64(70) {
		src.rows = append(src.rows, scriptRow{id: id, at: at, stamp: at, shown: at})
	}
	w := newWorld(t, []simulator.Table{src}, func(o *simulator.Options) { o.Limits.MaxBytes = 25_000 })
	_, tail, err := hunting.ParseNamedQuery(`Alpha | extend ['title'] = strcat("n", tostring(ReportId)), ["own; name"] = DeviceId | project-away ReportId`)
	if err != nil {
		t.Fatal(err)
	}
	table := &w.opts.Tables[0]
	table.Table = partition.Table{Name: "named", Query: true}
	table.Source.Tail, table.Source.Keys = tail, []string{"ReportId", "DeviceId"}
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
