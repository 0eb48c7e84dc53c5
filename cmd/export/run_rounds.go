package main

import (
	"errors"
	"time"

	"huntlake/checkpoint"
	"huntlake/pipeline"
)

// rounds decides when each tenant is worth another run: after the period, or as soon as its quota is there again or the
// process that works on it has ended. So a tenant whose quota is spent holds back no other one.
type rounds struct {
	every time.Duration
	next  map[string]time.Time     // by tenant; not there: at once
	pause map[string]time.Duration // the last one that was made because a tenant was said to be ready and was not
}

func newRounds(every time.Duration) *rounds {
	return &rounds{every: every, next: map[string]time.Time{}, pause: map[string]time.Duration{}}
}

// due are the tenants that are worth a run now.
func (r *rounds) due(all []pipeline.Tenant, now time.Time) []pipeline.Tenant {
	var due []pipeline.Tenant
	for _, t := range all {
		if !r.next[t.ID].After(now) {
			due = append(due, t)
		}
	}
	return due
}

// note takes note of how a tenant's run ended.
func (r *rounds) note(tenant string, err error, began, now time.Time) {
	at := until(err)
	var owned *checkpoint.OwnedError
	if errors.As(err, &owned) { // who may end early, or have a clock that is ahead: to look costs no call
		at = earlier(at, now.Add(max(r.every, longestClaim)))
	}
	if at.IsZero() {
		delete(r.pause, tenant)
		r.next[tenant] = began.Add(r.every)
		return
	}
	if at.After(now) {
		delete(r.pause, tenant)
		r.next[tenant] = at
		return
	}
	// It should have gone on already: the clocks disagree, or the quota came back while the run was ending. It is tried
	// again soon, and later each time.
	r.pause[tenant] = min(max(2*r.pause[tenant], time.Second), r.every)
	r.next[tenant] = now.Add(r.pause[tenant])
}

// longestClaim is the longest time to leave a tenant to another process without looking again.
const longestClaim = 15 * time.Minute

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// earliest is when the next run is due.
func (r *rounds) earliest(all []pipeline.Tenant) time.Time {
	var at time.Time
	for i, t := range all {
		if next := r.next[t.ID]; i == 0 || next.Before(at) {
			at = next
		}
	}
	return at
}
