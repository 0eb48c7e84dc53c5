package writers_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/partition"
	"huntlake/schema"
	"huntlake/writers"
)

var update = flag.Bool("update", false, "write the golden files anew")

func sqlTables(t *testing.T) []writers.SQLTable {
	t.Helper()
	return []writers.SQLTable{
		{Table: partition.Table{Name: "DeviceEvents"}, Schema: grown(t), Files: 3, First: day - 40, Tenants: []string{"1", "o'2"}},
		{Table: partition.Table{Name: "slow_logons", Query: true}, Schema: table(t, fields()[:1]), Files: 1, First: day},
		{Table: partition.Table{Name: "AlertInfo"}, Schema: table(t, fields()[:2])},
	}
}

// grown is a schema after a change of type, with names that differ by case and names that engines have themselves.
func grown(t *testing.T) schema.Table {
	t.Helper()
	before := append(fields(), schema.Field{Name: "deviceID", Type: "String"}, schema.Field{Name: "Value", Type: "Int32"},
		schema.Field{Name: "dt", Type: "String"})
	after := slices.Clone(before)
	after[3].Type = "String"
	grown, _, err := table(t, before).Evolve(after)
	if err != nil {
		t.Fatal(err)
	}
	return grown
}

// TestSQLPrinted holds every engine's statements against a golden file. DuckDB's and Spark's are run, and the others
// parsed, by the tests in interop.
func TestSQLPrinted(t *testing.T) {
	for _, engine := range writers.SQLEngines() {
		lake := "s3://lake/a?region=eu-west-1"
		if engine == "bigquery" {
			lake = "gs://lake/a"
		}
		got, err := writers.SQL(engine, lake, sqlTables(t))
		if err != nil {
			t.Errorf("%s: %v", engine, err)
			continue
		}
		path := filepath.Join("testdata", "sql", engine+".sql")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("go test -run SQLPrinted -update writes it anew; -want +got:\n%s", diff)
		}
	}
}

func TestSQLForDuckDB(t *testing.T) {
	for _, c := range []struct{ lake, hint, root string }{
		{"/var/lake", "", "/var/lake"},
		{"file:///var/o'brien/", "", "/var/o''brien"},
		{"s3://lake/a/b?region=eu-west-1", "-- CREATE SECRET lake (TYPE s3, PROVIDER credential_chain, REGION 'eu-west-1');\n", "s3://lake/a/b"},
		{
			"s3://lake?endpoint=http://127.0.0.1:9000&use_path_style=true&region=r",
			"-- CREATE SECRET lake (TYPE s3, PROVIDER credential_chain, REGION 'r', ENDPOINT '127.0.0.1:9000', USE_SSL false, URL_STYLE 'path');\n",
			"s3://lake",
		},
		{"gs://lake", "-- CREATE SECRET lake (TYPE gcs, KEY_ID '…', SECRET '…'); -- an HMAC key\n", "gs://lake"},
		{
			"azblob://lake/x?storage_account=acc", "-- CREATE SECRET lake (TYPE azure, PROVIDER credential_chain, ACCOUNT_NAME 'acc');\n",
			"az://lake/x",
		},
	} {
		got, err := writers.SQL("duckdb", c.lake, sqlTables(t))
		if err != nil {
			t.Fatal(err)
		}
		if want := "SET TimeZone = 'UTC';\n" + c.hint + "\nCREATE"; !strings.HasPrefix(got, want) {
			t.Errorf("%s: want first %q, got\n%.200s", c.lake, want, got)
		}
		if want := "read_parquet('" + c.root + "/queries/slow_logons/**/*.parquet',"; !strings.Contains(got, want) {
			t.Errorf("%s: want %q in\n%s", c.lake, want, got)
		}
	}
}

// TestSQLNamesEveryColumn also of a table that has no file yet, where that can be a view.
func TestSQLNamesEveryColumn(t *testing.T) {
	for _, engine := range []string{"duckdb", "spark"} {
		got, err := writers.SQL(engine, "/lake", []writers.SQLTable{{Table: partition.Table{Name: "Empty"}, Schema: grown(t)}})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(got, "/lake") {
			t.Errorf("%s looks for files where there are none:\n%s", engine, got)
		}
		for _, f := range grown(t).Arrow().Fields() {
			if !regexp.MustCompile(" AS [\"`]" + f.Name + "[\"`]").MatchString(got) {
				t.Errorf("%s: column %s is missing from\n%s", engine, f.Name, got)
			}
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
