package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"huntlake/configs"
	"huntlake/pipeline"
)

const runLong = `Exports every table and query of the configuration up to now, less the settle time, and
publishes what it has read. Rows that are in the lake are not asked for again, so the first
run reads up to 30 days and each later one what has come since.

It may be interrupted (Ctrl-C, SIGTERM) and killed at any moment. The next run goes on where
it stopped; at most the calls that were under way are made again. Of several runs on one tenant,
one reads at a time, and the others end with exit code 4.

Of a table without a time column, whose rows are the state of things now, it takes a snapshot
a day: whole, or none if the source never stands still while it is read.

A table that fails is named, and the others go on.

The smallest configuration, huntlake.yaml:

  lake: ./lake
  tenants:
    - id: 00000000-0000-0000-0000-000000000001
  tables:
    - DeviceProcessEvents
    - EmailEvents`

const runExample = `  huntlake run
  huntlake run --config /etc/huntlake.yaml --watch=5m --log-format json`

func newRun(p *program) *cobra.Command {
	var every time.Duration
	var asJSON bool
	cmd := &cobra.Command{
		Use: "run", Short: "Export up to now", Long: runLong, Example: runExample, Args: runArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("watch") && every <= 0 {
				return &usageError{fmt.Errorf("--watch: %v is no time to wait: want one such as 5m", every)}
			}
			j, err := p.open(cmd.Context(), configs.Load)
			if err != nil {
				return err
			}
			defer j.Close()
			if err := j.signIn(); err != nil {
				return err
			}
			if every > 0 {
				return j.runEvery(cmd.Context(), every, asJSON)
			}
			j.opts.OneShot = true
			return j.runOnce(cmd.Context(), asJSON)
		},
	}
	jsonFlag(cmd, &asJSON)
	cmd.Flags().DurationVar(&every, "watch", 0, "go on: run again every so often until interrupted")
	cmd.Flags().Lookup("watch").NoOptDefVal = "10m"
	return cmd
}

// runArgs takes no argument, and knows the one that is likely to be given.
func runArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 1 && cmd.Flags().Changed("watch") {
		if _, err := time.ParseDuration(args[0]); err == nil {
			return fmt.Errorf("the time goes behind an equals sign: --watch=%s", args[0])
		}
	}
	return cobra.NoArgs(cmd, args)
}

// runReport is a run as the user reads it.
type runReport struct {
	pipeline.Report
	Program string        `json:"program"`
	Took    time.Duration `json:"took_ns"`
}

func (p *program) printRun(r runReport, asJSON bool) error {
	if asJSON {
		return p.printJSON(r)
	}
	g := newGrid("tenant", "table", "rows"+right, "calls"+right, "JSON"+right, "files"+right, "Parquet"+right, "waiting"+right, "gaps"+right, "exported to")
	for _, tenant := range r.Tenants {
		for _, t := range tenant.Tables {
			g.add(tenant.Tenant, t.Table, count(t.Rows), count(t.Calls.Total()), size(t.Bytes), count(t.Files), size(t.FileBytes), count(t.Waiting), count(t.Gaps), endOf(t))
		}
	}
	if len(g.rows) > 1 {
		t := r.Total()
		g.add("", "total", count(t.Rows), count(t.Calls.Total()), size(t.Bytes), count(t.Files), size(t.FileBytes), count(t.Waiting), count(t.Gaps), "")
	}
	g.dropSame("tenant")
	g.write(p.stdout, "")
	p.printRunNotes(r)
	return nil
}

// endOf is how far a table has come, or that it failed.
func endOf(t pipeline.TableReport) string {
	if t.Fault != "" {
		return minute(t.Frontier) + ", failed"
	}
	return minute(t.Frontier)
}

// printRunNotes says what of a report needs saying.
func (p *program) printRunNotes(r runReport) {
	t := r.Total()
	fmt.Fprintf(p.stdout, "\n%s", length(r.Took))
	if c := t.Calls; c.Total() > 0 {
		fmt.Fprintf(p.stdout, "; %s: %d to plan, %d for rows (%d of them in vain), %d to count again",
			plural(c.Total(), "call"), c.Plan, c.Data, c.Wasted, c.Recount)
	}
	fmt.Fprintln(p.stdout)
	if t.Waiting > 0 {
		fmt.Fprintf(p.stdout, "%s staged and not yet published: huntlake status shows them, a later run publishes them\n", plural(t.Waiting, "row"))
	}
	if t.Gaps > 0 {
		fmt.Fprintf(p.stdout, "%s recorded: rows that the source dropped before they could be read, or snapshots that could not be taken; huntlake status names them\n", plural(t.Gaps, "gap"))
	}
}
