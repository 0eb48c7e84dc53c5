package simulator_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"huntlake/pipeline/hunting/simulator"
)

func TestBothDialects(t *testing.T) {
	s := start(t, simulator.Options{Tables: []simulator.Table{events(1)}})
	const graph = `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.security.huntingQueryResults",` +
		`"schema":[{"name":"Timestamp","type":"DateTime"},{"name":"N","type":"Int64"}],` +
		`"results":[{"Timestamp":"2026-11-22T11:59:59Z","N@odata.type":"#Int64","N":0}]}`
	if a := ask(t, s, graphPath, "Events"); a.body != graph {
		t.Errorf("got  %s\nwant %s", a.body, graph)
	}
	const defender = `"Schema":[{"Name":"Timestamp","Type":"DateTime"},{"Name":"N","Type":"Int64"}],"Results":[{"Timestamp":"2026-11-22T11:59:59Z","N":0}]}`
	if a := ask(t, s, defenderPath, "Events"); !strings.HasPrefix(a.body, `{"Stats":{"ExecutionTime":0.25`) || !strings.HasSuffix(a.body, defender) {
		t.Errorf("got %s\nwant Stats and %s", a.body, defender)
	}
	if a := ask(t, s, graphPath, "Events | take 0"); !strings.HasSuffix(a.body, `{"name":"N","type":"Int64"}],"results":[]}`) {
		t.Errorf("an empty answer is %s", a.body)
	}
}

func TestHeaders(t *testing.T) {
	s := start(t, simulator.Options{Tables: []simulator.Table{events(1)}})
	guid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$`)
	r := request(t, graphPath, "Events")
	r.Header.Set("client-request-id", "mine")
	a := send(t, s, r)
	want := map[string]string{"Content-Type": "application/json", "Vary": "Accept-Encoding", "Strict-Transport-Security": "max-age=31536000",
		"Client-Request-Id": "mine", "Date": "Sun, 22 Nov 2026 12:00:00 GMT", "Content-Length": ""}
	for k, v := range want {
		if got := a.header.Get(k); got != v {
			t.Errorf("%s is %q, want %q", k, got, v)
		}
	}
	first, second := a.header.Get("request-id"), ask(t, s, graphPath, "Nothing").header.Get("request-id")
	if !guid.MatchString(first) || !guid.MatchString(second) || first == second {
		t.Errorf("request ids %q and %q", first, second)
	}
}

func TestErrorEnvelopes(t *testing.T) {
	s := start(t, simulator.Options{})
	const text = "'take' operator: Failed to resolve table or column expression named 'DeviceInfo'. Fix semantic errors in your query."
	a := ask(t, s, graphPath, "DeviceInfo | take 5")
	var g struct {
		Error struct {
			Code, Message string
			InnerError    map[string]string `json:"innerError"`
		}
	}
	if err := json.Unmarshal([]byte(a.body), &g); err != nil || a.status != 400 || g.Error.Code != "BadRequest" || g.Error.Message != text {
		t.Errorf("status %d, %v: %s", a.status, err, a.body)
	}
	id := a.header.Get("request-id")
	if in := g.Error.InnerError; in["date"] != "2026-11-22T12:00:00" || in["request-id"] != id || in["client-request-id"] != id || len(in) != 3 {
		t.Errorf("inner error %v", in)
	}
	a = ask(t, s, defenderPath, "DeviceInfo | take 5")
	var d struct{ Error map[string]string }
	if err := json.Unmarshal([]byte(a.body), &d); err != nil || d.Error["code"] != "BadRequest" || d.Error["message"] != text || d.Error["target"] == "" || len(d.Error) != 3 {
		t.Errorf("%v: %s", err, a.body)
	}
	if c := s.Calls()[0]; c.Query != "DeviceInfo | take 5" || c.Detail == "" || c.Number != 1 || c.RunTime == 0 {
		t.Errorf("recorded as %+v", c)
	}
}

func TestRequestBodies(t *testing.T) {
	s := start(t, simulator.Options{Tables: []simulator.Table{events(3)}, Limits: simulator.Limits{CallsPerMinute: -1}})
	long := `{"Query":"Events | where N != 1` + strings.Repeat(" ", 1<<20) + `"}`
	tests := []struct {
		name, path, body string
		status           int
		code, message    string
	}{
		{"plain", defenderPath, `{"Query":"Events"}`, 200, "", ""},
		{"escaped line break", defenderPath, `{"Query":"Events\r\n| take 1"}`, 200, "", ""},
		{"raw line break", defenderPath, "{\"Query\":\"Events\n| take 1\"}", 400, "InvalidRequestBody", "Missing query."},
		{"wrong case", defenderPath, `{"query":"Events"}`, 400, "InvalidRequestBody", "Missing query."},
		{"no query", defenderPath, `{}`, 400, "InvalidRequestBody", "Missing query."},
		{"query is no string", defenderPath, `{"Query":5}`, 400, "InvalidRequestBody", "Missing query."},
		{"not an object", defenderPath, `"Events"`, 400, "InvalidRequestBody", "Missing query."},
		{"graph takes both cases", graphPath, `{"query":"Events"}`, 200, "", ""},
		{"graph, raw line break", graphPath, "{\"Query\":\"Events\n| take 1\"}", 400, "BadRequest",
			"Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."},
		{"graph, no query", graphPath, `{"Query":""}`, 400, "BadRequest", "Missing query."},
		{"wrong path", "/v1.0/security/runHuntingQuerys", `{"Query":"Events"}`, 404, "ResourceNotFound", "Resource not found for the segment 'runHuntingQuerys'."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := send(t, s, post(t, tt.path, tt.body))
			if a.status != tt.status {
				t.Fatalf("status %d, want %d: %s", a.status, tt.status, a.body)
			}
			if tt.status == 200 {
				return
			}
			if code, message := failure(t, a); code != tt.code || message != tt.message {
				t.Errorf("got %s: %s", code, message)
			}
		})
	}
	if a := send(t, s, post(t, graphPath, long)); a.status != 413 || !strings.Contains(a.body, "413 Request Entity Too Large") || a.header.Get("Content-Type") != "text/html" {
		t.Errorf("a query of a megabyte: status %d: %s", a.status, a.body)
	}
	r := request(t, graphPath, "Events")
	r.Method = http.MethodGet
	if a := send(t, s, r); a.status != 405 {
		t.Errorf("GET: status %d", a.status)
	}
	r = request(t, graphPath, "Events")
	r.Body = nil
	if a := send(t, s, r); a.status != 400 {
		t.Errorf("no body: status %d", a.status)
	}
}

// Without charset=utf-8 the service has been seen to read something else than what was written.
func TestCharset(t *testing.T) {
	s := start(t, simulator.Options{})
	for kind, want := range map[string]string{"application/json; charset=utf-8": `"n":3}`, "application/json;charset=UTF-8": `"n":3}`, "application/json": `"n":4}`} {
		r := request(t, defenderPath, `print n = strlen("Zoë")`)
		r.Header.Set("Content-Type", kind)
		if a := send(t, s, r); !strings.Contains(a.body, want) {
			t.Errorf("%s: %s", kind, a.body)
		}
	}
}

func TestTokens(t *testing.T) {
	c := &clock{now: epoch}
	s := start(t, simulator.Options{Tables: []simulator.Table{events(1)}, Now: c.Now, Token: "static", Secret: "s3cret"})
	status := func(header string) int {
		r := request(t, graphPath, "Events")
		r.Header.Set("Authorization", header)
		return send(t, s, r).status
	}
	token := func(form string) (int, map[string]any) {
		r := post(t, "/tenant-1/oauth2/v2.0/token", form)
		a := send(t, s, r)
		body := map[string]any{}
		if err := json.Unmarshal([]byte(a.body), &body); err != nil {
			t.Fatal(err)
		}
		return a.status, body
	}
	for header, want := range map[string]int{"Bearer static": 200, "Bearer other": 401, "Bearer ": 401, "": 401, "Basic static": 401} {
		if got := status(header); got != want {
			t.Errorf("%q: status %d, want %d", header, got, want)
		}
	}
	const good = "grant_type=client_credentials&client_id=x&client_secret=s3cret&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
	for form, want := range map[string]string{
		strings.Replace(good, "s3cret", "wrong", 1):          "invalid_client",
		strings.Replace(good, ".default", "User.Read", 1):    "invalid_scope",
		strings.Replace(good, "client_credentials", "xx", 1): "unsupported_grant_type",
	} {
		if code, body := token(form); code == 200 || body["error"] != want {
			t.Errorf("%s: %d %v, want %s", form, code, body, want)
		}
	}
	code, body := token(good)
	issued, _ := body["access_token"].(string)
	if code != 200 || body["token_type"] != "Bearer" || body["expires_in"] != 3599.0 || issued == "" {
		t.Fatalf("got %d %v", code, body)
	}
	if got := status("Bearer " + issued); got != 200 {
		t.Errorf("status %d with a fresh token", got)
	}
	c.Advance(time.Hour)
	if got := status("Bearer " + issued); got != 401 {
		t.Errorf("status %d with an old token, want 401", got)
	}
	a := send(t, s, post(t, "/tenant-1/v2.0/.well-known/openid-configuration", ""))
	if !strings.Contains(a.body, `"token_endpoint":"https://api.example.com/tenant-1/oauth2/v2.0/token"`) {
		t.Errorf("discovery says %s", a.body)
	}
}

func TestMissingRole(t *testing.T) {
	s := start(t, simulator.Options{Tables: []simulator.Table{events(1)}, MissingRole: true})
	for path, role := range map[string]string{graphPath: "ThreatHunting.Read.All", defenderPath: "AdvancedHunting.Read.All"} {
		a := ask(t, s, path, "Events")
		if code, message := failure(t, a); a.status != 403 || code != "Forbidden" || message != "Missing application roles. API required roles: "+role+", application roles: " {
			t.Errorf("%s: %d %s: %s", path, a.status, code, message)
		}
	}
}

func TestGzip(t *testing.T) {
	s := start(t, simulator.Options{Tables: []simulator.Table{events(5000)}})
	plain := ask(t, s, graphPath, "Events | sort by N asc")
	r := request(t, graphPath, "Events | sort by N asc")
	r.Header.Set("Accept-Encoding", "gzip")
	a := send(t, s, r)
	if a.header.Get("Content-Encoding") != "gzip" || plain.header.Get("Content-Encoding") != "" || len(a.body) > len(plain.body)/3 {
		t.Fatalf("%d bytes as %q, plain %d as %q", len(a.body), a.header.Get("Content-Encoding"), len(plain.body), plain.header.Get("Content-Encoding"))
	}
	z, err := gzip.NewReader(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if err != nil || !bytes.Equal(got, []byte(plain.body)) {
		t.Errorf("unpacked %d bytes, %v; plain are %d", len(got), err, len(plain.body))
	}
}

// The same service over a real connection, as the real client of the standard library sees it.
func TestOverTheNetwork(t *testing.T) {
	faults := map[int]simulator.Fault{2: simulator.FaultCut(30_000), 3: {Drip: time.Microsecond}, 4: simulator.FaultBadGateway()}
	s := start(t, simulator.Options{Tables: []simulator.Table{events(50_000)}, Faults: func(call int, _ string) simulator.Fault { return faults[call] }})
	server := httptest.NewServer(s)
	defer server.Close()
	post := func() (*http.Response, []byte, error) {
		r := request(t, graphPath, "Events")
		r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(server.URL, "http://")
		resp, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return resp, b, err
	}
	resp, b, err := post()
	if err != nil || resp.StatusCode != 200 || !json.Valid(b) || resp.ContentLength != -1 || !resp.Uncompressed {
		t.Errorf("status %d, %d bytes, length %d, %v", resp.StatusCode, len(b), resp.ContentLength, err)
	}
	if got := resp.Header.Get("Date"); got != "Sun, 22 Nov 2026 12:00:00 GMT" {
		t.Errorf("Date is %s", got)
	}
	if _, b, err = post(); err == nil || len(b) == 0 {
		t.Errorf("a cut answer: %d bytes, %v", len(b), err)
	}
	if _, b, err = post(); err != nil || !json.Valid(b) {
		t.Errorf("a slow answer: %d bytes, %v", len(b), err)
	}
	if resp, b, _ = post(); resp.StatusCode != 502 || !bytes.Contains(b, []byte("502 Bad Gateway")) {
		t.Errorf("status %d: %s", resp.StatusCode, b)
	}
}
