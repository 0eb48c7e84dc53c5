package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/pipeline/hunting/simulator/kql"
)

// kindOf says what is right to do about a fault.
type kindOf uint8

const (
	passing   kindOf = iota // wait, and ask again a few times
	tooBig                  // ask for less
	permanent               // leave the table alone
	spent                   // leave the tenant alone for now
	token                   // get a new token, once
	harmless
)

// unkindness is a fault, and what a user is told who meets it for ever.
type unkindness struct {
	name  string
	fault simulator.Fault
	kind  kindOf
	says  []string
}

// catalogue is every failure that is publicly known of the service, its gateways and the network.
func catalogue() []unkindness {
	const grant = "with the consent of an administrator"
	html := simulator.FaultHTML()
	plain := simulator.Fault{ContentType: "text/plain"}
	refused := simulator.FaultQuery("'where' operator: Failed to resolve scalar expression named 'x'. Fix semantic errors in your query.")
	fragment := simulator.FaultQuery("The incomplete fragment is unexpected.. Fix syntax errors in your query.")
	return []unkindness{
		{"500", simulator.FaultInternal(), passing, []string{"graph.microsoft.com|api.security.microsoft.com", "down or out of reach (attempt 5)", "status 500"}},
		{"503", simulator.FaultUnavailable(20 * time.Second), passing, []string{"down or out of reach (attempt 5)", "ServiceUnavailable"}},
		{"cut", simulator.FaultCut(40), passing, []string{"down or out of reach (attempt 5)", "unexpected EOF"}},
		{"cut at once", simulator.FaultCut(-1), passing, []string{"down or out of reach (attempt 5)"}},
		{"400 size", simulator.FaultResultSize(), tooBig, []string{"exceeded the allowed result size"}},
		{"400 preempted", simulator.FaultPreempted(), tooBig, []string{"preempted"}},
		{"200 preempted", simulator.FaultErrorInBody(), tooBig, []string{"preempted"}},
		{"502", simulator.FaultBadGateway(), tooBig, []string{"502 Bad Gateway"}},
		{"504", simulator.FaultTimeout(), tooBig, []string{"504 Gateway Timeout"}},
		{"hang", simulator.Fault{Hang: true}, tooBig, []string{"no whole answer within 3m20s"}},
		{"drip too slow", simulator.Fault{Drip: 5 * time.Minute}, tooBig, []string{"no whole answer within 3m20s"}},
		{"drip", simulator.Fault{Drip: 10 * time.Second}, harmless, nil},
		{"odd order", simulator.Fault{RowsFirst: true, ShuffleKeys: true, OmitNulls: true, Spaces: true}, harmless, nil},
		{"no such column", refused, permanent, []string{"Failed to resolve scalar", "the query was: EmailUrlInfo | "}},
		{"control command", fragment, permanent, []string{"incomplete fragment", "the query was: EmailUrlInfo | "}},
		{"missing table", simulator.FaultQuery("'take' operator: Failed to resolve table or column expression named 'EmailUrlInfo'. Fix semantic errors in your query."),
			permanent, []string{"the name is wrong, or no licence in tenant " + tenantID}},
		{"missing query", simulator.FaultMissingQuery(), permanent, []string{"Missing query.", "the query was: EmailUrlInfo | "}},
		{"missing role", simulator.FaultMissingRole(), permanent, []string{"grant the application", tenantID, grant}},
		{"not provisioned", simulator.FaultNotProvisioned(), permanent, []string{"the tenant has no Defender"}},
		{"404", simulator.FaultNotFound("security"), permanent, []string{"check the endpoint https://"}},
		{"410", simulator.Fault{Status: 410, Code: "Gone", Message: "This API is retired."}, permanent, []string{"This API is retired", "whether the", "API is still offered there"}},
		{"413", simulator.FaultTooLarge(), permanent, []string{"413 Request Entity Too Large", "shorten"}},
		{"web page", html, permanent, []string{`"text/html; charset=utf-8", not JSON`, "proxy", "https://"}},
		{"plain text", plain, permanent, []string{`"text/plain", not JSON`, "proxy"}},
		{"calls a minute", simulator.FaultCallQuota(45, time.Minute, 0), spent, nil},
		{"calls an hour", simulator.FaultCallQuota(1500, time.Hour, 0), spent, nil},
		{"keyed calls", simulator.FaultKeyedCallQuota(30, time.Minute, 8*time.Second), spent, nil},
		{"cpu", simulator.FaultCPUQuota(2871 * time.Second), spent, nil},
		{"throttled", simulator.FaultThrottled(30 * time.Second), spent, nil},
		{"throttled by a page", simulator.FaultThrottledHTML(), spent, nil},
		{"401", simulator.FaultUnauthorized(), token, []string{"401 Unauthorized", "check the credential in tenant " + tenantID}},
	}
}

// siege is a run against a service that fails some of its calls. Its clock is the bubble's until it has ended.
type siege struct {
	*world
	began   time.Time // in the bubble
	ended   time.Duration
	fails   func(call int, query string, again bool) bool // again: the query's last call failed
	fault   simulator.Fault
	mu      sync.Mutex
	asked   []asked
	counter int
}

// asked is one call.
type asked struct {
	at     time.Time
	query  string
	failed bool
}

func (s *siege) clock() time.Time {
	if s.began.IsZero() {
		return start.Add(s.ended)
	}
	return start.Add(time.Since(s.began))
}

func (s *siege) next(_ int, query string) simulator.Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counter++
	again := false
	for _, a := range s.asked {
		if a.query == query {
			again = a.failed
		}
	}
	failed := s.fails != nil && s.fails(s.counter, query, again)
	s.asked = append(s.asked, asked{s.clock(), query, failed})
	if !failed {
		return simulator.Fault{}
	}
	f := s.fault
	if f.Cut == 40 {
		f.Cut = int64(1 + s.counter*61%400) // any byte
	}
	return f
}

// issuing is a credential of which every token is a new one.
type issuing struct {
	mu sync.Mutex
	n  int
}

func (c *issuing) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return azcore.AccessToken{Token: fmt.Sprintf("token-%d", c.n), ExpiresOn: start.Add(1000 * time.Hour)}, nil
}

func newSiege(t *testing.T, tables []simulator.Table) *siege {
	s := &siege{}
	s.world = newWorld(t, tables, func(o *simulator.Options) { o.Now, o.Faults = s.clock, s.next })
	s.opts.Now, s.opts.Caps.Rows = s.clock, 50
	return s
}

func (s *siege) exporter() *pipeline.Exporter {
	s.t.Helper()
	client, err := hunting.New(hunting.Options{
		Dialect: s.dialect, Credential: &issuing{}, Transport: s.service.Transport(), Now: s.clock, Tenant: tenantID,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	opts := s.opts
	opts.Tenants = []pipeline.Tenant{{ID: tenantID, API: client}}
	e, err := pipeline.New(opts)
	if err != nil {
		s.t.Fatal(err)
	}
	return e
}

// run runs once under the faults, without publishing: what publishes keeps decoders for others, which must not have
// been made in a bubble.
func (s *siege) run(ctx context.Context) (pipeline.Report, error) {
	s.began = time.Now()
	defer func() { s.began, s.ended = time.Time{}, time.Since(s.began) }()
	s.opts.OneShot, s.opts.MaxDelay = false, 1000*time.Hour
	return s.exporter().Run(ctx)
}

// relieve runs without faults, a day later, and holds the lake against the source.
func (s *siege) relieve() {
	s.t.Helper()
	s.fails, s.opts.OneShot = nil, true
	s.ended += 24 * time.Hour
	if _, err := s.exporter().Run(s.t.Context()); err != nil {
		s.t.Errorf("the next run: %v", err)
		return
	}
	s.at = s.clock()
	for _, table := range s.tables {
		s.compare(table, exported(s.at))
	}
	if v, err := s.exporter().Verify(s.t.Context()); err != nil || !v.Clean() {
		s.t.Errorf("verify: %v %+v", err, v)
	}
}

// hammered returns what was asked again in vain, or too soon.
func (s *siege) hammered(kind kindOf) string {
	last := map[string]asked{}
	repeats := map[string]int{}
	for _, c := range s.asked {
		before, again := last[c.query]
		last[c.query] = c
		if !again || !before.failed {
			continue
		}
		repeats[c.query]++
		pause := c.at.Sub(before.at)
		switch {
		case kind == permanent, kind == tooBig && repeats[c.query] > 1: // what cannot be split may be asked for once more
			return "asked again: " + c.query
		case kind == token && repeats[c.query] > 1, repeats[c.query] > 5:
			return fmt.Sprintf("asked again %d times: %s", repeats[c.query], c.query)
		case kind == tooBig && strings.Contains(c.query, "summarize"): // to plan a month, and to split the one slice of it
		case kind != token && kind != harmless && pause < time.Second:
			return fmt.Sprintf("asked again after %v: %s", pause, c.query)
		}
	}
	return ""
}

// Every known failure, of the first call, of every fifth one, and of one table for ever: what can be done is done, what
// cannot is told, of that table alone, nothing is asked in vain, and the next run brings the lake to what the source
// has.
func TestUnkindService(t *testing.T) {
	tables, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 8, Tables: []string{"AlertInfo", "EmailUrlInfo", "UrlClickEvents"}, Rows: 120, Unstamped: 0.2,
		Start: start.AddDate(0, 0, -4), End: start.AddDate(0, 0, -3),
	})
	if err != nil {
		t.Fatal(err)
	}
	const besieged = "EmailUrlInfo"
	modes := []struct {
		name  string
		fails func(call int, query string, again bool) bool
		most  int // calls
	}{
		{"the first call", func(call int, _ string, _ bool) bool { return call == 1 }, 60},
		{"every fifth call", func(call int, _ string, again bool) bool { return call%5 == 0 && !again }, 100},
		{"one table for ever", func(_ int, query string, _ bool) bool { return strings.HasPrefix(query, besieged+" ") }, 120},
	}
	for _, dialect := range []hunting.Dialect{hunting.Graph, hunting.Defender} {
		for _, u := range catalogue() {
			for i, mode := range modes {
				if testing.Short() && (dialect != hunting.Graph || i == 1) {
					continue // the first call and one for ever say most
				}
				t.Run(fmt.Sprintf("%v/%s/%s", dialect, u.name, mode.name), func(t *testing.T) {
					s := newSiege(t, tables)
					s.dialect, s.fault, s.fails = dialect, u.fault, mode.fails
					var report pipeline.Report
					var err error
					synctest.Test(t, func(t *testing.T) { report, err = s.run(t.Context()) })
					s.judge(u, i == 2, report, err)
					if len(s.asked) > mode.most {
						t.Errorf("%d calls", len(s.asked))
					}
					if said := s.hammered(u.kind); said != "" {
						t.Error(said)
					}
					s.relieve()
				})
			}
		}
	}
}

// Something on the way that breaks off every answer beyond some size is the same as an answer that is too big: the rows
// are asked for in smaller parts, and all arrive.
func TestLongAnswersBreakOff(t *testing.T) {
	tables, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 9, Tables: []string{"AlertInfo"}, Rows: 1500, Start: start.AddDate(0, 0, -9), End: start.AddDate(0, 0, -3),
	})
	if err != nil {
		t.Fatal(err)
	}
	s := newSiege(t, tables)
	s.opts.Caps.Rows = 1000
	s.fault, s.fails = simulator.FaultCut(15_000), func(int, string, bool) bool { return true }
	var report pipeline.Report
	synctest.Test(t, func(t *testing.T) { report, err = s.run(t.Context()) })
	if total := report.Total(); err != nil || total.Calls.Wasted == 0 || total.Calls.Total() > 60 {
		t.Errorf("%v after %+v", err, total.Calls)
	}
	s.relieve()
}

// judge holds the outcome of a run against what was to be expected.
func (s *siege) judge(u unkindness, forEver bool, report pipeline.Report, err error) {
	s.t.Helper()
	switch {
	case u.kind == harmless, !forEver && u.kind != permanent && u.kind != spent:
		if err != nil {
			s.t.Errorf("the run failed: %v", err)
		}
	case u.kind == spent:
		if err != nil && !errors.Is(err, hunting.ErrQuota) {
			s.t.Errorf("got %v, want a spent quota", err)
		}
	case err == nil:
		s.t.Error("nobody was told")
	case forEver:
		s.alone(u, report)
	}
}

// alone checks that one table has failed, with a clear error, and the others have been read.
func (s *siege) alone(u unkindness, report pipeline.Report) {
	s.t.Helper()
	for _, table := range report.Tenants[0].Tables {
		if table.Table != "EmailUrlInfo" {
			if table.Fault != "" || table.Rows == 0 {
				s.t.Errorf("%s: %d rows and error %q", table.Table, table.Rows, table.Fault)
			}
			continue
		}
		for _, want := range append(u.says, "EmailUrlInfo") {
			found := false
			for _, alternative := range strings.Split(want, "|") {
				found = found || strings.Contains(table.Fault, strings.TrimSpace(alternative))
			}
			if !found {
				s.t.Errorf("got error %q, want one with %q", table.Fault, want)
			}
		}
	}
}

// A value that cannot be read keeps its slice from the lake, and no other.
func TestOneValueHoldsOneSlice(t *testing.T) {
	m := newMade("Hostile", "When:DateTime")
	now := partition.TickOf(start)
	for at := now - 20*partition.Day; at < now-partition.Hour; at += partition.Hour {
		when := at
		if at == now-10*partition.Day {
			when = partition.TickOf(time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC))
		}
		m.add(at, at, kql.OfTime(when))
	}
	for name, everywhere := range map[string]bool{"one": false, "all": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, []simulator.Table{m})
			w.opts.Caps.Rows = 25
			old := `"When":"1601-01-01T00:00:00Z"`
			if everywhere {
				old = `"When":"`
			}
			_, e := w.inFolder(func(inner http.RoundTripper) http.RoundTripper { return rewriting{inner, old, `"When":"x`} })
			r, err := e.Run(t.Context())
			var broken *hunting.DecodeError
			if !errors.As(err, &broken) || broken.Column != "When" {
				t.Errorf("run: %v", err)
			}
			open, calls := 0, r.Total().Calls.Data
			state(w, "Hostile").View(func(s *checkpoint.State) { open, _ = s.Unread() })
			if rows := r.Total().Published; !everywhere && (open != 1 || rows < int64(len(m.rows))-25) || everywhere && (calls > 25 || rows > 0) {
				t.Errorf("%d slices are open, %d of %d rows published after %d calls for rows", open, rows, len(m.rows), calls)
			}
		})
	}
}
