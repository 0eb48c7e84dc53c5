package bench

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
)

// Tenant is the only one of a service.
const Tenant = "00000000-0000-0000-0000-000000000001"

// Bubble runs f in virtual time. Two collections empty the pools of decoders, which hold channels that must not leave a
// bubble.
func Bubble(t *testing.T, f func(ctx context.Context)) {
	t.Helper()
	drain := func() {
		runtime.GC()
		runtime.GC()
	}
	drain()
	defer drain()
	synctest.Test(t, func(t *testing.T) { f(t.Context()) })
}

// Clock is a clock that shows an instant now, and goes on from there.
func Clock(at time.Time) func() time.Time {
	zero := time.Now()
	return func() time.Time { return at.Add(time.Since(zero)) }
}

// Quota has the budgets by a clock.
func Quota(t *testing.T, budgets hunting.QuotaOptions, clock func() time.Time) *hunting.Quota {
	t.Helper()
	budgets.Now = clock
	quota, err := hunting.NewQuota(budgets)
	if err != nil {
		t.Fatal(err)
	}
	return quota
}

// Service starts a simulated service and a client of it, by a clock; a nil quota counts nothing.
func Service(t *testing.T, o simulator.Options, clock func() time.Time, quota *hunting.Quota) (*simulator.Service, *hunting.Client) {
	t.Helper()
	o.Now = clock
	service, err := simulator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	credential, err := hunting.Credential("token", hunting.CredentialOptions{Token: hunting.NewSecret("a-token-of-the-bench")})
	if err != nil {
		t.Fatal(err)
	}
	client, err := hunting.New(hunting.Options{
		Dialect: hunting.Graph, Credential: credential, Transport: service.Transport(), Now: clock, Tenant: Tenant, Quota: quota,
	})
	if err != nil {
		t.Fatal(err)
	}
	return service, client
}
