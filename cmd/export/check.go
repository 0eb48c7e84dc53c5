package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"huntlake/configs"
)

const checkLong = `Tries everything that a run needs, step by step, and says what to do about what does not work:
the configuration; the lake (create, create-only, list, read, delete, under _export/check-…);
signing in to each tenant; the permission; each table and query; the clocks; the quota.

It costs one call a table and query, and leaves nothing in the lake.`

const checkExample = `  huntlake check
  huntlake check --json | jq '.[] | select(.ok | not)'`

// finding is one line of a check.
type finding struct {
	What   string `json:"what"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"` // what was found, or what failed
	Remedy string `json:"remedy,omitempty"`
}

// checklist collects findings and prints them as they come.
type checklist struct {
	program  *program
	asJSON   bool
	findings []finding
	failed   error // the joined failures
}

func newCheck(p *program) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "check", Short: "Try everything that a run needs", Long: checkLong, Example: checkExample, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list := &checklist{program: p, asJSON: asJSON}
			list.all(cmd.Context())
			if asJSON {
				if err := p.printJSON(list.findings); err != nil {
					return err
				}
			}
			if list.failed != nil {
				return fmt.Errorf("%w: %w", errReported, list.failed)
			}
			return nil
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *checklist) all(ctx context.Context) {
	j, err := c.program.load()
	if err != nil {
		c.add("configuration", err, "")
		return
	}
	c.add("configuration", nil, fmt.Sprintf("%s: %s, %s, %s", c.program.config,
		plural(len(j.config.Tenants), "tenant"), plural(len(j.config.Tables), "table"), queries(len(j.config.Queries))))
	if err := j.openLake(ctx); err != nil {
		c.add("lake: open", err, "")
	} else {
		defer j.Close()
		c.lake(ctx, j.opts.Bucket)
	}
	for i := range j.config.Tenants {
		c.tenant(ctx, j, i)
	}
	q := j.config.Quota
	c.add("quota", nil, fmt.Sprintf("%d calls a minute, run time of %s an hour and %s a day; of each %.0f%% for huntlake",
		q.CallsPerMinute, configs.FormatDuration(q.RunTimePerHour), configs.FormatDuration(q.RunTimePerDay), q.Share*100))
}

func queries(n int) string {
	if n == 1 {
		return "1 query"
	}
	return count(n) + " queries"
}

// add notes how a step ended: err, or nil and what was found.
func (c *checklist) add(what string, err error, detail string) {
	f := finding{What: what, OK: err == nil, Detail: detail}
	if err != nil {
		c.failed = errors.Join(c.failed, err)
		var usage *usageError
		if f.Detail = err.Error(); errors.As(err, &usage) {
			_, advice := c.program.explainConfig(err)
			f.Remedy = strings.Join(advice, "; ")
		} else {
			f.Remedy = remedy(err)
		}
	}
	c.findings = append(c.findings, f)
	if !c.asJSON {
		c.print(f)
	}
}

func (c *checklist) print(f finding) {
	state := "ok    "
	if !f.OK {
		state = "FAILED"
	}
	fmt.Fprintf(c.program.stdout, "%s  %s", state, f.What)
	if f.Detail != "" {
		fmt.Fprintf(c.program.stdout, ": %s", f.Detail)
	}
	fmt.Fprintln(c.program.stdout)
	if f.Remedy != "" {
		fmt.Fprintf(c.program.stdout, "        what to do: %s\n", f.Remedy)
	}
}
