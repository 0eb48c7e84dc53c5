package interop

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/writers"
)

// outage is how long a store is away that is started again, to which its own start is added.
const outage = 4 * time.Second

// TestStoreJobs exports a million rows to each store. The program is killed while it reads; in the next run, the store
// is killed and started again while the program reads, and once more while it publishes. In the end every row is there
// once, as DuckDB reads what the bucket holds, nothing that was staged is left, and the lake verifies.
func TestStoreJobs(t *testing.T) {
	if testing.Short() {
		t.Skip("three million rows")
	}
	tables := narrowTable(t, 1_000_000)
	for _, kind := range stores() {
		t.Run(kind.name, func(t *testing.T) {
			began := time.Now()
			j := newJob(t, startStore(t, kind), tables)
			if !j.killed(answered, 3) {
				t.Fatal("the first run came to its end: there was nothing to kill")
			}
			restarts, err := j.restarted(2, 5)
			if err != nil {
				t.Errorf("the run in which the store was started again ended with %v", err)
			}
			if restarts != 2 {
				t.Errorf("the store was started again %d times, of 2", restarts)
			}
			j.finish()
			j.prove()
			t.Logf("%d data calls, %v in all", j.dataCalls(), time.Since(began).Round(time.Second))
		})
	}
}

// narrowTable is the narrowest table that there is, with so many rows over a month.
func narrowTable(t *testing.T, rows int) []simulator.Table {
	t.Helper()
	end := time.Now().Add(-3 * 24 * time.Hour)
	tables, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 7, Rows: rows, Start: end.Add(-26 * 24 * time.Hour), End: end, Tables: []string{"AlertInfo"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// job is the program with its lake in a store.
type job struct {
	*program
	store  *server
	tables []simulator.Table
	bucket *writers.Bucket // as its owner has it
}

func newJob(t *testing.T, s *server, tables []simulator.Table, change ...func(*simulator.Options)) *job {
	t.Helper()
	j := &job{program: newProgram(t, tables, change...), store: s, tables: tables, bucket: s.open(t, "job")}
	t.Cleanup(func() { _ = j.bucket.Close() })
	j.setLake(s.address("job"))
	return j
}

// setLake changes where the configuration says that the lake is.
func (p *program) setLake(address string) {
	p.t.Helper()
	text, err := os.ReadFile(p.config())
	if err != nil {
		p.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n")
	if err := os.WriteFile(p.config(), []byte(`lake: "`+address+"\"\n"+rest), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// killed makes a run and kills it at the count-th sign of a kind. It returns false if the run was faster.
func (j *job) killed(sign string, count int) bool {
	j.t.Helper()
	killed := false
	_ = j.during(sign, count, func(cmd *exec.Cmd) {
		killed = true
		_ = cmd.Process.Kill() // unless it has ended
	})
	return killed
}

// restarted makes a run, in which the store is killed and started again twice: when so many answers have been read, and
// at the upload of the file of such a number. It returns how often that was, and how the run ended.
func (j *job) restarted(answers, files int) (times int, err error) {
	j.t.Helper()
	var restarts, uploads atomic.Int64
	var restarting sync.WaitGroup
	j.store.front.set(func(_ http.ResponseWriter, r *http.Request) bool {
		if writes(r) && strings.Contains(r.URL.String(), ".parquet") && uploads.Add(1) == int64(files) {
			restarts.Add(1)
			j.store.kill()
			restarting.Go(func() { j.store.restart(outage) })
		}
		return false
	})
	err = j.during(answered, answers, func(*exec.Cmd) {
		restarts.Add(1)
		j.store.restart(outage)
	})
	restarting.Wait()
	j.store.front.set(nil)
	return int(restarts.Load()), err
}

// during makes one run, does something at the count-th sign of a kind, and returns how the run ended.
func (j *job) during(sign string, count int, do func(*exec.Cmd)) error {
	j.t.Helper()
	ctx, cancel := context.WithTimeout(j.t.Context(), patience)
	defer cancel()
	cmd := j.command(ctx, "run", "--log-format", "json", "--log-level", "debug")
	r, w := io.Pipe()
	cmd.Stderr = w
	if err := cmd.Start(); err != nil {
		j.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		_ = w.Close()
		ended <- err
	}()
	last, seen := "", 0
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct{ Level, Msg, Query, Error string }
		_ = json.Unmarshal(lines.Bytes(), &line)
		if line.Level == "ERROR" {
			last = line.Msg + " " + line.Error
		}
		if line.Msg != sign || sign == answered && !isData(line.Query) {
			continue
		}
		if seen++; seen == count {
			do(cmd)
		}
	}
	if err := <-ended; err != nil {
		return fmt.Errorf("%w: %s", err, last)
	}
	return nil
}

// finish runs until a run ends well, which is to take three at most.
func (j *job) finish() {
	j.t.Helper()
	for range 2 {
		if j.during("", 0, nil) == nil {
			return
		}
	}
	j.verb("run")
}

// prove holds what the bucket holds against the source.
func (j *job) prove() {
	j.t.Helper()
	if v := decode[pipeline.Verification](j.program, "verify"); !v.Clean() {
		j.t.Errorf("verify: %+v", v)
	}
	before := j.dataCalls()
	j.verb("run")
	if n := j.dataCalls(); n != before {
		j.t.Errorf("one more run asked for rows %d times", n-before)
	}
	dir := j.copyFiles()
	db := duck(j.t)
	for _, table := range j.tables {
		wantRows, wantSum := sourceSum(table, partition.TickOf(time.Now()))
		gotRows, gotSum := lakeSum(j.t, db, dir, table)
		if gotRows != wantRows || gotSum.Cmp(wantSum) != 0 {
			j.t.Errorf("%s: DuckDB reads %d rows with sum %v, the source has %d with %v", table.Name(), gotRows, gotSum, wantRows, wantSum)
		}
		j.t.Logf("%s: DuckDB reads the source's %d rows", table.Name(), gotRows)
	}
}

// copyFiles puts what a reader who globs the bucket finds into a folder, and makes sure that nothing staged is left.
func (j *job) copyFiles() (dir string) {
	j.t.Helper()
	dir = j.t.TempDir()
	objects, err := j.bucket.List(j.t.Context(), "", 0)
	if err != nil {
		j.t.Fatal(err)
	}
	for _, o := range objects {
		if strings.HasSuffix(o.Key, ".arrow") {
			j.t.Errorf("%s is left", o.Key)
		}
		if !strings.HasSuffix(o.Key, ".parquet") {
			continue
		}
		content, err := j.bucket.Read(j.t.Context(), o.Key, o.Size)
		path := filepath.Join(dir, filepath.FromSlash(o.Key))
		if err := errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, bytes.Clone(content), 0o600)); err != nil {
			j.t.Fatal(err)
		}
	}
	return dir
}
