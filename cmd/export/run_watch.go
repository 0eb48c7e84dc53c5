package main

import (
	"context"
	"errors"
	"time"

	"huntlake/pipeline/hunting"
)

// runOnce exports once and reports.
func (j *job) runOnce(ctx context.Context, asJSON bool) error {
	r, err := j.export(ctx)
	if r == nil {
		return err
	}
	if err := errors.Join(err, j.program.printRun(*r, asJSON)); err != nil {
		return err
	}
	if r.Total().Gaps > 0 {
		return errIncomplete
	}
	return nil
}

// export runs the Exporter once, showing progress. It returns a report whatever the error of the run.
func (j *job) export(ctx context.Context) (*runReport, error) {
	shown := j.watch()
	defer shown.close()
	e, err := j.exporter()
	if err != nil {
		return nil, err
	}
	began := j.program.now()
	report, err := e.Run(ctx)
	return &runReport{Report: report, Program: j.opts.Program, Took: j.program.now().Sub(began)}, err
}

// runEvery exports again and again until ctx ends. An error is shown and does not end it: the source may be back next
// time, and what could not be read now is read then.
func (j *job) runEvery(ctx context.Context, every time.Duration, asJSON bool) error {
	all := j.opts.Tenants
	r := newRounds(every)
	for {
		began := j.program.now()
		if j.opts.Tenants = r.due(all, began); len(j.opts.Tenants) > 0 {
			report, err := j.export(ctx)
			if report != nil {
				err = errors.Join(err, j.program.printRun(*report, asJSON))
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			j.noteRound(ctx, r, report, err, began)
		}
		if err := hunting.Sleep(ctx, r.earliest(all).Sub(j.program.now())); err != nil {
			return err
		}
	}
}

// noteRound says how a round ended and plans the next one of each tenant that was in it.
func (j *job) noteRound(ctx context.Context, r *rounds, report *runReport, err error, began time.Time) {
	var waits bool
	var errs []error
	for i, t := range j.opts.Tenants {
		ended := err
		if report != nil {
			ended = report.Tenants[i].Err()
		}
		r.note(t.ID, ended, began, j.program.now())
		if at := until(ended); at.IsZero() {
			errs = append(errs, ended)
		} else {
			waits = true
			j.program.logger(j.program.stderr).Info("waiting", "tenant", t.ID, "until", r.next[t.ID], "reason", ended)
		}
	}
	if report == nil || !waits {
		errs = []error{err}
	}
	j.program.finish(ctx, errors.Join(errs...))
}
