package main_test

import (
	"strings"
	"testing"
)

func TestSQL(t *testing.T) {
	r := newRig(t)
	r.configure("queries: [{name: high, query: 'AlertInfo | where Severity == \"High\"'}]\n")
	r.verb("sql").want(t, 1, "nothing has been exported yet: huntlake run comes first")
	r.verb("sql", "--engine", "excel").want(t, 2, `--engine: "excel" is not one of athena, bigquery, duckdb, snowflake, spark, trino`)
	r.verb("run").want(t, 0)
	calls := len(r.service.Calls())
	for _, c := range []struct {
		engine string
		words  []string
	}{
		{"duckdb", []string{`VIEW "AlertInfo" AS SELECT`, `VIEW "queries_high"`, "read_parquet('" + r.lake() + "/AlertInfo/**/*.parquet'"}},
		{"spark", []string{"`Timestamp` TIMESTAMP", "`Timestamp_100ns` INT", "file://" + r.lake() + "/DeviceProcessEvents"}},
		{"trino", []string{`"ProcessCommandLine" VARCHAR`, "external_location = 'file://" + r.lake()}},
	} {
		r.verb("sql", "--engine", c.engine).want(t, 0, c.words...)
	}
	r.verb("sql", "--engine", "athena").want(t, 1, "it reads lakes in s3, not in file")
	if n := len(r.service.Calls()); n != calls {
		t.Errorf("it made %d calls", n-calls)
	}
	if got := r.verb("sql"); got.stderr != "" || strings.Contains(got.stdout, tenantID) {
		t.Errorf("stdout:\n%s\nstderr:\n%s", got.stdout, got.stderr)
	}
}
