package main

import (
	"context"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"huntlake/pipeline"
)

// Run is the program.
var Run = run

// RunAt is the program, with another clock.
func RunAt(ctx context.Context, now func() time.Time, args []string, stdout, stderr io.Writer) int {
	p := &program{stdout: stdout, stderr: stderr, env: os.LookupEnv, now: now}
	return p.run(ctx, args)
}

// ShowBars shows events as a terminal would, a second apart.
func ShowBars(w io.Writer, tenants bool, events ...pipeline.Event) {
	at := time.Unix(0, 0)
	b := newBars(&program{stderr: w, now: func() time.Time { return at }}, tenants)
	for _, e := range events {
		b.show(e)
		at = at.Add(time.Second)
	}
	b.close()
}

// ShowLines shows events in a log, pause apart.
func ShowLines(w io.Writer, pause time.Duration, events ...pipeline.Event) {
	at := time.Unix(0, 0)
	l := newLines(&program{stderr: w, now: func() time.Time { return at }})
	for _, e := range events {
		l.show(e)
		at = at.Add(pause)
	}
}

// ShowWaits shows, as a terminal and a log would, a table that is read while its tenant's calls wait for something, since
// they have met an error or for no such reason.
func ShowWaits(terminal, log io.Writer, e pipeline.Event, what string, err error, waits ...time.Duration) {
	at := time.Unix(0, 0)
	p := &program{stderr: terminal, now: func() time.Time { return at }}
	b := newBars(p, false)
	b.show(e)
	p.stderr = log
	l := newLines(p)
	for _, w := range waits {
		h := hold{at.Add(w), what, err}
		b.wait(e.Tenant, h)
		l.wait(e.Tenant, h)
	}
	b.close()
}

// What prints figures.
var (
	Count  = count[int64]
	Plural = plural[int64]
	Size   = size
	Length = length
	Minute = minute
)

// Who names processes, and tells whether they have ended.
var (
	ProcessName = processName
	ProcessGone = processGone
)

// Hopeless tells errors that every other table would meet.
var Hopeless = hopeless

// Remedies says what to do about an error.
var Remedies = remedies

// Main is the program as the operating system calls it.
var Main = main

// Printed is what a verb prints about a result of the Exporter.
func Printed(v any) string {
	var b strings.Builder
	p := &program{stdout: &b}
	switch v := v.(type) {
	case pipeline.Status:
		p.printStatus(v)
	case pipeline.Verification:
		_ = p.printVerification(v, false) // fails for JSON only
	case pipeline.Preview:
		p.printPlan(v, realQuota)
		p.printSlices(v)
	case pipeline.Report:
		_ = p.printRun(runReport{Report: v, Took: 90 * time.Second}, false)
	}
	return b.String()
}

// Failures prints an error as the program does.
var Failures = failures

// Grid prints a table without the named column, if that says the same everywhere.
func Grid(heads []string, rows [][]string, same string) string {
	var b strings.Builder
	g := newGrid(heads...)
	for _, row := range rows {
		g.add(row...)
	}
	if same != "" {
		g.dropSame(same)
	}
	g.write(&b, "")
	return b.String()
}

// Rounds decides when tenants are worth another run.
type Rounds struct{ *rounds }

// NewRounds returns rounds of a period.
func NewRounds(every time.Duration) Rounds { return Rounds{newRounds(every)} }

// Due are the tenants that are worth a run now.
func (r Rounds) Due(all []pipeline.Tenant, now time.Time) []pipeline.Tenant { return r.due(all, now) }

// Note takes note of how a tenant's run ended.
func (r Rounds) Note(tenant string, err error, began, now time.Time) { r.note(tenant, err, began, now) }

// Earliest is when the next run is due.
func (r Rounds) Earliest(all []pipeline.Tenant) time.Time { return r.earliest(all) }

// SignInCodes are the codes for which there is a remedy of its own.
func SignInCodes() []string { return slices.Sorted(maps.Keys(signInRemedies)) }
