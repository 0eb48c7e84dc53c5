package main_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	main "huntlake/cmd/export"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
)

type finding struct {
	What, Detail, Remedy string
	OK, Untried          bool
}

// failed are the findings that are not well, as "what: detail".
func failed(findings []finding) (out []string) {
	for _, f := range findings {
		if !f.OK && !f.Untried {
			out = append(out, f.What+": "+f.Detail+" -> "+f.Remedy)
		}
	}
	return out
}

func TestCheck(t *testing.T) {
	r := newRig(t)
	r.configure("queries: [{name: alerts, query: 'AlertInfo | where Severity == \"High\"'}]\n")
	got := r.verb("check")
	got.want(t, 0, "ok      configuration: ", "1 tenant, 2 tables, 1 query", "ok      lake: create only where nothing is", "ok      lake: delete",
		"ok      sign in", "ok      AlertInfo: 9 columns", "ok      queries/alerts: 9 columns", "ok      clock: within", "ok      quota: 100000 calls a minute")
	if strings.Contains(got.stdout, "FAILED") {
		t.Error(got.stdout)
	}
	if entries, err := os.ReadDir(r.lake() + "/_export"); err != nil || len(entries) > 0 {
		t.Errorf("it leaves %v in the lake: %v", entries, err)
	}
	if n := len(r.service.Calls()); n != 3 {
		t.Errorf("%d calls, want 3", n)
	}
}

// A query that was changed under its name is found before a run meets it.
func TestCheckFindsChangedQuery(t *testing.T) {
	r := newRig(t)
	query := func(severity string) {
		r.configure("queries: [{name: alerts, query: 'AlertInfo | where Severity == \"" + severity + "\"'}]\n")
	}
	query("High")
	r.verb("run").want(t, 0)
	r.verb("check").want(t, 0, "ok      ledgers: 3 tables")
	query("Low")
	r.verb("check").want(t, 1, "FAILED  ledgers: tenant "+tenantID+": queries/alerts: the table was begun with another query")
}

// What is interrupted has not failed, and nothing is tried after it.
func TestCheckInterrupted(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	r.serve(func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	got := r.verbIn(ctx, "check")
	got.want(t, 130, "-       AlertInfo: not tried: interrupted", "-       1 other table: not tried: interrupted")
	if strings.Contains(got.stdout, "FAILED") {
		t.Error(got.stdout)
	}
}

// Where nobody answers at all, one table is enough to know it by.
func TestHopeless(t *testing.T) {
	silence := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{fmt.Errorf("the service is out of reach: %w", silence), true},
		{&hunting.Error{Status: http.StatusServiceUnavailable}, false},
		{&hunting.Error{Status: http.StatusBadRequest}, false},
		{&hunting.Error{Status: http.StatusForbidden}, true},
		{&hunting.QuotaError{}, true},
	} {
		if got := main.Hopeless(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}

func TestCheckFindsFaults(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*rig)
		world func(*simulator.Options)
		code  int
		want  []string // one for each failure
	}{
		{name: "token", world: func(o *simulator.Options) { o.Token = "another" }, code: 1, want: []string{"token: query AlertInfo: status 401"}},
		{name: "role", world: func(o *simulator.Options) { o.MissingRole = true }, code: 1, want: []string{"ThreatHunting.Read.All"}},
		{name: "tables", spoil: func(r *rig) { r.configure("tables: [AlertInfo, DeviceInfo]\n") }, code: 1,
			want: []string{"DeviceInfo: query DeviceInfo: status 400"}},
		{name: "lake", spoil: func(r *rig) { block(r.t, r.lake()) }, code: 1, want: []string{"lake: "}},
		{name: "clock", world: func(o *simulator.Options) { o.Now = func() time.Time { return time.Now().Add(time.Hour) } }, code: 1,
			want: []string{"clock: this machine's clock is 59m"}},
		{name: "quota", world: func(o *simulator.Options) {
			o.Faults = func(int, string) simulator.Fault { return simulator.FaultCPUQuota(2871 * time.Second) }
		}, code: 4, want: []string{"AlertInfo: query AlertInfo: the budget of"}},
		{name: "endpoint", spoil: func(r *rig) {
			r.serve(func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) })
		}, code: 1, want: []string{"check the endpoint http://127.0.0.1", "check the endpoint http://127.0.0.1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var change []func(*simulator.Options)
			if c.world != nil {
				change = append(change, c.world)
			}
			r := newRig(t, change...)
			if c.spoil != nil {
				c.spoil(r)
			}
			got := r.verb("check", "--json")
			got.want(t, c.code)
			faults := failed(decode[[]finding](t, got))
			if len(faults) != len(c.want) {
				t.Fatalf("failed: %q", faults)
			}
			for i, w := range c.want {
				if !strings.Contains(faults[i], w) {
					t.Errorf("failed: %q, want %q", faults[i], w)
				}
			}
			if strings.Contains(got.stdout+got.stderr, "right") {
				t.Errorf("it prints the token:\n%s", got.stdout)
			}
		})
	}
}
