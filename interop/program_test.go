package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"huntlake/pipeline/hunting/simulator"
)

// patience is how long the program may take for one verb.
const patience = 10 * time.Minute

// program is the program as users have it, with a configuration, a lake in a folder and a service on this machine.
type program struct {
	t       *testing.T
	path    string
	dir     string
	service *simulator.Service

	endpoint string // of the service
}

// programDir is where the program is built, for all tests, until TestMain removes it.
var programDir = filepath.Join(os.TempDir(), fmt.Sprintf("huntlake-interop-%d", os.Getpid()))

// built builds the program, once, and returns its path.
var built = sync.OnceValues(func() (string, error) {
	path := filepath.Join(programDir, "huntlake")
	if out, err := exec.Command("go", "build", "-C", "..", "-o", path, "./cmd/export").CombinedOutput(); err != nil {
		return path, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// TestMain removes what was built.
func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(programDir)
	os.Exit(code)
}

// newProgram serves the tables, at the time that it is, without quotas.
func newProgram(t *testing.T, tables []simulator.Table, change ...func(*simulator.Options)) *program {
	t.Helper()
	p := &program{t: t, dir: t.TempDir()}
	var err error
	if p.path, err = built(); err != nil {
		t.Fatal(err)
	}
	opts := simulator.Options{Tables: tables, Now: time.Now, Token: "right", Limits: simulator.Limits{
		CallsPerMinute: -1, CallsPerHour: -1, RunTimePerHour: -1, RunTimePerDay: -1,
	}}
	for _, c := range change {
		c(&opts)
	}
	if p.service, err = simulator.New(opts); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(p.service)
	t.Cleanup(server.Close)
	p.endpoint = server.URL
	var names []string
	for _, table := range tables {
		names = append(names, table.Name())
	}
	config := fmt.Sprintf(`lake: ./lake
source: {endpoint: "%s"}
tenants:
  - id: %s
    auth: {method: token, token: "right"}
tables: [%s]
quota: {calls_per_minute: 1000000, run_time_per_hour: 1000h, run_time_per_day: 1000h}
`, p.endpoint, tenantID, strings.Join(names, ", "))
	if err := os.WriteFile(p.config(), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *program) config() string { return filepath.Join(p.dir, "huntlake.yaml") }

func (p *program) lake() string { return filepath.Join(p.dir, "lake") }

// command is a verb that has not been started.
func (p *program) command(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, p.path, append(args, "--config", p.config())...)
}

// verb runs a verb, which must end with exit code 0, and returns what it printed.
func (p *program) verb(args ...string) []byte {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := p.command(ctx, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			p.t.Fatalf("%s: %v\n%s%s", args[0], err, stdout.Bytes(), stderr.Bytes())
		}
		p.t.Fatal(err)
	}
	return stdout.Bytes()
}

// decode runs a verb with --json.
func decode[T any](p *program, args ...string) T {
	p.t.Helper()
	var v T
	if err := json.Unmarshal(p.verb(append(args, "--json")...), &v); err != nil {
		p.t.Fatal(err)
	}
	return v
}

// isData reports whether a query asks for the rows of a slice.
func isData(query string) bool {
	return strings.HasSuffix(query, " | extend _IngestionTime = ingestion_time()")
}

// dataCalls is how often rows were asked for, with success.
func (p *program) dataCalls() (n int) {
	for _, c := range p.service.Calls() {
		if isData(c.Query) && c.Status == 200 {
			n++
		}
	}
	return n
}
