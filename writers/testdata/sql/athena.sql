-- One statement at a time. Athena has times in milliseconds: finer ones need another engine.

-- AlertInfo has no file yet: print the statements again once it has.

DROP TABLE IF EXISTS `deviceevents`;
CREATE EXTERNAL TABLE `deviceevents` (
  `Timestamp` timestamp,
  `Timestamp_100ns` int,
  `DeviceId` string,
  `ProcessCommandLine` string,
  `ReportId` bigint,
  `Score` double,
  `IsElevated` boolean,
  `AdditionalFields` string,
  `ProcessCreationTime` timestamp,
  `ProcessCreationTime_100ns` int,
  `_IngestionTime` timestamp,
  `_IngestionTime_100ns` int,
  `deviceID_2` string,
  `Value` bigint,
  `dt_2` string,
  `ReportId__string` string
)
PARTITIONED BY (tenant string, dt string)
STORED AS PARQUET
LOCATION 's3://lake/a/DeviceEvents/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.tenant.type' = 'enum',
  'projection.tenant.values' = '1,o\'2',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2026-10-13,NOW+2DAYS',
  'storage.location.template' = 's3://lake/a/DeviceEvents/tenant=${tenant}/dt=${dt}/'
);

-- Every query must say WHERE tenant = '…'.
DROP TABLE IF EXISTS `queries_slow_logons`;
CREATE EXTERNAL TABLE `queries_slow_logons` (
  `Timestamp` timestamp,
  `Timestamp_100ns` int
)
PARTITIONED BY (tenant string, dt string)
STORED AS PARQUET
LOCATION 's3://lake/a/queries/slow_logons/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.tenant.type' = 'injected',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2026-11-22,NOW+2DAYS',
  'storage.location.template' = 's3://lake/a/queries/slow_logons/tenant=${tenant}/dt=${dt}/'
);
