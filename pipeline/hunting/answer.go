package hunting

import (
	"fmt"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"huntlake/schema"
)

// Dialect is how the service writes an answer.
type Dialect uint8

// The dialects.
const (
	Graph    Dialect = iota + 1 // graph.microsoft.com: OData, nulls are {}, annotations between the columns
	Defender                    // api.security.microsoft.com: plain JSON, with Stats; no longer offered from 2027-02-01
)

// String prints the dialect's word.
func (d Dialect) String() string {
	switch d {
	case Graph:
		return "graph"
	case Defender:
		return "defender"
	}
	return fmt.Sprintf("dialect(%d)", uint8(d))
}

// Answer is what one call brought. Its records are of schema.ResponseArrow(Fields), but that their texts are numbered,
// as schema.Numbered says, and hold the rows in the order in which they came.
type Answer struct {
	Fields  []schema.Field
	Records []arrow.Record
	Rows    int64
	Bytes   int64         // of JSON, after decompression
	Elapsed time.Duration // from request to the last byte, less the wait for memory; set by the client
	Stats   Stats         // zero if the service sent none
	Date    time.Time     // the service's clock; set by the client
}

// Release gives the memory of the records back. The Answer holds no rows afterwards.
func (a *Answer) Release() {
	for _, rec := range a.Records {
		rec.Release()
	}
	a.Records = nil
}

// Stats is what the service says about its own work. Nothing is documented about how exact it is, so nothing but
// estimates may rest on it. Graph sends none.
type Stats struct {
	Execution time.Duration // run time of the query
	CPU       time.Duration // charged to the tenant's quota
	Rows      int64         // of the result; whether before or after a cut is not known
	Size      int64         // of the result in the service's own form, in bytes
}

// DecodeOptions says how to read a body. Only Dialect is needed.
type DecodeOptions struct {
	Dialect       Dialect
	Table         string           // named in errors
	Want          []schema.Field   // assumed for rows that come before the schema; may be nil
	Allocator     memory.Allocator // nil: Go's heap
	BatchRows     int              // most rows of a record; 0: 4,096
	MaxValueBytes int              // longest single value that is accepted; 0: 64 MiB
}

const (
	defaultBatchRows     = 4096
	defaultMaxValueBytes = 64 << 20
	// maxMaxValueBytes keeps the text of one column of one record below the 2 GiB that Arrow can address.
	maxMaxValueBytes = 512 << 20
)

func (o DecodeOptions) withDefaults() DecodeOptions {
	if o.Allocator == nil {
		o.Allocator = memory.DefaultAllocator
	}
	if o.BatchRows <= 0 {
		o.BatchRows = defaultBatchRows
	}
	if o.MaxValueBytes <= 0 {
		o.MaxValueBytes = defaultMaxValueBytes
	}
	o.MaxValueBytes = min(o.MaxValueBytes, maxMaxValueBytes)
	return o
}

// DecodeError says that a body is not an answer, or that a value in it does not fit its column. A body that ended
// early matches io.ErrUnexpectedEOF; an error of the body's reader is in the chain as well.
type DecodeError struct {
	Table  string // DecodeOptions.Table
	Row    int64  // counted from 0 over the whole body; -1 outside rows
	Column string // the column or unknown key at fault, "" if there is none
	Offset int64  // where in the JSON it was noticed, in bytes
	Err    error
}

// Error names the table, the row, the column and the place in the body.
func (e *DecodeError) Error() string {
	place := "decode answer"
	if e.Table != "" {
		place += " of " + e.Table
	}
	if e.Row >= 0 {
		place += fmt.Sprintf(", row %d", e.Row)
	}
	if e.Column != "" {
		place += fmt.Sprintf(", column %q", e.Column)
	}
	return fmt.Sprintf("%s, byte %d: %v", place, e.Offset, e.Err)
}

// Unwrap returns the cause.
func (e *DecodeError) Unwrap() error { return e.Err }

// SchemaOrderError says that rows came before a schema that is not the one they were decoded by. The body was whole;
// the same call decodes with DecodeOptions.Want set to Fields.
type SchemaOrderError struct{ Fields []schema.Field }

// Error says how many columns the schema has.
func (e *SchemaOrderError) Error() string {
	return fmt.Sprintf("rows came before a schema of %d columns that was not expected", len(e.Fields))
}
