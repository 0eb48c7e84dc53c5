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

// renewals is how often a claim is renewed within its life: three may fail in a row before it runs out.
const renewals = 4

// errTaken ends the calls of a run whose claim another process has taken over while this one slept.
var errTaken = errors.New("another process has taken over this tenant")

// lease is a run's claim on its tenant, and the quota that is kept with it across runs.
type lease struct {
	tenancy *checkpoint.Tenancy
	quota   *hunting.Quota // nil: nothing to keep
	life    time.Duration  // of a claim
}

func (e *Exporter) newLease(t Tenant) *lease {
	o := &e.opts
	who := checkpoint.Claimant{Nonce: o.Claim, Program: o.Program, Process: o.Process, Gone: o.Gone}
	return &lease{tenancy: checkpoint.NewTenancy(ledgerBucket{o.Bucket}, t.ID, who, o.Now), quota: t.Quota, life: o.LeaseLife}
}

// hold claims the tenant, calls work with a context that ends when the claim is lost, and gives the tenant up.
func (l *lease) hold(ctx context.Context, work func(context.Context)) error {
	if err := l.take(ctx); err != nil {
		return err
	}
	working, stop := context.WithCancelCause(ctx)
	var g errgroup.Group
	g.Go(func() error {
		l.renew(working, stop)
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
	_, _ = l.claim(ending, 0) // it runs out by itself too
	return nil
}

// take claims the tenant and counts as spent what earlier processes have spent, in a record of its own: if this one is
// killed before it renews its claim, the next must not forget it.
func (l *lease) take(ctx context.Context) error {
	before, err := l.claim(ctx, l.life)
	if err != nil || l.quota == nil || len(before.Spent) == 0 || l.tenancy.Mine(before) {
		return err // what this process has spent, its quota knows
	}
	if err := l.restore(before); err != nil {
		return err
	}
	_, err = l.claim(ctx, l.life)
	return err
}

func (l *lease) claim(ctx context.Context, life time.Duration) (checkpoint.Owner, error) {
	var spent json.RawMessage
	if l.quota != nil {
		var err error
		if spent, err = json.Marshal(l.quota.Spent()); err != nil {
			return checkpoint.Owner{}, fmt.Errorf("encode spent quota: %w", err)
		}
	}
	return l.tenancy.Claim(ctx, life, spent)
}

// restore counts what earlier processes spent as spent, so that a run that follows another makes no burst.
func (l *lease) restore(before checkpoint.Owner) error {
	if l.quota == nil || len(before.Spent) == 0 {
		return nil
	}
	var spent hunting.Spent
	if err := json.Unmarshal(before.Spent, &spent); err != nil {
		return fmt.Errorf("read spent quota of owner record %d: %w", before.Number, err)
	}
	l.quota.Restore(spent)
	return nil
}

// renew keeps the claim until ctx ends. A renewal that fails for another reason than a new owner is tried again: the
// claim saves quota, and losing it loses nothing.
func (l *lease) renew(ctx context.Context, stop context.CancelCauseFunc) {
	tick := time.NewTicker(l.life / renewals)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		before, err := l.claim(ctx, l.life)
		var owned *checkpoint.OwnedError
		if errors.As(err, &owned) {
			stop(fmt.Errorf("%w: %w", errTaken, err))
			return
		}
		if err == nil && !l.tenancy.Mine(before) {
			_ = l.restore(before) // another process came and went while this one slept
		}
	}
}
