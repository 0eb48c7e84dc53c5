package simulator_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/schema"
)

func TestRowCapCutsWithoutAWord(t *testing.T) {
	s := start(t, simulator.Options{Tables: []simulator.Table{events(300)}, Limits: simulator.Limits{MaxRows: 100}})
	first, second := numbers(t, s, "Events", "N"), numbers(t, s, "Events", "N")
	if len(first) != 100 || len(second) != 100 {
		t.Errorf("got %d and %d rows, want 100", len(first), len(second))
	}
	slices.Sort(first)
	slices.Sort(second)
	if len(slices.Compact(first)) != 100 || slices.Equal(first, second) {
		t.Error("the cut leaves the same rows every time, or one row twice")
	}
	if got := numbers(t, s, "Events | count", "Count"); got[0] != "300" {
		t.Errorf("count is %s, want 300", got[0])
	}
	calls := s.Calls()
	if calls[0].Rows != 100 || calls[0].Total != 300 {
		t.Errorf("call %+v, want 100 of 300 rows", calls[0])
	}
}

func TestSizeCap(t *testing.T) {
	s := start(t, simulator.Options{Tables: []simulator.Table{events(300)}, Limits: simulator.Limits{MaxBytes: 5000}})
	for _, path := range []string{graphPath, defenderPath} {
		code, message := failure(t, ask(t, s, path, "Events"))
		if code != "BadRequest" || message != "Query execution has exceeded the allowed result size. Optimize your query by limiting the number of results and try again" {
			t.Errorf("%s: got %s: %s", path, code, message)
		}
		if a := ask(t, s, path, "Events | take 10"); a.status != http.StatusOK {
			t.Errorf("%s: status %d below the cap", path, a.status)
		}
	}
	if c := s.Calls()[0]; c.Bytes <= 5000 || c.RunTime == 0 || c.Rows != 0 || c.Code != "BadRequest" {
		t.Errorf("a refused answer is recorded as %+v", c)
	}
}

func TestRetentionAndArrival(t *testing.T) {
	tab := table{name: "Events"}
	tab.add(30*24*time.Hour+time.Minute, 0)               // 0: gone
	tab.add(30*24*time.Hour-time.Minute, 0)               // 1: almost gone
	tab.add(time.Hour, time.Minute)                       // 2
	tab.add(time.Hour, 2*time.Hour)                       // 3: still to arrive
	tab.add(time.Minute, -1)                              // 4: unstamped
	tab.add(-time.Hour, 0)                                // 5: in the future, and not arrived
	tab.add(31*24*time.Hour, 31*24*time.Hour-time.Second) // 6: arrives when it is gone already
	c := &clock{now: epoch}
	s := start(t, simulator.Options{Tables: []simulator.Table{tab}, Now: c.Now})
	visible := func() string {
		got := numbers(t, s, "Events | sort by N asc", "N")
		return strings.Join(got, " ")
	}
	if got := visible(); got != "1 2 4" {
		t.Errorf("at first: rows %s, want 1 2 4", got)
	}
	c.Advance(2 * time.Minute)
	if got := visible(); got != "2 4" {
		t.Errorf("two minutes later: rows %s, want 2 4", got)
	}
	c.Advance(time.Hour)
	if got := visible(); got != "2 3 4 5" {
		t.Errorf("an hour later: rows %s, want 2 3 4 5", got)
	}
	for query, want := range map[string]string{
		"Events | where isnull(ingestion_time())":                                                                                         "4",
		"Events | where ingestion_time() > ago(3h)":                                                                                       "2 3 5",
		"Events | where ingestion_time() > ago(3h) and Timestamp > now()":                                                                 "",
		"Events | where Timestamp < datetime(2026-11-22T11:30:00.0000000Z)":                                                               "2 3",
		"Events | where Timestamp between (ago(63m) .. ago(0s))":                                                                          "4 5",
		"Events | where N % 2 == 1 and Timestamp >= datetime(2000-01-01)":                                                                 "3 5",
		"Events | where ingestion_time() >= datetime(2026-11-22T11:01:00Z) and ingestion_time() < datetime(2026-11-22T11:01:00.0000001Z)": "2",
	} {
		if got := strings.Join(numbers(t, s, query+" | sort by N asc", "N"), " "); got != want {
			t.Errorf("%s: rows %s, want %s", query, got, want)
		}
	}
}

func TestTimespan(t *testing.T) {
	tab := table{name: "Events"}
	for _, days := range []int{1, 5, 10, 20, 40} {
		tab.add(time.Duration(days)*24*time.Hour, 0)
	}
	s := start(t, simulator.Options{Tables: []simulator.Table{tab}, Limits: simulator.Limits{Retention: 35 * 24 * time.Hour}})
	for span, want := range map[string]int{
		"P30D": 4, "P90D": 4, "P7D": 2, "PT36H": 1, "P1DT1H": 1, "P1W": 2, "2026-11-15": 2, "2026-11-15T00:00:00Z": 2,
		"P10D/2026-11-14T00:00:00Z": 1, "2026-11-01/2026-11-15": 2, "2026-11-01/P10D": 1, "2026-11-01T00:00:00Z/PT1M": 0,
	} {
		a := send(t, s, post(t, graphPath, fmt.Sprintf(`{"Query":"Events | count","Timespan":%q}`, span)))
		if want := fmt.Sprintf(`"Count":%d}`, want); !strings.Contains(a.body, want) {
			t.Errorf("Timespan %s: %s, want %s", span, a.body, want)
		}
	}
	for _, bad := range []string{"P", "30D", "P1X", "PT", "P1H", "P30D/P30D", "yesterday", "2026-11-01/", "PT5M5", "P99999999999999999999D"} {
		if bad == "PT" {
			continue // no more than an empty duration
		}
		if a := send(t, s, post(t, graphPath, fmt.Sprintf(`{"Query":"Events | count","Timespan":%q}`, bad))); a.status != http.StatusBadRequest {
			t.Errorf("Timespan %s: status %d, want 400", bad, a.status)
		}
	}
	if a := send(t, s, post(t, defenderPath, `{"Query":"Events | count","Timespan":"P7D"}`)); !strings.Contains(a.body, `"Count":4`) {
		t.Errorf("the older API took a Timespan: %s", a.body)
	}
}

func TestCallQuotas(t *testing.T) {
	c := &clock{now: epoch}
	s := start(t, simulator.Options{Tables: []simulator.Table{events(1)}, Now: c.Now, Limits: simulator.Limits{CallsPerMinute: 3, CallsPerHour: 5, RunTimePerHour: -1}})
	status := func() int { return ask(t, s, defenderPath, "Events").status }
	for range 3 {
		if got := status(); got != 200 {
			t.Fatalf("status %d within the quota", got)
		}
		c.Advance(10 * time.Second)
	}
	a := ask(t, s, defenderPath, "Events")
	if code, message := failure(t, a); a.status != 429 || code != "429" || message != "API calls quota exceeded! maximum allowed 3 per 00:01:00" {
		t.Errorf("got %d %s: %s", a.status, code, message)
	}
	if got := a.header.Get("Retry-After"); got != "" {
		t.Errorf("the older API says Retry-After: %s", got)
	}
	a = ask(t, s, graphPath, "Events")
	if code, _ := failure(t, a); a.status != 429 || code != "TooManyRequests" || a.header.Get("Retry-After") != "30" {
		t.Errorf("got %d %s, Retry-After %s, want 30 seconds", a.status, code, a.header.Get("Retry-After"))
	}
	c.Advance(30 * time.Second)
	for range 2 {
		if got := status(); got != 200 {
			t.Fatalf("status %d after the wait: refused calls count", got)
		}
		c.Advance(time.Minute)
	}
	if code, message := failure(t, ask(t, s, defenderPath, "Events")); code != "429" || message != "API calls quota exceeded! maximum allowed 5 per 01:00:00" {
		t.Errorf("got %s: %s", code, message)
	}
	c.Advance(time.Hour)
	if got := status(); got != 200 {
		t.Errorf("status %d an hour later", got)
	}
}

// Run time is what a call costs by the cost model, whether it succeeds or not.
func TestRunTimeBudgets(t *testing.T) {
	tests := []struct {
		name   string
		limits simulator.Limits
		retry  string // of the call that is refused, the third, a minute after the first
	}{
		{"hour", simulator.Limits{RunTimePerHour: 2 * time.Minute}, "3540"},
		{"day", simulator.Limits{RunTimePerDay: 2 * time.Minute}, "86340"},
		{"CPU", simulator.Limits{CPU: 2 * time.Minute}, "840"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &clock{now: epoch}
			s := start(t, simulator.Options{Tables: []simulator.Table{events(10)}, Now: c.Now, Limits: tt.limits, Cost: simulator.CostModel{Fixed: time.Minute}})
			for range 2 {
				if a := ask(t, s, graphPath, "Events"); a.status != 200 {
					t.Fatalf("status %d: %s", a.status, a.body)
				}
				c.Advance(30 * time.Second)
			}
			a := ask(t, s, graphPath, "Events")
			code, message := failure(t, a)
			want := "You have exceeded processing resources allocated to this tenant. You can run queries again in " + tt.retry + " seconds"
			if a.status != 429 || code != "CpuQuotaExceeded" || message != want || a.header.Get("Retry-After") != tt.retry {
				t.Errorf("got %d %s, Retry-After %s: %s", a.status, code, a.header.Get("Retry-After"), message)
			}
			c.Advance(24 * time.Hour)
			if a := ask(t, s, graphPath, "Events"); a.status != 200 {
				t.Errorf("status %d a day later", a.status)
			}
		})
	}
}

func TestOthersSpendTheSameCPU(t *testing.T) {
	c := &clock{now: epoch}
	s := start(t, simulator.Options{Tables: []simulator.Table{events(10)}, Now: c.Now, Limits: simulator.Limits{CPU: time.Minute}})
	s.SpendCPU(2 * time.Minute)
	if a := ask(t, s, graphPath, "Events"); a.status != 429 || a.header.Get("Retry-After") != "900" {
		t.Errorf("status %d, Retry-After %s", a.status, a.header.Get("Retry-After"))
	}
	c.Advance(15 * time.Minute)
	if a := ask(t, s, graphPath, "Events"); a.status != 200 {
		t.Errorf("status %d in the next cycle", a.status)
	}
}

func TestCostFollowsFromRowsAndBytes(t *testing.T) {
	s := start(t, simulator.Options{
		Tables: []simulator.Table{events(1000)},
		Cost:   simulator.CostModel{Fixed: time.Second, PerMillionRows: 1e6 * time.Millisecond, PerMegabyte: (1 << 20) * time.Microsecond},
		Limits: simulator.Limits{Timeout: 2050 * time.Millisecond},
	})
	const last = "| where Timestamp >= datetime(2026-11-22T11:59:50.0000000Z)"
	tests := []struct {
		query   string
		scanned int64
		status  int
	}{
		{"Events " + last + " | count", 10, 200},
		{"Events | where ingestion_time() >= datetime(2026-11-22T11:59:50.0000000Z) | count", 10, 200},
		{"Events | where N > 5 | count", 1000, 200},
		{"Events " + last, 10, 200},
		{"Events", 1000, 504},
		{"print 1", 0, 200},
		{"Nothing", 0, 400},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			a := ask(t, s, graphPath, tt.query)
			calls := s.Calls()
			c := calls[len(calls)-1]
			want := time.Second + time.Duration(tt.scanned)*time.Millisecond + time.Duration(c.Bytes)*time.Microsecond
			if tt.status == 504 {
				want = 2050 * time.Millisecond
				if code, message := failure(t, a); code != "UnknownError" || message != "" {
					t.Errorf("got %s: %q", code, message)
				}
			}
			if a.status != tt.status || c.Status != tt.status || c.Scanned != tt.scanned || c.RunTime != want {
				t.Errorf("call %+v, want status %d, %d rows scanned, %v", c, tt.status, tt.scanned, want)
			}
		})
	}
}

func TestNewRefusesBadOptions(t *testing.T) {
	bad := table{name: "Events"}
	_, err := simulator.New(simulator.Options{Tables: []simulator.Table{bad, bad, odd{bad}}})
	for _, want := range []string{"Now is needed", "table Events is there twice", `column Odd.N has the unknown type "Colour"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

// odd is a table with a column of no type that the language knows.
type odd struct{ table }

func (odd) Name() string { return "Odd" }
func (odd) Columns(partition.Tick) []schema.Field {
	return []schema.Field{{Name: "N", Type: "Colour"}}
}
