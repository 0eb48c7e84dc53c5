package main

import (
	"context"
	"errors"
	"time"
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
	for {
		began := j.program.now()
		err := j.runOnce(ctx, asJSON)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		next := began.Add(every)
		if at := until(err); !at.IsZero() {
			next = at
			j.program.logger(j.program.stderr).Info("waiting", "until", at, "reason", err)
		} else {
			j.program.finish(ctx, err)
		}
		if err := sleep(ctx, next.Sub(j.program.now())); err != nil {
			return err
		}
	}
}

// sleep waits for d, or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
