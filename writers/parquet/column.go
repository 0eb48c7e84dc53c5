package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// pageRows is how many rows a page holds at most.
const pageRows = 20_000

// column builds one column of the row group at hand: pages as they fill, in memory until the row group ends.
type column struct {
	leaf
	values values
	valid  bitmap // of the page's rows
	nulls  int    // in the page

	pages     [][]byte // done: headers and bodies
	size      int64    // of pages
	locations []format.PageLocation
	counts    map[format.Encoding]int32 // of data pages
	index     columnIndex
	rows      int64 // of the chunk, in pages that are done
	allNulls  int64
	plain     int64 // size of all pages before compression, with headers
	*press          // of the thread that the column is on
}

// press turns page bodies into pages. One is enough for all columns of a thread.
type press struct {
	fast, thorough   *zstd.Encoder // for pages of data, and for dictionaries
	header           bytes.Buffer
	body, compressed []byte // room to work in
}

func newPress() (*press, error) {
	fast, err := newEncoder(zstd.SpeedFastest)
	if err != nil {
		return nil, err
	}
	thorough, err := newEncoder(zstd.SpeedDefault)
	return &press{fast: fast, thorough: thorough}, err
}

// newEncoder leaves out the checksums of frames: each page has its own. Its window is that of a page: by default it would
// be so large that most of the time and memory for a small file went into making the encoders.
func newEncoder(level zstd.EncoderLevel) (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithWindowSize(pageBytes),
		zstd.WithEncoderCRC(false), zstd.WithEncoderConcurrency(1))
}

// page returns the page with the given body, and its size before compression.
func (p *press) page(header format.PageHeader, body []byte) (page []byte, plain int64, err error) {
	encoder := p.fast
	if header.Type == format.DictionaryPage {
		encoder = p.thorough
	}
	p.compressed = encoder.EncodeAll(body, p.compressed[:0])
	header.UncompressedPageSize = int32(len(body))
	header.CompressedPageSize = int32(len(p.compressed))
	header.CRC = int32(crc32.ChecksumIEEE(p.compressed))
	p.header.Reset()
	err = appendThrift(&p.header, &header)
	return slices.Concat(p.header.Bytes(), p.compressed), int64(p.header.Len() + len(body)), err
}

// add takes rows [from, to) of a, which is this column in the slot-th record, and returns the size of their values.
func (c *column) add(a arrow.Array, from, to, slot int) (added int, err error) {
	for from < to {
		before := c.values.size()
		stop := c.values.add(a, from, min(to, from+pageRows-c.valid.n), slot)
		added += c.values.size() - before
		c.addValidity(a, from, stop)
		from = stop
		if c.valid.n >= pageRows || c.values.size() >= pageBytes {
			if err := c.endPage(); err != nil {
				return added, err
			}
		}
	}
	return added, nil
}

func (c *column) addValidity(a arrow.Array, from, to int) {
	if a.NullN() == 0 {
		c.valid.appendOnes(to - from)
		return
	}
	for i := from; i < to; i++ {
		valid := a.IsValid(i)
		if !valid {
			c.nulls++
		}
		c.valid.append(valid)
	}
}

// endPage encodes the rows since the last page as a page of their own.
func (c *column) endPage() error {
	if c.valid.n == 0 {
		return nil
	}
	values := c.values.page()
	c.body = values.appendTo(c.appendLevels(c.body[:0]))
	page, plain, err := c.page(format.PageHeader{
		Type: format.DataPage,
		DataPageHeader: thrift.New(format.DataPageHeader{
			NumValues:               int32(c.valid.n),
			Encoding:                values.encoding(),
			DefinitionLevelEncoding: format.RLE,
			RepetitionLevelEncoding: format.RLE,
		}),
	}, c.body)
	if err != nil {
		return fmt.Errorf("encode page of column %q: %w", c.name, err)
	}
	c.locations = append(c.locations, format.PageLocation{
		Offset: c.size, CompressedPageSize: int32(len(page)), FirstRowIndex: c.rows,
	})
	c.pages = append(c.pages, page)
	c.size += int64(len(page))
	c.plain += plain
	c.counts[values.encoding()]++
	c.index.add(values.bounds, c.valid.n, c.nulls)
	c.rows += int64(c.valid.n)
	c.allNulls += int64(c.nulls)
	c.valid.reset()
	c.nulls = 0
	return nil
}

// appendLevels appends which rows of the page are not null, as definition levels behind their length: one run where
// they are all the same, else the bits as they are.
func (c *column) appendLevels(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	switch c.nulls {
	case 0:
		dst = append(binary.AppendUvarint(dst, uint64(c.valid.n)<<1), 1)
	case c.valid.n:
		dst = append(binary.AppendUvarint(dst, uint64(c.valid.n)<<1), 0)
	default:
		dst = append(binary.AppendUvarint(dst, uint64(len(c.valid.bytes))<<1|1), c.valid.bytes...)
	}
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
	return dst
}

// appendThrift appends what v, a structure of package format, looks like in a file.
func appendThrift(dst *bytes.Buffer, v any) error {
	b, err := thrift.Marshal(new(thrift.CompactProtocol), v)
	dst.Write(b)
	return err
}

// chunk is one column of a finished row group, on its way to the file.
type chunk struct {
	dictionary []byte   // with its header, or nil
	pages      [][]byte // with their headers
	filter     []byte   // with its header, or nil
	meta       format.ColumnMetaData
	column     format.ColumnIndex
	indexed    bool // column holds
	offsets    format.OffsetIndex
}

// endChunk ends the row group for this column. Offsets in the result count from the dictionary. It is valid until the
// next add.
func (c *column) endChunk() (k chunk, err error) {
	if err := c.endPage(); err != nil {
		return k, err
	}
	words, n, filter := c.values.chunk()
	k = chunk{pages: c.pages, offsets: format.OffsetIndex{PageLocations: c.locations}}
	encodings := []format.Encoding{format.RLE}
	var stats []format.PageEncodingStats
	if n > 0 {
		var plain int64
		k.dictionary, plain, err = c.page(format.PageHeader{
			Type:                 format.DictionaryPage,
			DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: int32(n), Encoding: format.Plain}),
		}, words)
		if err != nil {
			return k, fmt.Errorf("encode dictionary of column %q: %w", c.name, err)
		}
		c.plain += plain
		stats = append(stats, format.PageEncodingStats{PageType: format.DictionaryPage, Encoding: format.Plain, Count: 1})
	}
	for _, e := range []format.Encoding{format.Plain, format.RLEDictionary} {
		if c.counts[e] > 0 || e == format.Plain && n > 0 {
			encodings = append(encodings, e)
		}
		if c.counts[e] > 0 {
			stats = append(stats, format.PageEncodingStats{PageType: format.DataPage, Encoding: e, Count: c.counts[e]})
		}
	}
	for i := range k.offsets.PageLocations {
		k.offsets.PageLocations[i].Offset += int64(len(k.dictionary))
	}
	k.column, k.indexed = c.index.done()
	if k.filter, err = withHeader(filter); err != nil {
		return k, fmt.Errorf("encode filter of column %q: %w", c.name, err)
	}
	k.meta = format.ColumnMetaData{
		Type: c.physical, Encoding: encodings, PathInSchema: []string{c.name}, Codec: format.Zstd,
		NumValues: c.rows, TotalUncompressedSize: c.plain, TotalCompressedSize: int64(len(k.dictionary)) + c.size,
		Statistics: c.index.statistics(c.allNulls), EncodingStats: stats,
	}
	return k, nil
}

func (c *column) reset() {
	c.pages, c.size, c.locations = nil, 0, nil
	c.counts = map[format.Encoding]int32{}
	c.index = columnIndex{compare: c.compare}
	c.rows, c.allNulls, c.plain = 0, 0, 0
}

// withHeader returns a Bloom filter as it lies in a file.
func withHeader(filter []byte) ([]byte, error) {
	if filter == nil {
		return nil, nil
	}
	var b bytes.Buffer
	err := appendThrift(&b, &format.BloomFilterHeader{
		NumBytes:    int32(len(filter)),
		Algorithm:   format.BloomFilterAlgorithm{Value: &format.SplitBlockAlgorithm{}},
		Hash:        format.BloomFilterHash{Value: &format.XxHash{}},
		Compression: format.BloomFilterCompression{Value: &format.BloomFilterUncompressed{}},
	})
	b.Write(filter)
	return b.Bytes(), err
}
