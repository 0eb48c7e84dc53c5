package writers_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"huntlake/partition"
	"huntlake/schema"
	"huntlake/writers"
)

// event is one row of a small table: its times and a name.
type event struct {
	at, ingested string // RFC 3339, or empty
	name         string
}

func tick(t testing.TB, s string) partition.Tick {
	t.Helper()
	at, err := partition.ParseTick(s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func eventFields() []schema.Field {
	return []schema.Field{{Name: "Timestamp", Type: "DateTime"}, {Name: "Name", Type: "String"}, {Name: "_IngestionTime", Type: "DateTime"}}
}

func events(t testing.TB, rows ...event) arrow.Record {
	t.Helper()
	b := array.NewRecordBuilder(memory.DefaultAllocator, table(t, eventFields()).Arrow())
	defer b.Release()
	for _, r := range rows {
		appendTime(b, 0, tick(t, r.at))
		b.Field(2).(*array.StringBuilder).Append(r.name)
		appendTime(b, 3, tick(t, r.ingested))
	}
	return b.NewRecord()
}

// names scans a section and returns its rows in order.
func names(t testing.TB, b *writers.Bucket, in writers.Input) []string {
	t.Helper()
	var got []string
	err := b.ScanStaged(t.Context(), in, table(t, eventFields()).Arrow(), func(rec arrow.Record) error {
		texts := rec.Column(2).(*array.String)
		for i := range texts.Len() {
			got = append(got, texts.Value(i))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestStageSortsByDayAndTime(t *testing.T) {
	b := open(t, "mem://")
	const arrival = "2026-11-23T10:20:30.0000000Z"
	recs := []arrow.Record{
		events(t,
			event{"2026-11-23T08:00:00Z", arrival, "d"},
			event{"2026-11-22T23:59:59.9999999Z", arrival, "b"},
			event{"2026-11-22T23:59:59.9999998Z", arrival, "a"}, // the seventh digit counts
			event{"2026-11-23T00:00:00Z", arrival, "c"},
		),
		events(t,
			event{"2031-01-01T00:00:00Z", arrival, "from the future: day of its arrival"},
			event{"1601-01-01T00:00:00Z", arrival, "from the past: day of its arrival"},
			event{"2026-10-25T00:00:00Z", "", "without arrival: its own day"},
			event{"", arrival, "without time: day of its arrival"},
			event{"", "", "without either: day zero"},
		),
	}
	got := stage(t, b, "staged/1.arrow", recs, writers.StageOptions{})
	want := map[string][]string{
		"0001-01-01": {"without either: day zero"},
		"2026-10-25": {"without arrival: its own day"},
		"2026-11-22": {"a", "b"},
		"2026-11-23": {
			"without time: day of its arrival", "from the past: day of its arrival", "c", "d", "from the future: day of its arrival",
		},
	}
	offset := int64(0)
	for i, s := range got.Sections {
		if i > 0 && s.DT <= got.Sections[i-1].DT || s.Offset != offset || s.Rows != int64(len(want[s.DT.String()])) {
			t.Errorf("section %d: %+v", i, s)
		}
		offset += s.Length
		if diff := cmp.Diff(want[s.DT.String()], names(t, b, writers.Input{Key: got.Key, Section: s})); diff != "" {
			t.Errorf("dt %v (-want +got):\n%s", s.DT, diff)
		}
	}
	if len(got.Sections) != len(want) || got.Bytes != offset || got.Rows != 9 || got.Key != "staged/1.arrow" {
		t.Errorf("got %+v", got)
	}
	if got.Oldest != tick(t, "1601-01-01T00:00:00Z") || got.Newest != tick(t, "2031-01-01T00:00:00Z") {
		t.Errorf("from %v to %v", got.Oldest, got.Newest)
	}
	var digest schema.Digest
	for _, s := range got.Sections {
		digest = digest.Add(s.Digest)
	}
	if _, all := sum(t, recs); digest != all {
		t.Errorf("the digests of the sections add up to %v, want %v", digest, all)
	}
}

// TestStageIsTheSameInAnyOrder: the service answers in another order each time.
func TestStageIsTheSameInAnyOrder(t *testing.T) {
	var rows []event
	for i := range 200 {
		rows = append(rows, event{fmt.Sprintf("2026-11-22T00:00:%02dZ", i%10), "", fmt.Sprint(i % 150)})
	}
	b := open(t, "mem://")
	want := stage(t, b, "staged/0.arrow", []arrow.Record{events(t, rows...)}, writers.StageOptions{})
	object, err := b.Read(t.Context(), want.Key, want.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(5) {
		newMaker(seed).rng.Shuffle(len(rows), func(i, k int) { rows[i], rows[k] = rows[k], rows[i] })
		half := len(rows) / 2
		recs := []arrow.Record{events(t, rows[:half]...), events(t, rows[half:]...)}
		got := stage(t, b, fmt.Sprintf("staged/%d.arrow", seed+1), recs, writers.StageOptions{})
		again, err := b.Read(t.Context(), got.Key, got.Bytes)
		if got.Key = want.Key; err != nil || !cmp.Equal(got, want) || !bytes.Equal(again, object) {
			t.Errorf("seed %d: got %+v and error %v, want %+v, byte for byte", seed, got, err, want)
		}
	}
}

func TestStageCells(t *testing.T) {
	rec := events(t,
		event{"2026-11-22T23:00:00Z", "2026-11-23T00:10:00Z", ""},
		event{"2026-11-22T01:00:00Z", "2026-11-23T00:59:59.9999999Z", ""},
		event{"2026-11-23T00:05:00Z", "2026-11-23T00:10:00Z", ""},
		event{"2026-11-22T01:30:00Z", "2026-11-23T01:00:00Z", ""},
		event{"2026-11-22T01:30:00Z", "", ""},
		event{"", "2026-11-23T01:00:00Z", ""},
		event{"2026-11-25T23:59:59.9999999Z", "2026-11-23T01:00:00Z", ""},
		event{"2026-11-26T00:00:00Z", "2026-11-23T01:00:00Z", ""},
		event{"9999-12-31T23:59:59.9999999Z", "2026-11-23T01:00:00Z", ""},
	)
	hour := func(s string) partition.Tick { return tick(t, s) }
	for _, c := range []struct {
		stream partition.Stream
		want   []writers.Cell
	}{
		{partition.Stamped, []writers.Cell{
			{hour("2026-11-23T01:00:00Z"), 0, 1},
			{partition.NoTick, day, 1},
			{hour("2026-11-23T00:00:00Z"), day, 2},
			{hour("2026-11-23T01:00:00Z"), day, 1},
			{hour("2026-11-23T00:00:00Z"), day + 1, 1},
			{hour("2026-11-23T01:00:00Z"), day + 3, 3},
		}},
		{partition.Whole, []writers.Cell{
			{partition.NoTick, 0, 1},
			{hour("2026-11-22T01:00:00Z"), day, 3},
			{hour("2026-11-22T23:00:00Z"), day, 1},
			{hour("2026-11-23T00:00:00Z"), day + 1, 1},
			{hour("2026-11-25T23:00:00Z"), day + 3, 1},
			{hour("2026-11-26T00:00:00Z"), day + 4, 1},
			{hour("9999-12-31T23:00:00Z"), partition.DateOf(partition.MaxTick), 1},
		}},
	} {
		got := stage(t, open(t, "mem://"), "staged/1.arrow", []arrow.Record{rec}, writers.StageOptions{Stream: c.stream})
		if diff := cmp.Diff(c.want, got.Cells); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.stream, diff)
		}
	}
}

// TestStageTakesItsOwnEcho: the store has created the object, and the answer was lost.
func TestStageTakesItsOwnEcho(t *testing.T) {
	b := open(t, "mem://")
	recs := []arrow.Record{events(t, event{"2026-11-23T08:00:00Z", "", "z"})}
	first := stage(t, b, "staged/1.arrow", recs, writers.StageOptions{})
	if again := stage(t, b, "staged/1.arrow", recs, writers.StageOptions{}); !cmp.Equal(again, first) {
		t.Errorf("got %+v, want %+v", again, first)
	}
}

func TestStageSnapshot(t *testing.T) {
	b := open(t, "mem://")
	rec := events(t, event{"2026-11-23T08:00:00Z", "", "z"}, event{"2020-01-01T00:00:00Z", "", "a"}, event{"", "", "m"})
	got := stage(t, b, "staged/1.arrow", []arrow.Record{rec, rec}, writers.StageOptions{DT: day, Stream: partition.Snapshot})
	if len(got.Sections) != 1 || got.Sections[0].DT != day || got.Oldest != partition.NoTick || got.Newest != partition.NoTick {
		t.Fatalf("got %+v", got)
	}
	want := []string{"z", "a", "m", "z", "a", "m"}
	if diff := cmp.Diff(want, names(t, b, inputs(day, got)[0])); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	out := output(table(t, eventFields()).Arrow())
	out.TimeColumn = ""
	f, err := b.Publish(t.Context(), inputs(day, got, got), out)
	if err != nil || f.Rows != 12 || f.Oldest != partition.NoTick {
		t.Errorf("publish: got %+v, %v", f, err)
	}
}

func TestStageNothing(t *testing.T) {
	b := open(t, "mem://")
	for name, recs := range map[string][]arrow.Record{"no records": nil, "no rows": {events(t), events(t)}} {
		got := stage(t, b, "staged/1.arrow", recs, writers.StageOptions{})
		want := writers.Staged{Oldest: partition.NoTick, Newest: partition.NoTick}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if keys, err := b.First(t.Context(), "", 1); len(keys) > 0 || err != nil {
		t.Errorf("left behind: %q, %v", keys, err)
	}
}

func TestStageRefuses(t *testing.T) {
	b := open(t, "mem://")
	rec := events(t, event{"2026-11-23T08:00:00Z", "", "z"})
	other := newMaker(1).record(table(t, fields()).Arrow(), 1)
	unknown := array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: "X", Type: arrow.PrimitiveTypes.Uint8}}, nil),
		[]arrow.Array{array.NewUint8Data(array.NewData(arrow.PrimitiveTypes.Uint8, 0, []*memory.Buffer{nil, nil}, nil, 0, 0))}, 0)
	for _, c := range []struct {
		name, column, want string
		recs               []arrow.Record
	}{
		{"a time column that is not there", "EventTime", "EventTime", []arrow.Record{rec}},
		{"a time column of another type", "Name", "Name", []arrow.Record{rec}},
		{"records of two schemas", "Timestamp", "other columns", []arrow.Record{rec, other}},
		{"a type that is not the lake's", "", "X", []arrow.Record{unknown}},
	} {
		_, err := b.Stage(t.Context(), "staged/1.arrow", c.recs, writers.StageOptions{TimeColumn: c.column})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "staged/1.arrow") {
			t.Errorf("%s: got %v, want an error that names %s", c.name, err, c.want)
		}
	}
	stage(t, b, "staged/1.arrow", []arrow.Record{rec}, writers.StageOptions{})
	other = events(t, event{"2026-11-23T08:00:00Z", "", "y"})
	if _, err := b.Stage(t.Context(), "staged/1.arrow", []arrow.Record{other}, writers.StageOptions{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("stage of other rows at a key that is taken: got %v, want fs.ErrExist", err)
	}
}

// TestStageReadsAnyEncoding stages slices of records, and strings that are dictionary-encoded.
func TestStageReadsAnyEncoding(t *testing.T) {
	s := table(t, fields()).Arrow()
	rec := newMaker(3).record(s, 500)
	_, want := sum(t, []arrow.Record{rec})
	var slices []arrow.Record
	for from := int64(0); from < 500; from += 7 {
		slices = append(slices, rec.NewSlice(from, min(from+7, 500)))
	}
	for name, recs := range map[string][]arrow.Record{
		"slices": slices, "dictionaries": {dictionaries(rec)}, "both": {dictionaries(rec).NewSlice(0, 100), rec.NewSlice(100, 500)},
	} {
		b := open(t, "mem://")
		staged := stage(t, b, "staged/1.arrow", recs, writers.StageOptions{})
		var got schema.Digest
		for _, section := range staged.Sections {
			err := b.ScanStaged(t.Context(), writers.Input{Key: staged.Key, Section: section}, s, func(rec arrow.Record) error {
				_, d := sum(t, []arrow.Record{rec})
				got = got.Add(d)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if got != want {
			t.Errorf("%s: got digest %v, want %v", name, got, want)
		}
	}
}

// dictionaries is rec with its strings dictionary-encoded.
func dictionaries(rec arrow.Record) arrow.Record {
	columns, all := slices.Clone(rec.Columns()), slices.Clone(rec.Schema().Fields())
	for i, c := range columns {
		texts, ok := c.(*array.String)
		if !ok {
			continue
		}
		typ := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
		b := array.NewDictionaryBuilder(memory.DefaultAllocator, typ)
		if err := b.AppendArray(texts); err != nil {
			panic(err)
		}
		columns[i], all[i].Type = b.NewArray(), typ
	}
	return array.NewRecord(arrow.NewSchema(all, nil), columns, rec.NumRows())
}

// TestStagedFormat reads a section by its description alone, and holds its records to their bounds.
func TestStagedFormat(t *testing.T) {
	b := open(t, "mem://")
	s := table(t, fields()).Arrow()
	m := newMaker(5)
	m.to = m.from + partition.Hour
	staged := stage(t, b, "staged/1.arrow", m.records(s, 20_000), writers.StageOptions{})
	object, err := b.Read(t.Context(), staged.Key, staged.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	section := staged.Sections[0]
	frame, err := zstd.NewReader(bytes.NewReader(object[section.Offset:section.Offset+section.Length]), zstd.WithDecoderMaxWindow(1<<20))
	if err != nil {
		t.Fatal(err)
	}
	defer frame.Close()
	r, err := ipc.NewReader(frame)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	rows := int64(0)
	for r.Next() {
		rec := r.Record()
		rows += rec.NumRows()
		if rec.NumRows() > 4096 || rec.NumRows() == 0 {
			t.Errorf("a record has %d rows", rec.NumRows())
		}
		if !slices.EqualFunc(rec.Schema().Fields(), s.Fields(), sameField) {
			t.Fatalf("got schema %v", rec.Schema())
		}
	}
	if rows != 20_000 || r.Err() != nil {
		t.Errorf("got %d rows, %v", rows, r.Err())
	}
}

// TestStagedPlain publishes a section whose strings are plain: what the program once staged.
func TestStagedPlain(t *testing.T) {
	b := open(t, "mem://")
	rec := events(t, event{"2026-11-23T08:00:00.0000001Z", "2026-11-23T08:01:00.0000000Z", "x"}, event{"2026-11-23T08:00:00.0000002Z", "2026-11-23T08:01:00.0000000Z", "y"})
	var object bytes.Buffer
	frame, err := zstd.NewWriter(&object, zstd.WithWindowSize(1<<20))
	if err != nil {
		t.Fatal(err)
	}
	stream := ipc.NewWriter(frame, ipc.WithSchema(rec.Schema()))
	if err := errors.Join(stream.Write(rec), stream.Close(), frame.Close()); err != nil {
		t.Fatal(err)
	}
	if err := b.Create(t.Context(), "staged/old.arrow", object.Bytes()); err != nil {
		t.Fatal(err)
	}
	rows, digest := sum(t, []arrow.Record{rec})
	section := writers.Section{DT: day, Length: int64(object.Len()), Rows: int64(rows), Digest: digest}
	in := writers.Input{Key: "staged/old.arrow", Section: section}
	if got := names(t, b, in); !slices.Equal(got, []string{"x", "y"}) {
		t.Errorf("got %q", got)
	}
	if f, err := b.Publish(t.Context(), []writers.Input{in}, output(rec.Schema())); err != nil || f.Digest != digest {
		t.Errorf("got %+v and error %v", f, err)
	}
}

// sameField holds a staged column to that of the lake.
func sameField(staged, lake arrow.Field) bool {
	if lake.Type.ID() == arrow.STRING {
		lake.Type = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int16, ValueType: lake.Type}
	}
	return staged.Name == lake.Name && arrow.TypeEqual(staged.Type, lake.Type)
}

// TestDamagedSections flips a bit of every byte: the rows are the same, or there is an error, and no panic.
func TestDamagedSections(t *testing.T) {
	b := open(t, "mem://")
	s := table(t, fields()).Arrow()
	staged := stage(t, b, "staged/1.arrow", newMaker(1).records(s, 30), writers.StageOptions{})
	in := inputs(day, staged)[0]
	object, err := b.Read(t.Context(), staged.Key, staged.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	for i := range in.Length {
		harmed := bytes.Clone(object)
		harmed[in.Offset+i] ^= 1 << (i % 8)
		in.Key = fmt.Sprintf("staged/harmed-%d", i)
		if err := b.Create(t.Context(), in.Key, harmed); err != nil {
			t.Fatal(err)
		}
		var got schema.Digest
		err := b.ScanStaged(t.Context(), in, s, func(rec arrow.Record) error {
			_, d := sum(t, []arrow.Record{rec})
			got = got.Add(d)
			return nil
		})
		if err == nil && got != in.Digest {
			t.Errorf("byte %d of %d: other rows without an error", i, in.Length)
		}
		if proof := b.ProveStaged(t.Context(), in); (proof == nil) != (err == nil) || proof != nil && !errors.Is(proof, writers.ErrDamaged) {
			t.Errorf("byte %d of %d: scanning says %v, proving %v", i, in.Length, err, proof)
		}
	}
}

// TestProveStaged takes what was staged for what it is, and neither other rows nor fewer.
func TestProveStaged(t *testing.T) {
	b := open(t, "mem://")
	s := table(t, fields()).Arrow()
	staged := stage(t, b, "staged/1.arrow", newMaker(1).records(s, 5000), writers.StageOptions{})
	other := stage(t, b, "staged/2.arrow", newMaker(2).records(s, 5000), writers.StageOptions{})
	for i, in := range inputs(day, staged) {
		if err := b.ProveStaged(t.Context(), in); err != nil {
			t.Error(err)
		}
		swapped := inputs(day, other)[i]
		swapped.Digest = in.Digest
		if err := b.ProveStaged(t.Context(), swapped); !errors.Is(err, writers.ErrDamaged) || !strings.Contains(err.Error(), "staged/2.arrow") {
			t.Errorf("other rows: %v", err)
		}
		in.Rows++
		if err := b.ProveStaged(t.Context(), in); !errors.Is(err, writers.ErrDamaged) {
			t.Errorf("one row less than the receipt says: %v", err)
		}
	}
	if err := b.ProveStaged(t.Context(), writers.Input{Key: "staged/3.arrow", Section: staged.Sections[0]}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no object: %v", err)
	}
}

// TestLongRows stages texts of 10 MB: few rows to a record, and none lost.
func TestLongRows(t *testing.T) {
	b := open(t, "mem://")
	long := strings.Repeat("0123456789", 1<<20)
	rec := events(t, event{"2026-11-22T01:00:00Z", "", long}, event{"2026-11-22T00:00:00Z", "", ""}, event{"2026-11-22T02:00:00Z", "", "x" + long})
	staged := stage(t, b, "staged/1.arrow", []arrow.Record{rec}, writers.StageOptions{})
	err := b.ScanStaged(t.Context(), inputs(day, staged)[0], rec.Schema(), func(rec arrow.Record) error {
		if rec.NumRows() != 1 {
			return fmt.Errorf("%d rows in a record", rec.NumRows())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	f, err := b.Publish(t.Context(), inputs(day, staged), output(rec.Schema()))
	if _, want := sum(t, []arrow.Record{rec}); err != nil || f.Digest != want {
		t.Errorf("got %+v and error %v, want digest %v", f, err, want)
	}
}

func TestScanStopsWithItsFunction(t *testing.T) {
	b := open(t, "mem://")
	s := table(t, fields()).Arrow()
	staged := stage(t, b, "staged/1.arrow", newMaker(1).records(s, 100), writers.StageOptions{})
	in := inputs(day, staged)
	if _, err := b.Publish(t.Context(), in, output(s)); err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	stop := func(arrow.Record) error { return enough }
	if err := b.ScanStaged(t.Context(), in[0], s, stop); !errors.Is(err, enough) {
		t.Errorf("scan of staged rows: got %v", err)
	}
	if err := b.Scan(t.Context(), fileKey, s, stop); !errors.Is(err, enough) {
		t.Errorf("scan of a file: got %v", err)
	}
	other := table(t, []schema.Field{{Name: "DeviceId", Type: "Int64"}}).Arrow()
	for name, err := range map[string]error{
		"staged rows": b.ScanStaged(t.Context(), in[0], other, stop), "a file": b.Scan(t.Context(), fileKey, other, stop),
	} {
		if err == nil || !strings.Contains(err.Error(), "DeviceId") || errors.Is(err, enough) {
			t.Errorf("scan of %s as another type: got %v, want an error that names the column", name, err)
		}
	}
	if err := b.Scan(t.Context(), "nowhere.parquet", s, stop); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("scan of what is not there: got %v", err)
	}
}

func TestMemoryIsReturned(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	s := table(t, fields()).Arrow()
	b := open(t, "mem://")
	var in []writers.Input
	for i := range 3 {
		m := newMaker(uint64(i))
		m.mem = mem
		recs := m.records(s, 6000)
		in = append(in, inputs(day, stage(t, b, fmt.Sprintf("staged/%d.arrow", i), recs, writers.StageOptions{Allocator: mem}))...)
		for _, rec := range recs {
			rec.Release()
		}
	}
	out := output(s)
	out.Allocator = mem
	if _, err := b.Publish(t.Context(), in, out); err != nil {
		t.Fatal(err)
	}
	out.Key = strings.Replace(fileKey, "-7", "-8", 1)
	for i := range in {
		broken := slices.Clone(in)
		broken[i].Rows++
		if _, err := b.Publish(t.Context(), broken, out); err == nil {
			t.Error("publish of too few rows: no error")
		}
		missing := slices.Clone(in)
		missing[i].Key = "nowhere"
		if _, err := b.Publish(t.Context(), missing, out); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("publish of what is not there: got %v", err)
		}
	}
}

// TestOrderOfEqualTimes: rows of one instant come in the order of the inputs.
func TestOrderOfEqualTimes(t *testing.T) {
	b := open(t, "mem://")
	var in []writers.Input
	var want []string
	for i := range 5 {
		var rows []event
		for k := range 40 {
			rows = append(rows, event{fmt.Sprintf("2026-11-22T00:00:%02dZ", k/4), "", fmt.Sprintf("%02d/%d", k/4, i)})
		}
		for _, r := range rows {
			want = append(want, r.name)
		}
		in = append(in, inputs(day, stage(t, b, fmt.Sprint(i), []arrow.Record{events(t, rows...)}, writers.StageOptions{}))...)
	}
	slices.Sort(want)
	out := output(table(t, eventFields()).Arrow())
	if _, err := b.Publish(t.Context(), in, out); err != nil {
		t.Fatal(err)
	}
	var got []string
	scan(t, b, fileKey, out.Schema, func(rec arrow.Record) {
		for i := range int(rec.NumRows()) {
			got = append(got, rec.Column(2).(*array.String).Value(i))
		}
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}
