package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"huntlake/writers/parquet"
)

// staging is the sorted rows of one answer, as they are when they are staged, in every format that they could be staged
// in.
type staging struct {
	schema  *arrow.Schema
	records []arrow.Record
}

// format is one way to write records down and to read them.
type format struct {
	name  string
	write func(*staging, io.Writer) error
	read  func(*staging, []byte) (rows int64, err error)
}

// newStaging stages the first answer and reads it back.
func (c *corpus) newStaging(ctx context.Context, dir string) (*staging, error) {
	l, err := c.openLake(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer l.bucket.Close()
	staged, err := l.stageOne(ctx, 0)
	if err != nil {
		return nil, err
	}
	section := staged.Sections[0] // all rows are of one day
	body, err := l.bucket.Section(ctx, staged.Key, section.Offset, section.Length)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	s := &staging{}
	err = eachRecord(body, unzstd, func(rec arrow.Record) {
		rec.Retain()
		s.schema, s.records = rec.Schema(), append(s.records, rec)
	})
	return s, err
}

// eachRecord reads a stream of records.
func eachRecord(in io.Reader, unpack func(io.Reader) (io.Reader, error), fn func(arrow.Record)) error {
	r, err := unpack(in)
	if err != nil {
		return err
	}
	stream, err := ipc.NewReader(r)
	if err != nil {
		return err
	}
	defer stream.Release()
	for stream.Next() {
		fn(stream.Record())
	}
	return stream.Err()
}

// formats are what rows could be staged in. The first is what they are.
func formats() []format {
	return []format{
		{"Arrow IPC in zstd (fastest)", writeStream(zstdOf(zstd.SpeedFastest)), readStream(unzstd)},
		{"Arrow IPC in zstd (default)", writeStream(zstdOf(zstd.SpeedDefault)), readStream(unzstd)},
		{"Arrow IPC in S2", writeStream(func(w io.Writer) (io.WriteCloser, error) {
			return s2.NewWriter(w, s2.WriterConcurrency(1), s2.WriterBlockSize(1<<20)), nil
		}), readStream(func(r io.Reader) (io.Reader, error) { return s2.NewReader(r), nil })},
		{"Arrow IPC, its buffers in LZ4", writeStream(plainWriter, ipc.WithLZ4()), readStream(plainReader)},
		{"Arrow IPC, its buffers in zstd", writeStream(plainWriter, ipc.WithZstd()), readStream(plainReader)},
		{"Arrow IPC, plain", writeStream(plainWriter), readStream(plainReader)},
		{"Parquet in zstd, by huntlake's writer", writeParquet, readParquet},
	}
}

type nopCloser struct{ io.Writer }

// Close implements io.Closer.
func (nopCloser) Close() error { return nil }

func plainWriter(w io.Writer) (io.WriteCloser, error) { return nopCloser{w}, nil }

func plainReader(r io.Reader) (io.Reader, error) { return r, nil }

func zstdOf(level zstd.EncoderLevel) func(io.Writer) (io.WriteCloser, error) {
	return func(w io.Writer) (io.WriteCloser, error) {
		return zstd.NewWriter(w, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	}
}

func unzstd(r io.Reader) (io.Reader, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
}

func writeStream(pack func(io.Writer) (io.WriteCloser, error), opts ...ipc.Option) func(*staging, io.Writer) error {
	return func(s *staging, w io.Writer) error {
		packed, err := pack(w)
		if err != nil {
			return err
		}
		stream := ipc.NewWriter(packed, append(opts, ipc.WithSchema(s.schema))...)
		for _, rec := range s.records {
			if err := stream.Write(rec); err != nil {
				return err
			}
		}
		return errors.Join(stream.Close(), packed.Close())
	}
}

func readStream(unpack func(io.Reader) (io.Reader, error)) func(*staging, []byte) (int64, error) {
	return func(_ *staging, b []byte) (rows int64, err error) {
		err = eachRecord(bytes.NewReader(b), unpack, func(rec arrow.Record) { rows += rec.NumRows() })
		return rows, err
	}
}

func writeParquet(s *staging, w io.Writer) error {
	file, err := parquet.NewWriter(w, s.plain(), parquet.Options{})
	if err != nil {
		return err
	}
	for _, rec := range s.records {
		run := parquet.Run{To: int(rec.NumRows())}
		if err := file.Append([]arrow.Record{rec}, []parquet.Run{run}); err != nil {
			return err
		}
	}
	return file.Commit()
}

func readParquet(_ *staging, b []byte) (rows int64, err error) {
	f, err := parquet.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return 0, err
	}
	err = f.Scan(memory.DefaultAllocator, func(rec arrow.Record) error {
		rows += rec.NumRows()
		return nil
	})
	return rows, err
}

// plain is the schema without dictionaries.
func (s *staging) plain() *arrow.Schema {
	fields := s.schema.Fields()
	for i, f := range fields {
		if f.Type.ID() == arrow.DICTIONARY {
			fields[i].Type = arrow.BinaryTypes.String
		}
	}
	return arrow.NewSchema(fields, nil)
}

// ways are the formats, written and, after that, read.
func (s *staging) ways(want int64) (writing, reading []way) {
	for _, f := range formats() {
		var kept []byte
		writing = append(writing, way{name: f.name, run: func(context.Context, string) (int64, error) {
			var b bytes.Buffer
			err := f.write(s, &b)
			kept = b.Bytes()
			return int64(len(kept)), err
		}})
		reading = append(reading, way{name: f.name, run: func(context.Context, string) (int64, error) {
			rows, err := f.read(s, kept)
			if err == nil && rows != want {
				err = fmt.Errorf("read %d rows of %d", rows, want)
			}
			return 0, err
		}})
	}
	return writing, reading
}

// measureStaging prints what the formats come to on one thread.
func (c *corpus) measureStaging(ctx context.Context, dir string, n int) error {
	dir, err := os.MkdirTemp(dir, "staging")
	if err != nil {
		return err
	}
	s, err := c.newStaging(ctx, dir)
	if err != nil {
		return err
	}
	rows := 0
	for _, rec := range s.records {
		rows += int(rec.NumRows())
	}
	scene := &scene{corpus: c, dir: dir, threads: 1}
	writing, reading := s.ways(int64(rows))
	for _, set := range []struct {
		title string
		ways  []way
	}{{"rows of one answer staged as", writing}, {"and read", reading}} {
		t := &sheet{rows: rows}
		if err := t.add(ctx, scene, set.ways, n); err != nil {
			return err
		}
		fmt.Println()
		t.print(os.Stdout, set.title)
	}
	return nil
}
