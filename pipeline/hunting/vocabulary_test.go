package hunting_test

import (
	"strings"
	"testing"

	"huntlake/partition"
	"huntlake/pipeline/hunting"
)

func tick(t testing.TB, s string) partition.Tick {
	t.Helper()
	v, err := partition.ParseTick(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The whole vocabulary, as text. A changed text is a changed meaning: the rows of receipts that are already written
// were asked for with these.
func TestVocabulary(t *testing.T) {
	events := hunting.Source{Name: "T", TimeColumn: "Timestamp", Stamp: true, Keys: []string{"ReportId", "DeviceId"}}
	calls := hunting.Source{Name: "T", TimeColumn: "ActivityTimestamp"}
	state := hunting.Source{Name: "T", Keys: []string{"K"}}
	words := hunting.Source{Name: "T", Keys: []string{"Title", "title", "_K"}}
	named := hunting.Source{Name: "T", Tail: `| where A == 1 | project Timestamp, B | project-keep T*, B`, TimeColumn: "Timestamp", Stamp: true, Keys: []string{"B"}}
	from, to := tick(t, "2026-11-22T00:00:00Z"), tick(t, "2026-11-23T00:00:00.0000001Z")
	stamped := partition.Slice{Stream: partition.Stamped, Start: from, End: to, Floor: tick(t, "2026-10-23T00:00:00Z")}
	unstamped, whole, bucket, ceiling := stamped, stamped, stamped, stamped
	unstamped.Stream, whole.Stream = partition.Unstamped, partition.Whole
	bucket.Bucket, bucket.Of = 3, 8
	ceiling.Ceiling = tick(t, "2026-11-21T12:00:00Z")
	snapshot := partition.Slice{Stream: partition.Snapshot}
	part := partition.Slice{Stream: partition.Snapshot, Bucket: 1, Of: 2}
	const (
		a, b  = "datetime(2026-11-22T00:00:00.0000000Z)", "datetime(2026-11-23T00:00:00.0000001Z)"
		floor = "Timestamp >= datetime(2026-10-23T00:00:00.0000000Z)"
		cut   = "ingestion_time() >= " + a + " and ingestion_time() < " + b + " and " + floor
		event = "Timestamp >= " + a + " and Timestamp < " + b
		hash  = "tolong(strcat('0x', substring(hash_sha256(strcat_array(pack_array(tostring(ReportId), tostring(DeviceId)), '|')), 0, 15)))"
		small = "tolong(strcat('0x', substring(hash_sha256(strcat_array(pack_array(tostring(K)), '|')), 0, 15)))"
		narow = "tolong(strcat('0x', substring(hash_sha256(strcat_array(pack_array(tostring(B)), '|')), 0, 15)))"
		add   = " | extend _IngestionTime = ingestion_time()"
		tail  = " | where A == 1 | project Timestamp, B | project-keep T*, B"
		kept  = " | where A == 1 | project Timestamp, B, _IngestionTime | project-keep T*, B, _IngestionTime"
	)
	for _, tt := range []struct{ name, got, want string }{
		{"schema", events.Schema(), "T | take 0"},
		{"sample", events.Sample(stamped, 200), "T | where " + cut + " | take 200"},
		{"probe", events.Probe(from, to), "T | where " + event + " | summarize Rows = count(), Unstamped = countif(isnull(ingestion_time())), First = min(ingestion_time()), Last = max(ingestion_time())"},
		{"histogram", events.Histogram(stamped, partition.Minute), "T | where " + cut + " | summarize Rows = count(), Oldest = min(Timestamp) by Bin = bin(ingestion_time(), 1m)"},
		{"overview", events.Overview(from, partition.Minute), "T | where Timestamp >= " + a + " | summarize Rows = count(), Oldest = min(Timestamp) by Bin = bin(ingestion_time(), 1m)"},
		{"stamps", events.Stamps(stamped, partition.Second), "T | where " + cut + " | summarize Rows = count(), Oldest = min(Timestamp) by Bin = bin(Timestamp, 1s)"},
		{"cells", events.Cells(stamped), "T | where " + cut + " | summarize Rows = count() by Bin = bin(ingestion_time(), 1h), Day = bin(Timestamp, 1d)"},
		{"days", events.Days(from, to), "T | where " + event + " | summarize Rows = count(), Unstamped = countif(isnull(ingestion_time())) by Day = bin(Timestamp, 1d)"},
		{"count", events.Count(stamped), "T | where " + cut + " | count"},
		{"buckets", events.Buckets(stamped, 8), "T | where " + cut + " | summarize Rows = count() by Bucket = " + hash + " % 8"},
		{"rows", events.Rows(stamped), "T | where " + cut + add},
		{"rows of a bucket", events.Rows(bucket), "T | where " + cut + " | where " + hash + " % 8 == 3" + add},
		{"count of a bucket", events.Count(bucket), "T | where " + cut + " | where " + hash + " % 8 == 3 | count"},
		{"rows under a ceiling", events.Rows(ceiling), "T | where " + cut + " and Timestamp < datetime(2026-11-21T12:00:00.0000000Z)" + add},

		{"unstamped rows", events.Rows(unstamped), "T | where " + event + " and " + floor + " and isnull(ingestion_time())" + add},
		{"unstamped count", events.Count(unstamped), "T | where " + event + " and " + floor + " and isnull(ingestion_time()) | count"},
		{"unstamped histogram", events.Histogram(unstamped, partition.Hour), "T | where " + event + " and " + floor + " and isnull(ingestion_time()) | summarize Rows = count(), Oldest = min(Timestamp) by Bin = bin(Timestamp, 1h)"},
		{"unstamped cells", events.Cells(unstamped), "T | where " + event + " and " + floor + " and isnull(ingestion_time()) | summarize Rows = count() by Bin = bin(Timestamp, 1h), Day = bin(Timestamp, 1d)"},
		{"rows without ingestion time", calls.Rows(whole), "T | where " + strings.ReplaceAll(event+" and "+floor, "Timestamp", "ActivityTimestamp")},

		{"snapshot schema", state.Schema(), "T | take 0"},
		{"snapshot sample", state.Sample(snapshot, 7), "T | take 7"},
		{"snapshot count", state.Count(snapshot), "T | count"},
		{"snapshot probe", state.Probe(0, 0), "T | summarize Rows = count(), Unstamped = countif(isnull(ingestion_time())), First = min(ingestion_time()), Last = max(ingestion_time())"},
		{"snapshot buckets", state.Buckets(snapshot, 2), "T | summarize Rows = count() by Bucket = " + small + " % 2"},
		{"buckets by words of the language", words.Buckets(snapshot, 2), `T | summarize Rows = count() by Bucket = tolong(strcat('0x', substring(hash_sha256(strcat_array(pack_array(` +
			`tostring(Title), tostring(["title"]), tostring(["_K"])), '|')), 0, 15))) % 2`},
		{"snapshot rows", state.Rows(snapshot), "T"},
		{"snapshot bucket", state.Rows(part), "T | where " + small + " % 2 == 1"},

		{"named schema", named.Schema(), "T" + tail + " | take 0"},
		{"named sample", named.Sample(stamped, 5), "T | where " + cut + tail + " | take 5"},
		{"named probe", named.Probe(from, to), "T | where " + event + add + kept + " | summarize Rows = count(), Unstamped = countif(isnull(_IngestionTime)), First = min(_IngestionTime), Last = max(_IngestionTime)"},
		{"named histogram", named.Histogram(stamped, partition.Second), "T | where " + cut + add + kept + " | summarize Rows = count(), Oldest = min(Timestamp) by Bin = bin(_IngestionTime, 1s)"},
		{"named unstamped histogram", named.Histogram(unstamped, partition.Second), "T | where " + event + " and " + floor + " and isnull(ingestion_time())" + tail + " | summarize Rows = count(), Oldest = min(Timestamp) by Bin = bin(Timestamp, 1s)"},
		{"named stamps", named.Stamps(stamped, 1), "T | where " + cut + tail + " | summarize Rows = count(), Oldest = min(Timestamp) by Bin = bin(Timestamp, 1tick)"},
		{"named cells", named.Cells(stamped), "T | where " + cut + add + kept + " | summarize Rows = count() by Bin = bin(_IngestionTime, 1h), Day = bin(Timestamp, 1d)"},
		{"named overview", named.Overview(from, partition.Minute), "T | where Timestamp >= " + a + add + kept + " | summarize Rows = count(), Oldest = min(Timestamp) by Bin = bin(_IngestionTime, 1m)"},
		{"named days", named.Days(from, to), "T | where " + event + add + kept + " | summarize Rows = count(), Unstamped = countif(isnull(_IngestionTime)) by Day = bin(Timestamp, 1d)"},
		{"named count", named.Count(stamped), "T | where " + cut + tail + " | count"},
		{"named buckets", named.Buckets(stamped, 9), "T | where " + cut + tail + " | summarize Rows = count() by Bucket = " + narow + " % 9"},
		{"named rows", named.Rows(stamped), "T | where " + cut + add + kept},
		{"named rows of a bucket", named.Rows(bucket), "T | where " + cut + add + kept + " | where " + narow + " % 8 == 3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.got != tt.want {
				t.Errorf("got  %s\nwant %s", tt.got, tt.want)
			}
		})
	}
	for _, s := range []hunting.Source{events, calls, state, words, named} {
		if err := s.Validate(); err != nil {
			t.Error(err)
		}
	}
}

func TestBinWidths(t *testing.T) {
	s := hunting.Source{Name: "T", TimeColumn: "Timestamp"}
	slice := partition.Slice{Stream: partition.Whole, End: 1}
	for width, want := range map[partition.Tick]string{
		partition.Day: "1d", 2 * partition.Hour: "2h", partition.Minute: "1m", 90 * partition.Second: "90s",
		partition.Second: "1s", 10 * partition.Millisecond: "10ms", partition.Microsecond: "1microsecond", 1: "1tick", 25: "25tick",
	} {
		got := s.Histogram(slice, width)
		if !strings.HasSuffix(got, ", "+want+")") {
			t.Errorf("%d ticks: got %q, want %s", width, got, want)
		}
	}
}

func TestSourceValidate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		source hunting.Source
		want   string // "" means valid
	}{
		{"table", hunting.Source{Name: "T", TimeColumn: "Timestamp", Keys: []string{"A", "_b9"}}, ""},
		{"name", hunting.Source{Name: "T | take 1"}, "table name"},
		{"time column", hunting.Source{Name: "T", TimeColumn: "a b"}, `column name "a b"`},
		{"key", hunting.Source{Name: "T", Keys: []string{"A", "B)"}}, `column name "B)"`},
		{"key with a digit first", hunting.Source{Name: "T", Keys: []string{"9"}}, `column name "9"`},
		{"foreign tail", hunting.Source{Name: "T", Tail: "| where A==1  "}, "not as ParseNamedQuery writes it"},
		{"bad tail", hunting.Source{Name: "T", Tail: "| take 1"}, "take is not row-wise"},
		{"tail that removes our column", hunting.Source{Name: "T", Tail: "| project-away _*"}, "project-away removes _IngestionTime"},
		{"kept", tail("| where Timestamp > datetime(2026-01-01) | extend A = Timestamp | project A, Timestamp"), ""},
		{"kept in brackets", tail("| project A, ['Timestamp']"), ""},
		{"kept by a pattern", tail("| project-keep Time*"), ""},
		{"reordered", tail("| project-reorder Timestamp, A"), ""},
		{"parsed from", tail(`| parse Timestamp with * "T" A`), ""},
		{"compared", tail("| extend A = Timestamp == B, B = f(A, Timestamp >= C)"), ""},
		{"no time column", hunting.Source{Name: "T", Tail: "| project A"}, ""},
		{"projected away", tail("| project-away A, Timestamp"), "project-away does not leave the time column Timestamp"},
		{"projected away, quoted", tail("| project-away ['Timestamp']"), "project-away does not leave"},
		{"projected away by a pattern", tail("| project-away A, T*p"), "project-away does not leave"},
		{"not projected", tail("| project A, B = Timestamp"), "project does not leave"},
		{"projected from a call", tail("| project tostring(Timestamp)"), "project does not leave"},
		{"not kept", tail("| project-keep A*"), "project-keep does not leave"},
		{"renamed", tail("| project-rename A = Timestamp"), "project-rename does not leave"},
		{"shadowed", tail("| project-rename Timestamp = A"), "project-rename does not leave"},
		{"assigned", tail("| extend A = 1, Timestamp = B"), "extend does not leave"},
		{"assigned in a tuple", tail("| extend (A, Timestamp) = f(B)"), "extend does not leave"},
		{"assigned in a projection", tail("| project Timestamp = B, Timestamp"), "project does not leave"},
		{"parsed into", tail(`| parse A with "x" Timestamp:datetime`), "parse does not leave"},
		{"parsed into, quoted", tail(`| parse-where A with ['Timestamp']`), "parse-where does not leave"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.source.Validate()
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func tail(text string) hunting.Source {
	return hunting.Source{Name: "T", TimeColumn: "Timestamp", Tail: text}
}

// Whatever a valid source and slice hold, no query has a line end or a semicolon: nothing can end the statement.
func FuzzVocabulary(f *testing.F) {
	f.Add("T", "", "Timestamp", "K", true, int64(5), int64(9), uint8(1))
	f.Add("T", "| where A == \"x\"", "Timestamp", "a;b", false, int64(-1), int64(1)<<62, uint8(2))
	f.Add("T\n", "| project A", "", "K", true, int64(0), int64(0), uint8(4))
	f.Add("T", "; drop", "Timestamp\r", "K", true, int64(0), int64(1), uint8(3))
	f.Fuzz(func(t *testing.T, name, tail, timeColumn, key string, stamp bool, start, end int64, stream uint8) {
		s := hunting.Source{Name: name, Tail: tail, TimeColumn: timeColumn, Stamp: stamp, Keys: []string{key}}
		slice := partition.Slice{Stream: partition.Stream(stream), Start: partition.Tick(start), End: partition.Tick(end), Bucket: 1, Of: 2}
		if s.Validate() != nil || slice.Validate() != nil {
			return
		}
		for _, q := range []string{
			s.Schema(), s.Sample(slice, 1), s.Probe(slice.Start, slice.End), s.Histogram(slice, 1), s.Overview(slice.Start, 1), s.Stamps(slice, 1),
			s.Cells(slice),
			s.Days(slice.Start, slice.End), s.Count(slice), s.Buckets(slice, 3), s.Rows(slice),
		} {
			if strings.ContainsAny(q, "\r\n;") {
				t.Errorf("%q", q)
			}
			if !strings.HasPrefix(q, name) {
				t.Errorf("%q does not begin with the table", q)
			}
		}
	})
}
