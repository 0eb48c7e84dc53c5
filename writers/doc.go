// Package writers holds everything that touches the lake's bucket: the contract that every store must meet, the staged
// form of one slice's rows (Arrow), the published form of one day's rows (Parquet), the merge between them, and the SQL
// that shows the result to query engines.
package writers
