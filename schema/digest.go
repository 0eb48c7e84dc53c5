package schema

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"
)

// Digest stands for a set of rows, whatever their order: the sum of their hashes modulo 2^128. So the digests of
// parts add up to the digest of the whole. The zero Digest is that of no rows.
type Digest struct{ Hi, Lo uint64 }

// Add returns the digest of the rows of d and e together.
func (d Digest) Add(e Digest) Digest {
	lo, carry := bits.Add64(d.Lo, e.Lo, 0)
	hi, _ := bits.Add64(d.Hi, e.Hi, carry)
	return Digest{hi, lo}
}

// Sub returns the digest of the rows of d without those of e.
func (d Digest) Sub(e Digest) Digest {
	lo, borrow := bits.Sub64(d.Lo, e.Lo, 0)
	hi, _ := bits.Sub64(d.Hi, e.Hi, borrow)
	return Digest{hi, lo}
}

// String prints d as 32 hex digits.
func (d Digest) String() string {
	b := binary.BigEndian.AppendUint64(nil, d.Hi)
	return hex.EncodeToString(binary.BigEndian.AppendUint64(b, d.Lo))
}

// ParseDigest reads what String prints.
func ParseDigest(s string) (Digest, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 16 {
		return Digest{}, fmt.Errorf("parse digest %q: want 32 hex digits", s)
	}
	return Digest{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}, nil
}

// MarshalText prints d as String does.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDigest reads.
func (d *Digest) UnmarshalText(b []byte) error {
	v, err := ParseDigest(string(b))
	if err == nil {
		*d = v
	}
	return err
}
