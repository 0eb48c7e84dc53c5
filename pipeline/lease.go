package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"huntlake/checkpoint"
	"huntlake/pipeline/hunting"
)

// A claim is renewed renewals times within its life, so that three may fail in a row before it runs out, and no call
// begins on one that is older than the life divided by fresh. A process that was asleep finds its claim too old, and
// renews it, or learns that it is lost, before it makes a call.
const (
	renewals = 4
	fresh    = 2
)

// errTaken ends the calls of a run whose claim another process has taken over while this one slept.
var errTaken = errors.New("another process has taken over this tenant")

// lease is a run's claim on its tenant, and the quota that is kept with it across runs.
type lease struct {
	tenancy *checkpoint.Tenancy
	quota   *hunting.Quota // nil: nothing to keep
	life    time.Duration  // of a claim
	now     func() time.Time
	busy    chan struct{} // held by who claims: a tenancy is for one at a time
}

func (e *Exporter) newLease(t Tenant) *lease {
	o := &e.opts
	who := checkpoint.Claimant{Nonce: o.Claim, Program: o.Program, Process: o.Process, Gone: o.Gone}
	return &lease{
		tenancy: checkpoint.NewTenancy(o.Bucket, t.ID, who, o.Now), quota: t.Quota,
		life: o.LeaseLife, now: o.Now, busy: make(chan struct{}, 1),
	}
}

// hold claims the tenant, calls work with a context that ends when the claim is lost, and gives the tenant up. No call
// that the quota admits meanwhile begins unless the newest owner record has counted it.
func (l *lease) hold(ctx context.Context, work func(context.Context)) error {
	working, stop := context.WithCancelCause(ctx)
	keep := func(ctx context.Context) error { return l.keep(ctx, stop) }
	l.guard(keep)
	defer l.guard(nil)
	if err := l.claim(ctx, l.life); err != nil {
		return err
	}
	var g errgroup.Group
	g.Go(func() error {
		l.renew(working, keep)
		return nil
	})
	work(working)
	lost := context.Cause(working)
	stop(nil)
	_ = g.Wait()
	if errors.Is(lost, errTaken) {
		return lost
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishing)
	defer cancel()
	_ = l.claim(ending, 0) // it runs out by itself too
	return nil
}

func (l *lease) guard(keep func(context.Context) error) {
	if l.quota != nil {
		l.quota.Keep(keep)
	}
}

// keep renews the claim, and stops the work if another process has it.
func (l *lease) keep(ctx context.Context, stop context.CancelCauseFunc) error {
	err := l.claim(ctx, l.life)
	var owned *checkpoint.OwnedError
	if errors.As(err, &owned) {
		err = fmt.Errorf("%w: %w", errTaken, err)
		stop(err)
	}
	return err
}

// renew keeps the claim until ctx ends. A renewal that fails for another reason than a new owner is tried again: the
// claim saves quota, and losing it loses nothing.
func (l *lease) renew(ctx context.Context, keep func(context.Context) error) {
	tick := time.NewTicker(l.life / renewals)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = keep(ctx)
		}
	}
}

// claim writes an owner record that holds what was spent and, unless the tenant is given up with it, an advance on what
// will be: a kill at any moment forgets no call.
func (l *lease) claim(ctx context.Context, life time.Duration) error {
	select {
	case l.busy <- struct{}{}:
		defer func() { <-l.busy }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	enforce := func() {}
	_, err := l.tenancy.Claim(ctx, life, func(before checkpoint.Owner) (json.RawMessage, error) {
		if l.quota == nil {
			return before.Spent, nil
		}
		l.restore(before)
		var spent hunting.Spent
		if life > 0 {
			spent, enforce = l.quota.Ahead(l.now().Add(life / fresh))
		} else {
			spent = l.quota.Spent()
		}
		return json.Marshal(spent)
	})
	if err == nil {
		enforce()
	}
	return err
}

// restore counts what other processes have spent as spent, so that a run that follows another makes no burst. What
// cannot be read, by damage or as a newer program's, is not waited for: the record would stay the newest for ever.
func (l *lease) restore(before checkpoint.Owner) {
	var spent hunting.Spent
	if l.tenancy.Mine(before) || json.Unmarshal(before.Spent, &spent) != nil {
		return // what this process has spent, its quota knows
	}
	l.quota.Restore(spent)
}

// eachClaimed does work for every table of every tenant, one after the other, and joins the errors of those that
// failed. A tenant is claimed meanwhile, so that its calls are counted and no other process makes the same ones. If it
// is another process's, or becomes that, the tables that are left are refused.
func (e *Exporter) eachClaimed(ctx context.Context, work func(context.Context, *track) error, refuse func(*track, error)) error {
	var errs []error
	for _, tenant := range e.opts.Tenants {
		r := e.newTenant(tenant)
		left := r.tracks
		err := r.lease.hold(ctx, func(ctx context.Context) {
			for len(left) > 0 && ctx.Err() == nil {
				t := left[0]
				left = left[1:]
				if err := work(ctx, t); err != nil {
					errs = append(errs, fmt.Errorf("tenant %s: %s: %w", r.id, t.report.Table, err))
				}
			}
		})
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("tenant %s: %w", r.id, err))
			for _, t := range left {
				refuse(t, err)
			}
		}
	}
	return errors.Join(errs...)
}
