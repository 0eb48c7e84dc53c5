package hunting_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"huntlake/pipeline/hunting"
)

// sharedErrors is the folder of captured refusals.
func sharedErrors(t *testing.T) string {
	t.Helper()
	root := os.Getenv("HUNTLAKE_SHARED")
	for dir := "."; root == ""; dir = filepath.Join(dir, "..") {
		if abs, err := filepath.Abs(dir); err != nil || abs == "/" {
			break
		}
		if _, err := os.Stat(filepath.Join(dir, "shared", "facts")); err == nil {
			root = filepath.Join(dir, "shared")
		}
	}
	dir := filepath.Join(root, "facts", "samples", "errors")
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("captured refusals are not there: %v", err)
		}
		t.Logf("SKIPPED: captured refusals are not there: %v", err)
		t.Skip()
	}
	return dir
}

// all are the meanings of an error; outage stands for none of them.
var all = map[string]error{
	"too big": hunting.ErrTooBig, "no table": hunting.ErrNoTable, "denied": hunting.ErrDenied,
	"quota": hunting.ErrQuota, "permanent": hunting.ErrPermanent,
}

const outage = "outage"

func meanings(err error) string {
	var out []string
	for name, class := range all {
		if errors.Is(err, class) {
			out = append(out, name)
		}
	}
	if len(out) == 0 {
		return outage
	}
	return strings.Join(out, ", ")
}

// refuse runs one call that gets r, at 2000-01-01T00:00:20Z, without repeating it or waiting.
func refuse(t *testing.T, r reply) (err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(20 * time.Second)
		s := &scripted{replies: []reply{r}}
		c := newClient(t, s, hunting.Options{Retries: -1, MaxWait: 1, Tenant: "contoso", Credential: &issued{frozen: true}})
		_, err = c.Run(t.Context(), hunting.Query{Table: "DeviceInfo", Text: "DeviceInfo | take 0"})
	})
	if err == nil {
		t.Fatal("no error")
	}
	if strings.Contains(err.Error(), "s3cret") || strings.ContainsAny(err.Error(), "\r\n") {
		t.Errorf("error text %q", err)
	}
	return err
}

func TestCapturedRefusals(t *testing.T) {
	dir := sharedErrors(t)
	cases := map[string]struct {
		status  int
		meaning string
		wait    time.Duration
		budget  string
		text    string
	}{
		"graph-400-preempted.json":                 {status: 400, meaning: "too big", text: "request 00000000-0000-0000-0000-000000000000"},
		"graph-400-result-size.json":               {status: 400, meaning: "too big", text: "status 400 Bad Request, code BadRequest: Query execution has exceeded"},
		"graph-400-semantic-missing-table.json":    {status: 400, meaning: "no table", text: "; the name is wrong, or no licence in tenant contoso brings the table"},
		"graph-429-cpu-quota.json":                 {status: 429, meaning: "quota", wait: 2871 * time.Second, budget: "cpu", text: "the budget of cpu is spent until 2000-01-01T00:48:11Z: status 429"},
		"graph-429-generic-docs.json":              {status: 429, meaning: "quota", wait: 40 * time.Second, budget: "calls", text: "94fb3b52-452a-4535-a601-69e0a90e3aa2"},
		"graph-500-unknownerror.json":              {status: 500, meaning: outage, text: "graph.microsoft.com is down or out of reach (attempt 1): status 500 Internal Server Error, code UnknownError (request 1033a640"},
		"graph-504-unknownerror.json":              {status: 504, meaning: "too big", text: "status 504 Gateway Timeout"},
		"legacy-400-missing-query-crlf.json":       {status: 400, meaning: "permanent", text: "code InvalidRequestBody: Missing query. (request |8b7d5947-428b0a9cb9bb1600.)"},
		"legacy-400-missing-query-newline.json":    {status: 400, meaning: "permanent"},
		"legacy-403-missing-role.json":             {status: 403, meaning: "denied", text: "; grant the application ThreatHunting.Read.All (API: Microsoft Graph) in tenant contoso"},
		"legacy-404-docs-example.json":             {status: 404, meaning: "permanent", text: "; check the endpoint https://graph.microsoft.com"},
		"legacy-429-calls-per-hour.json":           {status: 429, meaning: "quota", wait: 59*time.Minute + 40*time.Second, budget: "calls per hour"},
		"legacy-429-calls-per-minute.json":         {status: 429, meaning: "quota", wait: 40 * time.Second, budget: "calls per minute"},
		"legacy-429-keyed-other-mde-endpoint.json": {status: 429, meaning: "quota", wait: 8 * time.Second, budget: "calls per minute"},
		"portal-semantic-error.json":               {status: 400, meaning: "permanent", text: "Failed to resolve scalar expression"},
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		t.Run(f.Name(), func(t *testing.T) {
			want, ok := cases[f.Name()]
			if !ok {
				t.Fatal("no case for this file")
			}
			body, err := os.ReadFile(filepath.Join(dir, f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			err = refuse(t, reply{status: want.status, body: string(body)})
			var refusal *hunting.Error
			if !errors.As(err, &refusal) || refusal.Status != want.status || refusal.RetryAfter != want.wait {
				t.Errorf("got %+v", refusal)
			}
			if got := meanings(err); got != want.meaning || !strings.Contains(err.Error(), want.text) {
				t.Errorf("got %s: %v", got, err)
			}
			var spent *hunting.QuotaError
			if errors.As(err, &spent) && (spent.Budget != want.budget || !spent.Until.Equal(time.Date(2000, 1, 1, 0, 0, 20, 0, time.UTC).Add(want.wait))) {
				t.Errorf("got %+v", spent)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	const envelope = `{"error":{"code":"%s","message":"%s"}}`
	body := func(code, message string) string {
		return strings.Replace(strings.Replace(envelope, "%s", code, 1), "%s", message, 1)
	}
	html := map[string]string{"Content-Type": "text/html"}
	for _, tt := range []struct {
		name    string
		reply   reply
		meaning string
		wait    time.Duration
		text    string
	}{
		{"preempted", reply{status: 400, body: body("BadRequest", "The query execution was preempted.")}, "too big", 0, ""},
		{"another table is missing", reply{status: 400, body: body("BadRequest", "'where' operator: Failed to resolve table or column expression named 'Other'.")}, "permanent", 0, "'Other'"},
		{"a column is missing", reply{status: 400, body: body("BadRequest", "Failed to resolve scalar expression named 'x'")}, "permanent", 0, ""},
		{"syntax", reply{status: 400, body: body("BadRequest", "The incomplete fragment is unexpected.. Fix syntax errors in your query.")}, "permanent", 0, ""},
		{"empty 400", reply{status: 400}, "permanent", 0, "query DeviceInfo: status 400 Bad Request"},

		{"401", reply{status: 401, body: body("InvalidAuthenticationToken", "Access token has expired.")}, "denied", 0, "Access token has expired.; check the credential in tenant contoso"},
		{"403 without a body", reply{status: 403}, "denied", 0, "ThreatHunting.Read.All"},
		{"403 in Graph's words", reply{status: 403, body: body("Authorization_RequestDenied", "Insufficient privileges")}, "denied", 0, ""},
		{"not provisioned", reply{status: 403, body: body("", "Unauthorized request - Account is not provisioned.")}, "denied", 0, "; the tenant has no Defender"},

		{"redirect", reply{status: 302, header: map[string]string{"Location": "https://login.example/x?token=s3cret-token-1"}}, "permanent", 0, "redirects to https://login.example; check"},
		{"redirect on the host", reply{status: 307, header: map[string]string{"Location": "/else"}}, "permanent", 0, "redirects to https://graph.microsoft.com"},
		{"410", reply{status: 410}, "permanent", 0, "whether the graph API is still offered"},
		{"413", reply{status: 413, body: "<html><head><title>413 Request Entity Too Large</title></head></html>", header: html}, "permanent", 0, ": 413 Request Entity Too Large"},
		{"202", reply{status: 202}, "permanent", 0, "202"},

		{"429 with seconds", reply{status: 429, header: map[string]string{"Retry-After": "733"}, body: body("CpuQuotaExceeded", "in 5 seconds")}, "quota", 733 * time.Second, ""},
		{"429 with a date", reply{status: 429, header: map[string]string{"Retry-After": "Sun, 22 Nov 2026 10:05:00 GMT", "Date": "Sun, 22 Nov 2026 10:00:00 GMT"}}, "quota", 5 * time.Minute, ""},
		{"429 with a date, by our clock", reply{status: 429, header: map[string]string{"Retry-After": "Sat, 01 Jan 2000 00:03:20 GMT"}}, "quota", 3 * time.Minute, ""},
		{"429 with a date that is past", reply{status: 429, header: map[string]string{"Retry-After": "Sun, 22 Nov 1998 10:05:00 GMT"}}, "quota", 40 * time.Second, ""},
		{"429 with nonsense", reply{status: 429, header: map[string]string{"Retry-After": "soon"}}, "quota", 40 * time.Second, ""},
		{"429 with one second", reply{status: 429, body: body("429", "You can send requests again in 1 second.")}, "quota", time.Second, ""},
		{"429 with minutes", reply{status: 429, body: body("CpuQuotaExceeded", "You can run queries again in 12 minutes.")}, "quota", 12 * time.Minute, ""},
		{"429 for cpu, until the next cycle", reply{status: 429, body: body("CpuQuotaExceeded", "again later"), header: map[string]string{"Date": "Sun, 22 Nov 2026 10:17:00 GMT"}}, "quota", 13 * time.Minute, "cpu"},
		{"429 per minute, by the service's clock", reply{status: 429, body: body("429", "maximum allowed 45 per 00:01:00"), header: map[string]string{"Date": "Sun, 22 Nov 2026 10:17:45 GMT"}}, "quota", 15 * time.Second, "calls per minute"},
		{"429 in HTML", reply{status: 429, body: "<html>slow\n down</html>", header: html}, "quota", 40 * time.Second, "slow down"},

		{"500", reply{status: 500, body: body("UnknownError", "")}, outage, 0, "is down"},
		{"502 page", reply{status: 502, body: "<html><body><h1>502 Bad Gateway</h1></body></html>", header: html}, "too big", 0, "502 Bad Gateway"},
		{"502", reply{status: 502, body: body("UnknownError", "<html>")}, "too big", 0, ""},
		{"503", reply{status: 503, header: map[string]string{"Retry-After": "7"}}, outage, 7 * time.Second, ""},
		{"504 without a body", reply{status: 504}, "too big", 0, ""},
		{"520", reply{status: 520}, outage, 0, "status 520"},

		{"refusal in a 200: syntax", reply{body: body("BadRequest", "Fix syntax errors")}, "permanent", 0, "Fix syntax errors"},
		{"refusal in a 200: size", reply{body: body("BadRequest", "Query execution has exceeded the allowed result size.")}, "too big", 0, ""},
		{"refusal in a 200: quota", reply{body: body("TooManyRequests", "again in 9 seconds")}, "quota", 9 * time.Second, ""},
		{"refusal in a 200: permission", reply{body: body("Forbidden", "no")}, "denied", 0, ""},
		{"refusal in a 200: unknown", reply{body: body("Whatever", "no")}, outage, 0, ""},

		{"page instead of an answer", reply{body: "<html>Sign in</html>", header: html}, "permanent", 0, `the answer is "text/html", not JSON, and may come from a proxy: status 200 OK: Sign in`},
		{"unasked compression", reply{body: "x", header: map[string]string{"Content-Encoding": "br"}}, "permanent", 0, `compressed as "br"`},
		{"compressed refusal", reply{status: 400, gzipped: true, body: body("BadRequest", "was preempted")}, "too big", 0, ""},
		{"refusal that is not compressed as it says", reply{status: 403, header: map[string]string{"Content-Encoding": "gzip"}, body: "plain"}, "denied", 0, ""},
		{"echoed token", reply{status: 400, body: body("BadRequest s3cret-token-1", "header was Bearer s3cret-token-1, sorry"), header: map[string]string{"request-id": "s3cret-token-1"}}, "permanent", 0, "Bearer [redacted], sorry (request [redacted])"},
		{"echoed token in a page", reply{body: "Authorization: s3cret-token-1", header: html}, "permanent", 0, "[redacted]"},
		{"echoed token in a content type", reply{body: "x", header: map[string]string{"Content-Type": "s3cret-token-1/html"}}, "permanent", 0, "[redacted]"},
		{"request id of the headers", reply{status: 400, header: map[string]string{"request-id": "from-header"}, body: `{"error":{"innererror":{"request-id":"from-body"}}}`}, "permanent", 0, "(request from-header)"},
		{"request id of the body", reply{status: 400, body: `{"error":{"innererror":{"request-id":"from-body"}}}`}, "permanent", 0, "(request from-body)"},
		{"numbers for texts", reply{status: 400, body: `{"error":{"code":17,"message":{"a":1},"target":[]}}`}, "permanent", 0, "code 17"},
		{"long text", reply{status: 400, body: strings.Repeat("long ", 1<<20)}, "permanent", 0, "long long long"},
		{"control characters", reply{status: 400, body: body("a", `x\u0007\u001b[31m\ny`)}, "permanent", 0, ": x[31m y"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := refuse(t, tt.reply)
			if got := meanings(err); got != tt.meaning || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %s, want %s with %q: %v", got, tt.meaning, tt.text, err)
			}
			var refusal *hunting.Error
			if errors.As(err, &refusal) && refusal.RetryAfter != tt.wait {
				t.Errorf("wait %v, want %v", refusal.RetryAfter, tt.wait)
			}
			if len(err.Error()) > 1200 {
				t.Errorf("%d bytes of text", len(err.Error()))
			}
		})
	}
}

// Whatever a gateway sends, there is an error of one meaning, on one line, that waits for no negative time.
func FuzzRefusal(f *testing.F) {
	f.Add(uint16(400), "", `{"error":{"code":"BadRequest","message":"was preempted","innerError":{"request-id":"x"}}}`)
	f.Add(uint16(429), "-5", `{"error":{"code":429,"message":"in 9999999 hours per 99:99:99"}}`)
	f.Add(uint16(503), "Sun, 22 Nov 1998 10:05:00 GMT", "<html>\r\n\x00\u2028</html>")
	f.Add(uint16(302), "99999999999", `{"error":"x"}`)
	f.Add(uint16(200), "1", `{"error":{"code":"Forbidden"}}`)
	f.Fuzz(func(t *testing.T, status uint16, retryAfter, body string) {
		if status == 401 || status < 100 {
			return
		}
		s := &scripted{replies: []reply{{status: int(status), body: body, header: map[string]string{"Retry-After": retryAfter}}}}
		c, err := hunting.New(hunting.Options{Dialect: hunting.Graph, Credential: &issued{frozen: true}, Transport: s,
			Now: func() time.Time { return time.Unix(0, 0) }, Retries: -1, MaxWait: 1})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := c.Run(t.Context(), query)
		if err == nil {
			answer.Release()
			return
		}
		if got := meanings(err); strings.Contains(got, ",") || strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("%s: %q", got, err)
		}
		var refusal *hunting.Error
		if errors.As(err, &refusal) && refusal.RetryAfter < 0 {
			t.Errorf("waits %v", refusal.RetryAfter)
		}
	})
}
