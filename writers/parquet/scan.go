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

// Scan calls fn with the rows of the file in their order, as records of f.Schema, until fn fails; strings are numbered,
// as schema.Numbered says, where the file has a dictionary of them. A record is gone when fn returns, whoever retains it.
// In memory are one row group as it lies in the file, its dictionaries, and one page of each column.
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
		pages := c.(*parquetgo.FileColumnChunk).PagesFrom(loaded)
		cursors[k] = &cursor{pages: pages, field: f.schema.Field(k), values: newBuilder(mem, f.schema.Field(k).Type)}
		defer cursors[k].close()
	}
	var rows int64
	for rows < group.NumRows() {
		n := min(int64(scanRows), group.NumRows()-rows)
		rec, err := record(cursors, int(n))
		if err != nil {
			return rows, fmt.Errorf("scan parquet: row group %d: %w", i, err)
		}
		err = fn(rec)
		rec.Release()
		if err != nil {
			return rows, err
		}
		rows += n
	}
	return rows, nil
}

// record takes the next n rows from all columns.
func record(cursors []*cursor, n int) (arrow.Record, error) {
	fields, columns := make([]arrow.Field, len(cursors)), make([]arrow.Array, len(cursors))
	defer func() {
		for _, c := range columns {
			if c != nil {
				c.Release()
			}
		}
	}()
	err := share(len(cursors), threads(), func(k, _ int) error {
		c := cursors[k]
		if err := c.read(n); err != nil {
			return fmt.Errorf("column %q: %w", c.field.Name, err)
		}
		columns[k] = c.values.NewArray()
		fields[k] = c.field
		fields[k].Type = columns[k].DataType()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), columns, int64(n)), nil
}

// cursor goes through one column of a row group.
type cursor struct {
	pages  *parquetgo.FilePages
	field  arrow.Field
	values builder
	page   parquetgo.Page // nil before the first
	row    int            // in page
	value  int            // in page: nulls have none
}

// builder builds the column of a record.
type builder interface {
	Reserve(n int)
	NewArray() arrow.Array
	Release()
}

func newBuilder(mem memory.Allocator, typ arrow.DataType) builder {
	if typ.ID() == arrow.STRING {
		return newTextBuilder(mem)
	}
	return array.NewBuilder(mem, typ)
}

func (c *cursor) close() {
	parquetgo.Release(c.page)
	_ = c.pages.Close() // it reads from memory
	c.values.Release()
}

// read takes the next n rows.
func (c *cursor) read(n int) error {
	c.values.Reserve(n)
	for n > 0 {
		if c.page == nil || c.row == int(c.page.NumRows()) {
			if err := c.turn(); err != nil {
				return err
			}
		}
		take := min(n, int(c.page.NumRows())-c.row)
		if err := c.take(take); err != nil {
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
