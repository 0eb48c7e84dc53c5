package parquet

import (
	"bytes"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	parquetgo "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// File is a published file, open for reading.
type File struct {
	in     io.ReaderAt
	file   *parquetgo.File
	schema *arrow.Schema
}

// readBuffer holds most footers, so that a file opens in one request.
const readBuffer = 64 << 10

// Open reads the footer of a file that this package has written. Errors: the file is damaged, or of another kind.
func Open(in io.ReaderAt, size int64) (f *File, err error) {
	defer recoverDamage(&err)
	file, err := parquetgo.OpenFile(in, size, parquetgo.SkipMagicBytes(true), parquetgo.SkipPageIndex(true),
		parquetgo.SkipBloomFilters(true), parquetgo.OptimisticRead(true), parquetgo.ReadBufferSize(readBuffer))
	if err != nil {
		return nil, fmt.Errorf("open parquet: %w", err)
	}
	f = &File{in: in, file: file}
	f.schema, err = schemaOf(file.Metadata())
	if err != nil {
		return nil, fmt.Errorf("open parquet: %w", err)
	}
	return f, nil
}

// recoverDamage turns a panic into an error: parquet-go trusts what it decodes.
func recoverDamage(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("read parquet: the file is damaged: %v", p)
	}
}

// schemaOf returns the columns of a file as Arrow fields. Only what leafOf makes is known.
func schemaOf(meta *format.FileMetaData) (*arrow.Schema, error) {
	fields := make([]arrow.Field, 0, len(meta.Schema))
	for _, e := range meta.Schema[1:] {
		f := arrow.Field{Name: e.Name, Nullable: true}
		if e.NumChildren.Valid || e.RepetitionType.V != format.Optional {
			return nil, fmt.Errorf("column %q is not an optional value", e.Name)
		}
		switch e.Type.V {
		case format.Boolean:
			f.Type = arrow.FixedWidthTypes.Boolean
		case format.Int32:
			f.Type = arrow.PrimitiveTypes.Int32
		case format.Int64:
			f.Type = arrow.PrimitiveTypes.Int64
			if _, ok := e.LogicalType.Value.(*format.TimestampType); ok {
				f.Type = arrow.FixedWidthTypes.Timestamp_us
			}
		case format.Double:
			f.Type = arrow.PrimitiveTypes.Float64
		case format.ByteArray:
			f.Type = arrow.BinaryTypes.String
		default:
			return nil, fmt.Errorf("column %q has the type %v", e.Name, e.Type.V)
		}
		fields = append(fields, f)
	}
	return arrow.NewSchema(fields, nil), nil
}

// Schema returns the file's columns, without the metadata of their fields.
func (f *File) Schema() *arrow.Schema { return f.schema }

// Rows returns the number of rows, as the footer has it.
func (f *File) Rows() int64 { return f.file.NumRows() }

// RowGroups returns the number of row groups.
func (f *File) RowGroups() int { return len(f.file.RowGroups()) }

// Metadata returns the value that Options.Metadata had for key.
func (f *File) Metadata(key string) (string, bool) { return f.file.Lookup(key) }

// window is a part of a file in memory.
type window struct {
	*bytes.Reader
	offset int64
}

// ReadAt implements io.ReaderAt with the offsets of the file.
func (w window) ReadAt(p []byte, offset int64) (int, error) {
	return w.Reader.ReadAt(p, offset-w.offset)
}

// load reads a row group into memory in one request.
func (f *File) load(group int) (window, error) {
	columns := f.file.Metadata().RowGroups[group].Columns
	start, end := f.file.Size(), int64(0)
	for _, c := range columns {
		m := c.MetaData
		first := m.DataPageOffset
		if m.DictionaryPageOffset > 0 {
			first = m.DictionaryPageOffset
		}
		start, end = min(start, first), max(end, first+m.TotalCompressedSize)
	}
	if start < 0 || end > f.file.Size() || start > end {
		return window{}, fmt.Errorf("row group %d lies outside the file", group)
	}
	b := make([]byte, end-start)
	if _, err := f.in.ReadAt(b, start); err != nil {
		return window{}, err
	}
	return window{bytes.NewReader(b), start}, nil
}
