package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"huntlake/bench"
	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/writers"
)

// huntlake exports with the program's own defaults, and comes back when a quota is spent, as `huntlake run --watch`
// does. Nothing is published: that costs no call.
func huntlake(ctx context.Context, api pipeline.API, quota *hunting.Quota, now func() time.Time, caps partition.Caps) error {
	bucket, err := writers.Open(ctx, "mem://")
	if err != nil {
		return err
	}
	defer bucket.Close()
	var nonces atomic.Int64
	e, err := pipeline.New(pipeline.Options{
		Bucket: bucket, Program: "huntlake/bench", Now: now,
		Nonce:   func() string { return fmt.Sprintf("%016x", nonces.Add(1)) },
		Tenants: []pipeline.Tenant{{ID: bench.Tenant, API: api, Quota: quota}},
		Tables: []pipeline.Table{{
			Table:  partition.Table{Name: "Events"},
			Source: hunting.Source{Name: "Events", TimeColumn: "Timestamp", Stamp: true, Keys: []string{"ReportId"}},
		}},
		Window: days * 24 * time.Hour, MaxDelay: math.MaxInt64, TargetSize: math.MaxInt64, Caps: caps,
	})
	if err != nil {
		return err
	}
	for {
		_, err := e.Run(ctx)
		var spent *hunting.QuotaError
		if !errors.As(err, &spent) {
			return err
		}
		if err := hunting.Sleep(ctx, spent.Until.Sub(now())); err != nil {
			return err
		}
	}
}
