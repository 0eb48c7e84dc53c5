package catalog_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/schema"
	"huntlake/schema/catalog"
)

func TestEveryLineOfTheFileFitsTheFormat(t *testing.T) {
	b, err := os.ReadFile("catalog.txt")
	if err != nil {
		t.Fatal(err)
	}
	header := regexp.MustCompile(`^[A-Z][A-Za-z]+ ([A-Z][A-Za-z]+|-) (live|documented)$`)
	columns := regexp.MustCompile(`^ ( [A-Z][A-Za-z0-9]*:(datetime|string|long|int|bool|real|dynamic|guid))+$`)
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		if i == 0 || line == "" || header.MatchString(line) || columns.MatchString(line) {
			continue
		}
		t.Errorf("catalog.txt:%d: %q", i+1, line)
	}
}

func TestTables(t *testing.T) {
	tables := catalog.Tables()
	if len(tables) != 65 {
		t.Errorf("got %d tables, want 65", len(tables))
	}
	if !slices.IsSortedFunc(tables, func(a, b catalog.Table) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("tables are not in order of name")
	}
	timeless, live := 0, 0
	for _, table := range tables {
		checkTable(t, table)
		if table.TimeColumn == "" {
			timeless++
		}
		if table.Live {
			live++
		}
	}
	if timeless != 15 || live != 16 {
		t.Errorf("got %d tables without time and %d live, want 15 and 16", timeless, live)
	}
}

func checkTable(t *testing.T, table catalog.Table) {
	t.Helper()
	seen := map[string]string{}
	for _, f := range table.Columns {
		if _, err := schema.KindOf(f.Type); err != nil {
			t.Errorf("%s.%s: %v", table.Name, f.Name, err)
		}
		if _, twice := seen[f.Name]; twice {
			t.Errorf("%s.%s: there twice", table.Name, f.Name)
		}
		seen[f.Name] = f.Type
	}
	if table.TimeColumn != "" && seen[table.TimeColumn] != "DateTime" {
		t.Errorf("%s: time column %s is %q", table.Name, table.TimeColumn, seen[table.TimeColumn])
	}
	if len(table.KeyColumns) == 0 {
		t.Errorf("%s: no key columns", table.Name)
	}
	for _, k := range table.KeyColumns {
		if typ := seen[k]; typ == "" || typ == "Object" {
			t.Errorf("%s: key column %s is %q", table.Name, k, typ)
		}
	}
}

func TestLookup(t *testing.T) {
	tests := []struct {
		name string
		want catalog.Table
	}{
		{"AlertInfo", catalog.Table{
			Name: "AlertInfo", TimeColumn: "Timestamp", Live: true,
			Columns: []schema.Field{
				{Name: "Timestamp", Type: "DateTime"}, {Name: "AlertId", Type: "String"}, {Name: "Title", Type: "String"},
				{Name: "Category", Type: "String"}, {Name: "Severity", Type: "String"}, {Name: "ServiceSource", Type: "String"},
				{Name: "DetectionSource", Type: "String"}, {Name: "AttackTechniques", Type: "String"}, {Name: "SentinelWorkspaceIds", Type: "String"},
			},
			KeyColumns: []string{"Timestamp", "AlertId", "Title", "Category", "Severity", "ServiceSource", "DetectionSource", "AttackTechniques", "SentinelWorkspaceIds"},
		}},
		{"ExposureGraphNodes", catalog.Table{
			Name: "ExposureGraphNodes", Live: true,
			Columns: []schema.Field{
				{Name: "NodeId", Type: "String"}, {Name: "NodeLabel", Type: "String"}, {Name: "NodeName", Type: "String"},
				{Name: "Categories", Type: "Object"}, {Name: "NodeProperties", Type: "Object"}, {Name: "EntityIds", Type: "Object"},
			},
			KeyColumns: []string{"NodeId", "NodeLabel", "NodeName"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := catalog.Lookup(tt.name)
			if !ok {
				t.Fatal("not found")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	for _, absent := range []string{"", "alertinfo", "AlertInf", "ZZZ"} {
		if got, ok := catalog.Lookup(absent); ok {
			t.Errorf("Lookup(%q) = %q", absent, got.Name)
		}
	}
	process, _ := catalog.Lookup("DeviceProcessEvents")
	if diff := cmp.Diff([]string{"ReportId", "DeviceId", "Timestamp"}, process.KeyColumns); diff != "" {
		t.Errorf("keys -want +got:\n%s", diff)
	}
}
