package pipeline_test

import (
	"strings"
	"testing"
	"time"

	"huntlake/pipeline/hunting/simulator"
)

// Files are held against the ledger also where the source cannot be asked, as it may be gone for good; and not when it
// can be asked later.
func TestVerifyWithoutSource(t *testing.T) {
	tables := generate(t, 500, "AlertInfo")
	fault := simulator.Fault{}
	w := newWorld(t, tables, func(o *simulator.Options) {
		o.Faults = func(int, string) simulator.Fault { return fault }
	})
	w.run()
	fault = simulator.FaultMissingRole()
	v, err := w.exporter().Verify(t.Context())
	if got := v.Tables[0]; err == nil || v.Clean() || got.Fault == "" || got.Files == 0 || len(got.Differences) > 0 {
		t.Errorf("no permission: %v, %+v", err, got)
	}
	files, err := w.bucket.List(t.Context(), "AlertInfo/", 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.bucket.Delete(t.Context(), files[0].Key); err != nil {
		t.Fatal(err)
	}
	v, err = w.exporter().Verify(t.Context())
	if got := v.Tables[0]; err == nil || got.Files != len(files)-1 || len(got.Differences) != 1 || !strings.Contains(got.Differences[0], "it is not there") {
		t.Errorf("no permission, and a file is lost: %v, %+v", err, got)
	}
	fault = simulator.FaultCPUQuota(20 * time.Minute)
	v, err = w.exporter().Verify(t.Context())
	if got := v.Tables[0]; err == nil || got.Files != 0 {
		t.Errorf("no quota: %v, %+v", err, got)
	}
}
