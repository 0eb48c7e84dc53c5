package main_test

import (
	"context"
	"testing"
	"time"

	"huntlake/pipeline/hunting/simulator"
)

// TestWatchWaitsForQuota sleeps until the quota is there again, and says so.
func TestWatchWaitsForQuota(t *testing.T) {
	ctx, interrupt := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer interrupt()
	r := newRig(t, func(o *simulator.Options) {
		o.Faults = func(int, string) simulator.Fault { return simulator.FaultCPUQuota(2871 * time.Second) }
	})
	r.verbIn(ctx, "run", "--watch=1ms").want(t, 130, "msg=waiting", "until=")
	if n := len(r.service.Calls()); n > 6 {
		t.Errorf("%d calls without a quota", n)
	}
}
