// Command memory prints the most memory that a run of huntlake holds, for backfills of ever more answers and tenants:
//
//	go run ./memory
//	go run ./memory -answers 10,100 -tenants 1
//
// The service is another process, so that what is measured is the program alone, as users have it.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"huntlake/pipeline"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/pipeline/hunting/simulator/synth"
)

// answerRows is how many rows of the table fill an answer, at about 3 kB each.
const answerRows = 15_000

var (
	answers = flag.String("answers", "10,100,1000", "how many answers of about 45 MB a run takes, of all tenants together")
	tenants = flag.String("tenants", "1,10", "how many tenants are read at once")
	table   = flag.String("table", "DeviceProcessEvents", "the table; of others, answers have another size")
	days    = flag.Int("days", 3, "over how many days the rows are spread")
	serve   = flag.Int("serve", 0, "serve so many rows instead, until the input ends")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	work := measure
	if *serve > 0 {
		work = serveRows
	}
	if err := work(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serveRows prints the address of a service, and serves until its input ends.
func serveRows(context.Context) error {
	end := time.Now().Add(-3 * 24 * time.Hour).Truncate(24 * time.Hour)
	tables, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 5, Rows: *serve, Tables: []string{*table}, Shape: synth.Even, Start: end.AddDate(0, 0, -*days), End: end,
	})
	if err != nil {
		return err
	}
	service, err := simulator.New(simulator.Options{Tables: tables, Now: time.Now, Token: "right", Limits: simulator.Limits{
		CallsPerMinute: -1, CallsPerHour: -1, RunTimePerHour: -1, RunTimePerDay: -1,
	}})
	if err != nil {
		return err
	}
	server := httptest.NewServer(service)
	defer server.Close()
	fmt.Println(server.URL)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// measure runs every combination and prints a row of each.
func measure(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "huntlake-memory")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "huntlake")
	if out, err := exec.CommandContext(ctx, "go", "build", "-C", "..", "-o", program, "./cmd/export").CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	fmt.Println("| tenants | answers | rows | JSON, MB | files | largest file, MB | peak resident, MB |")
	fmt.Println("|---|---|---|---|---|---|---|")
	for _, t := range numbers(*tenants) {
		for _, n := range numbers(*answers) {
			lake := filepath.Join(dir, fmt.Sprintf("%d-%d", t, n))
			if err := one(ctx, program, lake, t, max(n/t, 1)); err != nil {
				return err
			}
			if err := os.RemoveAll(lake); err != nil {
				return err
			}
		}
	}
	return nil
}

func numbers(list string) (out []int) {
	for word := range strings.SplitSeq(list, ",") {
		if n, err := strconv.Atoi(word); err == nil && n > 0 {
			out = append(out, n)
		}
	}
	return out
}

// one runs a backfill of so many answers of each of so many tenants, and prints its row.
func one(ctx context.Context, program, dir string, tenants, answers int) error {
	url, stop, err := startService(ctx, answers*answerRows)
	if err != nil {
		return err
	}
	defer stop()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "huntlake.yaml"), configuration(url, tenants), 0o600); err != nil {
		return err
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, program, "run", "--json", "--config", filepath.Join(dir, "huntlake.yaml"))
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run: %w\n%s", err, stderr.Bytes())
	}
	var report pipeline.Report
	if err := json.Unmarshal(stdout.Bytes(), &report); err != nil {
		return err
	}
	largest, err := largestFile(filepath.Join(dir, "lake"))
	if err != nil {
		return err
	}
	sum := report.Total()
	fmt.Printf("| %d | %d | %d | %d | %d | %d | %d |\n", tenants, sum.Calls.Data, sum.Rows, sum.Bytes/1e6, sum.Files, largest/1e6, peak(cmd.ProcessState)/1e6)
	return nil
}

// startService starts this program as a service of so many rows.
func startService(ctx context.Context, rows int) (url string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-serve", strconv.Itoa(rows), "-days", strconv.Itoa(*days), "-table", *table)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("the service did not start: %w", err)
	}
	return strings.TrimSpace(line), stop, nil
}

// configuration has the defaults in all but the quota, which a loopback service does not have.
func configuration(url string, tenants int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "lake: ./lake\nsource: {endpoint: %q}\ntables: [%s]\n", url, *table)
	fmt.Fprint(&b, "quota: {calls_per_minute: 1000000, run_time_per_hour: 1000h, run_time_per_day: 1000h}\ntenants:\n")
	for i := range tenants {
		fmt.Fprintf(&b, "  - id: 00000000-0000-0000-0000-%012d\n    auth: {method: token, token: right}\n", i+1)
	}
	return b.Bytes()
}

// largestFile is the size of the largest file of a folder, in bytes.
func largestFile(dir string) (most int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			most = max(most, info.Size())
		}
		return err
	})
	return most, err
}
