package writers

import (
	"context"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"huntlake/partition"
	"huntlake/schema"
	"huntlake/writers/parquet"
)

// File is a published file as read back from the bucket.
type File struct {
	Key       string
	Rows      int64
	Bytes     int64
	Digest    schema.Digest
	RowGroups int
	Oldest    partition.Tick // the smallest event time, or NoTick
	Newest    partition.Tick // the largest
}

// Inspect reads a published file whole. timeColumn is the lake name of its event time, empty for a snapshot's file.
func (b *Bucket) Inspect(ctx context.Context, key, timeColumn string) (File, error) {
	return b.inspect(ctx, memory.DefaultAllocator, key, timeColumn)
}

func (b *Bucket) inspect(ctx context.Context, mem memory.Allocator, key, timeColumnName string) (File, error) {
	f, size, err := b.openFile(ctx, key)
	if err != nil {
		return File{}, err
	}
	hasher, err := schema.NewHasher(f.Schema())
	if err != nil {
		return File{}, fmt.Errorf("read %s: %w", b.at(key), err)
	}
	event, timed, err := timeColumn(f.Schema(), timeColumnName)
	if err != nil {
		return File{}, fmt.Errorf("read %s: %w", b.at(key), err)
	}
	out := File{Key: key, Bytes: size, RowGroups: f.RowGroups()}
	seen := newSpan()
	var hashes []schema.Digest
	var ticks []partition.Tick
	err = f.Scan(mem, func(rec arrow.Record) error {
		hashes = hasher.Rows(rec, hashes[:0])
		for _, h := range hashes {
			out.Digest = out.Digest.Add(h)
		}
		if timed {
			ticks = event.at(rec, ticks)
			seen.add(ticks)
		}
		out.Rows += rec.NumRows()
		return ctx.Err()
	})
	if err != nil {
		return File{}, fmt.Errorf("read %s: %w", b.at(key), err)
	}
	out.Oldest, out.Newest = seen.oldest, seen.newest
	return out, nil
}

// Scan calls fn with the rows of a published file, in their order, as records of s: columns that the file lacks are
// null, those that s lacks are left out, and one of another type is an error. A record is released when fn returns; an
// error of fn ends the scan and is returned. In memory are one row group as it lies in the file, and one record.
func (b *Bucket) Scan(ctx context.Context, key string, s *arrow.Schema, fn func(arrow.Record) error) error {
	f, _, err := b.openFile(ctx, key)
	if err != nil {
		return err
	}
	err = f.Scan(memory.DefaultAllocator, func(rec arrow.Record) error {
		return conformed(memory.DefaultAllocator, rec, s, fn)
	})
	if err != nil {
		return fmt.Errorf("read %s: %w", b.at(key), err)
	}
	return nil
}

func (b *Bucket) openFile(ctx context.Context, key string) (*parquet.File, int64, error) {
	size, err := b.size(ctx, key)
	if err != nil {
		return nil, 0, err
	}
	f, err := parquet.Open(readerAt(func(p []byte, offset int64) (int, error) {
		r, err := b.Section(ctx, key, offset, int64(len(p)))
		if err != nil {
			return 0, err
		}
		defer r.Close()
		return io.ReadFull(r, p)
	}), size)
	if err != nil {
		return nil, 0, fmt.Errorf("read %s: %w", b.at(key), err)
	}
	return f, size, nil
}

// readerAt implements io.ReaderAt by one function.
type readerAt func(p []byte, offset int64) (int, error)

// ReadAt implements io.ReaderAt.
func (f readerAt) ReadAt(p []byte, offset int64) (int, error) { return f(p, offset) }
