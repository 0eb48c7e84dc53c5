package simulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"huntlake/pipeline/hunting/simulator"
)

// faulty answers every call with the fault.
func faulty(t *testing.T, f simulator.Fault) *simulator.Service {
	return start(t, simulator.Options{Tables: []simulator.Table{events(3000)}, Faults: func(int, string) simulator.Fault { return f }})
}

func TestFaultsByName(t *testing.T) {
	const preempted = "Query execution has exceeded the allowed limits. The query execution was preempted. This could possibly be due to high CPU and/or memory resource consumption. Optimize your query by following best practices and try again."
	tests := []struct {
		name              string
		fault             simulator.Fault
		status            int
		graph, defender   string // code: message
		graphRetry        string // Retry-After
		charged, anywhere bool
	}{
		{"result size", simulator.FaultResultSize(), 400, "BadRequest: Query execution has exceeded the allowed result size. Optimize your query by limiting the number of results and try again", "", "", true, true},
		{"preempted", simulator.FaultPreempted(), 400, "BadRequest: " + preempted, "", "", true, true},
		{"missing query", simulator.FaultMissingQuery(), 400, "BadRequest: Missing query.", "InvalidRequestBody: Missing query.", "", false, false},
		{"query", simulator.FaultQuery("no"), 400, "BadRequest: no", "", "", false, true},
		{"unauthorized", simulator.FaultUnauthorized(), 401, "InvalidAuthenticationToken: Lifetime validation failed, the token is expired.", "Unauthorized: Lifetime validation failed, the token is expired.", "", false, false},
		{"role", simulator.FaultMissingRole(), 403, "Forbidden: Missing application roles. API required roles: ThreatHunting.Read.All, application roles: ", "Forbidden: Missing application roles. API required roles: AdvancedHunting.Read.All, application roles: ", "", false, false},
		{"not provisioned", simulator.FaultNotProvisioned(), 403, "Forbidden: Unauthorized request - Account is not provisioned.", "", "", false, true},
		{"not found", simulator.FaultNotFound("x"), 404, "ResourceNotFound: Resource not found for the segment 'x'.", "", "", false, true},
		{"calls", simulator.FaultCallQuota(45, time.Minute, 7*time.Second), 429, "TooManyRequests: Please retry again later.", "429: API calls quota exceeded! maximum allowed 45 per 00:01:00", "7", false, false},
		{"calls an hour", simulator.FaultCallQuota(1500, time.Hour, 1500*time.Millisecond), 429, "TooManyRequests: Please retry again later.", "429: API calls quota exceeded! maximum allowed 1500 per 01:00:00", "2", false, false},
		{"keyed calls", simulator.FaultKeyedCallQuota(30, time.Minute, 8*time.Second), 429, "TooManyRequests: Please retry again later.", "429: API calls quota exceeded! Maximum allowed 30 per 00:01:00 for the key Destination+TenantID+AppID. You can send requests again in 8 seconds.", "8", false, false},
		{"CPU", simulator.FaultCPUQuota(2871 * time.Second), 429, "CpuQuotaExceeded: You have exceeded processing resources allocated to this tenant. You can run queries again in 2871 seconds", "", "2871", false, true},
		{"throttled", simulator.FaultThrottled(733 * time.Second), 429, "TooManyRequests: Please retry again later.", "", "733", false, true},
		{"internal", simulator.FaultInternal(), 500, "UnknownError: ", "", "", false, true},
		{"unavailable", simulator.FaultUnavailable(9 * time.Second), 503, "ServiceUnavailable: The service is temporarily unavailable.", "", "9", false, true},
		{"timeout", simulator.FaultTimeout(), 504, "UnknownError: ", "", "", true, true},
		{"error in a good answer", simulator.FaultErrorInBody(), 200, "BadRequest: " + preempted, "", "", true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := faulty(t, tt.fault)
			for path, want := range map[string]string{graphPath: tt.graph, defenderPath: tt.defender} {
				if tt.anywhere {
					want = tt.graph
				}
				a := ask(t, s, path, "Events")
				code, message := failure(t, a)
				if a.status != tt.status || code+": "+message != want {
					t.Errorf("%s: %d %s: %s\nwant %d %s", path, a.status, code, message, tt.status, want)
				}
				retry := tt.graphRetry
				if path == defenderPath {
					retry = ""
				}
				if got := a.header.Get("Retry-After"); got != retry {
					t.Errorf("%s: Retry-After %q, want %q", path, got, retry)
				}
			}
			if c := s.Calls()[0]; c.RunTime > 0 != tt.charged {
				t.Errorf("charged %v", c.RunTime)
			}
		})
	}
}

func TestFaultsWithoutJSON(t *testing.T) {
	tests := []struct {
		fault  simulator.Fault
		status int
		kind   string
		want   string
	}{
		{simulator.FaultTooLarge(), 413, "text/html", "413 Request Entity Too Large"},
		{simulator.FaultThrottledHTML(), 429, "text/html", "429 Too Many Requests"},
		{simulator.FaultBadGateway(), 502, "text/html", "502 Bad Gateway"},
		{simulator.FaultHTML(), 200, "text/html; charset=utf-8", "Sign in to your account"},
		{simulator.Fault{Status: 500, ContentType: "text/plain"}, 500, "text/plain", ""},
	}
	for _, tt := range tests {
		a := ask(t, faulty(t, tt.fault), graphPath, "Events")
		if a.status != tt.status || a.header.Get("Content-Type") != tt.kind || !strings.Contains(a.body, tt.want) || json.Valid([]byte(a.body)) {
			t.Errorf("%d %s: %s", a.status, a.header.Get("Content-Type"), a.body)
		}
	}
}

// Such answers are good ones, only unusual; a reader must get the same rows out of them.
func TestUnusualAnswers(t *testing.T) {
	plain := ask(t, faulty(t, simulator.Fault{}), graphPath, "Events | sort by N asc")
	var want map[string]any
	if err := json.Unmarshal([]byte(plain.body), &want); err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]simulator.Fault{
		"rows first": {RowsFirst: true}, "shuffled": {ShuffleKeys: true}, "no nulls": {OmitNulls: true}, "spaces": {Spaces: true},
		"content type": {ContentType: "text/plain"}, "header": {Header: map[string][]string{"X-Odd": {"1"}}},
	} {
		a := ask(t, faulty(t, f), graphPath, "Events | sort by N asc")
		var got map[string]any
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != 200 {
			t.Fatalf("%s: status %d, %v", name, a.status, err)
		}
		if first, _ := json.Marshal(want); true {
			if second, _ := json.Marshal(got); string(first) != string(second) {
				t.Errorf("%s says something else", name)
			}
		}
		if f.ContentType != "" && a.header.Get("Content-Type") != f.ContentType || f.Header != nil && a.header.Get("X-Odd") != "1" {
			t.Errorf("%s: headers %v", name, a.header)
		}
		if before := strings.Index(a.body, "results") < strings.Index(a.body, "schema"); before != f.RowsFirst {
			t.Errorf("%s: rows before schema: %v", name, before)
		}
	}
}

func TestCuts(t *testing.T) {
	whole := len(ask(t, faulty(t, simulator.Fault{}), graphPath, "Events").body)
	for _, n := range []int64{0, 1, 100, 70_000} {
		a := ask(t, faulty(t, simulator.FaultCut(n)), graphPath, "Events")
		if a.status != 200 || int64(len(a.body)) != n || !errors.Is(a.err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d: status %d, %d bytes, %v", n, a.status, len(a.body), a.err)
		}
	}
	r := request(t, graphPath, "Events")
	r.Header.Set("Accept-Encoding", "gzip")
	if a := send(t, faulty(t, simulator.FaultCut(500)), r); len(a.body) != 500 || !errors.Is(a.err, io.ErrUnexpectedEOF) {
		t.Errorf("cut of the compressed body: %d bytes, %v", len(a.body), a.err)
	}
	if a := ask(t, faulty(t, simulator.FaultCut(int64(whole)+1)), graphPath, "Events"); a.err != nil || len(a.body) != whole {
		t.Errorf("cut behind the end: %d bytes, %v", len(a.body), a.err)
	}
}

func TestDripAndHangTakeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := faulty(t, simulator.Fault{Drip: time.Second})
		began := time.Now()
		a := ask(t, s, graphPath, "Events")
		if want := time.Duration((len(a.body)+4095)/4096) * time.Second; a.err != nil || time.Since(began) != want {
			t.Errorf("%d bytes in %v, %v; want %v", len(a.body), time.Since(began), a.err, want)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := faulty(t, simulator.Fault{Drip: time.Minute})
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		a := send(t, s, request(t, graphPath, "Events").WithContext(ctx))
		if !errors.Is(a.err, context.DeadlineExceeded) || len(a.body) != 4096 {
			t.Errorf("%d bytes, %v; want the deadline after one chunk", len(a.body), a.err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := faulty(t, simulator.Fault{Hang: true})
		ctx, cancel := context.WithTimeout(t.Context(), 900*time.Second)
		defer cancel()
		began := time.Now()
		a := send(t, s, request(t, graphPath, "Events").WithContext(ctx))
		if !errors.Is(a.err, context.DeadlineExceeded) || time.Since(began) != 900*time.Second {
			t.Errorf("%v after %v", a.err, time.Since(began))
		}
	})
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, simulator.Options{
			Tables: []simulator.Table{events(10)}, Now: time.Now, Cost: simulator.CostModel{Fixed: 7 * time.Second},
			Wait: func(_ context.Context, d time.Duration) error { <-time.After(d); return nil },
			Faults: func(call int, _ string) simulator.Fault {
				return map[int]simulator.Fault{2: simulator.FaultPreempted(), 3: simulator.FaultInternal()}[call]
			},
		})
		for _, want := range []time.Duration{7 * time.Second, 7 * time.Second, 0} {
			began := time.Now()
			a := ask(t, s, graphPath, "Events")
			if got := time.Since(began); got != want {
				t.Errorf("status %d took %v, want %v", a.status, got, want)
			}
			if got, want := a.header.Get("Date"), time.Now().UTC().Format(time.RFC1123); !strings.HasPrefix(got, want[:25]) {
				t.Errorf("Date %s at %s", got, want)
			}
		}
	})
	s := start(t, simulator.Options{Tables: []simulator.Table{events(1)}, Wait: refuseToWait})
	if a := ask(t, s, graphPath, "Events"); !errors.Is(a.err, errWait) {
		t.Errorf("got %v, want the error of Wait", a.err)
	}
}

func TestCancelledCalls(t *testing.T) {
	s := faulty(t, simulator.Fault{})
	ctx, cancel := context.WithCancel(t.Context())
	resp, err := s.Transport().RoundTrip(request(t, graphPath, "Events").WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := resp.Body.Read(make([]byte, 10)); !errors.Is(err, context.Canceled) {
		t.Errorf("read after cancel: %v", err)
	}
	if _, err := s.Transport().RoundTrip(request(t, graphPath, "Events").WithContext(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("call after cancel: %v", err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
}
