package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	main "huntlake/cmd/export"
	"huntlake/pipeline/hunting/simulator"
)

const tenantID = "00000000-0000-0000-0000-000000000001"

// result is how the program ended and what it said.
type result struct {
	code           int
	stdout, stderr string
}

// huntlake runs the program in this process.
func huntlake(t *testing.T, args ...string) result {
	t.Helper()
	return huntlakeAt(t.Context(), time.Now, args...)
}

func huntlakeAt(ctx context.Context, now func() time.Time, args ...string) result {
	var stdout, stderr bytes.Buffer
	code := main.RunAt(ctx, now, args, &locked{w: &stdout}, &locked{w: &stderr})
	return result{code, stdout.String(), stderr.String()}
}

// locked is a writer that several goroutines may use, as they do a terminal.
type locked struct {
	mu sync.Mutex
	w  *bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.String()
}

// want fails the test unless the program ended with code and said each of the words somewhere.
func (r result) want(t *testing.T, code int, words ...string) {
	t.Helper()
	said := r.stdout + r.stderr
	for _, w := range words {
		if !strings.Contains(said, w) {
			t.Errorf("it does not say %q", w)
		}
	}
	if r.code != code {
		t.Errorf("exit code %d, want %d", r.code, code)
	}
	if t.Failed() {
		t.Fatalf("stdout:\n%s\nstderr:\n%s", r.stdout, r.stderr)
	}
}

// decode reads what a verb printed with --json.
func decode[T any](t *testing.T, r result) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(r.stdout), &v); err != nil {
		t.Fatalf("%v in:\n%s\nstderr:\n%s", err, r.stdout, r.stderr)
	}
	return v
}

// rig is a simulated service, a folder and a configuration that joins them.
type rig struct {
	t       *testing.T
	service *simulator.Service
	url     string
	dir     string
	passed  atomic.Int64 // how far the rig's clock is ahead of the machine's
}

func (r *rig) now() time.Time { return time.Now().Add(time.Duration(r.passed.Load())) }

// pass moves the clock of the service and of the program.
func (r *rig) pass(d time.Duration) { r.passed.Add(int64(d)) }

var rigTables = []string{"AlertInfo", "DeviceProcessEvents"}

// newRig serves five days of a few rows; change may spoil it.
func newRig(t *testing.T, change ...func(*simulator.Options)) *rig {
	t.Helper()
	end := time.Now()
	tables, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 7, Tables: rigTables, Rows: 400, Start: end.AddDate(0, 0, -5), End: end,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, dir: t.TempDir()}
	opts := simulator.Options{Tables: tables, Now: r.now, Token: "right", Limits: simulator.Limits{CallsPerMinute: -1}}
	for _, c := range change {
		c(&opts)
	}
	if r.service, err = simulator.New(opts); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(r.service)
	t.Cleanup(server.Close)
	r.url = server.URL
	r.configure("")
	return r
}

// serve puts a handler of one's own before the service.
func (r *rig) serve(h func(http.ResponseWriter, *http.Request)) {
	server := httptest.NewServer(http.HandlerFunc(h))
	r.t.Cleanup(server.Close)
	r.url = server.URL
	r.configure("")
}

// configure writes the configuration, with more lines at its end.
func (r *rig) configure(more string) {
	r.t.Helper()
	text := fmt.Sprintf(`lake: ./lake
source: {endpoint: "%s"}
tenants:
  - id: %s
    auth: {method: token, token: "right"}
quota: {calls_per_minute: 100000}
`, r.url, tenantID)
	if !strings.Contains(more, "tables:") {
		more += "tables: [" + strings.Join(rigTables, ", ") + "]\n"
	}
	if err := os.WriteFile(r.config(), []byte(text+more), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) config() string { return filepath.Join(r.dir, "huntlake.yaml") }

func (r *rig) lake() string { return filepath.Join(r.dir, "lake") }

// verb runs a verb with the rig's configuration.
func (r *rig) verb(args ...string) result {
	r.t.Helper()
	return r.verbIn(r.t.Context(), args...)
}

func (r *rig) verbIn(ctx context.Context, args ...string) result {
	return huntlakeAt(ctx, r.now, append(args, "--config", r.config())...)
}

// files are the published files.
func (r *rig) files() []string {
	r.t.Helper()
	var out []string
	err := filepath.WalkDir(r.lake(), func(path string, _ os.DirEntry, err error) error {
		if filepath.Ext(path) == ".parquet" {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}
