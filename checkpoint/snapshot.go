package checkpoint

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"huntlake/partition"
)

// snapshotEvery is how many commits lie between two snapshots.
const snapshotEvery = 256

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

// latest returns the newest state that a snapshot holds, or the empty one. Among the newest few, one that cannot be
// read is passed over.
func latest(ctx context.Context, b Bucket, l partition.Ledger) (*State, error) {
	const candidates = 3
	keys, err := b.First(ctx, l.SnapshotPrefix(), candidates)
	if err != nil {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}
	for _, key := range keys {
		text, err := b.Read(ctx, key, maxSnapshot)
		if err != nil {
			return nil, fmt.Errorf("read snapshot: %w", err)
		}
		if s, err := DecodeSnapshot(l, text); err == nil {
			return s, nil
		}
	}
	return NewState(l), nil
}
