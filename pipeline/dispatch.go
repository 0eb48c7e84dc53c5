package pipeline

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"huntlake/partition"
	"huntlake/pipeline/hunting"
)

// task is a piece of work that a track hands out.
type task struct {
	expires partition.Tick // what is asked for may be gone after this plus the retention: the smallest goes first
	begin   func()         // called by the dispatcher when the task is taken
	run     func(context.Context) error
	finish  func() // called by the dispatcher afterwards, whatever run returned
	last    bool   // if it fails, so would all that is left to do
}

// tenantRun is a run of one tenant. Its tracks belong to the goroutine that dispatches; tasks run on others.
type tenantRun struct {
	exporter *Exporter
	id       string
	api      API
	lease    *lease
	clock    *clock
	rowCap   *rowCap
	outage   outage
	tracks   []*track
	over     error // a budget is spent, or the service is down, or the tenant is another process's: no more calls
}

func (e *Exporter) newTenant(t Tenant) *tenantRun {
	r := &tenantRun{exporter: e, id: t.ID, api: t.API, lease: e.newLease(t), clock: &clock{now: e.opts.Now}, rowCap: newRowCap()}
	r.outage.down = map[string]bool{}
	for _, table := range e.opts.Tables {
		r.tracks = append(r.tracks, newTrack(r, table))
	}
	return r
}

func (r *tenantRun) run(ctx context.Context) TenantReport {
	if err := r.lease.hold(ctx, r.dispatch); err != nil {
		r.over = err
	}
	report := TenantReport{Tenant: r.id}
	for _, t := range r.tracks {
		report.Tables = append(report.Tables, t.close(r.over))
	}
	return report
}

type outcome struct {
	track *track
	task  *task
	err   error
}

// dispatch hands out work until no track wants any, or ctx is done. Every task has returned when it returns.
func (r *tenantRun) dispatch(ctx context.Context) {
	var g errgroup.Group
	done := make(chan outcome)
	for underway := 0; ; {
		for underway < r.exporter.opts.Parallel && ctx.Err() == nil {
			track, next := r.next()
			if next == nil {
				break
			}
			underway++
			g.Go(func() error {
				done <- outcome{track, next, next.run(ctx)}
				return nil
			})
		}
		if underway == 0 {
			return
		}
		o := <-done
		underway--
		r.settle(ctx, o)
	}
}

// next picks, among what the tracks want, what expires first.
func (r *tenantRun) next() (*track, *task) {
	var from *track
	var best *task
	for _, t := range r.tracks {
		if w := t.want(); w != nil && (best == nil || w.expires < best.expires) {
			from, best = t, w
		}
	}
	if best != nil {
		best.begin()
		from.underway++
	}
	return from, best
}

// settle takes note of how a task ended. A spent budget or an outage ends the tenant's calls, any other error the
// table's.
func (r *tenantRun) settle(ctx context.Context, o outcome) {
	o.task.finish()
	o.track.underway--
	var quota *hunting.QuotaError
	switch {
	case o.err == nil:
	case ctx.Err() != nil && (errors.Is(o.err, context.Cause(ctx)) || errors.Is(o.err, context.Canceled)):
	case errors.As(o.err, &quota):
		r.spend(o.err, quota.Until)
	default:
		o.track.fail(o.err, o.task.last)
	}
	if r.over == nil {
		r.over = r.outage.over()
	}
}

// spend ends the calls for want of quota. Of several errors the one that knows the latest instant counts: the others
// are from before the calls that were still under way.
func (r *tenantRun) spend(err error, until time.Time) {
	var known *hunting.QuotaError
	if r.over == nil || errors.As(r.over, &known) && until.After(known.Until) {
		r.over = err
	}
}
