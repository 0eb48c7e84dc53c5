package parquet

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// Parquet has checksums of page bodies and of nothing else. A file of this package also has one of each row group's
// chunks, in the footer's metadata, and one of the footer, right before it, where other readers do not look.
const (
	// metaChecksums is the key of the row groups' checksums, separated by commas.
	metaChecksums = "huntlake.crc32c"
	guardMark     = "HLFC"
	guardSize     = int64(len(guardMark) + 4)
)

// crc is a CRC-32C.
type crc uint32

func checksum(c crc, b []byte) crc {
	return crc(crc32.Update(uint32(c), crc32.MakeTable(crc32.Castagnoli), b))
}

// String prints 8 hex digits.
func (c crc) String() string { return fmt.Sprintf("%08x", uint32(c)) }

// guard returns what lies before a footer.
func guard(footer []byte) []byte {
	return binary.LittleEndian.AppendUint32([]byte(guardMark), uint32(checksum(0, footer)))
}
