package pipeline_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator"
)

// Files of months ago, of which the state has only the sums, are held against the ledger like all others.
func TestVerifyOldFiles(t *testing.T) {
	const days = 130
	tables, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 1, Tables: []string{"DeviceProcessEvents"}, Rows: 400, Start: start.Add(-30 * 24 * time.Hour), End: start.Add(days * 24 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, tables)
	for range days / 10 {
		w.run()
		w.pass(10 * 24 * time.Hour)
	}
	w.run()
	var old, told int
	var some partition.Date
	state(w, "DeviceProcessEvents").View(func(s *checkpoint.State) {
		for dt, day := range s.Days {
			told += len(day.Files)
			if old += day.Past.Files; day.Past.Files > 0 {
				some = dt
			}
		}
	})
	if old < 30 || told < 30 {
		t.Fatalf("%d files are told apart, %d are not", told, old)
	}
	w.verifies("of whole files")

	prefix := partition.Partition{Table: partition.Table{Name: "DeviceProcessEvents"}, Tenant: tenantID, DT: some}.Prefix()
	files, err := w.bucket.List(t.Context(), prefix, 0)
	if err != nil || len(files) == 0 {
		t.Fatalf("files of %v: %v, %v", some, files, err)
	}
	if err := w.bucket.Delete(t.Context(), files[0].Key); err != nil {
		t.Fatal(err)
	}
	w.verifies("of a lost file", strings.TrimSuffix(prefix, "/")+": ")
	stranger := prefix + "DeviceProcessEvents-20260101-999999.parquet"
	if err := w.bucket.Create(t.Context(), stranger, []byte("PAR1")); err != nil {
		t.Fatal(err)
	}
	w.verifies("of a stranger too", strings.TrimSuffix(prefix, "/")+": ", stranger+": readers see this file")
	beside := "DeviceProcessEvents/part-0.parquet"
	later := "DeviceProcessEvents/year=2026/part-0.parquet"
	for _, key := range []string{beside, later, "DeviceProcessEvents/year=2026/_SUCCESS", "DeviceProcessEvents2/part-0.parquet"} {
		if err := w.bucket.Create(t.Context(), key, []byte("PAR1")); err != nil {
			t.Fatal(err)
		}
	}
	w.verifies("of those beside the tenants", strings.TrimSuffix(prefix, "/")+": ", stranger+": readers see this file",
		beside+": readers of the whole table", later+": readers of the whole table")
}

// verifies fails the test unless a verify finds differences that begin so, and no others.
func (w *world) verifies(what string, want ...string) {
	w.t.Helper()
	v, err := w.exporter().Verify(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	got := v.Tables[0].Differences
	left := append([]string(nil), want...)
	for _, d := range got {
		for i, prefix := range left {
			if strings.HasPrefix(d, prefix) {
				left = append(left[:i], left[i+1:]...)
				break
			}
		}
	}
	if len(left) > 0 || len(got) != len(want) {
		w.t.Errorf("verify %s: differences %q, want %q", what, got, want)
	}
}

// state is the ledger of a table.
func state(w *world, table string) *checkpoint.Ledger {
	w.t.Helper()
	l, err := checkpoint.Open(w.t.Context(), first{w.bucket}, checkpoint.Options{
		Ledger: partition.Ledger{Tenant: tenantID, Table: partition.Table{Name: table}}, Now: w.now, Nonce: w.nonce, Program: "huntlake/test",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

// hiding adds a condition to every question about a slice, as a service that mistakes a predicate would.
type hiding struct{ http.RoundTripper }

func (h hiding) RoundTrip(req *http.Request) (*http.Response, error) {
	query, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	for _, predicate := range []string{"and isnull(ingestion_time())", "and ingestion_time() "} {
		query = bytes.ReplaceAll(query, []byte(predicate), []byte("and DeviceId != 'device 3' "+predicate))
	}
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(query)), int64(len(query))
	return h.RoundTripper.RoundTrip(req)
}

// Rows that the source hides from every question about a stream are in neither side of the comparison by hour: the totals
// of days tell.
func TestVerifyHiddenRows(t *testing.T) {
	for name, stamped := range map[string]bool{"with": true, "without": false} {
		src := &script{name: "Alpha"}
		for id := range int64(40) {
			at := partition.TickOf(start.Add(-80 * time.Hour).Add(time.Duration(id) * time.Minute))
			row := scriptRow{id: id, at: at, stamp: at, shown: at}
			if !stamped {
				row.stamp = partition.NoTick
			}
			src.rows = append(src.rows, row)
		}
		w := newWorld(t, []simulator.Table{src})
		_, e := w.inFolder(func(rt http.RoundTripper) http.RoundTripper { return hiding{rt} })
		if r, err := e.Run(t.Context()); err != nil || r.Total().Rows >= 40 {
			t.Fatalf("%v, %+v", err, r.Total())
		}
		v, err := e.Verify(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := name + " an ingestion time, but shows "
		if got := v.Tables[0].Differences; len(got) == 0 || !strings.Contains(got[0], want) {
			t.Errorf("%s an ingestion time: verify says %q", name, got)
		}
	}
}
