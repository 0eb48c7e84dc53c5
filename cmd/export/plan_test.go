package main_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"huntlake/pipeline"
)

func TestPlan(t *testing.T) {
	r := newRig(t)
	r.verb("plan").want(t, 0, "DeviceProcessEvents", "not known", "less than a minute, on a quota of 100000 calls a minute and 10m of run time an hour (share 100%)",
		"No row was read, and nothing was committed.")
	r.verb("plan", "--slices").want(t, 0, "table                rows  slice\n", "AlertInfo ")
	preview := decode[pipeline.Preview](t, r.verb("plan", "--json"))
	if len(preview.Tables) != 2 || preview.Tables[0].Rows == 0 || preview.Tables[0].Calls.Data != 1 {
		t.Errorf("got %+v", preview)
	}
	err := filepath.WalkDir(r.lake(), func(path string, d fs.DirEntry, err error) error {
		if d != nil && !d.IsDir() && filepath.Base(filepath.Dir(path)) != "owner" {
			t.Errorf("a plan wrote %s", path)
		}
		if os.IsNotExist(err) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestPlanOfAFailingTable(t *testing.T) {
	r := newRig(t)
	r.configure("tables: [AlertInfo, DeviceInfo]\n")
	r.verb("plan").want(t, 1, "DeviceInfo  failed", "tenant "+tenantID+": DeviceInfo: query DeviceInfo: status 400", "huntlake tables --probe lists what the tenant has")
}
