package main_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	main "huntlake/cmd/export"
	"huntlake/partition"
	"huntlake/pipeline"
)

func event(table, stage string, rows, planned int64, calls int) pipeline.Event {
	return pipeline.Event{Tenant: tenantID, Table: partition.Table{Name: table}, Stage: stage, Rows: rows, Planned: planned, Calls: calls}
}

func TestBars(t *testing.T) {
	broken := event("EmailEvents", "failed", 10, 500, 2)
	broken.Err = errors.New("broken")
	var out bytes.Buffer
	main.ShowBars(&locked{w: &out}, true,
		event("AlertInfo", "plan", 0, 3000, 3),
		event("AlertInfo", "read", 1000, 3000, 4),
		event("EmailEvents", "read", 10, 500, 2),
		event("AlertInfo", "done", 3000, 3000, 6),
		broken,
	)
	for _, want := range []string{"00000000 AlertInfo", "3,000 of 3,000 rows, 1,000/s, 6 calls, done", "10 of 500 rows", "2 calls, failed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %q", want, out.String())
		}
	}
}

func TestLines(t *testing.T) {
	read := func(rows int64) pipeline.Event { return event("AlertInfo", "read", rows, 100, 1) }
	failed := event("AlertInfo", "failed", 0, 0, 0)
	failed.Err = errors.New("broken")
	for _, c := range []struct {
		name   string
		pause  time.Duration
		events []pipeline.Event
		want   int // lines
	}{
		{"every stage", time.Millisecond, []pipeline.Event{event("AlertInfo", "plan", 0, 100, 1), read(1), event("AlertInfo", "done", 1, 100, 1)}, 3},
		{"a stage now and then", 4 * time.Second, []pipeline.Event{read(1), read(2), read(3), read(4), read(5)}, 2},
		{"every table", time.Millisecond, []pipeline.Event{read(1), event("EmailEvents", "read", 1, 1, 1), read(2)}, 2},
		{"errors are the log's", time.Millisecond, []pipeline.Event{failed}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			main.ShowLines(&out, c.pause, c.events...)
			if n := strings.Count(out.String(), "\n"); n != c.want {
				t.Errorf("%d lines, want %d:\n%s", n, c.want, out.String())
			}
		})
	}
}

// A call that waits is no program that hangs.
func TestWaits(t *testing.T) {
	for _, c := range []struct {
		what string
		err  error
		log  string
	}{
		{"quota (calls per minute)", nil, `msg="waiting for quota (calls per minute)" tenant=` + tenantID + ` until=1970-01-01T00:00:43`},
		{"graph.microsoft.com", errors.New("status 503"), `msg="waiting for graph.microsoft.com" tenant=` + tenantID + ` until=1970-01-01T00:00:43.000Z error="status 503"`},
	} {
		var terminal, log bytes.Buffer
		main.ShowWaits(&locked{w: &terminal}, &locked{w: &log}, event("AlertInfo", "read", 1, 100, 1), c.what, c.err, time.Second, 43*time.Second, 44*time.Second)
		if !strings.Contains(terminal.String(), "1 call, read, waits 44s for "+c.what) {
			t.Errorf("terminal: %q", terminal.String())
		}
		if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, c.log) {
			t.Errorf("log: %q", got)
		}
	}
}

// A verify has no figures, and claims none.
func TestLinesWithoutFigures(t *testing.T) {
	var out bytes.Buffer
	main.ShowLines(&out, time.Second, event("AlertInfo", "verify", 0, 0, 0), event("AlertInfo", "read", 0, 7, 1))
	if got := out.String(); !strings.Contains(got, "msg=verify tenant="+tenantID+" table=AlertInfo\n") || !strings.Contains(got, "table=AlertInfo rows=0 of=7 calls=1\n") {
		t.Error(got)
	}
}
