package hunting_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"huntlake/pipeline/hunting"
	"huntlake/schema"
)

// reply is one scripted response.
type reply struct {
	status  int // 0: 200
	header  map[string]string
	body    string
	gzipped bool
	cut     int           // the connection breaks after so many bytes of the body; 0: it does not
	endless bool          // the body goes on with blanks for ever
	wait    time.Duration // before the headers
	err     error         // instead of a response
}

// scripted is a service that gives its replies in order, the last one again and again, and remembers the requests.
type scripted struct {
	mu      sync.Mutex
	replies []reply
	asked   []*http.Request
	bodies  []string
	at      []time.Time
}

func (s *scripted) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	r := s.replies[min(len(s.asked), len(s.replies)-1)]
	s.asked, s.bodies, s.at = append(s.asked, req), append(s.bodies, string(body)), append(s.at, time.Now())
	s.mu.Unlock()
	select {
	case <-time.After(r.wait):
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	if r.err != nil {
		return nil, r.err
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if r.gzipped {
		header.Set("Content-Encoding", "gzip")
		r.body = zip(r.body)
	}
	for k, v := range r.header {
		header.Set(k, v)
	}
	var content io.Reader = strings.NewReader(r.body)
	if r.cut > 0 {
		content = io.MultiReader(strings.NewReader(r.body[:r.cut]), broken{errors.New("connection reset by peer")})
	}
	if r.endless {
		content = io.MultiReader(content, blanks{})
	}
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return &http.Response{StatusCode: r.status, Header: header, Body: io.NopCloser(content)}, nil
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// blanks is white space without end.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func zip(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

// issued is a credential that issues token 1, 2, … as secret as any.
type issued struct {
	mu     sync.Mutex
	count  int
	lasts  time.Duration // 0: an hour
	asked  []policy.TokenRequestOptions
	errs   []error // of the first calls
	frozen bool    // always token 1
}

func (c *issued) GetToken(_ context.Context, opts policy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, opts)
	if n := len(c.asked); n <= len(c.errs) && c.errs[n-1] != nil {
		return azcore.AccessToken{}, c.errs[n-1]
	}
	if c.count == 0 || !c.frozen {
		c.count++
	}
	lasts := c.lasts
	if lasts == 0 {
		lasts = time.Hour
	}
	return azcore.AccessToken{Token: fmt.Sprintf("s3cret-token-%d", c.count), ExpiresOn: time.Now().Add(lasts)}, nil
}

const twoRows = `{"@odata.context":"x","schema":[{"name":"A","type":"Int64"},{"name":"B","type":"String"}],"results":[{"A":1,"B":"x"},{"A":9007199254740993,"B":""}]}`

func newClient(t *testing.T, s *scripted, opts hunting.Options) *hunting.Client {
	t.Helper()
	opts.Transport = s
	if opts.Dialect == 0 {
		opts.Dialect = hunting.Graph
	}
	if opts.Credential == nil {
		opts.Credential = &issued{}
	}
	if opts.Now == nil {
		opts.Now = time.Now // of the bubble
	}
	c, err := hunting.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var query = hunting.Query{Table: "T", Text: "T | where A == \"<é>\" | take 2"}

func TestRunRequest(t *testing.T) {
	for _, tt := range []struct {
		name             string
		opts             hunting.Options
		url, body, scope string
	}{
		{"graph", hunting.Options{Dialect: hunting.Graph, Program: "huntlake/1.2"},
			"https://graph.microsoft.com/v1.0/security/runHuntingQuery",
			`{"Query":"T | where A == \"<é>\" | take 2","Timespan":"P30D"}`, "https://graph.microsoft.com/.default"},
		{"defender", hunting.Options{Dialect: hunting.Defender, Program: "huntlake/1.2"},
			"https://api.security.microsoft.com/api/advancedhunting/run",
			`{"Query":"T | where A == \"<é>\" | take 2"}`, "https://api.security.microsoft.com/.default"},
		{"another host keeps the scope", hunting.Options{Dialect: hunting.Defender, Program: "huntlake/1.2", Endpoint: "https://eu.api.security.microsoft.com/"},
			"https://eu.api.security.microsoft.com/api/advancedhunting/run",
			`{"Query":"T | where A == \"<é>\" | take 2"}`, "https://api.security.microsoft.com/.default"},
		{"this machine", hunting.Options{Dialect: hunting.Graph, Cloud: hunting.DoD, Program: "huntlake/1.2", Endpoint: "http://127.0.0.1:8080"},
			"http://127.0.0.1:8080/v1.0/security/runHuntingQuery",
			`{"Query":"T | where A == \"<é>\" | take 2","Timespan":"P30D"}`, "https://dod-graph.microsoft.us/.default"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, credential := &scripted{replies: []reply{{body: twoRows}}}, &issued{}
				tt.opts.Credential = credential
				answer, err := newClient(t, s, tt.opts).Run(t.Context(), query)
				if err != nil {
					t.Fatal(err)
				}
				answer.Release()
				req := s.asked[0]
				if req.Method != http.MethodPost || req.URL.String() != tt.url || s.bodies[0] != tt.body {
					t.Errorf("%s %s %s", req.Method, req.URL, s.bodies[0])
				}
				want := http.Header{
					"Authorization": {"Bearer s3cret-token-1"}, "Content-Type": {"application/json; charset=utf-8"},
					"Accept": {"application/json"}, "Accept-Encoding": {"gzip"}, "User-Agent": {"huntlake/1.2"},
				}
				if d := cmp.Diff(want, req.Header); d != "" {
					t.Error(d)
				}
				if d := cmp.Diff([]string{tt.scope}, credential.asked[0].Scopes); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

func TestRunAnswer(t *testing.T) {
	for _, gzipped := range []bool{false, true} {
		t.Run(fmt.Sprintf("gzip %v", gzipped), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
				defer mem.AssertSize(t, 0)
				s := &scripted{replies: []reply{{body: twoRows, gzipped: gzipped, wait: 3 * time.Second,
					header: map[string]string{"Date": "Sun, 22 Nov 2026 10:00:00 GMT", "Content-Type": "application/json;odata.metadata=minimal;charset=utf-8"}}}}
				answer, err := newClient(t, s, hunting.Options{Allocator: mem}).Run(t.Context(), query)
				if err != nil {
					t.Fatal(err)
				}
				defer answer.Release()
				if answer.Rows != 2 || answer.Bytes != int64(len(twoRows)) || answer.Elapsed != 3*time.Second ||
					!answer.Date.Equal(time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)) {
					t.Errorf("got %+v", answer)
				}
				want := []schema.Field{{Name: "A", Type: "Int64"}, {Name: "B", Type: "String"}}
				if d := cmp.Diff(want, answer.Fields); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

// Rows that come before columns that nobody foresaw cost one more call.
func TestRunRowsBeforeSchema(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const late = `{"results":[{"A":1},{"A":2}],"schema":[{"name":"A","type":"Int64"}]}`
		s := &scripted{replies: []reply{{body: late}}}
		c := newClient(t, s, hunting.Options{})
		answer, err := c.Run(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		answer.Release()
		if answer.Rows != 2 || len(s.asked) != 2 {
			t.Errorf("%d rows by %d calls", answer.Rows, len(s.asked))
		}
		foreseen := query
		foreseen.Want = []schema.Field{{Name: "A", Type: "Int64"}}
		if answer, err = c.Run(t.Context(), foreseen); err != nil {
			t.Fatal(err)
		}
		answer.Release()
		if len(s.asked) != 3 {
			t.Errorf("%d calls, want 3", len(s.asked))
		}
	})
}

func TestRunRefusesOtherTexts(t *testing.T) {
	s := &scripted{replies: []reply{{body: twoRows}}}
	c := newClient(t, s, hunting.Options{})
	for _, text := range []string{"", "T\n| take 1", "T\r", "T; U"} {
		if _, err := c.Run(t.Context(), hunting.Query{Table: "T", Text: text}); !errors.Is(err, hunting.ErrPermanent) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if len(s.asked) > 0 {
		t.Errorf("%d calls", len(s.asked))
	}
}

func TestNewRefuses(t *testing.T) {
	valid := hunting.Options{Dialect: hunting.Graph, Credential: &issued{}, Now: time.Now}
	for _, tt := range []struct {
		name string
		edit func(*hunting.Options)
		want string
	}{
		{"no dialect", func(o *hunting.Options) { o.Dialect = 0 }, "no dialect"},
		{"no credential", func(o *hunting.Options) { o.Credential = nil }, "no credential"},
		{"no clock", func(o *hunting.Options) { o.Now = nil }, "no clock"},
		{"everything at once", func(o *hunting.Options) { o.Credential, o.Endpoint = nil, "ftp://x" }, "no credential"},
		{"no such cloud", func(o *hunting.Options) { o.Cloud = 9 }, "cloud(9)"},
		{"negative time", func(o *hunting.Options) { o.Timeout = -1 }, "a limit is negative"},
		{"http elsewhere", func(o *hunting.Options) { o.Endpoint = "http://10.0.0.1" }, "want https"},
		{"http to a name like this machine's", func(o *hunting.Options) { o.Endpoint = "http://localhost.example" }, "want https"},
		{"another scheme", func(o *hunting.Options) { o.Endpoint = "ftp://localhost" }, "want https"},
		{"bare host", func(o *hunting.Options) { o.Endpoint = "graph.microsoft.com" }, "want https://host"},
		{"path", func(o *hunting.Options) { o.Endpoint = "https://x/y" }, "want https://host"},
		{"password", func(o *hunting.Options) { o.Endpoint = "https://u:p4ss@x" }, "want https://host"},
		{"query", func(o *hunting.Options) { o.Endpoint = "https://x?y" }, "want https://host"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := valid
			tt.edit(&opts)
			_, err := hunting.New(opts)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "p4ss") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	for _, endpoint := range []string{"http://localhost:1", "http://[::1]:1", "http://127.9.9.9", "https://us.api.security.microsoft.com"} {
		opts := valid
		opts.Endpoint = endpoint
		if _, err := hunting.New(opts); err != nil {
			t.Error(err)
		}
	}
}
