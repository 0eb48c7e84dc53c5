package parquet

import (
	"bytes"
	"cmp"
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
	checksums []string // of the row groups' chunks
	between   []string // of what follows them; nil: not known
	guard     int64    // where the footer's guard lies
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
	f := &File{in: in, file: file, guard: size - 8 - end.footer - guardSize}
	if f.schema, err = schemaOf(file.Metadata()); err != nil {
		return nil, fmt.Errorf("open parquet: %w", err)
	}
	if sums, _ := file.Lookup(metaChecksums); sums != "" {
		f.checksums = strings.Split(sums, ",")
	}
	if len(f.checksums) != f.RowGroups() {
		return nil, fmt.Errorf("open parquet: %d checksums of %d row groups", len(f.checksums), f.RowGroups())
	}
	if sums, ok := file.Lookup(metaBetween); ok && sums != "" {
		f.between = strings.Split(sums, ",")
	}
	if f.between != nil && len(f.between) != f.RowGroups() {
		return nil, fmt.Errorf("open parquet: %d checksums of what follows %d row groups", len(f.between), f.RowGroups())
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
	w.Reader, w.footer = bytes.NewReader(tail), length
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
	footer int64 // of the end of a file: the length of its footer
}

// ReadAt implements io.ReaderAt with the offsets of the file.
func (w window) ReadAt(p []byte, offset int64) (int, error) {
	return w.Reader.ReadAt(p, offset-w.offset)
}

// extent returns where a row group's chunks begin and end.
func (f *File) extent(group int) (start, end int64, err error) {
	start = f.guard
	for _, c := range f.file.Metadata().RowGroups[group].Columns {
		m := c.MetaData
		first := m.DataPageOffset
		if m.DictionaryPageOffset > 0 {
			first = m.DictionaryPageOffset
		}
		start, end = min(start, first), max(end, first+m.TotalCompressedSize)
	}
	if start < 0 || end > f.guard || start > end {
		return 0, 0, fmt.Errorf("row group %d lies outside the file", group)
	}
	return start, end, nil
}

// load reads a row group into memory in one request. With it comes what follows it, filters and indexes: they are not made
// use of here, but damaged ones would hide rows from who does.
func (f *File) load(group int) (window, error) {
	start, end, err := f.extent(group)
	if err != nil {
		return window{}, err
	}
	next := f.guard
	if group+1 < f.RowGroups() {
		next, _, err = f.extent(group + 1)
	}
	if err != nil || next < end {
		return window{}, cmp.Or(err, fmt.Errorf("row group %d lies in the next one", group))
	}
	b := make([]byte, next-start)
	if _, err := f.in.ReadAt(b, start); err != nil {
		return window{}, err
	}
	chunks, rest := b[:end-start], b[end-start:]
	if checksum(0, chunks).String() != f.checksums[group] {
		return window{}, fmt.Errorf("row group %d is damaged", group)
	}
	if f.between != nil && checksum(0, rest).String() != f.between[group] {
		return window{}, fmt.Errorf("the filters or indexes behind row group %d are damaged", group)
	}
	return window{Reader: bytes.NewReader(chunks), offset: start}, nil
}
