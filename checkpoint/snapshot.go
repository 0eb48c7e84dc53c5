package checkpoint

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"strings"

	"huntlake/partition"
)

// How many commits lie between two snapshots: the fewer, the less an opening has to read, and the more is written. It is
// leastSpacing for a state of up to smallSnapshot bytes and grows with it, so that what is written for snapshots is at most
// 64 KiB a commit; but no more than mostSpacing, so that an opening is bounded whatever the state is: beyond 16 MiB more is
// written.
const (
	leastSpacing  = 16
	mostSpacing   = 256
	smallSnapshot = leastSpacing << 16
)

// keepSnapshots is how many snapshots are kept: the newest, and some in case that it is damaged.
const keepSnapshots = 3

// kept is what a process knows of a ledger's snapshots.
type kept struct {
	keys []string // newest first
	size int      // bytes of the newest
}

// spacing is a power of two, so that the wider ones are met by all who count by closer ones.
func (k *kept) spacing() int64 {
	spacing := int64(leastSpacing)
	for size := k.size; size > smallSnapshot && spacing < mostSpacing; size /= 2 {
		spacing *= 2
	}
	return spacing
}

// add takes note of a new snapshot, and returns those that nobody needs any more.
func (k *kept) add(key string, size int) (old []string) {
	keys := append([]string{key}, k.keys...)
	n := min(len(keys), keepSnapshots)
	k.keys, k.size = keys[:n], size
	return keys[n:]
}

// maxSnapshot bounds what is read as a snapshot.
const maxSnapshot = 1 << 30

// snapshot is a state on disk. It saves reading the commits before it and proves nothing: without it, or if it does
// not add up, the commits are folded from the one before, or from the first.
type snapshot struct {
	Format int             `json:"format"`
	Number int64           `json:"number"`
	Sum    string          `json:"sha256"` // of state
	State  json.RawMessage `json:"state"`
}

// EncodeSnapshot prints s as one JSON object and a newline.
func EncodeSnapshot(s *State) ([]byte, error) {
	state, err := encode(s)
	if err != nil {
		return nil, fmt.Errorf("encode snapshot %d: %w", s.Number, err)
	}
	state = bytes.TrimSuffix(state, []byte("\n"))
	text, err := encode(snapshot{Format, s.Number, sumOf(state), state})
	if err != nil {
		return nil, fmt.Errorf("encode snapshot %d: %w", s.Number, err)
	}
	return text, nil
}

// DecodeSnapshot reads what EncodeSnapshot printed, of the ledger l and in this program's format: it is no loss to
// refuse any other.
func DecodeSnapshot(l partition.Ledger, text []byte) (*State, error) {
	var snap snapshot
	if err := decode(text, &snap); err != nil {
		return nil, fmt.Errorf("decode snapshot: %w", err)
	}
	if snap.Format != Format || sumOf(snap.State) != snap.Sum {
		return nil, fmt.Errorf("decode snapshot %d: format %d, or its checksum is off", snap.Number, snap.Format)
	}
	s := new(State)
	if err := strict(snap.State, s); err != nil {
		return nil, fmt.Errorf("decode snapshot %d: %w", snap.Number, err)
	}
	if s.Number < 1 || s.Number != snap.Number || s.Ledger != l {
		return nil, fmt.Errorf("decode snapshot %d: it is of commit %d of %v", snap.Number, s.Number, s.Ledger)
	}
	s.makeMaps()
	return s, nil
}

func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// latest returns the newest state that a snapshot holds, or the empty one, and what snapshots there are. Among the newest
// few, one that cannot be read is passed over. One that was deleted after it was listed makes way for newer ones, so they
// are listed again.
func latest(ctx context.Context, b Bucket, l partition.Ledger) (*State, kept, error) {
	const rounds = 3
	var k kept
	for range rounds {
		keys, err := b.First(ctx, l.SnapshotPrefix(), listedSnapshots)
		if err != nil {
			return nil, k, fmt.Errorf("list snapshots: %w", err)
		}
		k.keys = slices.DeleteFunc(keys, func(key string) bool { return !isSnapshot(l, key) })
		s, gone, err := newestOf(ctx, b, l, &k)
		if err != nil || s != nil {
			return s, k, err
		}
		if !gone {
			break
		}
	}
	return NewState(l), k, nil
}

// isSnapshot reports whether a key is one of ours: nothing else is read, let alone deleted.
func isSnapshot(l partition.Ledger, key string) bool {
	name, ok := strings.CutSuffix(strings.TrimPrefix(key, l.SnapshotPrefix()), ".json")
	n, err := strconv.ParseInt(name, 10, 64)
	return ok && err == nil && n > 0 && key == l.SnapshotKey(math.MaxInt64-n)
}

// listedSnapshots is how many snapshots are looked for: more than are kept, so that what processes have left behind is
// found and deleted.
const listedSnapshots = 16

// newestOf reads the newest of the snapshots that can be read, and reports whether some are gone.
func newestOf(ctx context.Context, b Bucket, l partition.Ledger, k *kept) (s *State, gone bool, err error) {
	const candidates = 3
	for _, key := range k.keys[:min(candidates, len(k.keys))] {
		text, err := b.Read(ctx, key, maxSnapshot)
		if errors.Is(err, fs.ErrNotExist) {
			gone = true
			continue
		}
		if err != nil {
			return nil, gone, fmt.Errorf("read snapshot: %w", err)
		}
		if s, err := DecodeSnapshot(l, text); err == nil {
			k.size = len(text)
			return s, false, nil
		}
	}
	return nil, gone, nil
}
