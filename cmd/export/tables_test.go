package main_test

import (
	"strings"
	"testing"
)

func TestTablesMisspelt(t *testing.T) {
	huntlake(t, "tables", "deviceprocessevent").want(t, 2, "did you mean DeviceProcessEvents?")
	huntlake(t, "tables", "Unlike").want(t, 2, "Unlike is not in the catalog", "huntlake tables lists them")
}

func TestTables(t *testing.T) {
	r := newRig(t)
	t.Chdir(r.dir)
	type line struct {
		Name, TimeColumn string
		Exported         bool
		Tenants          map[string]string
	}
	t.Run("catalog", func(t *testing.T) {
		got := huntlake(t, "tables")
		got.want(t, 0, "table ", "time column", "DeviceProcessEvents", "none: a state")
		if n := strings.Count(got.stdout, "  yes\n"); n != len(rigTables) {
			t.Errorf("%d tables are exported, want %d:\n%s", n, len(rigTables), got.stdout)
		}
	})
	t.Run("not in the catalog", func(t *testing.T) {
		r.configure("tables: [AlertInfo, Homemade_CL]\n")
		defer r.configure("")
		huntlake(t, "tables").want(t, 0, "Homemade_CL")
	})
	t.Run("columns", func(t *testing.T) {
		huntlake(t, "tables", "AlertInfo").want(t, 0, "AlertId", "Timestamp  ", "DateTime")
	})
	t.Run("unknown", func(t *testing.T) {
		huntlake(t, "tables", "Nonesuch").want(t, 2, "Nonesuch is not in the catalog")
	})
	t.Run("asks nobody", func(t *testing.T) {
		if calls := r.service.Calls(); len(calls) > 0 {
			t.Errorf("%d calls", len(calls))
		}
	})
	t.Run("probe", func(t *testing.T) {
		got := huntlake(t, "tables", "--probe", "--json")
		got.want(t, 0)
		var has []string
		for _, l := range decode[[]line](t, got) {
			if l.Tenants[tenantID] != "no" {
				has = append(has, l.Name+": "+l.Tenants[tenantID])
			}
		}
		if want := "AlertInfo: yes, 9 columns, DeviceProcessEvents: yes, 69 columns"; strings.Join(has, ", ") != want {
			t.Errorf("got %q, want %q", has, want)
		}
		huntlake(t, "tables", "AlertInfo", "--probe").want(t, 0, "tenant "+tenantID+": yes, 9 columns")
	})
	t.Run("probe without a configuration", func(t *testing.T) {
		huntlake(t, "tables", "--probe", "--config", "none.yaml").want(t, 2, "none.yaml")
	})
}
