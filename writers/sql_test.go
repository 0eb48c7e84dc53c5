package writers_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/partition"
	"huntlake/schema"
	"huntlake/writers"
)

func sqlTables(t *testing.T) []writers.SQLTable {
	t.Helper()
	return []writers.SQLTable{
		{Table: partition.Table{Name: "DeviceEvents"}, Schema: table(t, fields()), Tenants: []string{"1", "o'2"}},
		{Table: partition.Table{Name: "slow_logons", Query: true}, Schema: table(t, fields()[:1])},
	}
}

func TestSQLForDuckDB(t *testing.T) {
	for _, c := range []struct{ lake, hint, root string }{
		{"/var/lake", "", "/var/lake"},
		{"file:///var/o'brien/", "", "/var/o''brien"},
		{"s3://lake/a/b?region=eu-west-1", "-- CREATE SECRET lake (TYPE s3, PROVIDER credential_chain);\n\n", "s3://lake/a/b"},
		{"gs://lake", "-- CREATE SECRET lake (TYPE gcs, KEY_ID '…', SECRET '…'); -- an HMAC key\n\n", "gs://lake"},
		{
			"azblob://lake/x?storage_account=acc", "-- CREATE SECRET lake (TYPE azure, PROVIDER credential_chain, ACCOUNT_NAME 'acc');\n\n",
			"az://lake/x",
		},
	} {
		got, err := writers.SQL("duckdb", c.lake, sqlTables(t))
		if err != nil {
			t.Fatal(err)
		}
		view := func(name, path string) string {
			return `CREATE OR REPLACE VIEW "` + name + `" AS SELECT * FROM read_parquet('` + c.root + "/" + path +
				"/**/*.parquet', hive_partitioning = true, union_by_name = true, hive_types = {'tenant': VARCHAR, 'dt': DATE});\n"
		}
		want := c.hint + view("DeviceEvents", "DeviceEvents") + "\n" + view("queries_slow_logons", "queries/slow_logons")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.lake, diff)
		}
	}
}

func TestSQLNamesEveryColumn(t *testing.T) {
	for _, engine := range writers.SQLEngines() {
		if engine == "duckdb" {
			continue
		}
		lake := map[string]string{"bigquery": "gs://lake/a"}[engine]
		if lake == "" {
			lake = "s3://lake/a"
		}
		got, err := writers.SQL(engine, lake, sqlTables(t))
		if err != nil {
			t.Errorf("%s: %v", engine, err)
			continue
		}
		for _, f := range table(t, fields()).Arrow().Fields() {
			if n := len(regexp.MustCompile("[\"`]"+f.Name+"[\"`] [A-Za-z]").FindAllString(got, -1)); n < 1 {
				t.Errorf("%s: column %s is missing from\n%s", engine, f.Name, got)
			}
		}
		for _, want := range []string{"tenant", "dt", "a/DeviceEvents", "a/queries/slow_logons"} {
			if engine == "snowflake" {
				want = strings.TrimPrefix(want, "a/")
			}
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in\n%s", engine, want, got)
			}
		}
		if strings.Count(got, "'")%2 != 0 && engine != "athena" || strings.Count(got, "(") != strings.Count(got, ")") {
			t.Errorf("%s: marks do not match in\n%s", engine, got)
		}
	}
}

func TestSQLForAthenaQuotesTenants(t *testing.T) {
	got, err := writers.SQL("athena", "s3://lake", sqlTables(t))
	if want := `'projection.tenant.values' = '1,o\'2'`; err != nil || !strings.Contains(got, want) {
		t.Errorf("got error %v and\n%s\nwithout %s", err, got, want)
	}
}

func TestSQLForAzure(t *testing.T) {
	for engine, want := range map[string]string{
		"spark":     "abfss://lake@acc.dfs.core.windows.net/x/DeviceEvents",
		"trino":     "abfss://lake@acc.dfs.core.windows.net/x/DeviceEvents",
		"snowflake": "azure://acc.blob.core.windows.net/lake/x/",
	} {
		got, err := writers.SQL(engine, "azblob://lake/x?storage_account=acc", sqlTables(t))
		if err != nil || !strings.Contains(got, want) {
			t.Errorf("%s: got error %v and\n%s\nwithout %s", engine, err, got, want)
		}
	}
}

func TestSQLRefuses(t *testing.T) {
	good := sqlTables(t)
	bad := []writers.SQLTable{{Table: partition.Table{Name: `x"; DROP TABLE y; --`}, Schema: good[0].Schema}}
	unknown := []writers.SQLTable{{Table: partition.Table{Name: "New"}, Schema: schema.Table{}}}
	for _, c := range []struct {
		name, engine, lake string
		tables             []writers.SQLTable
		want               string
	}{
		{"engine", "oracle", "/lake", good, "athena, bigquery, duckdb, snowflake, spark, trino"},
		{"store of an engine", "bigquery", "s3://lake", good, "gs"},
		{"folder of a service", "athena", "/lake", good, "s3"},
		{"store", "duckdb", "mem://", good, "mem"},
		{"secret in a URL", "duckdb", "ftp://user:hunter2@host/x?sig=hunter2", good, "ftp"},
		{"name", "duckdb", "/lake", bad, "table name"},
		{"no columns", "spark", "/lake", unknown, "New"},
	} {
		got, err := writers.SQL(c.engine, c.lake, c.tables)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %q and error %v, want one that names %s", c.name, got, err, c.want)
		}
	}
}
