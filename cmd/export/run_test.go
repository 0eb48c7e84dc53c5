package main_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"huntlake/pipeline"
	"huntlake/pipeline/hunting/simulator"
)

// TestRun exports, exports again, verifies and asks what there is: the life of a small lake.
func TestRun(t *testing.T) {
	r := newRig(t)
	r.configure("queries: [{name: high, query: 'AlertInfo | where Severity == \"High\"'}]\n")
	r.verb("run").want(t, 0, "table ", "AlertInfo", "queries/high", "total", "calls: ", "msg=done")
	files := len(r.files())
	if files == 0 {
		t.Fatal("no file was published")
	}
	calls := len(r.service.Calls())
	again := decode[pipeline.Report](t, r.verb("run", "--json"))
	if n := again.Total(); n.Calls.Data != 0 || n.Files != 0 || n.Rows != 0 {
		t.Errorf("a second run did %+v", n)
	}
	t.Logf("%d files; %d calls, then %d", files, calls, len(r.service.Calls())-calls)
	r.verb("status").want(t, 0, "AlertInfo", "never")
	r.verb("verify").want(t, 0, "equal", "Nothing differs, nothing is missing.")
	status := decode[pipeline.Status](t, r.verb("status", "--json"))
	if s := status.Tables[0]; s.Verdict == nil || s.Totals.Rows == 0 || s.Waiting != 0 || s.Unread != 0 {
		t.Errorf("got %+v", s)
	}
	r.verb("verify", "--repair").want(t, 0, "Nothing differs, nothing is missing.")
	r.pass(time.Hour)
	r.verb("run", "--log-format", "json").want(t, 0, `"msg":"plan"`)
	v := decode[pipeline.Verification](t, r.verb("verify", "--json"))
	if !v.Clean() || len(v.Tables) != 3 {
		t.Errorf("got %+v", v)
	}
}

// TestRunInterrupted stops a run at its first answers with rows. What was paid for is there, and the next run reads
// the rest.
func TestRunInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var data atomic.Int32
	r := newRig(t, func(o *simulator.Options) {
		o.Faults = func(_ int, query string) simulator.Fault {
			if strings.Contains(query, "extend _IngestionTime") && data.Add(1) == 1 {
				interrupt()
			}
			return simulator.Fault{}
		}
	})
	r.verbIn(ctx, "run").want(t, 130, "huntlake: interrupted", "what to do: start it again: it goes on where this one stopped")
	r.verb("run").want(t, 0)
	r.verb("verify").want(t, 0, "Nothing differs, nothing is missing.")
}

// TestWatch goes on until it is interrupted, over a failure of the source.
func TestWatch(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var runs atomic.Int32
	var r *rig
	r = newRig(t, func(o *simulator.Options) {
		o.Faults = func(_ int, query string) simulator.Fault {
			if !strings.HasPrefix(query, "AlertInfo") {
				return simulator.Fault{}
			}
			r.pass(time.Minute) // there is something to ask for the next time
			switch n := runs.Add(1); {
			case n == 1:
				return simulator.FaultMissingRole()
			case n > 3:
				interrupt()
			}
			return simulator.Fault{}
		}
	})
	r.verbIn(ctx, "run", "--watch=10ms").want(t, 130, "status 403", "ThreatHunting.Read.All", "huntlake: interrupted")
	r.pass(2 * time.Hour) // the minutes above were charged as run time
	r.verb("run").want(t, 0)
	r.verb("verify").want(t, 0)
}

// TestRunGaps lets rows expire between two runs.
func TestRunGaps(t *testing.T) {
	r := newRig(t)
	r.verb("run").want(t, 0)
	r.pass(40 * 24 * time.Hour)
	r.verb("run").want(t, 3, "gaps recorded")
	r.verb("status").want(t, 0, "gap: stamped rows, nobody knows how many, from ", "no run read it before the source's 30 days were over")
	r.verb("verify").want(t, 3, "gap: ")
}

// TestVerifyFindsDifferences damages the lake behind the ledger's back.
func TestVerifyFindsDifferences(t *testing.T) {
	r := newRig(t)
	r.verb("run").want(t, 0)
	remove(t, r.files()[0])
	copyFile(t, r.files()[0], filepath.Join(filepath.Dir(r.files()[0]), "stray.parquet"))
	r.verb("verify").want(t, 3, "2 differences", "the ledger expects this file, and it is not there", "stray.parquet: readers see this file, the ledger does not know it")
	v := decode[pipeline.Verification](t, r.verb("verify", "--json"))
	if v.Clean() {
		t.Errorf("got %+v", v)
	}
}

// TestTenants exports two tenants, of which one cannot be read.
func TestTenants(t *testing.T) {
	r := newRig(t)
	const other = "00000000-0000-0000-0000-000000000002"
	config := fmt.Sprintf(`lake: ./lake
source: {endpoint: %q}
tenants:
  - {id: %s, auth: {method: token, token: right}}
  - {id: %s, auth: {method: token, token: wrong-token}}
tables: [AlertInfo]
`, r.url, tenantID, other)
	write(t, r.config(), config)
	got := r.verb("run")
	got.want(t, 1, "tenant ", tenantID, "tenant "+other+": AlertInfo: query AlertInfo: status 401", "failed")
	if strings.Contains(got.stdout+got.stderr, "wrong-token") {
		t.Error("it prints a token")
	}
	if n := len(r.files()); n == 0 {
		t.Error("the other tenant was not exported")
	}
	r.verb("check").want(t, 1, "ok      tenant "+tenantID+": AlertInfo", "FAILED  tenant "+other+": token: query AlertInfo", "-       tenant "+other+": 1 table: not tried")
}

// TestRunOtherWays exports over the older API, and along the other clock, on which the newest days wait to settle.
func TestRunOtherWays(t *testing.T) {
	r := newRig(t)
	r.configure("tables: [{name: AlertInfo, cursor: timestamp}, {name: DeviceProcessEvents, cursor: ingestion}]\n")
	rewrite(t, r.config(), "source: {", "source: {api: defender, ")
	r.verb("check").want(t, 0, "ok      AlertInfo")
	r.verb("run").want(t, 0, "staged and not yet published: huntlake status shows them, a later run publishes them")
	for _, c := range r.service.Calls() {
		if !c.Defender {
			t.Errorf("call %d went to Graph", c.Number)
		}
	}
	r.verb("verify").want(t, 0, "Nothing differs, nothing is missing.")
	r.pass(3 * 24 * time.Hour)
	if left := decode[pipeline.Report](t, r.verb("run", "--json")).Total().Waiting; left > 0 {
		t.Errorf("%d rows still wait", left)
	}
	r.verb("verify").want(t, 0, "Nothing differs, nothing is missing.")
}
