package simulator_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator"
)

// vocabulary is a table and, computed from the rows of its oracle, what the exporter's queries about it must say.
type vocabulary struct {
	t       *testing.T
	service *simulator.Service
	table   simulator.Table
	now     partition.Tick
}

func newVocabulary(t *testing.T, name string) *vocabulary {
	t.Helper()
	made, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 11, Tables: []string{name}, Rows: 5000, Start: epoch.Add(-72 * time.Hour), End: epoch, Unstamped: 0.2,
	})
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, simulator.Options{Tables: made, Limits: simulator.Limits{CallsPerMinute: -1, RunTimePerHour: -1}})
	return &vocabulary{t, s, made[0], partition.TickOf(epoch)}
}

// ask returns the rows of an answer, each as its cells joined by |, with the number of times that it is there.
func (v *vocabulary) ask(query string) map[string]int {
	v.t.Helper()
	a := ask(v.t, v.service, defenderPath, query)
	var body struct {
		Schema  []struct{ Name string }
		Results []map[string]json.RawMessage
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil || a.status != 200 {
		v.t.Fatalf("%s: status %d, %v: %s", query, a.status, err, a.body)
	}
	got := map[string]int{}
	for _, row := range body.Results {
		var cells []string
		for _, f := range body.Schema {
			cells = append(cells, strings.Trim(string(row[f.Name]), `"`))
		}
		got[strings.Join(cells, "|")]++
	}
	return got
}

// group counts the rows that keep holds for by a key; add may join what else an aggregation says of the group.
func (v *vocabulary) group(keep func(simulator.Row) bool, key func(simulator.Row) string) map[string]int {
	counts := map[string]int{}
	for _, row := range simulator.Rows(v.table, v.now) {
		if keep(row) {
			counts[key(row)]++
		}
	}
	return counts
}

// lines turns counts into rows of "key|count".
func counted(counts map[string]int) map[string]int {
	rows := map[string]int{}
	for key, n := range counts {
		rows[key+"|"+strconv.Itoa(n)] = 1
	}
	return rows
}

func (v *vocabulary) check(name string, want, got map[string]int) {
	v.t.Helper()
	if len(want) == 0 {
		v.t.Errorf("%s: nothing to compare", name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		v.t.Errorf("%s: -want +got:\n%.2000s", name, diff)
	}
}

func trimmed(t partition.Tick) string {
	if t == partition.NoTick {
		return "null"
	}
	return t.Time().Format("2006-01-02T15:04:05.9999999Z")
}

// Every query that an export sends must agree with the rows themselves, on every stream.
func TestVocabularyAgreesWithTheRows(t *testing.T) {
	v := newVocabulary(t, "DeviceProcessEvents")
	from, to := v.now-50*partition.Hour, v.now-7*partition.Hour
	floor, ceiling := from-partition.Hour, to-2*partition.Hour
	times := func(r simulator.Row) bool { return r.Time >= from && r.Time < to }
	tests := []struct {
		name, cursor, where string
		clock               func(simulator.Row) partition.Tick
		keep                func(simulator.Row) bool
	}{
		{"stamped", "ingestion_time()", fmt.Sprintf("ingestion_time() >= datetime(%v) and ingestion_time() < datetime(%v) and Timestamp >= datetime(%v)", from, to, floor),
			func(r simulator.Row) partition.Tick { return r.Ingested },
			func(r simulator.Row) bool { return r.Ingested >= from && r.Ingested < to && r.Time >= floor }},
		{"stamped, with a ceiling", "ingestion_time()",
			fmt.Sprintf("ingestion_time() >= datetime(%v) and ingestion_time() < datetime(%v) and Timestamp >= datetime(%v) and Timestamp < datetime(%v)", from, to, floor, ceiling),
			func(r simulator.Row) partition.Tick { return r.Ingested },
			func(r simulator.Row) bool {
				return r.Ingested >= from && r.Ingested < to && r.Time >= floor && r.Time < ceiling
			}},
		{"unstamped", "Timestamp", fmt.Sprintf("Timestamp >= datetime(%v) and Timestamp < datetime(%v) and Timestamp >= datetime(%v) and isnull(ingestion_time())", from, to, floor),
			func(r simulator.Row) partition.Tick { return r.Time },
			func(r simulator.Row) bool { return times(r) && r.Ingested == partition.NoTick }},
		{"whole", "Timestamp", fmt.Sprintf("Timestamp >= datetime(%v) and Timestamp < datetime(%v) and Timestamp >= datetime(%v)", from, to, floor),
			func(r simulator.Row) partition.Tick { return r.Time }, times},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := &vocabulary{t, v.service, v.table, v.now}
			query := "DeviceProcessEvents | where " + tt.where
			total := 0
			for _, n := range v.group(tt.keep, func(simulator.Row) string { return "" }) {
				total = n
			}
			v.check("count", map[string]int{strconv.Itoa(total): 1}, v.ask(query+" | count"))
			v.histograms(query, tt.cursor, tt.clock, tt.keep)
			v.check("cells", counted(v.group(tt.keep, func(r simulator.Row) string {
				return trimmed(tt.clock(r).Floor(partition.Hour)) + "|" + trimmed(r.Time.Floor(partition.Day))
			})), v.ask(query+" | summarize Rows = count() by Bin = bin("+tt.cursor+", 1h), Day = bin(Timestamp, 1d)"))
			v.check("rows", v.group(tt.keep, func(r simulator.Row) string {
				return trimmed(r.Time) + "|" + r.Values[1].String() + "|" + trimmed(r.Ingested)
			}), v.ask(query+" | extend _IngestionTime = ingestion_time() | project Timestamp, DeviceId, _IngestionTime"))
			v.buckets(query, tt.keep)
		})
	}
	v.check("days", v.days(times), v.ask(fmt.Sprintf("DeviceProcessEvents | where Timestamp >= datetime(%v) and Timestamp < datetime(%v)", from, to)+
		" | summarize Rows = count(), Unstamped = countif(isnull(ingestion_time())) by Day = bin(Timestamp, 1d)"))
}

// histograms holds the rows and the oldest of each bin against the rows, down to bins of a tick.
func (v *vocabulary) histograms(query, cursor string, clock func(simulator.Row) partition.Tick, keep func(simulator.Row) bool) {
	v.t.Helper()
	for text, width := range map[string]partition.Tick{"1m": partition.Minute, "250ms": 250 * partition.Millisecond, "1tick": 1} {
		bin := func(r simulator.Row) string { return trimmed(clock(r).Floor(width)) }
		oldest := map[string]partition.Tick{}
		for _, row := range simulator.Rows(v.table, v.now) {
			if at, ok := oldest[bin(row)]; keep(row) && (!ok || row.Time < at) {
				oldest[bin(row)] = row.Time
			}
		}
		want := map[string]int{}
		for key, n := range v.group(keep, bin) {
			want[fmt.Sprintf("%s|%d|%s", key, n, trimmed(oldest[key]))] = 1
		}
		v.check("histogram of "+text, want, v.ask(query+" | summarize Rows = count(), Oldest = min(Timestamp) by Bin = bin("+cursor+", "+text+")"))
	}
}

// buckets holds the hash buckets against a hash that is computed here.
func (v *vocabulary) buckets(query string, keep func(simulator.Row) bool) {
	v.t.Helper()
	const hash = "tolong(strcat('0x', substring(hash_sha256(strcat_array(pack_array(tostring(ReportId), tostring(DeviceId), tostring(Timestamp)), '|')), 0, 15)))"
	at := map[string]int{}
	for k, f := range v.table.Columns(v.now) {
		at[f.Name] = k
	}
	bucket := func(r simulator.Row) string {
		key := r.Values[at["ReportId"]].String() + "|" + r.Values[at["DeviceId"]].String() + "|" + r.Time.String()
		sum := sha256.Sum256([]byte(key))
		n, err := strconv.ParseInt(hex.EncodeToString(sum[:])[:15], 16, 64)
		if err != nil {
			v.t.Fatal(err)
		}
		return strconv.FormatInt(n%5, 10)
	}
	counts := v.group(keep, bucket)
	v.check("buckets", counted(counts), v.ask(query+" | summarize Rows = count() by Bucket = "+hash+" % 5"))
	v.check("bucket 3", map[string]int{strconv.Itoa(counts["3"]): 1}, v.ask(query+" | where "+hash+" % 5 == 3 | count"))
}

func (v *vocabulary) days(keep func(simulator.Row) bool) map[string]int {
	rows := v.group(keep, func(r simulator.Row) string { return trimmed(r.Time.Floor(partition.Day)) })
	unstamped := v.group(func(r simulator.Row) bool { return keep(r) && r.Ingested == partition.NoTick }, func(r simulator.Row) string {
		return trimmed(r.Time.Floor(partition.Day))
	})
	want := map[string]int{}
	for day, n := range rows {
		want[fmt.Sprintf("%s|%d|%d", day, n, unstamped[day])] = 1
	}
	return want
}

// A table without time is counted, probed and read whole.
func TestVocabularyOnASnapshot(t *testing.T) {
	v := newVocabulary(t, "DeviceTvmSoftwareInventory")
	all := func(simulator.Row) bool { return true }
	v.check("count", map[string]int{"5000": 1}, v.ask("DeviceTvmSoftwareInventory | count"))
	v.check("probe", map[string]int{"5000|5000|null|null": 1},
		v.ask("DeviceTvmSoftwareInventory | summarize Rows = count(), Unstamped = countif(isnull(ingestion_time())), First = min(ingestion_time()), Last = max(ingestion_time())"))
	v.check("rows", v.group(all, func(r simulator.Row) string { return r.Values[0].String() + "|" + r.Values[1].String() }),
		v.ask("DeviceTvmSoftwareInventory | project DeviceId, DeviceName"))
	counts := v.ask("DeviceTvmSoftwareInventory | summarize Rows = count() by Bucket = tolong(strcat('0x', substring(hash_sha256(strcat_array(pack_array(tostring(DeviceId), tostring(SoftwareName)), '|')), 0, 15))) % 3")
	sum := 0
	for row := range counts {
		_, n, _ := strings.Cut(row, "|")
		k, err := strconv.Atoi(n)
		if err != nil {
			t.Fatal(err)
		}
		sum += k
	}
	if sum != 5000 || len(counts) != 3 {
		t.Errorf("buckets %v hold %d rows", counts, sum)
	}
}
