-- CREATE SCHEMA huntlake OPTIONS (location = '…'); -- where the bucket is

-- AlertInfo has no file yet: print the statements again once it has.

CREATE OR REPLACE EXTERNAL TABLE huntlake.`DeviceEvents` (
  `Timestamp` TIMESTAMP,
  `Timestamp_100ns` INT64,
  `DeviceId` STRING,
  `ProcessCommandLine` STRING,
  `ReportId` INT64,
  `Score` FLOAT64,
  `IsElevated` BOOL,
  `AdditionalFields` STRING,
  `ProcessCreationTime` TIMESTAMP,
  `ProcessCreationTime_100ns` INT64,
  `_IngestionTime` TIMESTAMP,
  `_IngestionTime_100ns` INT64,
  `deviceID_2` STRING,
  `Value` INT64,
  `dt_2` STRING,
  `ReportId__string` STRING
)
WITH PARTITION COLUMNS (tenant STRING, dt DATE)
OPTIONS (format = 'PARQUET', uris = ['gs://lake/a/DeviceEvents/*.parquet'], hive_partition_uri_prefix = 'gs://lake/a/DeviceEvents');

CREATE OR REPLACE EXTERNAL TABLE huntlake.`queries_slow_logons` (
  `Timestamp` TIMESTAMP,
  `Timestamp_100ns` INT64
)
WITH PARTITION COLUMNS (tenant STRING, dt DATE)
OPTIONS (format = 'PARQUET', uris = ['gs://lake/a/queries/slow_logons/*.parquet'], hive_partition_uri_prefix = 'gs://lake/a/queries/slow_logons');
