package partition_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/partition"
)

func sample(t *testing.T) partition.Slice {
	return partition.Slice{
		Stream: partition.Stamped,
		Start:  tick(t, "2026-11-22T00:00:00Z"),
		End:    tick(t, "2026-11-22T01:00:00.0000001Z"),
		Floor:  tick(t, "2026-10-23T00:00:00Z"),
	}
}

func TestSliceText(t *testing.T) {
	s := sample(t)
	narrow := s
	narrow.Ceiling, narrow.Bucket, narrow.Of = tick(t, "2026-11-01T00:00:00Z"), 3, 8
	for want, s := range map[string]partition.Slice{
		"stamped_20261122T0000000000000_20261122T0100000000001_f20261023T0000000000000":                               s,
		"stamped_20261122T0000000000000_20261122T0100000000001_f20261023T0000000000000_c20261101T0000000000000_b3of8": narrow,
		"snapshot":         {Stream: partition.Snapshot},
		"snapshot_b0of400": {Stream: partition.Snapshot, Of: 400},
	} {
		if got := s.String(); got != want {
			t.Errorf("String = %s, want %s", got, want)
		}
		got, err := partition.ParseSlice(want)
		if err != nil || got != s {
			t.Errorf("ParseSlice(%s) = %v, %v", want, got, err)
		}
	}
}

func TestSliceJSON(t *testing.T) {
	want := map[partition.Slice]int{sample(t): 1}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got map[partition.Slice]int
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseSliceRefuses(t *testing.T) {
	good := sample(t).String()
	for name, text := range map[string]string{
		"empty":             "",
		"no times":          "stamped",
		"unknown stream":    strings.Replace(good, "stamped", "stomped", 1),
		"end before start":  "stamped_20261122T0100000000001_20261122T0000000000000_f20261023T0000000000000",
		"bucket too high":   good + "_b8of8",
		"bucket with zeros": good + "_b03of8",
		"options reversed":  good + "_b3of8_c20261101T0000000000000",
		"unknown option":    good + "_x",
		"ceiling unstamped": strings.Replace(good, "stamped", "whole", 1) + "_c20261101T0000000000000",
		"timed snapshot":    strings.Replace(good, "stamped", "snapshot", 1),
		"path":              "../" + good,
	} {
		if got, err := partition.ParseSlice(text); err == nil {
			t.Errorf("%s: ParseSlice(%q) = %v, want an error", name, text, got)
		}
	}
}

func FuzzParseSlice(f *testing.F) {
	f.Add("stamped_20261122T0000000000000_20261122T0100000000001_f20261023T0000000000000_b3of8")
	f.Add("snapshot_b1of2")
	f.Add("unstamped_20261122T0000000000000_20261122T0100000000001_f20261023T0000000000000")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := partition.ParseSlice(text)
		if err == nil && s.String() != text {
			t.Errorf("ParseSlice(%q).String() = %q", text, s)
		}
		if strings.ContainsAny(s.String(), "/\\ \n") {
			t.Errorf("%q is not safe in a key", s)
		}
	})
}

func TestContains(t *testing.T) {
	s := sample(t)
	for _, c := range []struct {
		name               string
		timestamp, arrived string
		want               bool
	}{
		{"inside", "2026-11-21T23:00:00Z", "2026-11-22T00:30:00Z", true},
		{"first tick", "2026-11-21T23:00:00Z", "2026-11-22T00:00:00Z", true},
		{"end is open", "2026-11-21T23:00:00Z", "2026-11-22T01:00:00.0000001Z", false},
		{"below the floor", "2026-10-22T23:59:59.9999999Z", "2026-11-22T00:30:00Z", false},
		{"no ingestion time", "2026-11-22T00:30:00Z", "", false},
	} {
		if got := s.Contains(tick(t, c.timestamp), tick(t, c.arrived)); got != c.want {
			t.Errorf("%s: Contains = %v", c.name, got)
		}
	}
	s.Stream = partition.Unstamped
	if at := tick(t, "2026-11-22T00:30:00Z"); !s.Contains(at, partition.NoTick) || s.Contains(at, at) {
		t.Error("the unstamped stream holds exactly the rows without ingestion time")
	}
}

// Every way of splitting a slice tiles it: each row of the parent lies in exactly one child.
func TestSplitsTile(t *testing.T) {
	s := sample(t)
	mid := s.Start + partition.Minute
	low, lower := s.Floor+partition.Day, s.Floor+2*partition.Day
	byCursor, ok1 := s.SplitAt(mid)
	byOther, ok2 := s.SplitOther(low, lower)
	byBucket, ok3 := byOther[1].SplitBuckets(4)
	if !ok1 || !ok2 || !ok3 {
		t.Fatal("a legal split is refused")
	}
	for i := range 1000 {
		r := rand.New(rand.NewPCG(1, uint64(i)))
		arrived := s.Start + partition.Tick(r.Int64N(int64(s.End-s.Start)))
		stamp := s.Floor + partition.Tick(r.Int64N(int64(5*partition.Day)))
		for _, children := range [][]partition.Slice{byCursor, byOther} {
			n := 0
			for _, c := range children {
				if c.Contains(stamp, arrived) {
					n++
				}
			}
			if n != 1 {
				t.Fatalf("row (%v, %v) lies in %d children of %v", stamp, arrived, n, children)
			}
		}
	}
	for name, c := range map[string]struct {
		parent   partition.Slice
		children []partition.Slice
		want     bool
	}{
		"cursor":        {s, byCursor, true},
		"other clock":   {s, byOther, true},
		"buckets":       {byOther[1], byBucket, true},
		"hole":          {s, []partition.Slice{byOther[0], byOther[2]}, false},
		"bucket lost":   {byOther[1], byBucket[:3], false},
		"wrong parent":  {s, byBucket, false},
		"out of order":  {s, []partition.Slice{byCursor[1], byCursor[0]}, false},
		"only one":      {s, []partition.Slice{s}, false},
		"mixed":         {s, []partition.Slice{byCursor[0], byOther[2]}, false},
		"other stream":  {s, []partition.Slice{byCursor[0], {Stream: partition.Whole, Start: mid, End: s.End, Floor: s.Floor}}, false},
		"floor dropped": {s, []partition.Slice{byCursor[0], {Stream: s.Stream, Start: mid, End: s.End}}, false},
	} {
		if err := c.parent.Tile(c.children); (err == nil) != c.want {
			t.Errorf("%s: Tile = %v", name, err)
		}
	}
}

func TestSplitRefuses(t *testing.T) {
	s := sample(t)
	bucket, _ := s.SplitBuckets(2)
	whole := s
	whole.Stream = partition.Whole
	for name, ok := range map[string]bool{
		"at start":           second(s.SplitAt(s.Start)),
		"at end":             second(s.SplitAt(s.End)),
		"bucket by cursor":   second(bucket[0].SplitAt(s.Start + 1)),
		"bucket by bucket":   second(bucket[0].SplitBuckets(2)),
		"other below floor":  second(s.SplitOther(s.Floor)),
		"other out of order": second(s.SplitOther(s.Floor+2, s.Floor+1)),
		"other of whole":     second(whole.SplitOther(s.Floor + 1)),
		"one bucket":         second(s.SplitBuckets(1)),
	} {
		if ok {
			t.Errorf("%s: the split is accepted", name)
		}
	}
}

func second[T any](_ T, ok bool) bool { return ok }

func TestLayout(t *testing.T) {
	table := partition.Table{Name: "DeviceEvents"}
	query := partition.Table{Name: "powershell", Query: true}
	dt, _ := partition.ParseDate("2026-11-22")
	s := sample(t)
	ledger := partition.Ledger{Tenant: "t1", Table: query}
	for got, want := range map[string]string{
		partition.Partition{Table: table, Tenant: "t1", DT: dt}.FileKey(42): "DeviceEvents/tenant=t1/dt=2026-11-22/DeviceEvents-20261122-42.parquet",
		partition.Partition{Table: query, Tenant: "t1", DT: dt}.FileKey(7):  "queries/powershell/tenant=t1/dt=2026-11-22/powershell-20261122-7.parquet",
		ledger.LogKey(42):             "_export/tenant=t1/queries/powershell/log/00000000000000000042.json",
		ledger.SnapshotKey(1<<63 - 1): "_export/tenant=t1/queries/powershell/snapshot/00000000000000000000.json",
		ledger.StagedKey(s, 2, "abc"): "_export/tenant=t1/queries/powershell/staged/" + s.String() + "-2-abc.arrow",
		partition.OwnerKey("t1", 7):   "_export/tenant=t1/owner/00000000000000000007.json",
	} {
		if got != want {
			t.Errorf("key %s, want %s", got, want)
		}
	}
	if a, b := ledger.SnapshotKey(256), ledger.SnapshotKey(512); a <= b {
		t.Errorf("the newer snapshot %s does not sort before %s", b, a)
	}
	for _, bad := range []string{"", "1x", "a-b", "a/b", "..", "a b", "_export", "Queries", strings.Repeat("x", 129), "a;b", "é"} {
		if err := (partition.Table{Name: bad}).Validate(); err == nil {
			t.Errorf("table name %q is accepted", bad)
		}
	}
}
