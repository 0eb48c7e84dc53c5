package checkpoint_test

import (
	"bytes"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/schema"
)

var update = flag.Bool("update", false, "write the golden files anew; what is published must not change")

// golden is the text of a file in testdata, after writing it if asked to.
func golden(t *testing.T, name string, now []byte) []byte {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, now, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// goldenHistory is a ledger with every kind of commit, every field in use, and one record that is inert.
func goldenHistory() []checkpoint.Body {
	timestamp := schema.Column{Source: "Timestamp", Type: "DateTime", Name: "Timestamp", Kind: schema.Timestamp}
	report := schema.Column{Source: "ReportId", Type: "Int32", Name: "ReportId", Kind: schema.Int64}
	gone, wider := timestamp, report
	gone.Gone, wider.Type = true, "Int64"
	variant := schema.Column{Source: "ReportId", Type: "String", Name: "ReportId__string", Kind: schema.String}

	first, day := reading(stamped(0), 1), reading(hours(partition.Unstamped, 0, 24), 1)
	halves, _ := stamped(2).SplitAt(at(2) + 30*partition.Minute)
	parts := split(stamped(2), 10, halves...)
	lost := int64(2)
	next := plan(partition.Stamped, 4, 1, 7)
	next.Again, next.Generation = []checkpoint.PlannedSlice{{Slice: hours(partition.Stamped, 0, 2), Rows: 12}}, 3
	next.Slices[0].Oldest, next.Again[0].Oldest, parts.Children[0].Oldest = at(3), at(-1), at(1)
	parts.Keys = []string{"ReportId"}
	next.Sample = &checkpoint.Sample{Rows: 2000, Bytes: 2_000_000, RunTime: 2000 * perRow}
	moved := receipt(reading(hours(partition.Stamped, 0, 2), 3), 14, part{0, 3}, part{1, 1})
	moved.Counted, moved.Held, moved.Moved, moved.Columns = []int64{12, 13, 15}, 10, true, 2
	changed := receipt(reading(day.Slice, 2), 4)
	changed.Held, changed.Changed, changed.Columns = 3, []checkpoint.ChangedHour{{Hour: at(5), Rows: 1, Over: -1}}, 2

	return []checkpoint.Body{
		&checkpoint.Schema{Table: schema.Table{Columns: []schema.Column{timestamp, report}}, Changes: []schema.Change{
			{Kind: schema.Added, Column: "Timestamp", To: "DateTime"}, {Kind: schema.Added, Column: "ReportId", To: "Int32"},
		}, Streams: []partition.Stream{partition.Stamped, partition.Unstamped}},
		plan(partition.Stamped, 0, 1, 10, 0, 20, 30),
		plan(partition.Unstamped, 0, 24, 5, 5),
		parts,
		stage(receipt(first, 10, part{0, 6}, part{1, 4}), receipt(day, 5, part{0, 5})),
		with(gapBelow(stamped(3), floor+partition.Day, 28), func(g *checkpoint.Gap) { g.Rows = &lost }),
		&checkpoint.Gap{Stream: partition.Stamped, Start: at(-48), End: at(0), Below: at(-24), Why: "no run read it in time"},
		settled(partition.Unstamped, 0),
		begin(9, 0, first, day),
		end(9, 0, 11, digest(6).Add(digest(5))),
		again(48, reading(day.Slice, 2), 4),
		next,
		stage(receipt(first, 10, part{0, 6}, part{1, 4})), // asleep since commit 3: inert
		stage(moved, changed),
		begin(15, 1, first),
		&checkpoint.Schema{Table: schema.Table{Columns: []schema.Column{gone, wider, variant}}, Changes: []schema.Change{
			{Kind: schema.Gone, Column: "Timestamp", From: "DateTime"},
			{Kind: schema.Retyped, Column: "ReportId", From: "Int32", To: "Int64"},
			{Kind: schema.Variant, Column: "ReportId__string", From: "Int32", To: "String"},
		}},
		&checkpoint.Verify{Floor: floor, SourceRows: 19, LedgerRows: 19, FileRows: 11, Files: 1, Differences: []string{"2026-11-22: 1 row <unread>"}},
	}
}

// goldenSnapshots is a ledger of snapshots: one that was not stable at first, one that is being published while the
// next could not be counted, and one that is being read.
func goldenSnapshots() []checkpoint.Body {
	keyed := snapshotPlan(2, 0, 7, 0, 5)
	keyed.Keys, keyed.Sample = []string{"DeviceId", "CveId"}, &checkpoint.Sample{Rows: 200, Bytes: 200_000, RunTime: 200 * perRow}
	return []checkpoint.Body{
		snapshotPlan(1, 0, 9),
		stage(snapshotReceipt(1, 0, 0, 1, 9)),
		keyed,
		stage(snapshotReceipt(1, 0, 0, 1, 9)), // asleep since commit 1: inert
		stage(snapshotReceipt(2, 0, 0, 3, 7), snapshotReceipt(2, 0, 2, 3, 5)),
		snapshotSettled(0, 12),
		begin(7, 0, reading(shard(0, 3), 2), reading(shard(2, 3), 2)),
		snapshotPlan(3, 1),
		snapshotGap(1),
		with(snapshotPlan(4, 2, 3, 4), func(p *checkpoint.Plan) { p.Keys = []string{"DeviceId"} }),
		stage(snapshotReceipt(4, 2, 1, 2, 4)),
	}
}

// goldenLog is a history as a writer would have committed it.
func goldenLog(t *testing.T, bodies []checkpoint.Body) (commits []*checkpoint.Commit, text []byte) {
	s := checkpoint.NewState(ours)
	for _, body := range bodies {
		c := commit(s, body)
		if err := checkpoint.Fold(s, c); err != nil && !errors.Is(err, checkpoint.ErrRejected) {
			t.Fatal(err)
		}
		commits, text = append(commits, c), append(text, encoded(t, c)...)
	}
	return commits, text
}

func encoded(t *testing.T, c *checkpoint.Commit) []byte {
	t.Helper()
	text, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The newest commit of each kind is written, and read, exactly as it was when the kind was published.
func TestGoldenCommits(t *testing.T) {
	newest := map[checkpoint.Kind]*checkpoint.Commit{}
	commits, _ := goldenLog(t, goldenHistory())
	for _, c := range commits {
		newest[c.Body.Kind()] = c
	}
	for kind, c := range newest {
		text := golden(t, string(kind)+".json", encoded(t, c))
		if diff := cmp.Diff(string(text), string(encoded(t, c))); diff != "" {
			t.Errorf("%s is written in another way: %s", kind, diff)
		}
		got, err := checkpoint.DecodeCommit(text)
		if diff := cmp.Diff(c, got); err != nil || diff != "" {
			t.Errorf("%s is read in another way: %v %s", kind, err, diff)
		}
	}
	kinds := []checkpoint.Kind{"gap", "plan", "publish-begin", "publish-end", "schema", "settled", "split", "stage", "verify"}
	if got := slices.Sorted(maps.Keys(newest)); !slices.Equal(got, kinds) {
		t.Errorf("golden kinds %q, want %q", got, kinds)
	}
}

// A published log adds up to the same state for ever: the rules of Fold are as durable as the fields.
func TestGoldenSnapshot(t *testing.T) {
	goldenState(t, "log.jsonl", "snapshot.json", 13, goldenHistory())
	goldenState(t, "snapshots_log.jsonl", "snapshots_snapshot.json", 4, goldenSnapshots())
}

func goldenState(t *testing.T, logFile, snapshotFile string, inertNumber int64, bodies []checkpoint.Body) {
	s := checkpoint.NewState(ours)
	_, log := goldenLog(t, bodies)
	for line := range bytes.Lines(golden(t, logFile, log)) {
		c, err := checkpoint.DecodeCommit(line)
		if err != nil {
			t.Fatal(err)
		}
		if text := encoded(t, c); !bytes.Equal(text, line) {
			t.Errorf("commit %d is written as %s, want %s", c.Number, text, line)
		}
		err = checkpoint.Fold(s, c)
		if inert := c.Number == inertNumber; errors.Is(err, checkpoint.ErrRejected) != inert {
			t.Fatalf("commit %d: %v", c.Number, err)
		}
	}
	now, err := checkpoint.EncodeSnapshot(s)
	if err != nil {
		t.Fatal(err)
	}
	text := golden(t, snapshotFile, now)
	if diff := cmp.Diff(string(text), string(now)); diff != "" {
		t.Errorf("the snapshot is written in another way: %s", diff)
	}
	got, err := checkpoint.DecodeSnapshot(ours, text)
	if diff := cmp.Diff(s, got); err != nil || diff != "" {
		t.Errorf("the snapshot is read in another way: %v %s", err, diff)
	}
}
