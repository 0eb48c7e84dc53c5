package writers

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/klauspost/compress/zstd"

	"huntlake/partition"
	"huntlake/schema"
)

// Staged is one staged object: the rows of one slice, not yet visible to readers.
//
// The object is the concatenation of its sections, by ascending dt. A section is one zstd frame with a checksum and a
// window of at most 1 MB; in it lies one Arrow IPC stream, whose schema is the lake schema of its time without the
// fields' metadata, and whose records hold that dt's rows by ascending event time, at most 4,096 rows or about 2 MB
// each. Strings are dictionary-encoded, with 16-bit indices and a dictionary for each record; whoever reads also takes
// other indices, and plain strings. None of this must change, for what was staged before an update is published after it.
type Staged struct {
	Key      string // empty if there are no rows: then there is no object either
	Rows     int64
	Bytes    int64 // size of the object
	Sections []Section
	Cells    []Cell         // by day, then hour
	Oldest   partition.Tick // the smallest event time, or NoTick
	Newest   partition.Tick // the largest
}

// Section is the rows of one dt in a staged object: Length bytes at Offset.
type Section struct {
	DT     partition.Date
	Offset int64
	Length int64
	Rows   int64
	Digest schema.Digest
}

// Cell is the staged rows of one hour of their stream's cursor (NoTick: none) and one day of their event time, as
// partition.CellDay tells it.
type Cell struct {
	Hour partition.Tick
	Day  partition.Date
	Rows int64
}

// Input names a section of a staged object.
type Input struct {
	Key string
	Section
}

const (
	stagedRows   = 4096
	stagedBytes  = 2 << 20
	stagedWindow = 1 << 20
)

// stagedTexts is what strings are staged as: a record's numbers fit into 16 bits.
var stagedTexts = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int16, ValueType: arrow.BinaryTypes.String}

// stagedSchema is s without metadata.
func stagedSchema(s *arrow.Schema) *arrow.Schema {
	fields := make([]arrow.Field, s.NumFields())
	for i, f := range s.Fields() {
		fields[i] = arrow.Field{Name: f.Name, Type: f.Type, Nullable: true}
	}
	return arrow.NewSchema(fields, nil)
}

// sectionWriter appends sections to out.
type sectionWriter struct {
	out    io.Writer
	frame  *zstd.Encoder
	schema *arrow.Schema
	mem    memory.Allocator
}

func newSectionWriter(out io.Writer, s *arrow.Schema, mem memory.Allocator) (*sectionWriter, error) {
	frame, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(stagedWindow))
	if err != nil {
		return nil, fmt.Errorf("compress staged rows: %w", err)
	}
	return &sectionWriter{out: out, frame: frame, schema: s, mem: mem}, nil
}

// write appends one section with the records that next returns until it returns nil.
func (w *sectionWriter) write(next func() arrow.Record) error {
	w.frame.Reset(w.out)
	stream := ipc.NewWriter(w.frame, ipc.WithSchema(w.schema), ipc.WithAllocator(w.mem))
	for rec := next(); rec != nil; rec = next() {
		err := stream.Write(rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
	return errors.Join(stream.Close(), w.frame.Close())
}

// sectionReader reads the records of a section.
type sectionReader struct {
	in     Input
	body   io.ReadCloser
	frame  *zstd.Decoder
	stream *ipc.Reader
	rows   int64
}

// readSection opens a section. The caller closes the result.
func (b *Bucket) readSection(ctx context.Context, in Input, mem memory.Allocator) (*sectionReader, error) {
	body, err := b.Section(ctx, in.Key, in.Offset, in.Length)
	if err != nil {
		return nil, err
	}
	r := &sectionReader{in: in, body: body}
	if r.frame, err = zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(stagedWindow)); err == nil {
		r.stream, err = ipc.NewReader(r.frame, ipc.WithAllocator(mem))
	}
	if err != nil {
		r.close()
		return nil, fmt.Errorf("read section of dt %v in %s: %w", in.DT, b.at(in.Key), damage(err))
	}
	return r, nil
}

// damage marks an error of reading a section that is not the store's, which the end of a ctx is.
func damage(err error) error {
	if errors.As(err, new(*storeError)) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// next returns the next record, which is valid until the next call, or io.EOF.
func (r *sectionReader) next() (arrow.Record, error) {
	if r.stream.Next() {
		rec := r.stream.Record()
		r.rows += rec.NumRows()
		return rec, nil
	}
	err := r.stream.Err()
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return nil, fmt.Errorf("read section of dt %v in %s: %w", r.in.DT, r.in.Key, damage(err))
	}
	return nil, io.EOF
}

// end holds what was read to the receipt, because a stream that was cut off looks like one that has ended, and reads the
// frame to its end, where its checksum is.
func (r *sectionReader) end() error {
	if r.rows != r.in.Rows {
		return fmt.Errorf("%d rows, its receipt says %d", r.rows, r.in.Rows)
	}
	n, err := r.frame.Read(make([]byte, 1))
	if n > 0 {
		return errors.New("more than its stream")
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (r *sectionReader) close() {
	if r.stream != nil {
		r.stream.Release()
	}
	if r.frame != nil {
		r.frame.Close()
	}
	_ = r.body.Close() // whatever mattered has been read
}

// ScanStaged calls fn with the rows of a section, as Scan does with those of a published file.
func (b *Bucket) ScanStaged(ctx context.Context, in Input, s *arrow.Schema, fn func(arrow.Record) error) error {
	r, err := b.readSection(ctx, in, memory.DefaultAllocator)
	if err != nil {
		return err
	}
	defer r.close()
	for {
		rec, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = conformed(memory.DefaultAllocator, rec, s, fn)
		}
		if err != nil {
			return err
		}
	}
}

// ProveStaged reads a section back and holds it to its receipt, by rows and digest: the error is ErrDamaged if it is not
// what was staged.
func (b *Bucket) ProveStaged(ctx context.Context, in Input) error {
	r, err := b.readSection(ctx, in, memory.DefaultAllocator)
	if err != nil {
		return err
	}
	defer r.close()
	hasher, err := schema.NewHasher(r.stream.Schema())
	if err != nil {
		return fmt.Errorf("read section of dt %v in %s: %w", in.DT, in.Key, damage(err))
	}
	var sum schema.Digest
	var hashes []schema.Digest
	for {
		rec, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		hashes = hasher.Rows(rec, hashes[:0])
		for _, hash := range hashes {
			sum = sum.Add(hash)
		}
	}
	if sum != in.Digest {
		return fmt.Errorf("read section of dt %v in %s: %w", in.DT, in.Key, damage(fmt.Errorf("digest %v, its receipt says %v", sum, in.Digest)))
	}
	return nil
}
