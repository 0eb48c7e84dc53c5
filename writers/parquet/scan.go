package parquet

import (
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	parquetgo "github.com/parquet-go/parquet-go"
)

// scanRows is how many rows a scanned record has at most. Long texts make for fewer.
const scanRows = 8192

// Scan calls fn with the rows of the file in their order, as records of f.Schema, until fn fails. A record is released
// when fn returns. In memory are one row group as it lies in the file, and one page of each column.
func (f *File) Scan(mem memory.Allocator, fn func(arrow.Record) error) error {
	var rows int64
	for i, group := range f.file.RowGroups() {
		n, err := f.scanGroup(i, group, mem, fn)
		if err != nil {
			return err
		}
		rows += n
	}
	if rows != f.Rows() {
		return fmt.Errorf("scan parquet: %d rows, but the footer says %d", rows, f.Rows())
	}
	return nil
}

func (f *File) scanGroup(i int, group parquetgo.RowGroup, mem memory.Allocator, fn func(arrow.Record) error) (int64, error) {
	loaded, err := f.load(i)
	if err != nil {
		return 0, fmt.Errorf("scan parquet: %w", err)
	}
	cursors := make([]*cursor, len(group.ColumnChunks()))
	for k, c := range group.ColumnChunks() {
		cursors[k] = &cursor{pages: c.(*parquetgo.FileColumnChunk).PagesFrom(loaded), field: f.schema.Field(k)}
		defer cursors[k].close()
	}
	builder := array.NewRecordBuilder(mem, f.schema)
	defer builder.Release()
	var rows int64
	for rows < group.NumRows() {
		n := min(int64(scanRows), group.NumRows()-rows)
		for k, c := range cursors {
			if err := c.read(builder.Field(k), int(n)); err != nil {
				return rows, fmt.Errorf("scan parquet: column %q of row group %d: %w", c.field.Name, i, err)
			}
		}
		rec := builder.NewRecord()
		err := fn(rec)
		rec.Release()
		if err != nil {
			return rows, err
		}
		rows += n
	}
	return rows, nil
}

// cursor goes through one column of a row group.
type cursor struct {
	pages *parquetgo.FilePages
	field arrow.Field
	page  parquetgo.Page // nil before the first
	row   int            // in page
	value int            // in page: nulls have none
}

func (c *cursor) close() {
	parquetgo.Release(c.page)
	_ = c.pages.Close() // it reads from memory
}

// read appends the next n rows to b.
func (c *cursor) read(b array.Builder, n int) error {
	b.Reserve(n)
	for n > 0 {
		if c.page == nil || c.row == int(c.page.NumRows()) {
			if err := c.turn(); err != nil {
				return err
			}
		}
		take := min(n, int(c.page.NumRows())-c.row)
		if err := c.take(b, take); err != nil {
			return err
		}
		n -= take
	}
	return nil
}

func (c *cursor) turn() error {
	parquetgo.Release(c.page)
	page, err := c.pages.ReadPage()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	c.page, c.row, c.value = page, 0, 0
	return err
}
