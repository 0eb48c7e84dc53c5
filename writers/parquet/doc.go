// Package parquet writes and reads the lake's published files: flat tables whose columns are all nullable.
//
// It builds pages itself, from the encodings, thrift structures and Bloom filters of parquet-go, rather than through
// parquet-go's own writer. That writer takes values one by one and hashes each anew; it also leaves out of a column's
// Bloom filter the values that come after its dictionary has grown too large, and keeps whole values, however long, as
// column bounds. Reading is left to parquet-go, so that what is read back has been through other hands.
//
// What a file holds:
//
//   - columns in the order of the Arrow schema, all OPTIONAL. bool: BOOLEAN; int64: INT64; int32: INT32; timestamp[us]:
//     INT64, TIMESTAMP(MICROS, UTC); double: DOUBLE; string: BYTE_ARRAY, STRING, or JSON where the field's
//     schema.MetaKind says so
//   - row groups of at most Options.MaxRows rows and about Options.MaxBytes of values, data pages v1 of at most 20,000
//     rows or 1 MB of values, zstd with checksums
//   - encodings RLE_DICTIONARY while a column's values repeat and its dictionary stays small, else PLAIN; nothing newer,
//     so that every engine reads it
//   - statistics, column index and offset index, sorting columns, Bloom filters on Options.LookUp
//   - key-value metadata: Options.Metadata, ARROW:schema, and checksums of the row groups and of what follows
//     them; before the footer, its own
package parquet
