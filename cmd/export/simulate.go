package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/pipeline/hunting/simulator/synth"
)

const simulateLong = `Answers as the hunting API does, both dialects, on this machine alone: to rehearse an export, or
to test one's own client. It keeps to the service's limits (100,000 rows and 50 MB an answer, 30
days, calls a minute, run time an hour) and refuses with its words.

Rows come from a folder (--data: one JSON lines or CSV file a table, plain or gzipped) or are
made up. Those of a folder are moved in time, so that the newest was just now, unless --keep-times.
Made-up rows end when it starts, and no more come: started again, it is another tenant with other
times, and wants another lake.

It goes on until interrupted.`

const simulateExample = `  huntlake simulate --listen 127.0.0.1:8765
  huntlake simulate --data ./rows --keep-times
  huntlake simulate --tables DeviceProcessEvents,AlertInfo --rows 1000000 --shape storm`

// simulation is what the flags ask for.
type simulation struct {
	listen    string
	data      string
	keepTimes bool
	tables    []string
	rows      int
	days      int
	devices   int
	seed      uint64
	shape     string
	token     string
	maxRows   int
	maxBytes  int64
	calls     int
	slow      bool
}

func newSimulate(p *program) *cobra.Command {
	var s simulation
	cmd := &cobra.Command{
		Use: "simulate", Short: "Answer as the hunting API does, on this machine", Long: simulateLong, Example: simulateExample, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.simulate(cmd.Context(), s) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&s.listen, "listen", "127.0.0.1:0", "loopback address; port 0 takes a free one")
	f.StringVar(&s.data, "data", "", "folder of rows to serve, instead of made-up ones")
	f.BoolVar(&s.keepTimes, "keep-times", false, "leave the times of the folder's rows as they are")
	f.StringSliceVar(&s.tables, "tables", nil, "tables to make up (default a mixed five)")
	f.IntVar(&s.rows, "rows", 50_000, "rows to make up of each table")
	f.IntVar(&s.days, "days", 30, "days to spread them over, up to now")
	f.IntVar(&s.devices, "devices", 200, "devices that they come from")
	f.Uint64Var(&s.seed, "seed", 1, "the same seed makes the same rows, but for their times")
	f.StringVar(&s.shape, "shape", "office", "how they are spread: office, even or storm")
	f.StringVar(&s.token, "token", "simulated", "bearer token to ask for; empty for any")
	f.IntVar(&s.maxRows, "max-rows", 100_000, "rows of an answer, silently cut")
	f.Int64Var(&s.maxBytes, "max-bytes", 50<<20, "bytes of an answer, refused")
	f.IntVar(&s.calls, "calls-per-minute", 45, "calls a minute; 0 lifts every quota")
	f.BoolVar(&s.slow, "slow", false, "take the time that the service would take to answer")
	return cmd
}

func (p *program) simulate(ctx context.Context, s simulation) error {
	tables, err := s.load(p.now())
	if err != nil {
		return err
	}
	service, err := simulator.New(s.options(tables, p.now))
	if err != nil {
		return &usageError{err}
	}
	l, err := listen(ctx, s.listen)
	if err != nil {
		return err
	}
	p.printSimulation(s, tables, "http://"+l.Addr().String())
	return serveWhile(ctx, l, service, func(ctx context.Context) error {
		<-ctx.Done()
		fmt.Fprintf(p.stderr, "stopped after %s\n", plural(len(service.Calls()), "call"))
		return nil
	})
}

var shapes = map[string]synth.Shape{"office": synth.Office, "even": synth.Even, "storm": synth.Storm}

// load reads the folder, or makes rows up.
func (s simulation) load(now time.Time) ([]simulator.Table, error) {
	if s.data != "" {
		opts := simulator.FileOptions{ShiftTo: now}
		if s.keepTimes {
			opts.ShiftTo = time.Time{}
		}
		tables, err := simulator.LoadFolder(s.data, opts)
		if err == nil && len(tables) == 0 {
			err = fmt.Errorf("%s has no .json, .jsonl, .ndjson or .csv file", s.data)
		}
		if err != nil {
			return nil, &usageError{fmt.Errorf("--data: %w", err)}
		}
		return tables, nil
	}
	if s.rows < 1 || s.days < 1 {
		return nil, &usageError{fmt.Errorf("--rows %d --days %d: want no fewer than 1 row, and 1 day", s.rows, s.days)}
	}
	shape, ok := shapes[s.shape]
	if !ok {
		return nil, &usageError{fmt.Errorf("--shape: %q is not one of office, even, storm", s.shape)}
	}
	tables, err := simulator.Generate(simulator.GenerateOptions{
		Seed: s.seed, Tables: s.tables, Rows: s.rows, Devices: s.devices, Shape: shape,
		Start: now.Add(-time.Duration(s.days) * 24 * time.Hour), End: now,
	})
	if err != nil {
		return nil, &usageError{err}
	}
	return tables, nil
}

func (s simulation) options(tables []simulator.Table, now func() time.Time) simulator.Options {
	opts := simulator.Options{
		Tables: tables, Now: now, Token: s.token, Seed: s.seed,
		Limits: simulator.Limits{MaxRows: s.maxRows, MaxBytes: s.maxBytes, CallsPerMinute: s.calls},
	}
	if s.calls <= 0 {
		opts.Limits.CallsPerMinute, opts.Limits.CallsPerHour, opts.Limits.RunTimePerHour, opts.Limits.RunTimePerDay = -1, -1, -1, -1
	}
	if s.slow {
		opts.Wait = hunting.Sleep
	}
	return opts
}

func (p *program) printSimulation(s simulation, tables []simulator.Table, endpoint string) {
	fmt.Fprintf(p.stdout, "# The hunting API, simulated: %s\n", endpoint)
	for _, t := range tables {
		fmt.Fprintf(p.stdout, "#   %-28s %s\n", t.Name(), plural(t.Len(), "row"))
	}
	token := s.token
	if token == "" {
		token = "any"
	}
	fmt.Fprintf(p.stdout, `# A configuration for it (Ctrl-C ends it):
lake: ./lake
source: {endpoint: "%s"}
tenants:
  - id: %s
    auth: {method: token, token: %s}
tables:
`, endpoint, demoTenant, token)
	for _, t := range tables {
		fmt.Fprintf(p.stdout, "  - %s\n", t.Name())
	}
}
