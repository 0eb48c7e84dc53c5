package pipeline_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
)

// A run whose quota is spent in the middle of a snapshot ends, with the time at which to come back, and a later one goes
// on.
func TestSnapshotQuotaSpent(t *testing.T) {
	w := newSnapshotWorld(t, generate(t, 300, inventory)[0])
	w.begin = func(call int, _ string) simulator.Fault { return only(call >= 4, simulator.FaultCPUQuota(time.Hour)) }
	var spent *hunting.QuotaError
	if _, err := w.exporter().Run(t.Context()); !errors.As(err, &spent) {
		t.Errorf("run: %v", err)
	}
	w.begin = nil
	w.pass(time.Hour)
	w.run()
	w.verifies()
}

// What was exported as snapshots is not taken for events, by run or verify, without a word.
func TestEventsOfSnapshots(t *testing.T) {
	w := newSnapshotWorld(t, generate(t, 50, inventory)[0])
	w.run()
	w.opts.Tables[0].Source.TimeColumn = "Timestamp"
	const want = "was exported as snapshots, and cannot go on as events"
	if _, err := w.exporter().Run(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("run: %v", err)
	}
	if _, err := w.exporter().Verify(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("verify: %v", err)
	}
}
