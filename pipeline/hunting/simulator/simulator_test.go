package simulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
)

const graphPath, defenderPath = "/v1.0/security/runHuntingQuery", "/api/advancedhunting/run"

// epoch is the instant that most tests begin at.
var epoch = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// clock is a clock that stands still until it is moved. It is safe for concurrent use.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// table is a table of one column N, the row's number, at given instants.
type table struct {
	name                     string
	times, ingested, arrived []partition.Tick
}

func (t table) Name() string       { return t.name }
func (t table) TimeColumn() string { return "Timestamp" }
func (t table) Columns(partition.Tick) []schema.Field {
	return []schema.Field{{Name: "Timestamp", Type: "DateTime"}, {Name: "N", Type: "Int64"}}
}
func (t table) Len() int                              { return len(t.times) }
func (t table) Time(row int) partition.Tick           { return t.times[row] }
func (t table) Ingested(row int) partition.Tick       { return t.ingested[row] }
func (t table) Arrived(row int) partition.Tick        { return t.arrived[row] }
func (t table) Read(fields []schema.Field) kql.Reader { return &reader{table: t, fields: fields} }

type reader struct {
	table  table
	fields []schema.Field
	row    int
}

func (r *reader) Seek(row int) { r.row = row }
func (r *reader) Cell(k int) kql.Value {
	if r.fields[k].Name == "N" {
		return kql.OfLong(int64(r.row))
	}
	return kql.OfTime(r.table.times[r.row])
}

// add appends a row by its age and lag at epoch; a negative lag leaves it unstamped, arriving at once.
func (t *table) add(age, lag time.Duration) {
	at := partition.TickOf(epoch.Add(-age))
	t.times = append(t.times, at)
	if lag < 0 {
		t.ingested, t.arrived = append(t.ingested, partition.NoTick), append(t.arrived, at)
		return
	}
	t.ingested, t.arrived = append(t.ingested, at.Add(lag)), append(t.arrived, at.Add(lag))
}

// events is a table of n rows, one a second, the newest a second before epoch, that arrive at once.
func events(n int) table {
	t := table{name: "Events"}
	for i := range n {
		t.add(time.Duration(n-i)*time.Second, 0)
	}
	return t
}

func start(tb testing.TB, opts simulator.Options) *simulator.Service {
	tb.Helper()
	if opts.Now == nil {
		opts.Now = func() time.Time { return epoch }
	}
	s, err := simulator.New(opts)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// answer is what a caller sees.
type answer struct {
	status int
	header http.Header
	body   string
	err    error // that ended the body
}

// request returns a well-formed call.
func request(tb testing.TB, path, query string) *http.Request {
	tb.Helper()
	b, err := json.Marshal(map[string]string{"Query": query})
	if err != nil {
		tb.Fatal(err)
	}
	return post(tb, path, string(b))
}

func post(tb testing.TB, path, body string) *http.Request {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, "https://api.example.com"+path, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("Authorization", "Bearer any")
	return r
}

func send(tb testing.TB, s *simulator.Service, r *http.Request) answer {
	tb.Helper()
	resp, err := s.Transport().RoundTrip(r)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	var b strings.Builder
	_, err = io.Copy(&b, resp.Body)
	return answer{resp.StatusCode, resp.Header, b.String(), err}
}

func ask(tb testing.TB, s *simulator.Service, path, query string) answer {
	tb.Helper()
	return send(tb, s, request(tb, path, query))
}

// result is a Graph answer, decoded the slow way.
type result struct {
	Schema  []schema.Field           `json:"schema"`
	Results []map[string]json.Number `json:"results"`
}

// numbers asks Graph and returns the values of an integer column.
func numbers(tb testing.TB, s *simulator.Service, query, column string) []string {
	tb.Helper()
	a := ask(tb, s, graphPath, query+" | project "+column)
	if a.status != http.StatusOK || a.err != nil {
		tb.Fatalf("%s: status %d, %v: %s", query, a.status, a.err, a.body)
	}
	var r result
	dec := json.NewDecoder(strings.NewReader(strings.ReplaceAll(a.body, `"#Int64"`, `0`)))
	dec.UseNumber()
	if err := dec.Decode(&r); err != nil {
		tb.Fatalf("%s: %v", a.body, err)
	}
	out := []string{}
	for _, row := range r.Results {
		out = append(out, row[column].String())
	}
	return out
}

// failure decodes an error in either envelope.
func failure(tb testing.TB, a answer) (code, message string) {
	tb.Helper()
	var e struct {
		Error struct {
			Code, Message, Target string
			InnerError            map[string]string
		}
	}
	if err := json.Unmarshal([]byte(a.body), &e); err != nil {
		tb.Fatalf("status %d: %q: %v", a.status, a.body, err)
	}
	return e.Error.Code, e.Error.Message
}

var errWait = errors.New("wait refused")

func refuseToWait(context.Context, time.Duration) error { return errWait }
