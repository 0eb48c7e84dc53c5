package parquet

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
)

// Parquet has checksums of page bodies and of nothing else. A file of this package also has two of each row group in the
// footer's metadata: of its chunks, and of what lies between them and the next one's, which is filters and, after the last
// one's, all indexes. There is one of the footer, right before it, where other readers do not look.
const (
	// The keys of the row groups' checksums, which are separated by commas. Files of early programs lack the second one.
	metaChecksums = "huntlake.crc32c"
	metaBetween   = "huntlake.crc32c.between"

	guardMark = "HLFC"
	guardSize = int64(len(guardMark) + 4)
)

// crc is a CRC-32C.
type crc uint32

func checksum(c crc, b []byte) crc {
	return crc(crc32.Update(uint32(c), crc32.MakeTable(crc32.Castagnoli), b))
}

// String prints 8 hex digits.
func (c crc) String() string { return fmt.Sprintf("%08x", uint32(c)) }

// joined prints checksums as they stand in the metadata.
func joined(sums []crc) string {
	texts := make([]string, len(sums))
	for i, c := range sums {
		texts[i] = c.String()
	}
	return strings.Join(texts, ",")
}

// guard returns what lies before a footer.
func guard(footer []byte) []byte {
	return binary.LittleEndian.AppendUint32([]byte(guardMark), uint32(checksum(0, footer)))
}
