package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"huntlake/checkpoint"
	"huntlake/pipeline/hunting"
)

// Exit codes.
const (
	exitDone        = 0
	exitError       = 1
	exitUsage       = 2
	exitIncomplete  = 3
	exitQuota       = 4
	exitInterrupted = 130
)

// errIncomplete ends a verb that worked and has already said what is missing or differs.
var errIncomplete = errors.New("gaps or differences")

// errReported ends a verb that failed and has already said how.
var errReported = errors.New("failed, as reported")

// usageError is an error that the user mends in the configuration or on the command line.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// finish tells the user how a verb ended and returns the exit code.
func (p *program) finish(ctx context.Context, err error) int {
	code := p.exitCode(ctx, err)
	if code == exitDone || errors.Is(err, errIncomplete) || errors.Is(err, errReported) {
		return code
	}
	text, advice := p.explain(code, err)
	if p.logFormat == "json" {
		p.logger(p.stderr).Error(text, "exit_code", code, "advice", advice)
		return code
	}
	fmt.Fprintf(p.stderr, "huntlake: %s\n", text)
	for _, a := range advice {
		fmt.Fprintf(p.stderr, "  what to do: %s\n", a)
	}
	return code
}

func (p *program) exitCode(ctx context.Context, err error) int {
	var config *usageError
	var quota *hunting.QuotaError
	var owned *checkpoint.OwnedError
	switch {
	case err == nil:
		return exitDone
	case !p.started || errors.As(err, &config):
		return exitUsage
	case ctx.Err() != nil:
		return exitInterrupted
	case errors.As(err, &quota), errors.As(err, &owned):
		return exitQuota
	case errors.Is(err, errIncomplete):
		return exitIncomplete
	}
	return exitError
}

// explain says what happened and what to do about it.
func (p *program) explain(code int, err error) (text string, advice []string) {
	switch code {
	case exitUsage:
		if !p.started {
			return err.Error(), []string{"see huntlake --help"}
		}
		return p.explainConfig(err)
	case exitInterrupted:
		return "interrupted", []string{"start it again: it goes on where this one stopped"}
	case exitQuota:
		wait := max(0, until(err).Sub(p.now())).Round(time.Second)
		var owned *checkpoint.OwnedError
		if errors.As(err, &owned) {
			return failures(err), []string{fmt.Sprintf("run it again in %s, or when the other one is done, which may be later; if that was killed, it is then", length(wait))}
		}
		return failures(err), []string{fmt.Sprintf("run it again in %s, or let huntlake run --watch wait for you; nothing that was read is read again", length(wait))}
	}
	return failures(err), remedies(err)
}

// until is when a run that had to stop may go on: its quota is there again, or the other process has ended. Of several
// tenants the first counts.
func until(err error) (first time.Time) {
	for _, part := range split(err) {
		var quota *hunting.QuotaError
		var owned *checkpoint.OwnedError
		var at time.Time
		switch {
		case errors.As(part, &quota):
			at = quota.Until
		case errors.As(part, &owned):
			at = owned.Owner.Until.Time()
		default:
			continue
		}
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}
