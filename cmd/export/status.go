package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"huntlake/checkpoint"
	"huntlake/configs"
	"huntlake/partition"
	"huntlake/pipeline"
)

const statusLong = `Says what the lake holds, by its ledgers alone: how far each table has been exported, what is
published, staged or still to be read, which columns changed, what was lost to the source's 30
days before it could be read, and what the last verify found; and whether, at the pace of the
last day, the rest will be read before it expires. It names tables that the lake has and the
configuration has not. The source is not asked.`

const statusExample = `  huntlake status
  huntlake status --json | jq '.tables[] | {table, streams, gaps}'
  huntlake status --json | jq -e 'all(.forecasts[]; .outlook != "losing rows")'`

func newStatus(p *program) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status", Short: "Say what the lake holds, without asking the source", Long: statusLong, Example: statusExample, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			j, err := p.open(cmd.Context(), configs.LoadUnsigned)
			if err != nil {
				return err
			}
			defer j.Close()
			e, err := j.exporter()
			if err != nil {
				return err
			}
			s, err := e.Status(cmd.Context())
			if asJSON {
				return errors.Join(err, p.printJSON(s))
			}
			p.printStatus(s)
			return err
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (p *program) printStatus(s pipeline.Status) {
	g := newGrid("tenant", "table", "exported to", "rows"+right, "days"+right, "files"+right, "Parquet"+right, "staged"+right, "planned"+right, "gaps"+right, "verified")
	for _, t := range s.Tables {
		g.add(t.Tenant, t.Table, minute(watermark(t)), count(t.Totals.Rows-t.Totals.Dropped), count(t.Days), count(t.Files), size(t.Bytes), count(t.Waiting), count(t.Unread),
			count(len(t.Gaps)), verified(t))
	}
	g.dropSame("tenant")
	g.write(p.stdout, "")
	blank := "\n"
	for _, f := range s.Forecasts {
		fmt.Fprintf(p.stdout, "%stenant %s: %s\n", blank, f.Tenant, outlook(f))
		blank = ""
	}
	blank = "\n"
	for _, o := range s.Others {
		fmt.Fprintf(p.stdout, "%stenant %s: %s: the lake has it, and the configuration does not: it is neither exported nor verified\n", blank, o.Tenant, o.Table)
		blank = ""
	}
	blank = "\n"
	for _, t := range s.Tables {
		for _, note := range notes(t) {
			fmt.Fprintf(p.stdout, "%stenant %s: %s: %s\n", blank, t.Tenant, t.Table, note)
			blank = ""
		}
	}
}

// watermark is the instant before which everything is in the lake, on whichever stream is behind; of a table that is read
// as snapshots, when the newest one was taken.
func watermark(t pipeline.TableStatus) partition.Tick {
	var at partition.Tick
	if t.Snapshot != nil {
		return t.Snapshot.Time
	}
	for _, s := range t.Streams {
		if at == 0 || s.Watermark < at {
			at = s.Watermark
		}
	}
	return at
}

func verified(t pipeline.TableStatus) string {
	switch {
	case t.Fault != "":
		return "ledger cannot be read"
	case t.Verdict == nil:
		return "never"
	case len(t.Verdict.Differences) > 0:
		return minute(t.Verdict.Time) + ", " + plural(len(t.Verdict.Differences), "difference")
	}
	return minute(t.Verdict.Time)
}

// notes is what a row of figures does not show.
func notes(t pipeline.TableStatus) []string {
	var out []string
	if t.Snapshot != nil {
		out = append(out, describeSnapshot(*t.Snapshot))
	}
	for _, c := range t.Changes {
		out = append(out, fmt.Sprintf("%s: column %s %s%s", minute(c.Time), c.Column, c.Kind, fromTo(c.From, c.To)))
	}
	for _, g := range t.Gaps {
		out = append(out, describeGap(g))
	}
	if t.Totals.Rejected > 0 {
		out = append(out, plural(t.Totals.Rejected, "record")+" of other writers came too late and had no effect")
	}
	return out
}

func fromTo(from, to string) string {
	if from == "" || to == "" {
		return ""
	}
	return fmt.Sprintf(" (%s, now %s)", from, to)
}

// describeSnapshot says which snapshot is the newest, and when there will be another one.
func describeSnapshot(s pipeline.SnapshotStatus) string {
	last, next := "no snapshot yet", "today's is due"
	if s.Last != "" {
		last = fmt.Sprintf("the last snapshot is that of %s, %s", s.Last, plural(s.Rows, "row"))
	}
	if s.Next != "" {
		next = "the next is due on " + s.Next
	}
	return last + "; " + next
}

// describeGap says which rows are missing, and why.
func describeGap(g checkpoint.RecordedGap) string {
	if g.Stream == partition.Snapshot {
		return fmt.Sprintf("gap: no snapshot of %v: %s", partition.DateOf(g.Start), g.Why)
	}
	rows := fmt.Sprintf("%v rows, nobody knows how many,", g.Stream)
	if g.Rows != nil {
		rows = plural(*g.Rows, g.Stream.String()+" row")
	}
	return fmt.Sprintf("gap: %s from %s to %s, dated before %s: %s", rows, minute(g.Start), minute(g.End), minute(g.Below), g.Why)
}
