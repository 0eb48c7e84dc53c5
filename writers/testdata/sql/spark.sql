-- A view keeps to the files that it has found. REFRESH TABLE has it look again.
SET TIME ZONE 'UTC';

CREATE OR REPLACE TEMPORARY VIEW `AlertInfo` AS SELECT -- no file yet
  CAST(NULL AS TIMESTAMP) AS `Timestamp`,
  CAST(NULL AS INT) AS `Timestamp_100ns`,
  CAST(NULL AS STRING) AS `DeviceId`,
  CAST(NULL AS STRING) AS tenant,
  CAST(NULL AS DATE) AS dt
WHERE false;

CREATE OR REPLACE TEMPORARY VIEW `DeviceEvents` (
  `Timestamp` TIMESTAMP,
  `Timestamp_100ns` INT,
  `DeviceId` STRING,
  `ProcessCommandLine` STRING,
  `ReportId` BIGINT,
  `Score` DOUBLE,
  `IsElevated` BOOLEAN,
  `AdditionalFields` STRING,
  `ProcessCreationTime` TIMESTAMP,
  `ProcessCreationTime_100ns` INT,
  `_IngestionTime` TIMESTAMP,
  `_IngestionTime_100ns` INT,
  `deviceID_2` STRING,
  `Value` BIGINT,
  `dt_2` STRING,
  `ReportId__string` STRING,
  tenant STRING,
  dt DATE
)
USING parquet
OPTIONS (path 's3a://lake/a/DeviceEvents', datetimeRebaseMode 'CORRECTED');

CREATE OR REPLACE TEMPORARY VIEW `queries_slow_logons` (
  `Timestamp` TIMESTAMP,
  `Timestamp_100ns` INT,
  tenant STRING,
  dt DATE
)
USING parquet
OPTIONS (path 's3a://lake/a/queries/slow_logons', datetimeRebaseMode 'CORRECTED');
