package hunting_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"huntlake/pipeline/hunting"
)

var good = reply{body: twoRows}

func TestRunRepeats(t *testing.T) {
	refused := reply{err: &net{syscall.ECONNREFUSED}}
	busy := reply{status: 503, body: `{"error":{"code":"ServiceUnavailable","message":""}}`}
	soon := busy
	soon.header = map[string]string{"Retry-After": "50"}
	late := busy
	late.header = map[string]string{"Retry-After": "600"}
	for _, tt := range []struct {
		name     string
		replies  []reply
		opts     hunting.Options
		calls    int
		meaning  string // "" for success
		min, max time.Duration
		text     string
	}{
		{name: "500 once", replies: []reply{{status: 500}, good}, calls: 2, min: 2 * time.Second, max: 6 * time.Second},
		{name: "503 four times", replies: []reply{busy, busy, busy, busy, good}, calls: 5, min: 30 * time.Second, max: 90 * time.Second},
		{name: "503 for ever", replies: []reply{busy}, calls: 5, meaning: outage, min: 30 * time.Second, max: 90 * time.Second,
			text: "query T: graph.microsoft.com is down or out of reach (attempt 5): status 503 Service Unavailable"},
		{name: "503 with Retry-After", replies: []reply{soon, good}, calls: 2, min: 50 * time.Second, max: 50 * time.Second},
		{name: "503 with a long Retry-After", replies: []reply{late, good}, calls: 1, meaning: outage, text: "is down or out of reach (attempt 1)"},
		{name: "connection refused", replies: []reply{refused}, calls: 5, meaning: outage, min: 30 * time.Second, max: 90 * time.Second, text: "connection refused"},
		{name: "connection reset mid-body", replies: []reply{{body: twoRows, cut: 40}, good}, calls: 2, min: 2 * time.Second, max: 6 * time.Second},
		{name: "body ends early", replies: []reply{{body: twoRows[:60]}, good}, calls: 2, min: 2 * time.Second, max: 6 * time.Second},
		{name: "empty body", replies: []reply{{}, good}, calls: 2, min: 2 * time.Second, max: 6 * time.Second},
		{name: "gzip ends early", replies: []reply{{body: zip(twoRows)[:40], header: map[string]string{"Content-Encoding": "gzip"}}, good}, calls: 2, min: 2 * time.Second, max: 6 * time.Second},
		{name: "gzip with a wrong checksum", replies: []reply{{body: flip(zip(twoRows), 8), header: map[string]string{"Content-Encoding": "gzip"}}, good}, calls: 2, min: 2 * time.Second, max: 6 * time.Second},
		{name: "no repetitions", replies: []reply{busy}, opts: hunting.Options{Retries: -1}, calls: 1, meaning: outage},
		{name: "one repetition", replies: []reply{busy}, opts: hunting.Options{Retries: 1}, calls: 2, meaning: outage, min: 2 * time.Second, max: 6 * time.Second},

		{name: "504", replies: []reply{{status: 504}, good}, calls: 1, meaning: "too big"},
		{name: "502", replies: []reply{{status: 502}, good}, calls: 1, meaning: "too big"},
		{name: "preempted", replies: []reply{{status: 400, body: `{"error":{"code":"BadRequest","message":"was preempted"}}`}, good}, calls: 1, meaning: "too big"},
		{name: "no answer in time", replies: []reply{{body: twoRows, wait: time.Hour}, good}, calls: 1, meaning: "too big", min: 200 * time.Second, max: 200 * time.Second,
			text: "query T: no whole answer within 3m20s"},
		{name: "no answer in its own time", replies: []reply{{body: twoRows, wait: 90 * time.Second}}, opts: hunting.Options{Timeout: time.Minute}, calls: 1, meaning: "too big", min: time.Minute, max: time.Minute},
		{name: "wrong value", replies: []reply{{body: strings.Replace(twoRows, `"B":"x"`, `"B":7`, 1)}, good}, calls: 1, meaning: "permanent", text: `column "B"`},
		{name: "not JSON", replies: []reply{{body: "nonsense"}, good}, calls: 1, meaning: "permanent"},
		{name: "trailing garbage", replies: []reply{{body: twoRows + "x"}, good}, calls: 1, meaning: "permanent"},
		{name: "schema that will not stay", replies: []reply{{body: `{"results":[{"A":1}],"schema":[{"name":"A","type":"Int64"}]}`}, {body: `{"results":[{"A":1}],"schema":[{"name":"A","type":"Int32"}]}`}}, calls: 2, meaning: "permanent"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
				defer mem.AssertSize(t, 0)
				tt.opts.Allocator = mem
				s, start := &scripted{replies: tt.replies}, time.Now()
				answer, err := newClient(t, s, tt.opts).Run(t.Context(), query)
				if took := time.Since(start); took < tt.min || took > tt.max {
					t.Errorf("took %v, want %v to %v", took, tt.min, tt.max)
				}
				if len(s.asked) != tt.calls {
					t.Errorf("%d calls, want %d", len(s.asked), tt.calls)
				}
				if tt.meaning == "" {
					if err != nil {
						t.Fatal(err)
					}
					answer.Release()
				} else if err == nil || meanings(err) != tt.meaning || !strings.Contains(err.Error(), tt.text) {
					t.Errorf("got %v, want %s with %q", err, tt.meaning, tt.text)
				}
				if err != nil && (errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "s3cret")) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// net is what a transport returns when it cannot connect.
type net struct{ errno syscall.Errno }

func (n *net) Error() string { return "dial tcp: " + n.errno.Error() }
func (n *net) Unwrap() error { return n.errno }

// flip changes the byte that is so far from the end.
func flip(text string, fromEnd int) string {
	b := []byte(text)
	b[len(b)-fromEnd] ^= 1
	return string(b)
}

// An answer without end is cut off before it fills the memory.
func TestRunBoundsAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{replies: []reply{{body: `{"results":[`, endless: true}}}
		_, err := newClient(t, s, hunting.Options{MaxBytes: 1 << 20}).Run(t.Context(), query)
		if err == nil || meanings(err) != "too big" || !strings.Contains(err.Error(), "more than 1048576 bytes") || len(s.asked) != 1 {
			t.Errorf("%d calls, %v", len(s.asked), err)
		}
	})
}

// What an answer waits for memory is not the service's time, and no sign that it is too big.
func TestRunWaitsForMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := good
		slow.wait = 150 * time.Second
		q := query
		q.Ready = func(ctx context.Context) (func(), error) {
			return func() { t.Error("the memory of a good answer was given back") }, hunting.Sleep(ctx, 10*time.Minute)
		}
		a, err := newClient(t, &scripted{replies: []reply{slow}}, hunting.Options{Timeout: 200 * time.Second}).Run(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Release()
		if a.Elapsed != slow.wait {
			t.Errorf("%v for an answer that took %v", a.Elapsed, slow.wait)
		}
		late := reply{body: good.body[:20], endless: true, wait: 50 * time.Second}
		q.Ready = func(context.Context) (func(), error) { return func() {}, errors.New("no room") }
		if _, err := newClient(t, &scripted{replies: []reply{late}}, hunting.Options{Retries: -1}).Run(t.Context(), q); err == nil || !strings.Contains(err.Error(), "no room") {
			t.Errorf("without memory: %v", err)
		}
	})
}

// An answer that breaks off gives its memory back before the client waits to ask again.
func TestRunGivesMemoryBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cut, busy := good, reply{status: 429, header: map[string]string{"Retry-After": "60"}}
		cut.body = cut.body[:len(cut.body)/2]
		began := time.Now()
		var taken, given []time.Duration
		q := query
		q.Ready = func(context.Context) (func(), error) {
			taken = append(taken, time.Since(began))
			return func() { given = append(given, time.Since(began)) }, nil
		}
		a, err := newClient(t, &scripted{replies: []reply{cut, busy, good}}, hunting.Options{}).Run(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Release()
		if len(taken) != 2 || len(given) != 1 || given[0] != taken[0] || taken[1] < time.Minute {
			t.Errorf("taken at %v, given back at %v", taken, given)
		}
	})
}

// A refusal without end, or that takes over a terminal, is read in part and told as text; so is what the authority
// says that issues tokens.
func TestRunTamesRefusals(t *testing.T) {
	bomb := "\x1b[2J\x1b]0;owned\a\r\nno\x00" + strings.Repeat("\x1b[31m ", 1<<20)
	inJSON := `{"error":{"code":"\u001b[2J","message":"` + strings.Repeat(`\u001b[31mx\n`, 1000) + `","innerError":{"request-id":"\u0007"}}}`
	said := errors.New("AADSTS1:\x1b[2J\r\n" + strings.Repeat("-", 1<<20))
	for name, tt := range map[string]struct {
		reply reply
		token error
	}{
		"endless":   {reply: reply{status: 400, body: bomb, endless: true}},
		"gzip":      {reply: reply{status: 403, body: bomb, gzipped: true}},
		"JSON":      {reply: reply{status: 404, body: inJSON}},
		"header":    {reply: reply{status: 400, header: map[string]string{"request-id": "\x1b[2J", "Content-Type": bomb}}},
		"page":      {reply: reply{body: bomb, header: map[string]string{"Content-Type": "text/html; \x1b[2J"}}},
		"authority": {reply: good, token: &azidentity.AuthenticationFailedError{RawResponse: authority(400)}},
		"tokens":    {reply: good, token: said},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				credential := &issued{errs: []error{tt.token, tt.token, tt.token, tt.token, tt.token}}
				_, err := newClient(t, &scripted{replies: []reply{tt.reply}}, hunting.Options{Credential: credential}).Run(t.Context(), query)
				if err == nil || len(err.Error()) > 5000 || strings.ContainsFunc(err.Error(), unicode.IsControl) {
					t.Errorf("%d bytes: %.300q", len(fmt.Sprint(err)), fmt.Sprint(err))
				}
			})
		})
	}
}

func TestRunEndsWithContext(t *testing.T) {
	for _, tt := range []struct {
		name  string
		reply reply
		opts  hunting.QuotaOptions
	}{
		{"during the call", reply{wait: time.Hour}, hunting.QuotaOptions{}},
		{"between attempts", reply{status: 503, header: map[string]string{"Retry-After": "55"}}, hunting.QuotaOptions{}},
		{"while the quota is spent", reply{status: 429, header: map[string]string{"Retry-After": "100"}}, hunting.QuotaOptions{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				start := time.Now()
				_, err := newClient(t, &scripted{replies: []reply{tt.reply}}, hunting.Options{}).Run(ctx, query)
				if !errors.Is(err, context.DeadlineExceeded) || meanings(err) != outage || time.Since(start) != 10*time.Second {
					t.Errorf("got %v after %v", err, time.Since(start))
				}
			})
		})
	}
}

// TestRunTellsOfPauses tells of each pause when it begins: until when, what for, and because of whom.
func TestRunTellsOfPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := reply{status: 503, header: map[string]string{"Retry-After": "50"}}
		var pauses []hunting.Pause
		c := newClient(t, &scripted{replies: []reply{busy, busy, good}}, hunting.Options{Pauses: func(p hunting.Pause) {
			pauses = append(pauses, p)
			if left := time.Until(p.Until); left != 50*time.Second || p.Host != "graph.microsoft.com" || !strings.Contains(p.Err.Error(), "503") {
				t.Errorf("%v for %s: %v", left, p.Host, p.Err)
			}
		}})
		answer, err := c.Run(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		answer.Release()
		if len(pauses) != 2 {
			t.Errorf("%d pauses, want 2", len(pauses))
		}
	})
}

func TestRunSitsOutShortRefusals(t *testing.T) {
	wait := func(seconds string) reply {
		return reply{status: 429, header: map[string]string{"Retry-After": seconds}, body: `{"error":{"code":"429","message":"maximum allowed 45 per 00:01:00"}}`}
	}
	for _, tt := range []struct {
		name    string
		replies []reply
		calls   int
		meaning string
		took    time.Duration
		until   time.Duration
	}{
		{"once", []reply{wait("8"), good}, 2, "", 8 * time.Second, 0},
		{"as long as may be", []reply{wait("120"), good}, 2, "", 2 * time.Minute, 0},
		{"longer", []reply{wait("121"), good}, 1, "quota", 0, 121 * time.Second},
		{"again and again", []reply{wait("30")}, 6, "quota", 150 * time.Second, 0},
		{"short, then long", []reply{wait("8"), wait("3600"), good}, 2, "quota", 8 * time.Second, 3608 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, start := &scripted{replies: tt.replies}, time.Now()
				answer, err := newClient(t, s, hunting.Options{}).Run(t.Context(), query)
				if len(s.asked) != tt.calls || time.Since(start) != tt.took {
					t.Errorf("%d calls in %v, want %d in %v", len(s.asked), time.Since(start), tt.calls, tt.took)
				}
				if tt.meaning == "" {
					if err != nil {
						t.Fatal(err)
					}
					answer.Release()
					return
				}
				if meanings(err) != tt.meaning {
					t.Errorf("got %v", err)
				}
				var spent *hunting.QuotaError
				if tt.until > 0 && (!errors.As(err, &spent) || !spent.Until.Equal(start.Add(tt.until)) || spent.Budget != "calls per minute") {
					t.Errorf("got %v, want until %v", err, tt.until)
				}
			})
		})
	}
}

// A refusal is every client's on the same quota, and what calls cost is counted there.
func TestRunSpendsTheQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quota := newQuota(t, hunting.QuotaOptions{CallsPerMinute: 2, RunTimePerHour: 30 * time.Second})
		answered := reply{body: twoRows, wait: 10 * time.Second}
		a := newClient(t, &scripted{replies: []reply{answered}}, hunting.Options{Quota: quota})
		b := newClient(t, &scripted{replies: []reply{{status: 503, wait: 5 * time.Second}, {body: `{"Stats":{"ExecutionTime":16.5},` + strings.ReplaceAll(twoRows[1:], "schema", "Schema")}}}, hunting.Options{Quota: quota})
		start := time.Now()
		for _, c := range []*hunting.Client{a, b} {
			answer, err := c.Run(t.Context(), query)
			if err != nil {
				t.Fatal(err)
			}
			answer.Release()
		}
		// The third call had to wait until the first was a minute old; 10 + 5 + 16.5 s are spent.
		if took := time.Since(start); took != time.Minute {
			t.Errorf("took %v", took)
		}
		var spent *hunting.QuotaError
		if _, err := a.Run(t.Context(), query); !errors.As(err, &spent) || spent.Budget != "run time per hour" {
			t.Errorf("got %v", err)
		}
		c := newClient(t, &scripted{replies: []reply{{status: 429, body: `{"error":{"code":"CpuQuotaExceeded","message":"again in 7000 seconds"}}`}}}, hunting.Options{})
		_, first := c.Run(t.Context(), query)
		_, second := c.Run(t.Context(), query)
		if meanings(first) != "quota" || meanings(second) != "quota" {
			t.Errorf("got %v, %v", first, second)
		}
	})
}

func TestRunReplacesRefusedTokens(t *testing.T) {
	const claims = `{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}`
	challenge := `Bearer realm="", error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(claims)) + `"`
	refused := reply{status: 401, header: map[string]string{"WWW-Authenticate": challenge}}
	for _, tt := range []struct {
		name       string
		replies    []reply
		credential *issued
		tokens     []string
		meaning    string
	}{
		{"once", []reply{refused, good}, &issued{}, []string{"1", "2"}, ""},
		{"twice", []reply{refused}, &issued{}, []string{"1", "2"}, "denied"},
		{"no other token", []reply{refused}, &issued{frozen: true}, []string{"1"}, "denied"},
		{"between other faults", []reply{{status: 503}, refused, {status: 429, header: map[string]string{"Retry-After": "1"}}, good}, &issued{}, []string{"1", "1", "2", "2"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &scripted{replies: tt.replies}
				answer, err := newClient(t, s, hunting.Options{Credential: tt.credential}).Run(t.Context(), query)
				if err == nil {
					answer.Release()
				}
				if (tt.meaning == "" && err != nil) || (tt.meaning != "" && meanings(err) != tt.meaning) {
					t.Errorf("got %v", err)
				}
				var used []string
				for _, req := range s.asked {
					used = append(used, strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer s3cret-token-"))
				}
				if d := cmp.Diff(tt.tokens, used); d != "" {
					t.Error(d)
				}
				if asked := tt.credential.asked; asked[0].Claims != "" || asked[len(asked)-1].Claims != claims || !asked[0].EnableCAE {
					t.Errorf("got %+v", asked)
				}
			})
		})
	}
}

func TestRunKeepsTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		credential := &issued{}
		c := newClient(t, &scripted{replies: []reply{good}}, hunting.Options{Credential: credential})
		run := func() {
			if answer, err := c.Run(t.Context(), query); err != nil {
				t.Error(err)
			} else {
				answer.Release()
			}
		}
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(run)
		}
		wg.Wait()
		time.Sleep(55*time.Minute - time.Nanosecond)
		run()
		if n := len(credential.asked); n != 1 {
			t.Errorf("%d tokens, want 1", n)
		}
		time.Sleep(time.Nanosecond)
		run()
		if n := len(credential.asked); n != 2 {
			t.Errorf("%d tokens, want 2", n)
		}
	})
}

func TestRunWithoutToken(t *testing.T) {
	for _, tt := range []struct {
		name    string
		errs    []error
		asked   int
		meaning string
	}{
		{"refused", []error{&azidentity.AuthenticationFailedError{RawResponse: authority(400)}}, 1, "denied"},
		{"nothing to ask with", []error{azidentity.NewCredentialUnavailableError("no managed identity")}, 1, "denied"},
		{"authority is busy", []error{&azidentity.AuthenticationFailedError{RawResponse: authority(503)}}, 2, ""},
		{"authority throttles", []error{&azidentity.AuthenticationFailedError{RawResponse: authority(429)}}, 2, ""},
		{"no connection", []error{&azidentity.AuthenticationFailedError{}, errors.New("no such host")}, 3, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				credential := &issued{errs: tt.errs}
				answer, err := newClient(t, &scripted{replies: []reply{good}}, hunting.Options{Credential: credential, Tenant: "contoso"}).Run(t.Context(), query)
				if err == nil {
					answer.Release()
				}
				if len(credential.asked) != tt.asked || (err == nil) != (tt.meaning == "") {
					t.Errorf("%d tries, %v", len(credential.asked), err)
				}
				if tt.meaning != "" && (meanings(err) != tt.meaning || !strings.HasSuffix(err.Error(), "; check the credential in tenant contoso")) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// obtaining is a credential that does what its next function says.
type obtaining []func(context.Context) (azcore.AccessToken, error)

func (o *obtaining) GetToken(ctx context.Context, _ policy.TokenRequestOptions) (azcore.AccessToken, error) {
	next := (*o)[0]
	*o = (*o)[1:]
	return next(ctx)
}

// That one caller gave up while it got a token says nothing to the next: it is told what the authority said.
func TestRunTellsNobodyOfAnothersEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refusal := &azidentity.AuthenticationFailedError{RawResponse: authority(400)}
		credential := &obtaining{
			func(context.Context) (azcore.AccessToken, error) {
				return azcore.AccessToken{Token: "s3cret-token-1", ExpiresOn: time.Now().Add(time.Hour)}, nil
			},
			func(context.Context) (azcore.AccessToken, error) { return azcore.AccessToken{}, refusal },
			func(ctx context.Context) (azcore.AccessToken, error) {
				<-ctx.Done()
				return azcore.AccessToken{}, ctx.Err()
			},
		}
		wants := reply{status: 401, header: map[string]string{"WWW-Authenticate": `Bearer claims="` + base64.StdEncoding.EncodeToString([]byte("{}")) + `"`}}
		c := newClient(t, &scripted{replies: []reply{good, good, wants, good}}, hunting.Options{Credential: credential})
		for _, wait := range []time.Duration{0, 59*time.Minute + 20*time.Second} {
			time.Sleep(wait)
			answer, err := c.Run(t.Context(), query)
			if err != nil {
				t.Fatal(err)
			}
			answer.Release()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if _, err := c.Run(ctx, query); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who gave up was told %v", err)
		}
		time.Sleep(10 * time.Second)
		if _, err := c.Run(t.Context(), query); meanings(err) != "denied" {
			t.Errorf("the next one was told %v", err)
		}
	})
}

func authority(status int) *http.Response {
	req, _ := http.NewRequest(http.MethodPost, "https://login.example/token", nil)
	return &http.Response{StatusCode: status, Request: req, Body: http.NoBody}
}
