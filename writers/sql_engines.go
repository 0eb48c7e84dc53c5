package writers

import (
	"fmt"
	"strings"

	"huntlake/schema"
)

const duckDB = "duckdb"

// dialect is how one engine is told about a lake.
type dialect struct {
	root     func(location) (string, error) // the lake's address as the engine has it
	preamble func(location) string          // comes first; may be empty
	table    func(root string, t SQLTable) string
}

func dialects() map[string]dialect {
	none := func(location) string { return "" }
	return map[string]dialect{
		duckDB:      {root: duckRoot, preamble: duckPreamble, table: duckTable},
		"spark":     {root: sparkRoot, preamble: none, table: sparkTable},
		"trino":     {root: trinoRoot, preamble: trinoPreamble, table: trinoTable},
		"athena":    {root: athenaRoot, preamble: none, table: athenaTable},
		"snowflake": {root: snowflakeRoot, preamble: snowflakePreamble, table: snowflakeTable},
		"bigquery":  {root: bigQueryRoot, preamble: none, table: bigQueryTable},
	}
}

func lines(indent string, parts []string) string { return indent + strings.Join(parts, ",\n"+indent) }

func duckRoot(l location) (string, error) {
	switch l.scheme {
	case "s3", "gs":
		return l.under(l.scheme + "://" + l.bucket), nil
	case "azblob":
		return l.under("az://" + l.bucket), nil
	}
	return l.prefix, nil
}

func duckPreamble(l location) string {
	switch l.scheme {
	case "s3":
		return "-- CREATE SECRET lake (TYPE s3, PROVIDER credential_chain);\n"
	case "gs":
		return "-- CREATE SECRET lake (TYPE gcs, KEY_ID '…', SECRET '…'); -- an HMAC key\n"
	case "azblob":
		account := l.account
		if account == "" {
			account = "…"
		}
		return fmt.Sprintf("-- CREATE SECRET lake (TYPE azure, PROVIDER credential_chain, ACCOUNT_NAME %s);\n", literal(account))
	}
	return ""
}

// duckTable leaves the columns to the files: union_by_name finds new ones by itself.
func duckTable(root string, t SQLTable) string {
	return fmt.Sprintf("CREATE OR REPLACE VIEW %s AS SELECT * FROM read_parquet(%s, hive_partitioning = true, union_by_name = true, hive_types = {'tenant': VARCHAR, 'dt': DATE});\n",
		identifier(t.name()), literal(root+"/"+t.Table.Path()+"/**/*.parquet"))
}

func sparkRoot(l location) (string, error) { return l.hadoop("s3a"), nil }

// sparkTable gives the columns, because Spark takes them from one file of its choice otherwise.
func sparkTable(root string, t SQLTable) string {
	spark := types{"BOOLEAN", "BIGINT", "INT", "DOUBLE", "STRING", "TIMESTAMP"}
	columns := append(spark.columns(t.Schema, backticked), "tenant STRING", "dt DATE")
	return fmt.Sprintf("CREATE OR REPLACE TEMPORARY VIEW %s (\n%s\n)\nUSING parquet\nOPTIONS (path %s, datetimeRebaseMode 'CORRECTED');\n",
		backticked(t.name()), lines("  ", columns), escaped(root+"/"+t.Table.Path()))
}

func trinoRoot(l location) (string, error) { return l.hadoop("s3"), nil }

func trinoPreamble(location) string {
	return "-- In a catalog of the Hive connector. Without the next line it shows milliseconds.\nSET SESSION hive.timestamp_precision = 'MICROSECONDS';\n"
}

func trinoTable(root string, t SQLTable) string {
	trino := types{"BOOLEAN", "BIGINT", "INTEGER", "DOUBLE", "VARCHAR", "TIMESTAMP(6)"}
	columns := append(trino.columns(t.Schema, identifier), "tenant VARCHAR", "dt DATE")
	name := identifier(t.name())
	return fmt.Sprintf("DROP TABLE IF EXISTS %s; -- the files stay\nCREATE TABLE %s (\n%s\n)\nWITH (external_location = %s, format = 'PARQUET', partitioned_by = ARRAY['tenant', 'dt']);\n"+
		"-- Once a day, for new partitions:\nCALL system.sync_partition_metadata(current_schema, %s, 'ADD');\n",
		name, name, lines("  ", columns), literal(root+"/"+t.Table.Path()), literal(strings.ToLower(t.name())))
}

func athenaRoot(l location) (string, error) { return l.under("s3://" + l.bucket), l.only("s3") }

// athenaTable lets Athena compute the partitions, so that new days need no command.
func athenaTable(root string, t SQLTable) string {
	athena := types{"boolean", "bigint", "int", "double", "string", "timestamp"}
	path := root + "/" + t.Table.Path()
	tenant, note := "'projection.tenant.type' = 'injected'", "-- Every query must say WHERE tenant = '…'.\n"
	if len(t.Tenants) > 0 {
		values := escaped(strings.Join(t.Tenants, ","))
		tenant, note = "'projection.tenant.type' = 'enum',\n  'projection.tenant.values' = "+values, ""
	}
	properties := []string{
		"'projection.enabled' = 'true'",
		tenant,
		"'projection.dt.type' = 'date'",
		"'projection.dt.format' = 'yyyy-MM-dd'",
		"'projection.dt.range' = '2015-01-01,NOW+2DAYS'",
		"'storage.location.template' = " + escaped(path+"/tenant=${tenant}/dt=${dt}/"),
	}
	name := backticked(strings.ToLower(t.name()))
	return fmt.Sprintf("%sDROP TABLE IF EXISTS %s;\nCREATE EXTERNAL TABLE %s (\n%s\n)\nPARTITIONED BY (tenant string, dt string)\n"+
		"STORED AS PARQUET\nLOCATION %s\nTBLPROPERTIES (\n%s\n);\n",
		note, name, name, lines("  ", athena.columns(t.Schema, backticked)), escaped(path+"/"), lines("  ", properties))
}

func snowflakeRoot(l location) (string, error) {
	switch l.scheme {
	case "gs":
		return l.under("gcs://" + l.bucket), nil
	case "azblob":
		account := l.account
		if account == "" {
			account = "STORAGE_ACCOUNT"
		}
		return l.under(fmt.Sprintf("azure://%s.blob.core.windows.net/%s", account, l.bucket)), nil
	}
	return l.under("s3://" + l.bucket), l.only("s3", "gs", "azblob")
}

func snowflakePreamble(l location) string {
	root, _ := snowflakeRoot(l) // asked before, without an error
	return fmt.Sprintf("ALTER SESSION SET TIMEZONE = 'UTC';\nCREATE STAGE IF NOT EXISTS huntlake\n  URL = %s\n  -- STORAGE_INTEGRATION = …\n  FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE);\n", escaped(root+"/"))
}

func snowflakeTable(_ string, t SQLTable) string {
	snowflake := types{"BOOLEAN", "BIGINT", "INT", "DOUBLE", "VARCHAR", "TIMESTAMP_TZ"}
	columns := []string{
		"tenant VARCHAR AS (REGEXP_SUBSTR(METADATA$FILENAME, '/tenant=([^/]+)/', 1, 1, 'e'))",
		"dt DATE AS (TO_DATE(REGEXP_SUBSTR(METADATA$FILENAME, '/dt=([0-9-]+)/', 1, 1, 'e')))",
	}
	for _, c := range t.Schema.Columns {
		columns = append(columns, snowflakeColumn(c.Name, snowflake.of(c.Kind)))
		if c.Kind == schema.Timestamp {
			columns = append(columns, snowflakeColumn(c.Name+schema.CompanionSuffix, snowflake.small))
		}
	}
	name := identifier(t.name())
	return fmt.Sprintf("CREATE OR REPLACE EXTERNAL TABLE %s (\n%s\n)\nPARTITION BY (tenant, dt)\nLOCATION = @huntlake/%s/\nPATTERN = '.*[.]parquet'\nAUTO_REFRESH = FALSE\nFILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE);\n"+
		"-- After each run, for new files:\nALTER EXTERNAL TABLE %s REFRESH;\n", name, lines("  ", columns), t.Table.Path(), name)
}

func snowflakeColumn(name, typ string) string {
	return fmt.Sprintf("%s %s AS (VALUE:%s::%s)", identifier(name), typ, identifier(name), typ)
}

func bigQueryRoot(l location) (string, error) { return l.under("gs://" + l.bucket), l.only("gs") }

func bigQueryTable(root string, t SQLTable) string {
	bigQuery := types{"BOOL", "INT64", "INT64", "FLOAT64", "STRING", "TIMESTAMP"}
	path := root + "/" + t.Table.Path()
	name := func(s string) string { return "`" + s + "`" } // pinned names hold letters, digits and _
	return fmt.Sprintf("CREATE OR REPLACE EXTERNAL TABLE huntlake.%s (\n%s\n)\nWITH PARTITION COLUMNS (tenant STRING, dt DATE)\nOPTIONS (format = 'PARQUET', uris = [%s], hive_partition_uri_prefix = %s);\n",
		name(t.name()), lines("  ", bigQuery.columns(t.Schema, name)), escaped(path+"/*.parquet"), escaped(path))
}
