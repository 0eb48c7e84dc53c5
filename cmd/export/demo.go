package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"huntlake/configs"
	"huntlake/pipeline/hunting/simulator"
)

const demoLong = `Shows the whole road on this machine, and needs nothing but this program: a simulator of the
hunting API, with a month of made-up rows, is asked over HTTP on loopback; what it answers
goes into a folder; and the folder is then held against the simulator, row for row.

The rows are the same every time, and new ones keep coming, so running it again exports what
has arrived since. The simulator's quota is raised, or it would take as long as the real one.`

const demoExample = `  huntlake demo
  huntlake demo --dir /tmp/lake --rows 1000000`

func newDemo(p *program) *cobra.Command {
	var dir string
	var rows int
	cmd := &cobra.Command{
		Use: "demo", Short: "Export a month of made-up rows from a simulator into a folder", Long: demoLong, Example: demoExample,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("rows") {
				rows = 0
			} else if rows < demoLeast || rows > demoMost {
				return &usageError{fmt.Errorf("--rows: %d is not between %d and %s", rows, demoLeast, count(demoMost))}
			}
			place, err := openDemo(dir, rows, p.now())
			if err != nil {
				return err
			}
			return p.demo(cmd.Context(), place)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "demo-lake", "folder of the lake; a new one, or that of an earlier demo")
	cmd.Flags().IntVar(&rows, "rows", demoRows, "rows of the month, in all tables")
	return cmd
}

// demo exports, verifies and says what to do next.
func (p *program) demo(ctx context.Context, d *demoLake) error {
	service, err := d.service(p.now)
	if err != nil {
		return err
	}
	l, err := listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	c, err := d.configure(l.Addr().String())
	if err != nil {
		return err
	}
	p.config = d.file()
	p.printDemoStart(d, l.Addr().String())
	return serveWhile(ctx, l, service, func(ctx context.Context) error { return p.demoWork(ctx, d, c, service) })
}

func (p *program) demoWork(ctx context.Context, d *demoLake, c *configs.Config, service *simulator.Service) error {
	j, err := p.prepare(c)
	if err != nil {
		return err
	}
	if err := j.openLake(ctx); err != nil {
		return err
	}
	defer j.Close()
	if err := j.signIn(); err != nil {
		return err
	}
	j.opts.OneShot = true
	began := p.now()
	if err := j.runOnce(ctx, false); err != nil {
		return err
	}
	exported := service.Calls()
	fmt.Fprintf(p.stdout, "\nVerifying: source against ledger, ledger against every file.\n\n")
	if err := j.verifyOnce(ctx, false); err != nil {
		return err
	}
	fmt.Fprintln(p.stdout)
	if err := p.printTree(ctx, j.opts.Bucket, d.dir); err != nil {
		return err
	}
	p.printDemoCost(exported, service.Calls()[len(exported):], p.now().Sub(began))
	p.printDemoEnd(d)
	return nil
}

func (p *program) printDemoStart(d *demoLake, address string) {
	if d.fresh {
		fmt.Fprintf(p.stdout, "A simulated Defender tenant with %s rows a month answers on http://%s.\n", count(d.Rows), address)
		fmt.Fprintf(p.stdout, "Exporting its last 30 days into %s. Its quota is raised for the demo; nothing leaves this machine.\n\n", d.dir)
		return
	}
	fmt.Fprintf(p.stdout, "%s is a demo lake since %s: exporting what has arrived since.\n\n", d.dir, d.First.Format(time.DateTime))
	if !p.now().Before(d.end()) {
		fmt.Fprintf(p.stdout, "Its made-up rows ended on %s. Delete the folder for a fresh month.\n\n", d.end().Format(time.DateOnly))
	}
}

// realQuota is what the service grants a tenant by its documentation; the demo's own is far above.
var realQuota = configs.Quota{CallsPerMinute: 45, RunTimePerHour: 10 * time.Minute, Share: 1}

// printDemoCost says what the calls cost, and what they would have cost on a tenant's own quota.
func (p *program) printDemoCost(run, verify []simulator.Call, took time.Duration) {
	need := needs{calls: len(run)}
	for _, c := range run {
		need.runTime += c.RunTime
	}
	fmt.Fprintf(p.stdout, "\nIt cost %s to export and %s to verify, and took %s.\n",
		plural(len(run), "call"), plural(len(verify), "call"), length(took))
	if len(run) == 0 {
		return
	}
	fmt.Fprintf(p.stdout, "A real tenant grants %d calls a minute and %s of run time an hour. By the simulator's reckoning this\nexport uses %s of run time, and takes %s there.\n",
		realQuota.CallsPerMinute, configs.FormatDuration(realQuota.RunTimePerHour), length(need.runTime), length(need.time(realQuota)))
}

func (p *program) printDemoEnd(d *demoLake) {
	glob := filepath.ToSlash(filepath.Join(d.dir, demoTables[0].name, "**", "*.parquet"))
	fmt.Fprintf(p.stdout, `
Next:
  duckdb -c "SELECT dt, count(*) FROM read_parquet('%s', hive_partitioning = true) GROUP BY dt ORDER BY dt"
  huntlake sql    --config %[2]s
  huntlake status --config %[2]s
  huntlake demo   --dir %s        again: only what has arrived since
`, glob, d.file(), d.dir)
}
