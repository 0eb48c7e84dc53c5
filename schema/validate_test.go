package schema_test

import (
	"strings"
	"testing"

	"huntlake/schema"
)

func TestValidate(t *testing.T) {
	sound, _ := evolved(t, "Timestamp DateTime, A Int64, _IngestionTime DateTime", "A String, dt Object")
	if err := sound.Validate(); err != nil {
		t.Errorf("a table that Evolve made: %v", err)
	}
	column := func(name string, kind schema.Kind) schema.Column {
		return schema.Column{Source: name, Type: "x", Name: name, Kind: kind}
	}
	for want, table := range map[string]schema.Table{
		`column "" from "A"`:                  {Columns: []schema.Column{{Source: "A", Kind: schema.Bool}}},
		`column "A" from ""`:                  {Columns: []schema.Column{{Name: "A", Kind: schema.Bool}}},
		`of kind kind(0)`:                     {Columns: []schema.Column{column("A", 0)}},
		`of kind kind(9)`:                     {Columns: []schema.Column{column("A", 9)}},
		`column "a" has the name of column A`: {Columns: []schema.Column{column("A", schema.Bool), column("a", schema.JSON)}},
		`column "T_100NS" has the name of the companion of T`: {Columns: []schema.Column{column("T", schema.Timestamp), column("T_100NS", schema.Int64)}},
		`column "T_100ns" has the name of column T_100ns`:     {Columns: []schema.Column{column("T_100ns", schema.Int64), column("T", schema.Timestamp)}},
		`column "Tenant" has the name of the partition key`:   {Columns: []schema.Column{column("Tenant", schema.String)}},
	} {
		if err := table.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
