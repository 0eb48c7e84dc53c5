package checkpoint

import (
	"fmt"
	"strconv"
	"strings"

	"huntlake/partition"
)

// Reading is one generation of a slice: what one `stage` proves and what a publish takes its rows from.
type Reading struct {
	Slice      partition.Slice
	Generation int // 1, unless a repair or a settling re-reads the slice
}

// String prints r as <slice>-<generation>.
func (r Reading) String() string { return fmt.Sprintf("%s-%d", r.Slice, r.Generation) }

// ParseReading reads what String prints.
func ParseReading(text string) (Reading, error) {
	i := strings.LastIndexByte(text, '-')
	if i < 0 {
		return Reading{}, fmt.Errorf("parse reading %q: want <slice>-<generation>", text)
	}
	s, err := partition.ParseSlice(text[:i])
	if err != nil {
		return Reading{}, err
	}
	g, err := strconv.Atoi(text[i+1:])
	if err != nil || g < 1 || strconv.Itoa(g) != text[i+1:] {
		return Reading{}, fmt.Errorf("parse reading %q: want a generation of 1 or more", text)
	}
	return Reading{s, g}, nil
}

// ParseObject returns the reading that a staged object's key names. The nonce has neither - nor / in it.
func ParseObject(l partition.Ledger, key string) (Reading, error) {
	name, ok := strings.CutPrefix(key, l.StagedPrefix())
	name, ok2 := strings.CutSuffix(name, ".arrow")
	i := strings.LastIndexByte(name, '-')
	if !ok || !ok2 || i < 0 || i == len(name)-1 || strings.Contains(name, "/") {
		return Reading{}, fmt.Errorf("parse staged key %q: want %s<slice>-<generation>-<nonce>.arrow", key, l.StagedPrefix())
	}
	return ParseReading(name[:i])
}

// MarshalText prints r as String does.
func (r Reading) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what ParseReading reads.
func (r *Reading) UnmarshalText(b []byte) error {
	v, err := ParseReading(string(b))
	if err == nil {
		*r = v
	}
	return err
}

// Compare orders readings by slice, then generation.
func (r Reading) Compare(q Reading) int {
	if c := r.Slice.Compare(q.Slice); c != 0 {
		return c
	}
	return r.Generation - q.Generation
}
