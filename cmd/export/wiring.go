package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"huntlake/configs"
	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/schema/catalog"
	"huntlake/writers"
)

// job is a configuration made ready to work: the bucket is open, and opts lack nothing but what the verb adds. The
// caller closes it.
type job struct {
	program  *program
	config   *configs.Config
	opts     pipeline.Options
	progress progress // replaced by watch, between calls
}

// loader reads a configuration: configs.Load, or configs.LoadUnsigned for verbs that ask no tenant for anything.
type loader func(path string, env func(string) (string, bool)) (*configs.Config, error)

// open reads the configuration and opens its lake. Tenants are named, but have no API yet: see signIn.
func (p *program) open(ctx context.Context, read loader) (*job, error) {
	j, err := p.load(read)
	if err != nil {
		return nil, err
	}
	return j, j.openLake(ctx)
}

// load reads the configuration.
func (p *program) load(read loader) (*job, error) {
	c, err := read(p.config, p.env)
	if errors.Is(err, fs.ErrNotExist) {
		err = &noConfig{err}
	}
	if err != nil {
		return nil, &usageError{err}
	}
	return p.prepare(c)
}

// noConfig is the error that there is no configuration where one is looked for.
type noConfig struct{ error }

// prepare turns a configuration into a job that still lacks its bucket.
func (p *program) prepare(c *configs.Config) (*job, error) {
	tables, err := tablesOf(c)
	if err != nil {
		return nil, &usageError{err}
	}
	j := &job{program: p, config: c, progress: newLines(p), opts: pipeline.Options{
		Tables: tables, Program: programName(), Now: p.now, Nonce: nonce, Claim: nonce(),
		Process: processName(), Gone: processGone,
		Window: c.Source.Window, Settle: c.Settle, MaxDelay: c.Publish.MaxDelay, TargetSize: c.Publish.TargetSize,
	}}
	for _, t := range c.Tenants {
		j.opts.Tenants = append(j.opts.Tenants, pipeline.Tenant{ID: t.ID})
	}
	return j, nil
}

func (j *job) openLake(ctx context.Context) (err error) {
	j.opts.Bucket, err = writers.Open(ctx, j.config.Lake)
	return err
}

// Close closes the bucket.
func (j *job) Close() error { return j.opts.Bucket.Close() }

// exporter returns an Exporter of what j has come to.
func (j *job) exporter() (*pipeline.Exporter, error) { return pipeline.New(j.opts) }

// explainConfig says what is wrong with the configuration. A fault carries its own remedy.
func (p *program) explainConfig(err error) (text string, advice []string) {
	var missing *noConfig
	if errors.As(err, &missing) {
		return err.Error(), []string{"write it (huntlake run --help shows a small one), or name another with --config; huntlake demo needs none"}
	}
	if faults := strings.Split(err.Error(), "\n"); len(faults) > 1 {
		return fmt.Sprintf("%d faults in the configuration\n  %s", len(faults), strings.Join(faults, "\n  ")), nil
	}
	return err.Error(), nil
}

// tablesOf turns what the configuration lists into what the Exporter takes. The error joins faults, each with its place.
func tablesOf(c *configs.Config) ([]pipeline.Table, error) {
	var tables []pipeline.Table
	var errs []error
	for i, t := range c.Tables {
		table := pipeline.Table{Table: partition.Table{Name: t.Name}, Source: sourceOf(t.Name), Cursor: cursorOf(t.Cursor), Every: t.Every}
		switch {
		case t.Mode == configs.ModeSnapshot:
			table.Source.TimeColumn = ""
		case t.Mode == configs.ModeEvent && table.Source.TimeColumn == "":
			errs = append(errs, c.Fault(fmt.Sprintf("tables[%d].mode", i), fmt.Errorf("%s has no time column: set mode: %s, or nothing", t.Name, configs.ModeSnapshot)))
		case t.Cursor != configs.CursorAuto && table.Source.TimeColumn == "":
			errs = append(errs, c.Fault(fmt.Sprintf("tables[%d].cursor", i), fmt.Errorf("%s has no time column, and so no clock to be read along: remove it", t.Name)))
		}
		tables = append(tables, table)
	}
	for i, q := range c.Queries {
		name, tail, err := hunting.ParseNamedQuery(q.Text)
		if err != nil {
			errs = append(errs, c.Fault(fmt.Sprintf("queries[%d].query", i), err))
			continue
		}
		table := pipeline.Table{Table: partition.Table{Name: q.Name, Query: true}, Source: sourceOf(name)}
		table.Source.Tail = tail
		if err := table.Source.Validate(); err != nil {
			errs = append(errs, c.Fault(fmt.Sprintf("queries[%d].query", i), err))
		}
		tables = append(tables, table)
	}
	return tables, errors.Join(errs...)
}

// sourceOf is how a table is asked, as far as the catalog knows it.
func sourceOf(name string) hunting.Source {
	s := hunting.Source{Name: name, TimeColumn: "Timestamp", Stamp: true}
	if known, ok := catalog.Lookup(name); ok {
		s.TimeColumn, s.Keys = known.TimeColumn, known.KeyColumns
	}
	return s
}

func cursorOf(c configs.Cursor) pipeline.Cursor {
	switch c {
	case configs.CursorIngestion:
		return pipeline.ByIngestion
	case configs.CursorTimestamp:
		return pipeline.ByTimestampOnly
	}
	return pipeline.Auto
}

// nonce returns 16 hexadecimal digits that nobody has drawn before.
func nonce() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
