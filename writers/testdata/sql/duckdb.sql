SET TimeZone = 'UTC';
-- CREATE SECRET lake (TYPE s3, PROVIDER credential_chain, REGION 'eu-west-1');

CREATE OR REPLACE VIEW "AlertInfo" AS SELECT -- no file yet
  NULL::TIMESTAMPTZ AS "Timestamp",
  NULL::INTEGER AS "Timestamp_100ns",
  NULL::VARCHAR AS "DeviceId",
  NULL::VARCHAR AS tenant,
  NULL::DATE AS dt
WHERE false;

CREATE OR REPLACE VIEW "DeviceEvents" AS SELECT
  "Timestamp",
  "Timestamp_100ns",
  "DeviceId",
  "ProcessCommandLine",
  "ReportId",
  "Score",
  "IsElevated",
  "AdditionalFields",
  "ProcessCreationTime",
  "ProcessCreationTime_100ns",
  "_IngestionTime",
  "_IngestionTime_100ns",
  "deviceID_2",
  "Value",
  "dt_2",
  "ReportId__string",
  tenant,
  dt
FROM (
  SELECT
    NULL::TIMESTAMPTZ AS "Timestamp",
    NULL::INTEGER AS "Timestamp_100ns",
    NULL::VARCHAR AS "DeviceId",
    NULL::VARCHAR AS "ProcessCommandLine",
    NULL::BIGINT AS "ReportId",
    NULL::DOUBLE AS "Score",
    NULL::BOOLEAN AS "IsElevated",
    NULL::JSON AS "AdditionalFields",
    NULL::TIMESTAMPTZ AS "ProcessCreationTime",
    NULL::INTEGER AS "ProcessCreationTime_100ns",
    NULL::TIMESTAMPTZ AS "_IngestionTime",
    NULL::INTEGER AS "_IngestionTime_100ns",
    NULL::VARCHAR AS "deviceID_2",
    NULL::BIGINT AS "Value",
    NULL::VARCHAR AS "dt_2",
    NULL::VARCHAR AS "ReportId__string"
  WHERE false
  UNION ALL BY NAME
  SELECT * FROM read_parquet('s3://lake/a/DeviceEvents/**/*.parquet', hive_partitioning = true, union_by_name = true, hive_types = {'tenant': VARCHAR, 'dt': DATE})
);

CREATE OR REPLACE VIEW "queries_slow_logons" AS SELECT
  "Timestamp",
  "Timestamp_100ns",
  tenant,
  dt
FROM (
  SELECT
    NULL::TIMESTAMPTZ AS "Timestamp",
    NULL::INTEGER AS "Timestamp_100ns"
  WHERE false
  UNION ALL BY NAME
  SELECT * FROM read_parquet('s3://lake/a/queries/slow_logons/**/*.parquet', hive_partitioning = true, union_by_name = true, hive_types = {'tenant': VARCHAR, 'dt': DATE})
);
