package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	parquetgo "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// File is a published file, open for reading.
type File struct {
	in        io.ReaderAt
	file      *parquetgo.File
	schema    *arrow.Schema
	checksums []string // of the row groups
}

// Open reads the footer of a file that this package has written. Errors: the file is damaged, or not of this package.
func Open(in io.ReaderAt, size int64) (*File, error) {
	end, err := readFooter(in, size)
	if err != nil {
		return nil, fmt.Errorf("open parquet: %w", err)
	}
	file, err := parquetgo.OpenFile(end, size, parquetgo.SkipMagicBytes(true), parquetgo.SkipPageIndex(true),
		parquetgo.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("open parquet: %w", err)
	}
	f := &File{in: in, file: file}
	if f.schema, err = schemaOf(file.Metadata()); err != nil {
		return nil, fmt.Errorf("open parquet: %w", err)
	}
	if sums, _ := file.Lookup(metaChecksums); sums != "" {
		f.checksums = strings.Split(sums, ",")
	}
	if len(f.checksums) != f.RowGroups() {
		return nil, fmt.Errorf("open parquet: %d checksums of %d row groups", len(f.checksums), f.RowGroups())
	}
	return f, nil
}

// readFooter reads the end of a file into memory, from its guard on. Nothing that it says is believed before the guard's
// checksum holds: parquet-go makes room for what a footer asks for.
func readFooter(in io.ReaderAt, size int64) (window, error) {
	const usual = 64 << 10 // most footers: one request
	w := window{offset: max(size-usual, 0)}
	tail := make([]byte, size-w.offset)
	if _, err := in.ReadAt(tail, w.offset); err != nil && !errors.Is(err, io.EOF) {
		return w, err
	}
	if int64(len(tail)) < guardSize+8 || string(tail[len(tail)-4:]) != magic {
		return w, errors.New("the file does not end as Parquet does")
	}
	length := int64(binary.LittleEndian.Uint32(tail[len(tail)-8:]))
	start := size - 8 - length - guardSize
	if start < 0 {
		return w, errors.New("the footer is longer than the file")
	}
	if start < w.offset {
		more := make([]byte, w.offset-start)
		if _, err := in.ReadAt(more, start); err != nil {
			return w, err
		}
		tail, w.offset = append(more, tail...), start
	}
	footer := tail[start-w.offset:]
	if !bytes.Equal(footer[:guardSize], guard(footer[guardSize:guardSize+length])) {
		return w, errors.New("the footer is damaged, or not of this program")
	}
	w.Reader = bytes.NewReader(tail)
	return w, nil
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
	if checksum(0, b).String() != f.checksums[group] {
		return window{}, fmt.Errorf("row group %d is damaged", group)
	}
	return window{bytes.NewReader(b), start}, nil
}
