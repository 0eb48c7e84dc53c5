package checkpoint_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"huntlake/checkpoint"
)

// sealed wraps a state's text as a snapshot with a checksum that is right.
func sealed(number int64, state string) string {
	return fmt.Sprintf(`{"format":1,"number":%d,"sha256":"%x","state":%s}`, number, sha256.Sum256([]byte(state)), state)
}

func testdata(f *testing.F, name string) []byte {
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		f.Fatal(err)
	}
	return text
}

// Whatever lies in a log is refused, or taken or rejected by Fold. What is taken reads back as it is written.
func FuzzDecodeCommit(f *testing.F) {
	for _, log := range []string{"log.jsonl", "snapshots_log.jsonl"} {
		for line := range bytes.Lines(testdata(f, log)) {
			f.Add(line)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := checkpoint.DecodeCommit(text)
		if err != nil {
			return
		}
		once := encoded(t, c)
		back, err := checkpoint.DecodeCommit(once)
		if err == nil && !bytes.Equal(once, encoded(t, back)) {
			t.Fatalf("%s reads back as %s", once, encoded(t, back))
		}
		for _, name := range []string{"empty", "staged", "again", "begun", "settled", "snapshot", "snapshot read", "snapshot settled"} {
			s := states(t, name)
			c.Number = s.Number + 1
			folded := checkpoint.Fold(s, c)
			if rejected := errors.Is(folded, checkpoint.ErrRejected); !rejected && (folded != nil || err != nil) {
				t.Fatalf("Fold = %v, and the text reads back with %v", folded, err)
			}
			snapshotStable(t, s)
		}
	})
}

// snapshotStable holds a state to its snapshot.
func snapshotStable(t *testing.T, s *checkpoint.State) {
	t.Helper()
	text, err := checkpoint.EncodeSnapshot(s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := checkpoint.DecodeSnapshot(ours, text)
	if err != nil {
		t.Fatalf("%s does not read back: %v", text, err)
	}
	if again, err := checkpoint.EncodeSnapshot(back); err != nil || !bytes.Equal(text, again) {
		t.Fatalf("%s reads back as %s, %v", text, again, err)
	}
}

// Whatever lies in a snapshot, behind a checksum that is right, is refused or can be folded on.
func FuzzDecodeSnapshot(f *testing.F) {
	var golden struct {
		Number int64
		State  json.RawMessage
	}
	if err := json.Unmarshal(testdata(f, "snapshot.json"), &golden); err != nil {
		f.Fatal(err)
	}
	f.Add(golden.Number, []byte(golden.State))
	f.Add(int64(1), []byte(`{"ledger":{"Tenant":"t1","Table":{"Name":"DeviceEvents"}},"number":1,"leaves":null}`))
	f.Fuzz(func(t *testing.T, number int64, state []byte) {
		_, _ = checkpoint.DecodeSnapshot(ours, state)
		s, err := checkpoint.DecodeSnapshot(ours, []byte(sealed(number, string(state))))
		if err != nil {
			return
		}
		snapshotStable(t, s)
		for _, body := range goldenHistory() {
			if err := checkpoint.Fold(s, commit(s, body)); err != nil && !errors.Is(err, checkpoint.ErrRejected) {
				t.Fatal(err)
			}
		}
		_, _, _ = s.Open(), s.Unpublished(), s.Published()
		for _, begun := range s.Begun {
			s.InputSums(begun)
		}
	})
}

func FuzzParseReading(f *testing.F) {
	for _, text := range []string{
		reading(stamped(0), 1).String(), "snapshot-2", "snapshot_b0of2-1", "snapshot-01", "snapshot-0", "snapshot--1", "snapshot", "-1", "",
		"stamped_20261122T0000000000000_20261122T0100000000000_f20261023T0000000000000_c20261024T0000000000000_b3of8-12",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := checkpoint.ParseReading(text)
		if err != nil {
			return
		}
		if r.Generation < 1 || r.Slice.Validate() != nil || r.String() != text {
			t.Fatalf("ParseReading(%q) = %v", text, r)
		}
	})
}

func FuzzParseObject(f *testing.F) {
	f.Add(ours.StagedKey(stamped(0), 1, "n1"))
	for _, nonce := range []string{"", "a-b", "a/b", "-", ".arrow"} {
		f.Add(ours.StagedKey(stamped(0), 1, nonce))
	}
	f.Add(ours.StagedPrefix() + "-.arrow")
	f.Fuzz(func(t *testing.T, key string) {
		r, err := checkpoint.ParseObject(ours, key)
		if err != nil {
			return
		}
		prefix := ours.StagedPrefix() + r.String() + "-"
		if len(key) <= len(prefix)+len(".arrow") || key != prefix+key[len(prefix):len(key)-6]+".arrow" {
			t.Fatalf("ParseObject(%q) = %v", key, r)
		}
		if back, err := checkpoint.ParseObject(ours, ours.StagedKey(r.Slice, r.Generation, "n")); err != nil || !reflect.DeepEqual(back, r) {
			t.Fatalf("ParseObject of %v's own key = %v, %v", r, back, err)
		}
	})
}

func TestReadingOrder(t *testing.T) {
	ordered := []checkpoint.Reading{reading(stamped(0), 1), reading(stamped(0), 2), reading(stamped(0), 10), reading(stamped(1), 1)}
	for i, a := range ordered {
		for j, b := range ordered {
			if got := a.Compare(b); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%v.Compare(%v) = %d", a, b, got)
			}
		}
	}
}
