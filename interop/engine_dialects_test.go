package interop

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/partition"
	"huntlake/schema"
	"huntlake/writers"
)

// parsed is what a parser of SQL makes of an engine's statements.
type parsed struct {
	Tables map[string]map[string]string // columns and types, by table
	Opaque []string                     // statements that it does not look into
}

// foreign are the engines that are not here, as the parser prints their types.
var foreign = map[string]struct {
	lake   string
	kinds  map[schema.Kind]string
	small  string // of a companion
	keys   map[string]string
	spells func(name string) string
	opaque string // what the parser may leave alone
}{
	"trino": {
		lake: "s3://lake/a", small: "INTEGER", keys: map[string]string{"tenant": "VARCHAR", "dt": "DATE"}, spells: same,
		kinds: map[schema.Kind]string{
			schema.Bool: "BOOLEAN", schema.Int64: "BIGINT", schema.Double: "DOUBLE", schema.String: "VARCHAR", schema.JSON: "VARCHAR",
			schema.Timestamp: "TIMESTAMP(6)",
		},
		opaque: `^CALL hive\.system\.sync_partition_metadata\('huntlake', '\w+', 'ADD'\)$`,
	},
	"athena": {
		lake: "s3://lake/a", small: "INTEGER", keys: map[string]string{"tenant": "VARCHAR", "dt": "VARCHAR"}, spells: same,
		kinds: map[schema.Kind]string{
			schema.Bool: "BOOLEAN", schema.Int64: "BIGINT", schema.Double: "DOUBLE", schema.String: "VARCHAR", schema.JSON: "VARCHAR",
			schema.Timestamp: "TIMESTAMP",
		},
		opaque: `^$`,
	},
	"snowflake": {
		lake: "azblob://lake/a?storage_account=acc", small: "INT", keys: map[string]string{"TENANT": "VARCHAR", "DT": "DATE"}, spells: capitals,
		kinds: map[schema.Kind]string{
			schema.Bool: "BOOLEAN", schema.Int64: "BIGINT", schema.Double: "DOUBLE", schema.String: "VARCHAR", schema.JSON: "VARCHAR",
			schema.Timestamp: "TIMESTAMPTZ",
		},
		opaque: `^ALTER EXTERNAL TABLE "\w+" REFRESH$`,
	},
	"bigquery": {
		lake: "gs://lake/a", small: "INT64", keys: map[string]string{}, spells: same, // in a clause that the parser does not know
		kinds: map[schema.Kind]string{
			schema.Bool: "BOOL", schema.Int64: "INT64", schema.Double: "FLOAT64", schema.String: "STRING", schema.JSON: "STRING",
			schema.Timestamp: "TIMESTAMP",
		},
		opaque: `^$`,
	},
}

func same(name string) string { return name }

// capitals are Snowflake's, where VALUE is taken.
func capitals(name string) string {
	if strings.EqualFold(name, "value") {
		return "VALUE__COLUMN"
	}
	return strings.ToUpper(name)
}

// testDialects has a parser read what is printed for engines that are not here, for the tables of both lakes.
func testDialects(t *testing.T, lakes []*shown) {
	needs(t, "python3", "-c", "import sqlglot")
	var tables []writers.SQLTable
	for i, s := range lakes {
		for _, w := range s.truths {
			// In the second lake the tables of the first are other ones, which named queries can stand for.
			tables = append(tables, writers.SQLTable{
				Table: partition.Table{Name: w.name, Query: i > 0}, Schema: w.schema, Files: 1, First: lookUpDay(0), Tenants: []string{tenantID},
			})
		}
	}
	job := map[string]string{}
	for engine, f := range foreign {
		text, err := writers.SQL(engine, f.lake, tables)
		if err != nil {
			t.Fatal(err)
		}
		job[engine] = text
	}
	var result map[string]parsed
	runReader(t, &result, job, "python3", "readers/dialects.py")
	for engine, f := range foreign {
		got := map[string]map[string]string{}
		for name, columns := range result[engine].Tables {
			got[strings.ToLower(name)] = columns
		}
		want := map[string]map[string]string{}
		for _, table := range tables {
			columns := map[string]string{}
			for name, typ := range f.keys {
				columns[name] = typ
			}
			for _, c := range table.Schema.Columns {
				columns[f.spells(c.Name)] = f.kinds[c.Kind]
				if c.Kind == schema.Timestamp {
					columns[f.spells(c.Name+schema.CompanionSuffix)] = f.small
				}
			}
			want[strings.ToLower(strings.ReplaceAll(table.Table.Path(), "/", "_"))] = columns
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: columns -want +parsed:\n%.3000s", engine, diff)
		}
		for _, statement := range result[engine].Opaque {
			if !regexp.MustCompile(f.opaque).MatchString(statement) {
				t.Errorf("%s: the parser does not understand %.300s", engine, statement)
			}
		}
	}
}
