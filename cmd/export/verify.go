package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"huntlake/configs"
	"huntlake/pipeline"
)

const verifyLong = `Proves, or disproves, that the lake is complete: it counts at the source, by hour and by day,
and holds that against the ledger; then it reads every published file back, whole, and holds
its rows and their digest against the ledger. The result is recorded there.

A count costs a few calls a table. What the source no longer has (30 days) is compared between
ledger and files alone.

With --repair, hours in which source and lake differ are read again, what the lake does not
hold is added, and everything is verified once more. Files are never changed.

Exit code 3: something differs, or rows are known to be missing (gaps). Exit code 4: another
process works on the tenant, or the quota is spent.`

const verifyExample = `  huntlake verify
  huntlake verify --repair
  huntlake verify --json | jq '.tables[] | select(.differences)'`

func newVerify(p *program) *cobra.Command {
	var asJSON, repair bool
	cmd := &cobra.Command{
		Use: "verify", Short: "Hold source, ledger and files against each other", Long: verifyLong, Example: verifyExample, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			j, err := p.open(cmd.Context(), configs.Load)
			if err != nil {
				return err
			}
			defer j.Close()
			if err := j.signIn(); err != nil {
				return err
			}
			if repair {
				if err := j.repair(cmd.Context()); err != nil {
					return err
				}
			}
			return j.verifyOnce(cmd.Context(), asJSON)
		},
	}
	jsonFlag(cmd, &asJSON)
	cmd.Flags().BoolVar(&repair, "repair", false, "first bring in what the source has and the lake has not")
	return cmd
}

// repair opens what is short and reads it. What could not be repaired, the verification that follows shows.
func (j *job) repair(ctx context.Context) error {
	shown := j.watch()
	defer shown.close()
	j.opts.OneShot = true
	e, err := j.exporter()
	if err != nil {
		return err
	}
	if _, err := e.Repair(ctx); err != nil {
		return err
	}
	_, err = e.Run(ctx)
	return err
}

// verifyOnce verifies and reports. What differs outweighs what could not be compared.
func (j *job) verifyOnce(ctx context.Context, asJSON bool) error {
	v, err := j.verify(ctx)
	if errPrint := j.program.printVerification(v, asJSON); errPrint != nil {
		return errors.Join(err, errPrint)
	}
	for _, t := range v.Tables {
		if len(t.Differences)+len(t.Gaps) > 0 && ctx.Err() == nil {
			return errIncomplete
		}
	}
	return err
}

func (j *job) verify(ctx context.Context) (pipeline.Verification, error) {
	shown := j.watch()
	defer shown.close()
	e, err := j.exporter()
	if err != nil {
		return pipeline.Verification{}, err
	}
	return e.Verify(ctx)
}

func (p *program) printVerification(v pipeline.Verification, asJSON bool) error {
	if asJSON {
		return p.printJSON(v)
	}
	g := newGrid("tenant", "table", "source"+right, "ledger"+right, "files"+right, "in files"+right, "compared from", "result")
	for _, t := range v.Tables {
		if t.Fault != "" {
			files, rows := "-", "-"
			if t.Files > 0 {
				files, rows = count(t.Files), count(t.FileRows)
			}
			g.add(t.Tenant, t.Table, "-", "-", files, rows, "-", verdict(t))
			continue
		}
		g.add(t.Tenant, t.Table, count(t.SourceRows), count(t.LedgerRows), count(t.Files), count(t.FileRows), minute(t.Floor), verdict(t))
	}
	g.dropSame("tenant")
	g.write(p.stdout, "")
	p.printDifferences(v)
	return nil
}

func verdict(t pipeline.TableVerification) string {
	switch {
	case len(t.Differences) > 0:
		return plural(len(t.Differences), "difference")
	case t.Fault != "" && t.Files > 0:
		return "files equal; source not compared"
	case t.Fault != "":
		return "not compared"
	case len(t.Gaps) > 0:
		return plural(len(t.Gaps), "gap")
	case t.Snapshot:
		return "files equal; the source moves on"
	}
	return "equal"
}

// mostDifferences is how many differences of a table are printed.
const mostDifferences = 20

func (p *program) printDifferences(v pipeline.Verification) {
	for _, t := range v.Tables {
		for _, d := range t.Differences[:min(len(t.Differences), mostDifferences)] {
			fmt.Fprintf(p.stdout, "\ntenant %s: %s: %s", t.Tenant, t.Table, d)
		}
		if more := len(t.Differences) - mostDifferences; more > 0 {
			fmt.Fprintf(p.stdout, "\ntenant %s: %s: … and %d more, which --json lists", t.Tenant, t.Table, more)
		}
		for _, g := range t.Gaps {
			fmt.Fprintf(p.stdout, "\ntenant %s: %s: %s", t.Tenant, t.Table, describeGap(g))
		}
	}
	if v.Clean() {
		fmt.Fprint(p.stdout, "\nNothing differs, nothing is missing.")
	}
	fmt.Fprintln(p.stdout)
}
