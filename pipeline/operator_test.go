package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
)

// asleep is an API that is called later than was meant to.
type asleep struct {
	pipeline.API
	before func(query string)
}

func (a asleep) Run(ctx context.Context, q hunting.Query) (*hunting.Answer, error) {
	a.before(q.Text)
	return a.API.Run(ctx, q)
}

// A machine that sleeps between its last look at the clock and a call gives nothing up without a gap.
func TestRowsExpireUnseen(t *testing.T) {
	for _, sleep := range []time.Duration{50 * time.Minute, 5 * time.Hour} {
		t.Run(sleep.String(), func(t *testing.T) {
			src := &script{name: "Alpha"}
			for id := range int64(24 * 30 * 4) { // a row a quarter of an hour, from where the edge will be
				at := partition.TickOf(start.Add(-30*24*time.Hour + 20*time.Minute + time.Duration(id)*15*time.Minute))
				src.put(id, id+1, at, at)
			}
			w := newWorld(t, []simulator.Table{src})
			w.opts.Parallel = 1
			planned := w.source(src, exported(start))
			e := w.exporterThrough(func(api pipeline.API) pipeline.API {
				return asleep{api, func(query string) {
					if isDataQuery(query) {
						w.pass(sleep)
						sleep = 0
					}
				}}
			})
			if _, err := e.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.pass(25 * time.Hour)
			w.run()
			v, err := w.exporter().Verify(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			lake, missing := w.lake("Alpha"), 0
			for row := range planned {
				if lake[row] == 0 {
					missing++
				}
			}
			if missing == 0 || len(v.Tables[0].Gaps) == 0 {
				t.Errorf("%d rows that were planned have expired unread, gaps: %+v", missing, v.Tables[0].Gaps)
			}
		})
	}
}

// A local clock that lags hides nothing that has expired: what no run has read is a gap.
func TestLocalClockLags(t *testing.T) {
	src := &script{name: "Alpha"}
	for id := range int64(24 * 40) { // a row an hour
		at := partition.TickOf(start.Add(-3*time.Hour + time.Duration(id)*time.Hour))
		src.put(id, id+1, at, at)
	}
	w := newWorld(t, []simulator.Table{src})
	w.run()
	w.pass(30*24*time.Hour + 4*time.Hour) // some hours have never been read, and expire
	w.opts.Now = func() time.Time { return w.now().Add(-8 * time.Hour) }
	w.run()
	v, err := w.exporter().Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Tables[0].Gaps) != 1 || len(v.Tables[0].Differences) > 0 {
		t.Errorf("%+v", v)
	}
}

// A row of the last instant of all, alone in its file, is known to be there when its hour is read again.
func TestLastInstantIsReadAgain(t *testing.T) {
	old, in := partition.TickOf(start.Add(-50*time.Hour)), partition.TickOf(start.Add(-5*time.Hour))
	src := &script{name: "Alpha", rows: []scriptRow{
		{id: 0, at: old, stamp: old, shown: old},
		{id: 1, at: partition.MaxTick, stamp: in, shown: in},
		{id: 2, at: in, stamp: in, shown: partition.TickOf(start.Add(30 * time.Minute))},
	}}
	w := newWorld(t, []simulator.Table{src})
	w.run()
	w.pass(time.Hour)
	w.run()
	w.pass(25 * time.Hour)
	w.run()
	w.holdsOnce(3)
}

// A lake that was copied without its ledger is not exported to a second time.
func TestCopiedWithoutLedger(t *testing.T) {
	tables := generate(t, 200, "AlertInfo")
	w, copied := newWorld(t, tables), newWorld(t, tables)
	w.run()
	w.copyTo(copied, "AlertInfo/", func(key string) string { return key })
	copied.pass(26 * time.Hour)
	_, err := copied.exporter().Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "lies in the lake, and nothing in _export/tenant="+tenantID+"/AlertInfo/ says how it came there") {
		t.Errorf("run: %v", err)
	}
	w.copyTo(copied, "_export/tenant="+tenantID+"/AlertInfo/", func(key string) string { return key })
	copied.run()
	copied.compare(tables[0], between(start, start.Add(26*time.Hour)))
}

// copyTo copies objects to another world.
func (w *world) copyTo(other *world, prefix string, as func(key string) string) {
	w.t.Helper()
	objects, err := w.bucket.List(w.t.Context(), prefix, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, o := range objects {
		text, err := w.bucket.Read(w.t.Context(), o.Key, 1<<30)
		if err == nil {
			err = other.bucket.Create(w.t.Context(), as(o.Key), text)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// A folder like a tenant's that nobody exports to is none, and its files are named.
func TestVerifyFolderOfNoTenant(t *testing.T) {
	w := newWorld(t, generate(t, 200, "AlertInfo"))
	w.run()
	if got := w.differences(); got != "" {
		t.Fatal(got)
	}
	w.copyTo(w, "AlertInfo/tenant="+tenantID+"/", func(key string) string { return strings.Replace(key, tenantID, tenantID+".bak", 1) })
	if got := w.differences(); !strings.Contains(got, tenantID+".bak/dt=") || !strings.Contains(got, "readers of the whole table see this file, and it is no tenant's") {
		t.Errorf("verify says %q", got)
	}
	w.copyTo(w, "_export/tenant="+tenantID+"/AlertInfo/log/", func(key string) string { return strings.Replace(key, tenantID, tenantID+".bak", 1) })
	if got := w.differences(); got != "" {
		t.Errorf("verify says %q of a tenant that is not configured", got)
	}
}

// The file of a publish that has no end yet is one that readers see.
func TestVerifyFileOfBegunPublish(t *testing.T) {
	for _, right := range []bool{true, false} {
		t.Run(fmt.Sprint(right), func(t *testing.T) {
			tables := generate(t, 200, "AlertInfo")
			w := newWorld(t, tables)
			w.opts.OneShot = false // everything stays staged
			w.run()
			l := state(w, "AlertInfo")
			c, err := l.Append(t.Context(), func(s *checkpoint.State, n int64) (checkpoint.Body, error) {
				for dt, inputs := range s.Unpublished() {
					return &checkpoint.PublishBegin{DT: dt, Inputs: inputs, Key: s.FileKey(dt, n)}, nil
				}
				return nil, errors.New("nothing is staged")
			})
			if err != nil {
				t.Fatal(err)
			}
			begun := c.Body.(*checkpoint.PublishBegin)
			source := newWorld(t, tables)
			source.run()
			folder := "AlertInfo/tenant=" + tenantID + "/dt=" + begun.DT.String()
			if !right {
				folder = "AlertInfo/tenant=" + tenantID + "/dt=" + (begun.DT + 1).String()
			}
			source.copyTo(w, folder+"/", func(string) string { return begun.Key })
			if got := w.differences(); (got == "") != right || !right && !strings.HasPrefix(got, begun.Key+": ") {
				t.Errorf("verify says %q", got)
			}
		})
	}
}

// A table that is taken out of the configuration is named, for its rows that wait are waited for by nobody.
func TestStatusNamesOtherTables(t *testing.T) {
	w := newWorld(t, generate(t, 60, "AlertInfo", "EmailEvents"))
	named := w.opts.Tables[1]
	named.Table = partition.Table{Name: "Mail", Query: true}
	w.opts.Tables = append(w.opts.Tables, named)
	w.run()
	status := func() []pipeline.OtherTable {
		s, err := w.exporter().Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s.Others
	}
	if got := status(); len(got) > 0 {
		t.Errorf("others: %+v", got)
	}
	w.opts.Tables = w.opts.Tables[:1]
	want := []pipeline.OtherTable{{Tenant: tenantID, Table: "EmailEvents"}, {Tenant: tenantID, Table: "queries/Mail"}}
	if diff := cmp.Diff(want, status()); diff != "" {
		t.Error(diff)
	}
}
