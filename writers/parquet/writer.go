package parquet

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Options of a file.
type Options struct {
	// SortedBy names the columns that rows come sorted by, ascending, nulls first. It is declared, not checked.
	SortedBy []string
	// LookUp names columns of strings that get a Bloom filter. Names that the schema does not have are ignored.
	LookUp []string
	// Metadata is put into the file as it is.
	Metadata map[string]string
	// CreatedBy is the program's name and version, as in "huntlake version 1.2.3 (build 0123abc)".
	CreatedBy string
	// MaxRows and MaxBytes bound a row group: its rows, 500,000 by default, and the size of its values in PLAIN
	// encoding, 128 MB by default, which the last Append may exceed.
	MaxRows  int
	MaxBytes int
}

func (o Options) withDefaults() Options {
	o.MaxRows = cmp.Or(o.MaxRows, 500_000)
	o.MaxBytes = cmp.Or(o.MaxBytes, 128<<20)
	return o
}

// Run names consecutive rows of one of several records: [From, To) of the record with the given index.
type Run struct{ Record, From, To int }

// Writer writes one file. It holds one row group in memory, compressed, and the dictionaries of its columns. It is not
// for concurrent use.
type Writer struct {
	out     io.Writer
	offset  int64 // of the next byte in the file
	opts    Options
	schema  *arrow.Schema
	columns []*column
	presses []*press // by thread
	rows    int      // of the row group at hand
	bytes   int
	footer  format.FileMetaData
	indexes []chunkIndexes // of all row groups
	sums    []crc          // of the chunks of all row groups
	between []crc          // of what follows them
}

// chunkIndexes is what a chunk leaves for the end of the file.
type chunkIndexes struct {
	column  format.ColumnIndex
	indexed bool
	offsets format.OffsetIndex
}

// NewWriter starts a file of the given schema, whose types must be those of a lake's schema. What it writes to out is
// a file only after Commit.
func NewWriter(out io.Writer, schema *arrow.Schema, opts Options) (*Writer, error) {
	w := &Writer{out: out, opts: opts.withDefaults(), schema: schema}
	for range threads() {
		p, err := newPress()
		if err != nil {
			return nil, fmt.Errorf("write parquet: %w", err)
		}
		w.presses = append(w.presses, p)
	}
	root := format.SchemaElement{Name: "huntlake", NumChildren: thrift.New(int32(schema.NumFields()))}
	w.footer.Schema = append(w.footer.Schema, root)
	for _, f := range schema.Fields() {
		l, err := leafOf(f)
		if err != nil {
			return nil, fmt.Errorf("write parquet: %w", err)
		}
		c := &column{leaf: l, values: l.values(slices.Contains(opts.LookUp, f.Name))}
		c.reset()
		w.columns = append(w.columns, c)
		w.footer.Schema = append(w.footer.Schema, l.element())
		w.footer.ColumnOrders = append(w.footer.ColumnOrders, format.ColumnOrder{Value: &format.TypeDefinedOrder{}})
	}
	return w, w.write([]byte(magic))
}

const magic = "PAR1"

// Append adds the rows that runs name, in their order. The records have the columns of the writer's schema; strings may
// be dictionary-encoded, and are taken over fastest if a record keeps its index from call to call. A row group ends
// before a call that would exceed its rows, so calls should be small against Options.MaxRows.
func (w *Writer) Append(records []arrow.Record, runs []Run) error {
	rows := 0
	for _, r := range runs {
		rows += r.To - r.From
	}
	if w.rows > 0 && (w.rows+rows > w.opts.MaxRows || w.bytes >= w.opts.MaxBytes) {
		if err := w.endRowGroup(); err != nil {
			return err
		}
	}
	var bytes atomic.Int64
	err := w.each(func(i int, c *column) error {
		for _, r := range runs {
			added, err := c.add(records[r.Record].Column(i), r.From, r.To, r.Record)
			if err != nil {
				return err
			}
			bytes.Add(int64(added))
		}
		return nil
	})
	w.rows += rows
	w.bytes += int(bytes.Load())
	return err
}

// each calls fn for every column, for several of them at once.
func (w *Writer) each(fn func(i int, c *column) error) error {
	err := share(len(w.columns), len(w.presses), func(i, thread int) error {
		w.columns[i].press = w.presses[thread]
		return fn(i, w.columns[i])
	})
	if err != nil {
		return fmt.Errorf("write parquet: %w", err)
	}
	return nil
}

// Commit ends the file.
func (w *Writer) Commit() error {
	if err := w.endRowGroup(); err != nil {
		return err
	}
	if err := w.writeIndexes(); err != nil {
		return err
	}
	w.footer.Version = 1
	w.footer.CreatedBy = w.opts.CreatedBy
	arrowSchema, err := encodeSchema(w.schema)
	if err != nil {
		return err
	}
	for _, k := range slices.Sorted(maps.Keys(w.opts.Metadata)) {
		w.footer.KeyValueMetadata = append(w.footer.KeyValueMetadata, format.KeyValue{Key: k, Value: w.opts.Metadata[k]})
	}
	w.footer.KeyValueMetadata = append(w.footer.KeyValueMetadata, format.KeyValue{Key: "ARROW:schema", Value: arrowSchema},
		format.KeyValue{Key: metaChecksums, Value: joined(w.sums)},
		format.KeyValue{Key: metaBetween, Value: joined(w.between)})
	var b bytes.Buffer
	if err := appendThrift(&b, &w.footer); err != nil {
		return fmt.Errorf("write parquet: %w", err)
	}
	return w.write(guard(b.Bytes()), b.Bytes(), binary.LittleEndian.AppendUint32(nil, uint32(b.Len())), []byte(magic))
}

// encodeSchema returns s as Arrow's own Parquet writers keep it: an IPC message in base64.
func encodeSchema(s *arrow.Schema) (string, error) {
	var b bytes.Buffer
	stream := ipc.NewWriter(&b, ipc.WithSchema(s))
	if err := stream.Close(); err != nil {
		return "", fmt.Errorf("encode Arrow schema: %w", err)
	}
	const endOfStream = 8
	return base64.StdEncoding.EncodeToString(b.Bytes()[:b.Len()-endOfStream]), nil
}

func (w *Writer) write(parts ...[]byte) error {
	for _, p := range parts {
		n, err := w.out.Write(p)
		w.offset += int64(n)
		if err != nil {
			return fmt.Errorf("write parquet: %w", err)
		}
	}
	return nil
}

// endRowGroup writes the row group at hand, if it has rows: chunks, then their filters.
func (w *Writer) endRowGroup() error {
	if w.rows == 0 {
		return nil
	}
	group := format.RowGroup{
		NumRows: int64(w.rows), FileOffset: w.offset, Ordinal: int16(len(w.footer.RowGroups)), SortingColumns: w.sorting(),
	}
	chunks := make([]chunk, len(w.columns))
	err := w.each(func(i int, c *column) (err error) {
		chunks[i], err = c.endChunk()
		return err
	})
	if err != nil {
		return err
	}
	var sum crc
	for i, k := range chunks {
		group.TotalByteSize += k.meta.TotalUncompressedSize
		group.TotalCompressedSize += k.meta.TotalCompressedSize
		group.Columns = append(group.Columns, format.ColumnChunk{MetaData: w.place(k)})
		pages := append([][]byte{k.dictionary}, k.pages...)
		if err := w.write(pages...); err != nil {
			return err
		}
		for _, p := range pages {
			sum = checksum(sum, p)
		}
		w.columns[i].reset()
	}
	w.sums = append(w.sums, sum)
	w.between = append(w.between, 0)
	for i, k := range chunks {
		if k.filter == nil {
			continue
		}
		meta := &group.Columns[i].MetaData
		meta.BloomFilterOffset, meta.BloomFilterLength = w.offset, int32(len(k.filter))
		if err := w.writeBetween(k.filter); err != nil {
			return err
		}
	}
	w.footer.RowGroups = append(w.footer.RowGroups, group)
	w.footer.NumRows += int64(w.rows)
	w.rows, w.bytes = 0, 0
	if len(w.footer.RowGroups) == 1<<15-1 {
		return errors.New("write parquet: too many row groups")
	}
	return nil
}

// place turns the offsets of a chunk, which is written next, into those of the file, and keeps its indexes.
func (w *Writer) place(k chunk) format.ColumnMetaData {
	for i := range k.offsets.PageLocations {
		k.offsets.PageLocations[i].Offset += w.offset
	}
	if len(k.dictionary) > 0 {
		k.meta.DictionaryPageOffset = w.offset
	}
	k.meta.DataPageOffset = w.offset + int64(len(k.dictionary))
	w.indexes = append(w.indexes, chunkIndexes{k.column, k.indexed, k.offsets})
	return k.meta
}

func (w *Writer) sorting() []format.SortingColumn {
	var sorting []format.SortingColumn
	for _, name := range w.opts.SortedBy {
		for _, i := range w.schema.FieldIndices(name) {
			sorting = append(sorting, format.SortingColumn{ColumnIdx: int32(i), NullsFirst: true})
		}
	}
	return sorting
}

// writeIndexes writes the column indexes of all row groups, then the offset indexes.
func (w *Writer) writeIndexes() error {
	n := len(w.columns)
	for i, x := range w.indexes {
		if !x.indexed {
			continue
		}
		c := &w.footer.RowGroups[i/n].Columns[i%n]
		c.ColumnIndexOffset = w.offset
		if err := w.writeThrift(&x.column); err != nil {
			return err
		}
		c.ColumnIndexLength = int32(w.offset - c.ColumnIndexOffset)
	}
	for i, x := range w.indexes {
		c := &w.footer.RowGroups[i/n].Columns[i%n]
		c.OffsetIndexOffset = w.offset
		if err := w.writeThrift(&x.offsets); err != nil {
			return err
		}
		c.OffsetIndexLength = int32(w.offset - c.OffsetIndexOffset)
	}
	return nil
}

func (w *Writer) writeThrift(v any) error {
	var b bytes.Buffer
	if err := appendThrift(&b, v); err != nil {
		return fmt.Errorf("write parquet: %w", err)
	}
	return w.writeBetween(b.Bytes())
}

// writeBetween writes what follows the newest row group's chunks.
func (w *Writer) writeBetween(b []byte) error {
	last := &w.between[len(w.between)-1]
	*last = checksum(*last, b)
	return w.write(b)
}
