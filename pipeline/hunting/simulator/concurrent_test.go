package simulator_test

import (
	"net/http"
	"sync"
	"testing"

	"huntlake/pipeline/hunting/simulator"
)

// Many callers at once: every call is admitted or refused, none is lost, and no more than the quota are admitted.
func TestConcurrentCalls(t *testing.T) {
	made, err := simulator.Generate(simulator.GenerateOptions{Tables: []string{"CloudAppEvents"}, Rows: 500, Start: epoch.AddDate(0, 0, -2), End: epoch})
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, simulator.Options{Tables: made, Limits: simulator.Limits{CallsPerMinute: 40, RunTimePerHour: -1}})
	const callers, each = 8, 10
	statuses := make([][]int, callers)
	sizes := make([]map[int]bool, callers)
	var wg sync.WaitGroup
	for k := range callers {
		wg.Go(func() {
			sizes[k] = map[int]bool{}
			for range each {
				a := ask(t, s, graphPath, "CloudAppEvents | sort by Timestamp asc, ReportId asc")
				statuses[k] = append(statuses[k], a.status)
				if a.status == http.StatusOK {
					sizes[k][len(a.body)] = true
				}
			}
		})
	}
	wg.Wait()
	byStatus, bySize := map[int]int{}, map[int]bool{}
	for k := range callers {
		for _, status := range statuses[k] {
			byStatus[status]++
		}
		for size := range sizes[k] {
			bySize[size] = true
		}
	}
	if byStatus[200] != 40 || byStatus[429] != callers*each-40 || len(bySize) != 1 {
		t.Errorf("statuses %v, sizes %v; want 40 equal answers", byStatus, bySize)
	}
	calls := s.Calls()
	for i, c := range calls {
		if c.Number != i+1 {
			t.Fatalf("call %d is at place %d", c.Number, i+1)
		}
	}
	if len(calls) != callers*each {
		t.Errorf("%d calls on record, want %d", len(calls), callers*each)
	}
}

// Whatever comes as a body, the service answers.
func FuzzRequest(f *testing.F) {
	for _, body := range []string{
		`{"Query":"Events | count"}`, `{"query":"Events","Timespan":"P1DT2H/2026-11-22"}`, "", "{", `{"Query":"\ud800"}`, `[1]`, "\xff\xfe",
		`{"Query":"Events | where Timestamp > ago(1d) | summarize count() by bin(ingestion_time(), 1m)","workspaceId":"x"}`,
	} {
		f.Add(body, true)
		f.Add(body, false)
	}
	f.Fuzz(func(t *testing.T, body string, inGraph bool) {
		s := start(t, simulator.Options{Tables: []simulator.Table{events(20)}})
		path := defenderPath
		if inGraph {
			path = graphPath
		}
		a := send(t, s, post(t, path, body))
		if a.err != nil || a.status != 200 && a.status != 400 && a.status != 413 {
			t.Errorf("%q: status %d, %v", body, a.status, a.err)
		}
	})
}
