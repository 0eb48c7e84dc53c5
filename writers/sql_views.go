package writers

import (
	"cmp"
	"fmt"
	"net/url"
)

func duckRoot(l location) (string, error) {
	switch l.scheme {
	case "s3", "gs":
		return l.under(l.scheme + "://" + l.bucket), nil
	case "azblob":
		return l.under("az://" + l.bucket), nil
	}
	return l.prefix, nil
}

// duckPreamble has times shown and read in UTC, as dt is.
func duckPreamble(l location) string {
	const utc = "SET TimeZone = 'UTC';\n"
	switch l.scheme {
	case "s3":
		return utc + fmt.Sprintf("-- CREATE SECRET lake (TYPE s3, PROVIDER credential_chain%s);\n", duckS3(l.query))
	case "gs":
		return utc + "-- CREATE SECRET lake (TYPE gcs, KEY_ID '…', SECRET '…'); -- an HMAC key\n"
	case "azblob":
		return utc + fmt.Sprintf("-- CREATE SECRET lake (TYPE azure, PROVIDER credential_chain, ACCOUNT_NAME %s);\n", literal(cmp.Or(l.account, "…")))
	}
	return utc
}

// duckS3 is what the lake's URL says of its store, as options of a secret.
func duckS3(q url.Values) (options string) {
	if region := q.Get("region"); region != "" {
		options += ", REGION " + literal(region)
	}
	if u, err := url.Parse(q.Get("endpoint")); err == nil && u.Host != "" {
		options += fmt.Sprintf(", ENDPOINT %s, USE_SSL %t", literal(u.Host), u.Scheme != "http")
	}
	if q.Get("use_path_style") == "true" {
		options += ", URL_STYLE 'path'"
	}
	return options
}

func duckTypes() types {
	return types{"BOOLEAN", "BIGINT", "INTEGER", "DOUBLE", "VARCHAR", "JSON", "TIMESTAMPTZ"}
}

// duckTable names every column twice: in the view, because a view of * fails as soon as a file has one more, and in a
// part without rows, because there may be columns that no file has yet.
func duckTable(root string, t SQLTable) string {
	names := append(duckTypes().each(t.Schema, func(name, _ string) string { return identifier(name) }), "tenant", "dt")
	return fmt.Sprintf("CREATE OR REPLACE VIEW %s AS SELECT\n%s\nFROM (\n  SELECT\n%s\n  WHERE false\n  UNION ALL BY NAME\n"+
		"  SELECT * FROM read_parquet(%s, hive_partitioning = true, union_by_name = true, hive_types = {'tenant': VARCHAR, 'dt': DATE})\n);\n",
		identifier(t.name()), lines("  ", names), lines("    ", duckNulls(t)), literal(root+"/"+t.Table.Path()+"/**/*.parquet"))
}

// duckEmpty looks for no file: to find none is an error.
func duckEmpty(t SQLTable) string {
	return fmt.Sprintf("CREATE OR REPLACE VIEW %s AS SELECT -- no file yet\n%s,\n  NULL::VARCHAR AS tenant,\n  NULL::DATE AS dt\nWHERE false;\n",
		identifier(t.name()), lines("  ", duckNulls(t)))
}

func duckNulls(t SQLTable) []string {
	return duckTypes().each(t.Schema, func(name, typ string) string { return "NULL::" + typ + " AS " + identifier(name) })
}

func sparkRoot(l location) (string, error) { return l.hadoop("s3a"), nil }

// sparkPreamble has times shown and read in UTC, as dt is.
func sparkPreamble(location) string {
	return "-- A view keeps to the files that it has found. REFRESH TABLE has it look again.\nSET TIME ZONE 'UTC';\n"
}

func sparkTypes() types {
	return types{"BOOLEAN", "BIGINT", "INT", "DOUBLE", "STRING", "STRING", "TIMESTAMP"}
}

// sparkTable gives the columns, because Spark takes them from one file of its choice otherwise, and has times before
// 1900 taken for what they are.
func sparkTable(root string, t SQLTable) string {
	columns := append(sparkTypes().columns(t.Schema, backticked), "tenant STRING", "dt DATE")
	return fmt.Sprintf("CREATE OR REPLACE TEMPORARY VIEW %s (\n%s\n)\nUSING parquet\nOPTIONS (path %s, datetimeRebaseMode 'CORRECTED');\n",
		backticked(t.name()), lines("  ", columns), escaped(root+"/"+t.Table.Path()))
}

// sparkEmpty names no folder: one that is not there is an error.
func sparkEmpty(t SQLTable) string {
	nulls := sparkTypes().each(t.Schema, func(name, typ string) string { return "CAST(NULL AS " + typ + ") AS " + backticked(name) })
	return fmt.Sprintf("CREATE OR REPLACE TEMPORARY VIEW %s AS SELECT -- no file yet\n%s,\n  CAST(NULL AS STRING) AS tenant,\n  CAST(NULL AS DATE) AS dt\nWHERE false;\n",
		backticked(t.name()), lines("  ", nulls))
}
