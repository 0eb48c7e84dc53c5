package hunting_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/schema"
)

var dialects = []hunting.Dialect{hunting.Graph, hunting.Defender}

// A rehearsal is a client of a simulated service, and what the service holds.
type rehearsal struct {
	service *simulator.Service
	client  *hunting.Client
	table   simulator.Table
	now     partition.Tick
}

// rehearse serves 1,500 rows of three days, a tenth of them without ingestion time.
func rehearse(t *testing.T, dialect hunting.Dialect, edit func(*simulator.Options, *hunting.Options)) *rehearsal {
	t.Helper()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	tables, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 7, Tables: []string{"DeviceProcessEvents"}, Rows: 1500, Unstamped: 0.1, Start: now.Add(-72 * time.Hour), End: now})
	if err != nil {
		t.Fatal(err)
	}
	service := simulator.Options{Tables: tables, Now: func() time.Time { return now }, Limits: simulator.Limits{CallsPerMinute: -1}}
	client := hunting.Options{Dialect: dialect, Credential: &issued{}, Now: time.Now, Retries: -1}
	edit(&service, &client)
	r := &rehearsal{table: tables[0], now: partition.TickOf(now)}
	if r.service, err = simulator.New(service); err != nil {
		t.Fatal(err)
	}
	client.Transport = r.service.Transport()
	if r.client, err = hunting.New(client); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rehearsal) run(t *testing.T, text string) *hunting.Answer {
	t.Helper()
	answer, err := r.client.Run(t.Context(), hunting.Query{Table: r.table.Name(), Text: text})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(answer.Release)
	return answer
}

// truth counts the rows that ok accepts, by key.
func truth[K comparable](r *rehearsal, ok func(simulator.Row) bool, key func(simulator.Row) K) map[K]int64 {
	out := map[K]int64{}
	for _, row := range simulator.Rows(r.table, r.now) {
		if ok(row) {
			out[key(row)]++
		}
	}
	return out
}

// numbers reads an integer column of an answer, and ticks a time column.
func numbers(t *testing.T, a *hunting.Answer, name string) (out []int64) {
	t.Helper()
	for _, rec := range a.Records {
		out = append(out, cells(t, rec, name).(*array.Int64).Int64Values()...)
	}
	return out
}

func ticks(t *testing.T, a *hunting.Answer, name string) (out []partition.Tick) {
	t.Helper()
	for _, rec := range a.Records {
		micros, digits := cells(t, rec, name).(*array.Timestamp), cells(t, rec, name+"_100ns").(*array.Int32)
		for i := range micros.Len() {
			out = append(out, partition.TickOfMicros(int64(micros.Value(i)), digits.Value(i)))
		}
	}
	return out
}

func cells(t *testing.T, rec arrow.Record, name string) arrow.Array {
	t.Helper()
	at := rec.Schema().FieldIndices(name)
	if len(at) != 1 {
		t.Fatalf("no column %s in %v", name, rec.Schema())
	}
	return rec.Column(at[0])
}

// by pairs the keys and the counts of a summary.
func by[K comparable](keys []K, counts []int64) map[K]int64 {
	out := map[K]int64{}
	for i, k := range keys {
		out[k] += counts[i]
	}
	return out
}

func total(counts []int64) (sum int64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

// digest is the sum of the hashes of an answer's rows.
func digest(t *testing.T, answers ...*hunting.Answer) (sum schema.Digest) {
	t.Helper()
	for _, a := range answers {
		for _, rec := range a.Records {
			hasher, err := schema.NewHasher(rec.Schema())
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range hasher.Rows(rec, nil) {
				sum = sum.Add(d)
			}
		}
	}
	return sum
}

var hunted = hunting.Source{Name: "DeviceProcessEvents", TimeColumn: "Timestamp", Stamp: true, Keys: []string{"ReportId", "DeviceId", "Timestamp"}}

// Every query of the vocabulary, in both dialects, against the rows that the service holds.
func TestClientOnSimulator(t *testing.T) {
	digests := map[string]schema.Digest{}
	for _, dialect := range dialects {
		t.Run(dialect.String(), func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			t.Cleanup(func() { mem.AssertSize(t, 0) })
			r := rehearse(t, dialect, func(_ *simulator.Options, c *hunting.Options) { c.Allocator = mem })
			if d := cmp.Diff(r.table.Columns(r.now), r.run(t, hunted.Schema()).Fields); d != "" {
				t.Error(d)
			}
			for stream := partition.Stamped; stream <= partition.Whole; stream++ {
				slice := partition.Slice{Stream: stream, Start: r.now - 2*partition.Day, End: r.now - partition.Hour, Floor: r.now - 3*partition.Day}
				t.Run(stream.String(), func(t *testing.T) {
					d := r.checkSlice(t, slice)
					if before, ok := digests[stream.String()]; ok && before != d {
						t.Errorf("the dialects differ: %v, %v", before, d)
					}
					digests[stream.String()] = d
				})
			}
			r.checkRange(t, r.now-2*partition.Day, r.now)
		})
	}
}

// checkSlice asks everything about a slice, and returns the digest of its rows.
func (r *rehearsal) checkSlice(t *testing.T, slice partition.Slice) schema.Digest {
	t.Helper()
	inside := func(row simulator.Row) bool { return slice.Contains(row.Time, row.Ingested) }
	clock := func(row simulator.Row) partition.Tick {
		if slice.Stream == partition.Stamped {
			return row.Ingested
		}
		return row.Time
	}
	want := truth(r, inside, func(simulator.Row) bool { return true })[true]
	if want < 50 {
		t.Fatalf("%d rows are no test", want)
	}
	if got := numbers(t, r.run(t, hunted.Count(slice)), "Count"); len(got) != 1 || got[0] != want {
		t.Errorf("count %v, want %d", got, want)
	}
	if got := r.run(t, hunted.Sample(slice, 20)); got.Rows != 20 {
		t.Errorf("sample of %d", got.Rows)
	}
	histogram := r.run(t, hunted.Histogram(slice, partition.Minute))
	bins := truth(r, inside, func(row simulator.Row) partition.Tick { return clock(row).Floor(partition.Minute) })
	if d := cmp.Diff(bins, by(ticks(t, histogram, "Bin"), numbers(t, histogram, "Rows"))); d != "" {
		t.Errorf("histogram: %s", d)
	}
	fine := r.run(t, hunted.Stamps(slice, 1))
	if d := cmp.Diff(truth(r, inside, func(row simulator.Row) partition.Tick { return row.Time }), by(ticks(t, fine, "Bin"), numbers(t, fine, "Rows"))); d != "" {
		t.Errorf("stamps: %s", d)
	}
	grid := r.run(t, hunted.Cells(slice))
	days := truth(r, inside, func(row simulator.Row) partition.Tick { return row.Time.Floor(partition.Day) })
	if d := cmp.Diff(days, by(ticks(t, grid, "Day"), numbers(t, grid, "Rows"))); d != "" {
		t.Errorf("cells: %s", d)
	}

	rows := r.run(t, hunted.Rows(slice))
	if rows.Rows != want {
		t.Errorf("%d rows, want %d", rows.Rows, want)
	}
	whole := digest(t, rows)
	buckets, _ := slice.SplitBuckets(3)
	counts := r.run(t, hunted.Buckets(slice, 3))
	counted := by(numbers(t, counts, "Bucket"), numbers(t, counts, "Rows"))
	var parts []*hunting.Answer
	for k, bucket := range buckets {
		part := r.run(t, hunted.Rows(bucket))
		parts = append(parts, part)
		if part.Rows == 0 || part.Rows != counted[int64(k)] {
			t.Errorf("bucket %d has %d rows, counted %d", k, part.Rows, counted[int64(k)])
		}
	}
	if got := digest(t, parts...); got != whole {
		t.Errorf("the buckets add up to %v, want %v", got, whole)
	}
	halves, _ := slice.SplitAt((slice.Start + slice.End) / 2)
	if got := digest(t, r.run(t, hunted.Rows(halves[0])), r.run(t, hunted.Rows(halves[1]))); got != whole {
		t.Errorf("the halves add up to %v, want %v", got, whole)
	}
	r.checkNamed(t, slice)
	return whole
}

// checkNamed asks for the slice through a named query: every way of counting gives the number of the rows.
func (r *rehearsal) checkNamed(t *testing.T, slice partition.Slice) {
	t.Helper()
	_, tail, err := hunting.ParseNamedQuery("DeviceProcessEvents // half of it\n| where ReportId % 2 == 0\n| extend Machine = DeviceName\n| project Timestamp, ReportId, Machine")
	if err != nil {
		t.Fatal(err)
	}
	named := hunting.Source{Name: "DeviceProcessEvents", Tail: tail, TimeColumn: "Timestamp", Stamp: true, Keys: []string{"ReportId", "Machine"}}
	if err := named.Validate(); err != nil {
		t.Fatal(err)
	}
	rows := r.run(t, named.Rows(slice))
	if names := fmt.Sprint(rows.Fields); names != "[{Timestamp DateTime} {ReportId Int64} {Machine String} {_IngestionTime DateTime}]" {
		t.Errorf("columns %s", names)
	}
	for what, got := range map[string]int64{
		"count":     numbers(t, r.run(t, named.Count(slice)), "Count")[0],
		"histogram": total(numbers(t, r.run(t, named.Histogram(slice, partition.Hour)), "Rows")),
		"cells":     total(numbers(t, r.run(t, named.Cells(slice)), "Rows")),
		"buckets":   total(numbers(t, r.run(t, named.Buckets(slice, 4)), "Rows")),
	} {
		if got != rows.Rows || got == 0 {
			t.Errorf("named %s: %d, but %d rows", what, got, rows.Rows)
		}
	}
}

// checkRange asks what does not depend on a stream.
func (r *rehearsal) checkRange(t *testing.T, from, to partition.Tick) {
	t.Helper()
	inside := func(row simulator.Row) bool { return row.Time >= from && row.Time < to }
	unstamped := truth(r, inside, func(row simulator.Row) bool { return row.Ingested == partition.NoTick })
	probe := r.run(t, hunted.Probe(from, to))
	if rows, none := numbers(t, probe, "Rows")[0], numbers(t, probe, "Unstamped")[0]; rows != unstamped[true]+unstamped[false] || none != unstamped[true] {
		t.Errorf("probe: %d rows, %d unstamped, want %v", rows, none, unstamped)
	}
	if first, last := ticks(t, probe, "First")[0], ticks(t, probe, "Last")[0]; first < from || last <= first || last > r.now {
		t.Errorf("probe: from %v to %v", first, last)
	}
	days := r.run(t, hunted.Days(from, to))
	want := truth(r, inside, func(row simulator.Row) partition.Tick { return row.Time.Floor(partition.Day) })
	if d := cmp.Diff(want, by(ticks(t, days, "Day"), numbers(t, days, "Rows"))); d != "" {
		t.Errorf("days: %s", d)
	}
	if got := total(numbers(t, days, "Unstamped")); got != unstamped[true] {
		t.Errorf("days: %d unstamped, want %d", got, unstamped[true])
	}
}

// Every failure that the simulator knows of means to the client what it should, in both dialects.
func TestClientOnSimulatorFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		fault   simulator.Fault
		meaning string // "" for an answer
	}{
		"bad gateway":       {simulator.FaultBadGateway(), "too big"},
		"cpu quota":         {simulator.FaultCPUQuota(20 * time.Minute), "quota"},
		"calls per minute":  {simulator.FaultCallQuota(45, time.Minute, 30*time.Minute), "quota"},
		"calls per hour":    {simulator.FaultCallQuota(1500, time.Hour, 0), "quota"},
		"keyed quota":       {simulator.FaultKeyedCallQuota(30, time.Minute, 3*time.Minute), "quota"},
		"cut":               {simulator.FaultCut(300), outage},
		"cut at once":       {simulator.FaultCut(-1), outage},
		"refusal in a 200":  {simulator.FaultErrorInBody(), "too big"},
		"page in a 200":     {simulator.FaultHTML(), "permanent"},
		"internal":          {simulator.FaultInternal(), outage},
		"missing query":     {simulator.FaultMissingQuery(), "permanent"},
		"missing role":      {simulator.FaultMissingRole(), "denied"},
		"not found":         {simulator.FaultNotFound("x"), "permanent"},
		"not provisioned":   {simulator.FaultNotProvisioned(), "denied"},
		"preempted":         {simulator.FaultPreempted(), "too big"},
		"result size":       {simulator.FaultResultSize(), "too big"},
		"throttled":         {simulator.FaultThrottled(time.Hour), "quota"},
		"throttled by HTML": {simulator.FaultThrottledHTML(), "quota"},
		"timeout":           {simulator.FaultTimeout(), "too big"},
		"too large":         {simulator.FaultTooLarge(), "permanent"},
		"unauthorized":      {simulator.FaultUnauthorized(), "denied"},
		"unavailable":       {simulator.FaultUnavailable(time.Minute), outage},
		"hang":              {simulator.Fault{Hang: true}, "too big"},
		"slow":              {simulator.Fault{Drip: time.Second}, ""},
		"too slow":          {simulator.Fault{Drip: 100 * time.Second}, "too big"},
		"odd order":         {simulator.Fault{RowsFirst: true, ShuffleKeys: true, OmitNulls: true, Spaces: true}, ""},
	} {
		for _, dialect := range dialects {
			t.Run(name+" "+dialect.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
					defer mem.AssertSize(t, 0)
					r := rehearse(t, dialect, func(s *simulator.Options, c *hunting.Options) {
						s.Faults = func(int, string) simulator.Fault { return tt.fault }
						c.Allocator, c.MaxWait = mem, 1
					})
					answer, err := r.client.Run(t.Context(), hunting.Query{Table: "DeviceProcessEvents", Text: "DeviceProcessEvents | take 300"})
					if err == nil {
						answer.Release()
					}
					if (err == nil) != (tt.meaning == "") || (err != nil && meanings(err) != tt.meaning) {
						t.Errorf("got %v, want %s", err, tt.meaning)
					}
				})
			})
		}
	}
}

// A table that is not there, and an answer above the size cap, in the service's own words.
func TestClientOnSimulatorRefusals(t *testing.T) {
	for _, dialect := range dialects {
		r := rehearse(t, dialect, func(s *simulator.Options, _ *hunting.Options) { s.Limits.MaxBytes = 100_000 })
		for text, want := range map[string]string{
			"DeviceInfo | take 0":                    "no table",
			"DeviceProcessEvents | where Nope == 1":  "permanent",
			"DeviceProcessEvents | take 1000":        "too big",
			"DeviceProcessEvents | summarize wrong(": "permanent",
		} {
			if _, err := r.client.Run(t.Context(), hunting.Query{Table: "named", Text: text}); err == nil || meanings(err) != want {
				t.Errorf("%v, %s: got %v, want %s", dialect, text, err, want)
			}
		}
	}
}

// With a quota like the service's, no call is ever refused; without one, refusals are sat out and nothing is lost.
func TestClientOnSimulatorStaysInsideQuota(t *testing.T) {
	for _, tt := range []struct {
		name    string
		budgets hunting.QuotaOptions
		refused bool
	}{
		{"counted", hunting.QuotaOptions{CallsPerMinute: 45, CallsPerHour: 1500, RunTimePerHour: 10 * time.Minute}, false},
		{"half", hunting.QuotaOptions{CallsPerMinute: 45, Share: 0.5}, false},
		{"not counted", hunting.QuotaOptions{}, true},
	} {
		for _, dialect := range dialects {
			t.Run(tt.name+" "+dialect.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					tt.budgets.Now = time.Now
					quota := newQuota(t, tt.budgets)
					r := rehearse(t, dialect, func(s *simulator.Options, c *hunting.Options) {
						s.Limits, s.Now, s.Tables = simulator.Limits{}, time.Now, nil
						c.Quota = quota
					})
					for i := range 100 {
						answer, err := r.client.Run(t.Context(), hunting.Query{Table: "T", Text: "print x = 1"})
						if err != nil {
							t.Fatalf("call %d: %v", i, err)
						}
						answer.Release()
					}
					refused := 0
					for _, call := range r.service.Calls() {
						if call.Status == 429 {
							refused++
						}
					}
					if (refused > 0) != tt.refused || refused > 20 {
						t.Errorf("%d refusals", refused)
					}
				})
			})
		}
	}
}
