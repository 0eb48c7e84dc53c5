package synth_test

import (
	"encoding/json"
	"math"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/jsontext"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/pipeline/hunting/simulator/synth"
	"huntlake/pipeline/hunting/simulator/wire"
	"huntlake/schema"
	"huntlake/schema/catalog"
)

var (
	start = time.Date(2026, 10, 24, 0, 0, 0, 0, time.UTC)
	end   = start.AddDate(0, 0, 28)
)

func generate(tb testing.TB, o synth.Options) []*synth.Table {
	tb.Helper()
	if o.Start.IsZero() {
		o.Start, o.End = start, end
	}
	tables, err := synth.Generate(o)
	if err != nil {
		tb.Fatal(err)
	}
	return tables
}

func cells(t *synth.Table, row int) []string {
	fields := t.Columns(0)
	r := t.Read(fields)
	r.Seek(row)
	out := make([]string, len(fields))
	for k := range fields {
		out[k] = r.Cell(k).Type().String() + " " + r.Cell(k).String()
	}
	return out
}

func everyTable() []string {
	var names []string
	for _, t := range catalog.Tables() {
		names = append(names, t.Name)
	}
	return names
}

// Every table of the catalog must come out in the types that its schema announces, as text that JSON can hold.
func TestEveryTableKeepsItsTypes(t *testing.T) {
	for _, table := range generate(t, synth.Options{Tables: everyTable(), Rows: 150}) {
		fields := table.Columns(0)
		r := table.Read(fields)
		filled := make([]bool, len(fields))
		for i := range table.Len() {
			r.Seek(i)
			for k, f := range fields {
				v := r.Cell(k)
				want, _ := kql.TypeOf(f.Type)
				if v.IsNull() {
					continue
				}
				filled[k] = true
				if v.Type() != want || !utf8.ValidString(v.Text()) || want == kql.Int && int64(int32(v.Int64())) != v.Int64() {
					t.Fatalf("%s.%s (%s) is %s %q", table.Name(), f.Name, f.Type, v.Type(), v)
				}
				if c, ok := jsontext.Canonical(v.Text()); want == kql.Dynamic && (!ok || c != v.Text()) {
					t.Fatalf("%s.%s is not canonical: %s", table.Name(), f.Name, v.Text())
				}
			}
			if at := table.Time(i); (at == partition.NoTick) != (table.TimeColumn() == "") {
				t.Fatalf("%s: row at %v", table.Name(), at)
			}
		}
		if empty := slices.Index(filled, false); empty >= 0 {
			t.Errorf("%s.%s is null in every row", table.Name(), fields[empty].Name)
		}
	}
}

// Rows must not depend on who reads them, in which order or with which other columns.
func TestRowsFollowFromTheSeed(t *testing.T) {
	o := synth.Options{Seed: 5, Tables: []string{"DeviceEvents", "CloudAppEvents", "DeviceTvmSoftwareInventory"}, Rows: 400}
	other := o
	other.Seed = 6
	first, second, third := generate(t, o), generate(t, o), generate(t, other)
	differ := 0
	for k, table := range first {
		r := table.Read(table.Columns(0)[:3])
		for _, i := range []int{399, 0, 17, 16, 15, 18, 17, 200} {
			want := cells(table, i)
			if diff := cmp.Diff(want, cells(second[k], i)); diff != "" {
				t.Fatalf("%s row %d: -first +second:\n%s", table.Name(), i, diff)
			}
			r.Seek(i)
			if got := r.Cell(2).Type().String() + " " + r.Cell(2).String(); got != want[2] {
				t.Errorf("%s row %d: %s out of order, %s in order", table.Name(), i, got, want[2])
			}
			if !slices.Equal(want, cells(third[k], i)) {
				differ++
			}
		}
	}
	if differ < 20 {
		t.Errorf("only %d of 24 rows change with the seed", differ)
	}
}

func percentile(sorted []float64, p float64) float64 { return sorted[int(p*float64(len(sorted)-1))] }

func lags(t *synth.Table) []float64 {
	var out []float64
	for i := range t.Len() {
		out = append(out, t.Arrived(i).Sub(t.Time(i)).Seconds())
	}
	sort.Float64s(out)
	return out
}

// The figures that a public capture of one host shows: median 90 s, p90 144 s, p99 13.6 h.
func TestLags(t *testing.T) {
	tables := generate(t, synth.Options{Seed: 2, Tables: []string{"DeviceProcessEvents", "AlertEvidence"}, Rows: 60_000})
	device := lags(tables[0])
	p50, p90, p995 := percentile(device, 0.5), percentile(device, 0.9), percentile(device, 0.995)
	if device[0] <= 0 || p50 < 90 || p50 > 150 || p90 < 120 || p90 > 250 || p995 < 2*3600 || p995 > 24*3600 {
		t.Errorf("lags: min %.1f p50 %.0f p90 %.0f p99.5 %.0f", device[0], p50, p90, p995)
	}
	if p50 := percentile(lags(tables[1]), 0.5); p50 < 20*3600 || p50 > 30*3600 {
		t.Errorf("alerts are %.0f s late, want a day", p50)
	}
	on := generate(t, synth.Options{Seed: 2, Tables: []string{"DeviceProcessEvents"}, Rows: 20_000, Late: -1, MedianLag: time.Minute})
	if l := lags(on[0]); l[len(l)-1] > 600 || percentile(l, 0.5) < 50 {
		t.Errorf("without late rows: p50 %.0f, max %.0f", percentile(l, 0.5), l[len(l)-1])
	}
}

func TestArrivalsComeInBatchesAndTimesRepeat(t *testing.T) {
	table := generate(t, synth.Options{Tables: []string{"DeviceNetworkEvents"}, Rows: 50_000})[0]
	sameTime, sameArrival := 0, 0
	for i := 1; i < table.Len(); i++ {
		if table.Time(i) < table.Time(i-1) {
			t.Fatalf("row %d is older than the one before", i)
		}
		if table.Time(i) == table.Time(i-1) {
			sameTime++
		}
		if table.Arrived(i) == table.Arrived(i-1) {
			sameArrival++
		}
	}
	if n := table.Len(); sameTime < n/20 || sameArrival < n/5 {
		t.Errorf("of %d rows, %d share the time of the one before and %d its arrival", n, sameTime, sameArrival)
	}
	first, last := partition.TickOf(start), partition.TickOf(end)
	if table.Len() != 50_000 || table.Time(0) < first || table.Time(49_999) >= last {
		t.Errorf("%d rows from %v to %v", table.Len(), table.Time(0), table.Time(49_999))
	}
}

func TestPrecisionOfTime(t *testing.T) {
	for name, grain := range map[string]partition.Tick{
		"EmailEvents": partition.Second, "IdentityLogonEvents": partition.Millisecond, "AlertInfo": partition.Microsecond, "DeviceProcessEvents": 1,
	} {
		table := generate(t, synth.Options{Tables: []string{name}, Rows: 3000})[0]
		finer := 0
		for i := range table.Len() {
			if table.Time(i)%grain != 0 {
				t.Fatalf("%s: time %v", name, table.Time(i))
			}
			if table.Time(i)%(grain*10) != 0 {
				finer++
			}
		}
		if finer < 1000 {
			t.Errorf("%s: only %d of 3000 times use the whole precision", name, finer)
		}
	}
}

func TestShapes(t *testing.T) {
	perMinute := func(s synth.Shape) (fano, night float64, most int) {
		table := generate(t, synth.Options{Seed: 4, Tables: []string{"DeviceProcessEvents"}, Rows: 200_000, Shape: s})[0]
		counts := make([]float64, 28*24*60)
		for i := range table.Len() {
			at := table.Time(i) - partition.TickOf(start)
			counts[at/partition.Minute]++
			if h := at % partition.Day / partition.Hour; h < 5 {
				night++
			}
		}
		mean := float64(table.Len()) / float64(len(counts))
		for _, c := range counts {
			fano += (c - mean) * (c - mean) / mean / float64(len(counts))
			most = max(most, int(c))
		}
		return fano, night / float64(table.Len()), most
	}
	for s, want := range map[synth.Shape]struct{ fanoAbove, nightBelow, mostAbove float64 }{
		synth.Even: {1, 0.25, 10}, synth.Office: {3, 0.12, 20}, synth.Storm: {9, 0.12, 500},
	} {
		fano, night, most := perMinute(s)
		if fano < want.fanoAbove || night > want.nightBelow || float64(most) < want.mostAbove {
			t.Errorf("shape %d: Fano factor %.1f, %.2f of the rows at night, at most %d a minute", s, fano, night, most)
		}
	}
}

// Sizes as JSON of the older API, and how much of a row repeats the one before: 50 to 80 % in captures.
func TestRowsLookLikeRows(t *testing.T) {
	for name, want := range map[string]struct{ low, high int }{
		"DeviceProcessEvents": {2500, 3500}, "DeviceNetworkEvents": {1800, 2600}, "CloudAppEvents": {2900, 4900},
		"EmailEvents": {1300, 2000}, "IdentityLogonEvents": {800, 1250}, "AlertInfo": {200, 400},
	} {
		table := generate(t, synth.Options{Tables: []string{name}, Rows: 200_000})[0]
		fields := table.Columns(0)
		e := wire.NewEncoder(fields, wire.Style{Defender: true}, 0)
		r := table.Read(fields)
		size, equal, empty := 0, 0, 0
		var row, last []kql.Value
		for i := range 2000 {
			row = row[:0]
			r.Seek(90_000 + i)
			for k := range fields {
				v := r.Cell(k)
				row = append(row, v)
				if v.String() == "" {
					empty++
				}
				if last != nil && v == last[k] {
					equal++
				}
			}
			b := e.AppendRow(nil, row)
			if !json.Valid(b) {
				t.Fatalf("%s: %s", name, b)
			}
			size += len(b)
			last = slices.Clone(row)
		}
		n := 2000 * len(fields)
		repeated, bare := float64(equal)/float64(n), float64(empty)/float64(n)
		if mean := size / 2000; mean < want.low || mean > want.high || repeated < 0.4 || repeated > 0.9 || bare < 0.05 || bare > 0.6 {
			t.Errorf("%s: %d bytes a row, %.2f of the cells repeat, %.2f are empty", name, mean, repeated, bare)
		}
	}
}

func TestUnstamped(t *testing.T) {
	table := generate(t, synth.Options{Tables: []string{"DeviceEvents"}, Rows: 20_000, Unstamped: 0.25})[0]
	n := 0
	for i := range table.Len() {
		if table.Ingested(i) == partition.NoTick {
			n++
		} else if table.Ingested(i) != table.Arrived(i) {
			t.Fatalf("row %d is ingested at %v and arrives at %v", i, table.Ingested(i), table.Arrived(i))
		}
		if table.Arrived(i) <= table.Time(i) {
			t.Fatalf("row %d of %v arrives at %v", i, table.Time(i), table.Arrived(i))
		}
	}
	if share := float64(n) / 20_000; math.Abs(share-0.25) > 0.03 {
		t.Errorf("%.2f of the rows are unstamped, want 0.25", share)
	}
}

func TestNumbersBeyondFloats(t *testing.T) {
	table := generate(t, synth.Options{Tables: []string{"CloudAppEvents"}, Rows: 100})[0]
	fields := table.Columns(0)
	r, long := table.Read(fields), 0
	for i := range 100 {
		r.Seek(i)
		for k := range fields {
			for _, word := range strings.FieldsFunc(r.Cell(k).Text(), func(c rune) bool { return c < '0' || c > '9' }) {
				if len(word) >= 17 && len(word) <= 19 {
					long++
				}
			}
		}
	}
	if long < 100 {
		t.Errorf("only %d numbers of 17 digits and more in 100 nested rows", long)
	}
}

func TestBadOptions(t *testing.T) {
	good := synth.Options{Start: start, End: end}
	tests := []struct {
		want string
		turn func(*synth.Options)
	}{
		{`table "Nothing" is not in the catalog`, func(o *synth.Options) { o.Tables = []string{"Nothing"} }},
		{"is not before end", func(o *synth.Options) { o.End = o.Start }},
		{"is too early", func(o *synth.Options) { o.Start = time.Time{} }},
		{"-1 rows", func(o *synth.Options) { o.Rows = -1 }},
		{"-1 rows of AlertInfo", func(o *synth.Options) { o.RowsOf = map[string]int{"AlertInfo": -1} }},
		{"-1 devices", func(o *synth.Options) { o.Devices = -1 }},
		{"unknown shape 9", func(o *synth.Options) { o.Shape = 9 }},
		{"shares are between 0 and 1", func(o *synth.Options) { o.Unstamped = 2 }},
	}
	for _, tt := range tests {
		o := good
		tt.turn(&o)
		if _, err := synth.Generate(o); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %q", err, tt.want)
		}
	}
	if tables, err := synth.Generate(synth.Options{Start: start, End: start.Add(time.Second), Tables: []string{"AlertInfo"}, RowsOf: map[string]int{"AlertInfo": 0}}); err != nil || tables[0].Len() != 0 {
		t.Errorf("no rows: %v", err)
	}
}

// The query of the README finds something, though not much.
func TestFirstQueryFinds(t *testing.T) {
	const rows = 20_000
	table := generate(t, synth.Options{Tables: []string{"DeviceProcessEvents"}, Rows: rows})[0]
	fields := table.Columns(0)
	file := slices.IndexFunc(fields, func(f schema.Field) bool { return f.Name == "FileName" })
	r, found := table.Read(fields), 0
	for i := range rows {
		if r.Seek(i); r.Cell(file).String() == "powershell.exe" {
			found++
		}
	}
	if found == 0 || found > rows/20 {
		t.Errorf("%d of %d rows", found, rows)
	}
}
