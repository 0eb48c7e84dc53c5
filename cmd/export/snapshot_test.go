package main_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"huntlake/pipeline"
	"huntlake/pipeline/hunting/simulator"
)

// snapshotRig serves two tables without a time column, of which one cannot be counted, at noon.
func snapshotRig(t *testing.T) *rig {
	t.Helper()
	r := newRig(t, func(o *simulator.Options) {
		states, err := simulator.Generate(simulator.GenerateOptions{
			Seed: 7, Tables: []string{"DeviceTvmSoftwareInventory", "ExposureGraphEdges"}, Rows: 300, End: time.Now(), Start: time.Now().AddDate(0, 0, -1),
		})
		if err != nil {
			t.Fatal(err)
		}
		o.Tables = append(o.Tables, states...)
		o.Faults = func(_ int, query string) simulator.Fault {
			if query == "ExposureGraphEdges | count" {
				return simulator.FaultTimeout()
			}
			return simulator.Fault{}
		}
	})
	noon := r.now().UTC().Truncate(24 * time.Hour).Add(36 * time.Hour)
	r.pass(noon.Sub(r.now()))
	return r
}

// TestSnapshots takes one a day, shows it to every verb, and gives up one that cannot be counted.
func TestSnapshots(t *testing.T) {
	r := snapshotRig(t)
	r.configure("tables: [AlertInfo, DeviceTvmSoftwareInventory]\n")
	today, tomorrow := r.now().UTC().Format(time.DateOnly), r.now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)
	r.verb("check").want(t, 0, "ok      DeviceTvmSoftwareInventory")
	r.verb("plan", "--slices").want(t, 0, "DeviceTvmSoftwareInventory", "300", "snapshot")
	r.verb("run").want(t, 0, "DeviceTvmSoftwareInventory", "300")
	r.verb("status").want(t, 0, "DeviceTvmSoftwareInventory: the last snapshot is that of "+today+", 300 rows; the next is due on "+tomorrow)
	if again := decode[pipeline.Report](t, r.verb("run", "--json")).Tenants[0].Tables[1]; again.Calls.Total() != 0 {
		t.Errorf("a second run on the same day made %+v", again.Calls)
	}
	r.verb("verify", "--repair").want(t, 0, "files equal; the source moves on", "Nothing differs, nothing is missing.")
	r.verb("sql").want(t, 0, "DeviceTvmSoftwareInventory")
	r.pass(24 * time.Hour)
	r.verb("run").want(t, 0)
	var files []string
	for _, f := range r.files() {
		if strings.Contains(f, "DeviceTvmSoftwareInventory") {
			files = append(files, filepath.Base(filepath.Dir(f)))
		}
	}
	if want := "dt=" + today + " dt=" + tomorrow; strings.Join(files, " ") != want {
		t.Errorf("files in %v, want %s", files, want)
	}

	r.configure("tables: [{name: ExposureGraphEdges, mode: snapshot, every: 48h}, DeviceTvmSoftwareInventory]\n")
	for range 2 {
		r.verb("run").want(t, 1, "ExposureGraphEdges: the snapshot of "+tomorrow+" could not be counted, and is tried again by the next run: ")
	}
	r.verb("run").want(t, 1, "ExposureGraphEdges: no snapshot of "+tomorrow+" could be taken: none of 3 tries has come to an end; at the last one, it could not be counted: ",
		"failed", "or snapshots that could not be taken")
	r.verb("run").want(t, 0)
	r.verb("status").want(t, 0, "ExposureGraphEdges: gap: no snapshot of "+tomorrow+": none of 3 tries", "ExposureGraphEdges: no snapshot yet; the next is due on ")
	r.verb("verify").want(t, 3, "gap: no snapshot of "+tomorrow)
}
