package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"huntlake/configs"
)

// program is one invocation: what all verbs share.
type program struct {
	stdout, stderr io.Writer
	env            func(string) (string, bool)
	now            func() time.Time

	started   bool // flags and arguments were understood
	config    string
	logFormat string
	logLevel  string
}

func (p *program) run(ctx context.Context, args []string) int {
	root := newRoot(p)
	root.SetArgs(args)
	return p.finish(ctx, root.ExecuteContext(ctx))
}

const rootLong = `huntlake moves the hunting tables of Microsoft Defender, which keeps them for 30 days,
into Parquet files in your own bucket: every row, once, and it proves that none is missing.

Everything durable lies in the lake itself. A run may be killed at any moment and started
again anywhere: it goes on where the last one stopped.

Exit codes:
  0    done
  1    error
  2    usage or configuration
  3    gaps or differences
  4    quota spent: come back later
  130  interrupted`

const rootExample = `  huntlake demo                         try it: no tenant, no bucket, no configuration
  huntlake check                        is the configuration good, and may it do what it must?
  huntlake plan                         what would a run read, and what would that cost?
  huntlake run                          export up to now
  huntlake verify                       source against ledger against files`

func newRoot(p *program) *cobra.Command {
	root := &cobra.Command{
		Use:           "huntlake",
		Short:         "Defender hunting tables, completely and once, in your own Parquet lake",
		Long:          rootLong,
		Example:       rootExample,
		Version:       thisBuild().Version,
		Args:          noSuchVerb,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if _, err := p.level(); err != nil {
				return err
			}
			if p.logFormat != "text" && p.logFormat != "json" {
				return fmt.Errorf("--log-format: %q is not one of text, json", p.logFormat)
			}
			p.started = true
			return nil
		},
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetVersionTemplate("huntlake {{.Version}}\n")
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.StringVarP(&p.config, "config", "c", "huntlake.yaml", "configuration file")
	flags.StringVar(&p.logFormat, "log-format", "text", "text or json, on standard error")
	flags.StringVar(&p.logLevel, "log-level", "", "debug, info, warn or error (default info; with progress bars none)")
	root.AddCommand(
		newDemo(p), newCheck(p), newPlan(p), newRun(p), newStatus(p), newVerify(p), newTables(p), newSQL(p), newSimulate(p), newVersion(p),
	)
	return root
}

// noSuchVerb refuses whatever comes where a verb should be, and says which one it may have been meant to be.
func noSuchVerb(root *cobra.Command, args []string) error {
	err := cobra.NoArgs(root, args)
	if err == nil {
		return nil
	}
	var verbs []string
	for _, c := range root.Commands() {
		verbs = append(verbs, c.Name())
	}
	if verb, ok := configs.Nearest(args[0], verbs); ok {
		return fmt.Errorf("%w: did you mean %s?", err, verb)
	}
	return err
}

// level is the least level that is logged.
func (p *program) level() (level slog.Level, err error) {
	if p.logLevel == "" {
		return slog.LevelInfo, nil
	}
	for _, l := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if strings.EqualFold(p.logLevel, l.String()) {
			return l, nil
		}
	}
	return 0, fmt.Errorf("--log-level: %q is not one of debug, info, warn, error", p.logLevel)
}

// logger writes to w in the format and from the level that was asked for.
func (p *program) logger(w io.Writer) *slog.Logger {
	level, _ := p.level() // has been checked
	opts := &slog.HandlerOptions{Level: level}
	if p.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// bars reports whether progress is shown as bars: on a terminal that knows its size, unless the log is for machines.
func (p *program) bars() bool {
	f, ok := p.stderr.(*os.File)
	if !ok || p.logFormat != "text" {
		return false
	}
	_, height, err := term.GetSize(int(f.Fd()))
	return err == nil && height > 0
}
