package writers

import (
	"cmp"
	"fmt"
	"strings"
)

func trinoRoot(l location) (string, error) { return l.hadoop("s3"), nil }

func trinoPreamble(location) string {
	return "-- hive is the name of a catalog of the Hive connector. Without the next line it has times in milliseconds.\n" +
		"SET SESSION hive.timestamp_precision = 'MICROSECONDS';\nCREATE SCHEMA IF NOT EXISTS hive.huntlake;\nUSE hive.huntlake;\n"
}

func trinoTable(root string, t SQLTable) string {
	trino := types{"BOOLEAN", "BIGINT", "INTEGER", "DOUBLE", "VARCHAR", "VARCHAR", "TIMESTAMP(6)"}
	columns := append(trino.columns(t.Schema, identifier), "tenant VARCHAR", "dt DATE")
	name := identifier(t.name())
	return fmt.Sprintf("DROP TABLE IF EXISTS %s; -- the files stay\nCREATE TABLE %s (\n%s\n)\nWITH (external_location = %s, format = 'PARQUET', partitioned_by = ARRAY['tenant', 'dt']);\n"+
		"-- Once a day, for new partitions:\nCALL hive.system.sync_partition_metadata('huntlake', %s, 'ADD');\n",
		name, name, lines("  ", columns), literal(root+"/"+t.Table.Path()), literal(strings.ToLower(t.name())))
}

func athenaRoot(l location) (string, error) { return l.under("s3://" + l.bucket), l.only("s3") }

func athenaPreamble(location) string {
	return "-- One statement at a time. Athena has times in milliseconds: finer ones need another engine.\n"
}

// athenaTable lets Athena compute the partitions, so that new days need no command. It does so day by day, so the first
// day matters to a query that says nothing of dt.
func athenaTable(root string, t SQLTable) string {
	athena := types{"boolean", "bigint", "int", "double", "string", "string", "timestamp"}
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
		"'projection.dt.range' = " + escaped(t.First.String()+",NOW+2DAYS"),
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
		return l.under(fmt.Sprintf("azure://%s.blob.core.windows.net/%s", cmp.Or(l.account, "STORAGE_ACCOUNT"), l.bucket)), nil
	}
	return l.under("s3://" + l.bucket), l.only("s3", "gs", "azblob")
}

func snowflakePreamble(l location) string {
	root, _ := snowflakeRoot(l) // asked before, without an error
	return fmt.Sprintf("ALTER SESSION SET TIMEZONE = 'UTC';\nCREATE STAGE IF NOT EXISTS huntlake\n  URL = %s\n  -- STORAGE_INTEGRATION = …\n  FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE);\n", escaped(root+"/"))
}

func snowflakeTable(_ string, t SQLTable) string {
	snowflake := types{"BOOLEAN", "BIGINT", "INT", "DOUBLE", "VARCHAR", "VARCHAR", "TIMESTAMP_TZ"}
	columns := append([]string{
		"TENANT VARCHAR AS (SPLIT_PART(SPLIT_PART(METADATA$FILENAME, '/tenant=', 2), '/', 1))",
		"DT DATE AS (TO_DATE(SPLIT_PART(SPLIT_PART(METADATA$FILENAME, '/dt=', 2), '/', 1)))",
	}, snowflake.each(t.Schema, func(name, typ string) string {
		return fmt.Sprintf("%s %s AS (VALUE:%s::%s)", snowflakeName(name), typ, identifier(name), typ)
	})...)
	name := snowflakeName(t.name())
	return fmt.Sprintf("CREATE OR REPLACE EXTERNAL TABLE %s (\n%s\n)\nPARTITION BY (TENANT, DT)\nLOCATION = @huntlake/%s/\nPATTERN = '.*[.]parquet'\nAUTO_REFRESH = FALSE\nFILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE);\n"+
		"-- After each run, for new files:\nALTER EXTERNAL TABLE %s REFRESH;\n", name, lines("  ", columns), t.Table.Path(), name)
}

// snowflakeName is in capitals, so that it may be written in any case without quotes. VALUE is the row as it is in the
// file, in every external table.
func snowflakeName(name string) string {
	name = strings.ToUpper(name)
	if name == "VALUE" {
		name = "VALUE__COLUMN"
	}
	return identifier(name)
}

func bigQueryRoot(l location) (string, error) { return l.under("gs://" + l.bucket), l.only("gs") }

func bigQueryPreamble(location) string {
	return "-- CREATE SCHEMA huntlake OPTIONS (location = '…'); -- where the bucket is\n"
}

// bigQueryTable keeps the partition keys apart: BigQuery refuses one that is a column as well.
func bigQueryTable(root string, t SQLTable) string {
	bigQuery := types{"BOOL", "INT64", "INT64", "FLOAT64", "STRING", "STRING", "TIMESTAMP"}
	path := root + "/" + t.Table.Path()
	// Names are pinned of letters, digits and _.
	return fmt.Sprintf("CREATE OR REPLACE EXTERNAL TABLE huntlake.%s (\n%s\n)\nWITH PARTITION COLUMNS (tenant STRING, dt DATE)\nOPTIONS (format = 'PARQUET', uris = [%s], hive_partition_uri_prefix = %s);\n",
		backticked(t.name()), lines("  ", bigQuery.columns(t.Schema, backticked)), escaped(path+"/*.parquet"), escaped(path))
}
