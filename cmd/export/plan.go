package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"huntlake/configs"
	"huntlake/pipeline"
)

const planLong = `Counts what a run made now would read, and cuts it into the calls that the run would make.
Counting costs a few calls a table; rows are not read, and nothing in the lake changes but who
works on the tenant. While another process does, there is no plan: exit code 4.

The sizes are those of a small sample for a table that was never exported, and later those
that its answers have had.`

const planExample = `  huntlake plan
  huntlake plan --slices
  huntlake plan --json | jq '[.tables[].calls.data] | add'`

func newPlan(p *program) *cobra.Command {
	var asJSON, slices bool
	cmd := &cobra.Command{
		Use: "plan", Short: "Say what a run would read and cost, without reading it", Long: planLong, Example: planExample, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			j, err := p.open(cmd.Context(), configs.Load)
			if err != nil {
				return err
			}
			defer j.Close()
			if err := j.signIn(); err != nil {
				return err
			}
			e, err := j.exporter()
			if err != nil {
				return err
			}
			preview, err := e.Plan(cmd.Context())
			if asJSON {
				return errors.Join(err, p.printJSON(preview))
			}
			p.printPlan(preview, j.config.Quota)
			if slices {
				p.printSlices(preview)
			}
			return err
		},
	}
	jsonFlag(cmd, &asJSON)
	cmd.Flags().BoolVar(&slices, "slices", false, "list every slice: one call each, but for the empty ones")
	return cmd
}

func (p *program) printPlan(preview pipeline.Preview, q configs.Quota) {
	g := newGrid("tenant", "table", "from", "to", "rows"+right, "slices"+right, "calls"+right, "JSON"+right, "run time"+right)
	for _, t := range preview.Tables {
		if t.Fault != "" {
			g.add(t.Tenant, t.Table, "failed", "", "", "", "", "", "")
			continue
		}
		g.add(t.Tenant, t.Table, minute(t.Start), minute(t.End), count(t.Rows), count(len(t.Slices)), count(t.Calls.Total()), size(t.Bytes), runTime(t))
	}
	g.dropSame("tenant")
	g.write(p.stdout, "")
	if counted := slices.ContainsFunc(preview.Tables, func(t pipeline.TablePreview) bool { return t.Fault == "" }); !counted {
		return
	}
	fmt.Fprintf(p.stdout, "\nExpected: %s, on a quota of %d calls a minute and %s of run time an hour (share %.0f%%).\nNo row was read, and nothing was committed.\n",
		expected(preview, q), q.CallsPerMinute, configs.FormatDuration(q.RunTimePerHour), q.Share*100)
}

// runTime is what a table's answers are expected to take, which nobody knows before the first.
func runTime(t pipeline.TablePreview) string {
	if t.RunTime == 0 && t.Rows > 0 {
		return "not known"
	}
	return length(t.RunTime)
}

// expected is how long a run takes, by the tenant that takes longest: each has its own quota.
func expected(preview pipeline.Preview, q configs.Quota) string {
	need := map[string]needs{}
	for _, t := range preview.Tables {
		n := need[t.Tenant]
		need[t.Tenant] = needs{n.calls + t.Calls.Total(), n.runTime + t.RunTime}
	}
	var longest time.Duration
	for _, n := range need {
		longest = max(longest, n.time(q))
	}
	if longest < time.Minute {
		return "less than a minute"
	}
	return "about " + length(longest)
}

// needs is what one tenant is asked for.
type needs struct {
	calls   int
	runTime time.Duration
}

// time is the time that the quota spreads the calls over, if they take no longer themselves: what fits into its first
// minute and hour comes at once.
func (n needs) time(q configs.Quota) time.Duration {
	calls := time.Duration((float64(n.calls)/(float64(q.CallsPerMinute)*q.Share) - 1) * float64(time.Minute))
	hours := time.Duration((n.runTime.Hours()/(q.RunTimePerHour.Hours()*q.Share) - 1) * float64(time.Hour))
	return max(calls, hours, n.runTime)
}

func (p *program) printSlices(preview pipeline.Preview) {
	g := newGrid("tenant", "table", "rows"+right, "slice")
	for _, t := range preview.Tables {
		for _, s := range t.Slices {
			g.add(t.Tenant, t.Table, count(s.Rows), s.Slice.String())
		}
	}
	fmt.Fprintln(p.stdout)
	g.dropSame("tenant")
	g.write(p.stdout, "")
}
