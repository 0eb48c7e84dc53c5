-- hive is the name of a catalog of the Hive connector. Without the next line it has times in milliseconds.
SET SESSION hive.timestamp_precision = 'MICROSECONDS';
CREATE SCHEMA IF NOT EXISTS hive.huntlake;
USE hive.huntlake;

-- AlertInfo has no file yet: print the statements again once it has.

DROP TABLE IF EXISTS "DeviceEvents"; -- the files stay
CREATE TABLE "DeviceEvents" (
  "Timestamp" TIMESTAMP(6),
  "Timestamp_100ns" INTEGER,
  "DeviceId" VARCHAR,
  "ProcessCommandLine" VARCHAR,
  "ReportId" BIGINT,
  "Score" DOUBLE,
  "IsElevated" BOOLEAN,
  "AdditionalFields" VARCHAR,
  "ProcessCreationTime" TIMESTAMP(6),
  "ProcessCreationTime_100ns" INTEGER,
  "_IngestionTime" TIMESTAMP(6),
  "_IngestionTime_100ns" INTEGER,
  "deviceID_2" VARCHAR,
  "Value" BIGINT,
  "dt_2" VARCHAR,
  "ReportId__string" VARCHAR,
  tenant VARCHAR,
  dt DATE
)
WITH (external_location = 's3://lake/a/DeviceEvents', format = 'PARQUET', partitioned_by = ARRAY['tenant', 'dt']);
-- Once a day, for new partitions:
CALL hive.system.sync_partition_metadata('huntlake', 'deviceevents', 'ADD');

DROP TABLE IF EXISTS "queries_slow_logons"; -- the files stay
CREATE TABLE "queries_slow_logons" (
  "Timestamp" TIMESTAMP(6),
  "Timestamp_100ns" INTEGER,
  tenant VARCHAR,
  dt DATE
)
WITH (external_location = 's3://lake/a/queries/slow_logons', format = 'PARQUET', partitioned_by = ARRAY['tenant', 'dt']);
-- Once a day, for new partitions:
CALL hive.system.sync_partition_metadata('huntlake', 'queries_slow_logons', 'ADD');
