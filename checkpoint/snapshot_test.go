package checkpoint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/checkpoint"
	"huntlake/partition"
)

// every is how many commits lie between two snapshots of a small state.
const every = 16

// filled is a bucket with a log of n notes, and its snapshots.
func filled(t *testing.T, n int) *bucket {
	t.Helper()
	b := newBucket()
	l := open(t, b)
	for i := range n {
		if _, err := l.Append(t.Context(), body(note(fmt.Sprint(i)))); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// Whatever becomes of the snapshots, the state is that of the log; what they save is requests.
func TestSnapshots(t *testing.T) {
	const tail = 10
	const two, three, four = 3 * 4, 4*4 + 16, 4*4 + 16 + 16 // windows in which commits are read: 10, 26 and 42 of them, and one more
	damage := func(number int64, change func([]byte) []byte) func(*bucket) {
		return func(b *bucket) {
			key := ours.SnapshotKey(number)
			b.put(key, change(b.objects[key]))
		}
	}
	flip := func(text []byte) []byte { return []byte(strings.Replace(string(text), `"why":"7"`, `"why":"8"`, 1)) }
	cut := func(text []byte) []byte { return text[:len(text)/2] }
	newer := func(text []byte) []byte { return []byte(strings.Replace(string(text), `"format":1`, `"format":2`, 1)) }
	base := filled(t, 2*every+tail)
	want := encodedState(t, open(t, base))
	for name, c := range map[string]struct {
		damage func(*bucket)
		reads  int // commits and snapshots, those that are not there yet included
	}{
		"whole":           {func(*bucket) {}, 1 + two},
		"a flipped digit": {damage(2*every, flip), 2 + three},
		"cut":             {damage(2*every, cut), 2 + three},
		"empty":           {damage(2*every, func([]byte) []byte { return nil }), 2 + three},
		"a newer format":  {damage(2*every, newer), 2 + three},
		"another ledger's": {damage(2*every, func(text []byte) []byte {
			return []byte(strings.Replace(string(text), `"Tenant":"t1"`, `"Tenant":"t2"`, 1))
		}), 2 + three},
		"both gone bad":         {func(b *bucket) { damage(every, cut)(b); damage(2*every, flip)(b) }, 2 + four},
		"the newest is not":     {func(b *bucket) { delete(b.objects, ours.SnapshotKey(2*every)) }, 1 + three},
		"a stranger among them": {func(b *bucket) { b.put(ours.SnapshotPrefix()+".DS_Store", []byte("x")) }, 1 + two},
	} {
		b := newBucket()
		for key, text := range base.objects {
			b.put(key, text)
		}
		c.damage(b)
		l := open(t, b)
		if diff := cmp.Diff(want, encodedState(t, l)); diff != "" {
			t.Errorf("%s: another state: %s", name, diff)
		}
		if reads := b.ops - 1; reads != c.reads {
			t.Errorf("%s: %d reads, want %d", name, reads, c.reads)
		}
	}
}

// A snapshot that cannot be written is no reason to fail: the commit was made.
func TestSnapshotNotWritten(t *testing.T) {
	b := newBucket()
	b.hook = func(verb, key string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.fail = func(int, string) fault {
			if verb == "create" && strings.HasPrefix(key, ours.SnapshotPrefix()) {
				return before
			}
			return none
		}
	}
	l := open(t, b)
	for i := range every + 1 {
		if _, err := l.Append(t.Context(), body(note(fmt.Sprint(i)))); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := b.objects[ours.SnapshotKey(every)]; ok || encodedState(t, open(t, b)) != encodedState(t, l) {
		t.Error("there is a snapshot, or the log adds up to another state")
	}
}

func TestDecodeSnapshotRefuses(t *testing.T) {
	text, err := checkpoint.EncodeSnapshot(states(t, "ended"))
	if err != nil {
		t.Fatal(err)
	}
	good := string(text)
	for name, c := range map[string]struct {
		text string
		of   partition.Ledger
		want string
	}{
		"another ledger":   {good, partition.Ledger{Tenant: "t2", Table: ours.Table}, "decode snapshot 4: it is of commit 4 of"},
		"another number":   {strings.Replace(good, `"number":4`, `"number":5`, 1), ours, "decode snapshot 5: it is of commit 4 of"},
		"a changed state":  {strings.Replace(good, `"rows":6`, `"rows":7`, 1), ours, "its checksum is off"},
		"a newer format":   {strings.Replace(good, `"format":1`, `"format":2`, 1), ours, "upgrade huntlake"},
		"a field unknown":  {sealed(4, `{"number":4,"moon":1}`), ours, `unknown field "moon"`},
		"no state":         {sealed(4, `null`), ours, "it is of commit 0"},
		"the empty state":  {sealed(0, `{"ledger":{"Tenant":"t1","Table":{"Name":"DeviceEvents"}}}`), ours, "it is of commit 0"},
		"something behind": {good + "{}", ours, "after top-level value"},
	} {
		if _, err := checkpoint.DecodeSnapshot(c.of, []byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: DecodeSnapshot = %v\nwant %s", name, err, c.want)
		}
	}
}

// A snapshot whose maps are null is folded on like any other.
func TestDecodeSnapshotFillsMaps(t *testing.T) {
	null := `{"ledger":{"Tenant":"t1","Table":{"Name":"DeviceEvents"}},"number":4,"streams":null,"leaves":null,"staged":null,` +
		`"begun":null,"days":null,"cells":{"stamped":null},"settled":{"whole":null}}`
	s, err := checkpoint.DecodeSnapshot(ours, []byte(sealed(4, null)))
	if err != nil {
		t.Fatal(err)
	}
	r := reading(stamped(0), 1)
	more(t, s, plan(partition.Stamped, 0, 1, 10), stage(receipt(r, 10, part{0, 10})), begin(7, 0, r), end(7, 0, 10, digest(10)))
}

// A reader that has listed snapshots which are deleted before it comes to them lists again.
func TestSnapshotsDeletedMeanwhile(t *testing.T) {
	b := filled(t, 4*every)
	writer := open(t, b)
	moved := false
	b.hook = func(verb, key string) {
		if verb != "read" || !strings.HasPrefix(key, ours.SnapshotPrefix()) || moved {
			return
		}
		moved = true
		for i := range 4 * every {
			if _, err := writer.Append(t.Context(), body(note(fmt.Sprint("later ", i)))); err != nil {
				t.Error(err)
			}
		}
	}
	before := b.ops
	l := open(t, b)
	if encodedState(t, l) != encodedState(t, writer) || !moved {
		t.Error("another state")
	}
	b.hook = nil
	if reads := b.ops - before - 4*every*2; reads > 60 {
		t.Errorf("it took %d requests", reads)
	}
}

// Old snapshots do not pile up, whoever wrote them and whatever other programs leave beside them.
func TestSnapshotsArePruned(t *testing.T) {
	b := filled(t, 9*every)
	b.put(ours.SnapshotPrefix()+".DS_Store", []byte("x"))
	b.put(ours.SnapshotPrefix()+"0000.json", []byte("x"))
	b.put(ours.SnapshotKey(3), []byte("left behind"))
	l := open(t, b)
	for i := range every {
		if _, err := l.Append(t.Context(), body(note(fmt.Sprint(i)))); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := b.First(t.Context(), ours.SnapshotPrefix(), 100)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		ours.SnapshotPrefix() + ".DS_Store", ours.SnapshotPrefix() + "0000.json",
		ours.SnapshotKey(10 * every), ours.SnapshotKey(9 * every), ours.SnapshotKey(8 * every),
	}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("snapshots left: %s", diff)
	}
}
