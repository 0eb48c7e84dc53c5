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
the configuration; the lake (create, create-only, list, read, delete, under _export/check-…); the
ledgers, and that each query is still the one that its table was begun with; signing in to each
tenant; each table and query; the permission; the clocks; the quota's settings.

It costs one call a table and query, and leaves nothing in the lake. A step that could not be tried
for another's failure says so with a dash. Not tried at all: rights in the lake outside _export/,
and whether the tenant's quota is as the configuration has it, which the service does not tell.`

const checkExample = `  huntlake check
  huntlake check --json | jq '.[] | select(.ok | not)'`

// finding is one line of a check.
type finding struct {
	What    string `json:"what"`
	OK      bool   `json:"ok"`
	Untried bool   `json:"untried,omitempty"`
	Detail  string `json:"detail,omitempty"` // what was found, what failed, or why it was not tried
	Remedy  string `json:"remedy,omitempty"`
}

// checklist collects findings and prints them as they come.
type checklist struct {
	program  *program
	asJSON   bool
	ended    func() error // of the context
	findings []finding
	failed   error // the joined failures
}

func newCheck(p *program) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "check", Short: "Try everything that a run needs", Long: checkLong, Example: checkExample, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list := &checklist{program: p, asJSON: asJSON, ended: cmd.Context().Err}
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
	j, err := c.program.load(configs.Load)
	if err != nil {
		c.add("configuration", err, "")
		return
	}
	c.add("configuration", nil, fmt.Sprintf("%s: %s, %s, %s", c.program.config,
		plural(len(j.config.Tenants), "tenant"), plural(len(j.config.Tables), "table"), queries(len(j.config.Queries))))
	if err := j.openLake(ctx); err != nil {
		c.add("lake: open", err, "")
		c.skip("lake: create, create only where nothing is, list, read, delete", "without a lake")
		c.skip("ledgers", "without a lake")
	} else {
		defer j.Close()
		if c.lake(ctx, j.opts.Bucket) {
			c.ledgers(ctx, j)
		} else {
			c.skip("ledgers", "without the rights to list and to read")
		}
	}
	for i := range j.config.Tenants {
		c.tenant(ctx, j, i)
	}
	q := j.config.Quota
	c.add("quota", nil, fmt.Sprintf("%d calls a minute, run time of %s an hour and %s a day; of each %.0f%% for huntlake (as configured: the service does not say what it grants)",
		q.CallsPerMinute, configs.FormatDuration(q.RunTimePerHour), configs.FormatDuration(q.RunTimePerDay), q.Share*100))
}

func queries(n int) string {
	if n == 1 {
		return "1 query"
	}
	return count(n) + " queries"
}

// add notes how a step ended: err, or nil and what was found. What was interrupted has not failed.
func (c *checklist) add(what string, err error, detail string) {
	f := finding{What: what, OK: err == nil, Detail: detail}
	if err != nil {
		c.failed = errors.Join(c.failed, err)
		if c.ended() != nil {
			c.skip(what, "interrupted")
			return
		}
		var usage *usageError
		if f.Detail = err.Error(); errors.As(err, &usage) {
			_, advice := c.program.explainConfig(err)
			f.Remedy = strings.Join(advice, "; ")
		} else {
			f.Remedy = remedy(err)
		}
	}
	c.note(f)
}

// skip notes a step that was not tried, and why.
func (c *checklist) skip(what, why string) {
	c.note(finding{What: what, Untried: true, Detail: "not tried: " + why})
}

func (c *checklist) note(f finding) {
	c.findings = append(c.findings, f)
	if !c.asJSON {
		c.print(f)
	}
}

func (c *checklist) print(f finding) {
	state := "FAILED"
	switch {
	case f.OK:
		state = "ok    "
	case f.Untried:
		state = "-     "
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
