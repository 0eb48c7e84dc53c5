package writers_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"gocloud.dev/blob"

	"huntlake/partition"
	"huntlake/schema"
	"huntlake/writers"
)

// TestPublishHoldsTheInputs is the property that all rests on: whatever the rows, the file's digest is the inputs'.
func TestPublishHoldsTheInputs(t *testing.T) {
	s := table(t, fields()).Arrow()
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			b := open(t, "mem://")
			m := newMaker(seed)
			m.null = []float64{0, 0.1, 1}[seed%3]
			var in []writers.Input
			var all []arrow.Record
			for i := range 1 + m.rng.IntN(8) {
				recs := m.records(s, 1+m.rng.IntN(3000))
				all = append(all, recs...)
				in = append(in, inputs(day, stage(t, b, fmt.Sprintf("staged/%d.arrow", i), recs, writers.StageOptions{}))...)
			}
			rows, digest := sum(t, all)
			f, err := b.Publish(t.Context(), in, output(s))
			if err != nil {
				t.Fatal(err)
			}
			if f.Rows != rows || f.Digest != digest || f.Key != fileKey || f.RowGroups != 1 {
				t.Errorf("got %+v, want %d rows of digest %v", f, rows, digest)
			}
			last := partition.NoTick
			n := int64(0)
			scan(t, b, fileKey, s, func(rec arrow.Record) {
				for _, at := range times(rec, "Timestamp") {
					if at < last {
						t.Fatalf("row %d: %v comes after %v", n, at, last)
					}
					if last, n = at, n+1; n == 1 && at != f.Oldest {
						t.Errorf("the first row is of %v, the oldest of %v", at, f.Oldest)
					}
				}
			})
			if last != f.Newest || n != rows {
				t.Errorf("%d rows end at %v, want %d and %v", n, last, rows, f.Newest)
			}
		})
	}
}

func scan(t testing.TB, b *writers.Bucket, key string, s *arrow.Schema, fn func(arrow.Record)) {
	t.Helper()
	err := b.Scan(t.Context(), key, s, func(rec arrow.Record) error {
		fn(rec)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func times(rec arrow.Record, column string) []partition.Tick {
	i := rec.Schema().FieldIndices(column)[0]
	micros, digits := rec.Column(i).(*array.Timestamp), rec.Column(i+1).(*array.Int32)
	ticks := make([]partition.Tick, micros.Len())
	for row := range ticks {
		ticks[row] = partition.NoTick
		if micros.IsValid(row) {
			ticks[row] = partition.TickOfMicros(int64(micros.Value(row)), digits.Value(row))
		}
	}
	return ticks
}

func TestPublishTwice(t *testing.T) {
	s := table(t, fields()).Arrow()
	b := open(t, "mem://")
	in := inputs(day, stage(t, b, "staged/1.arrow", newMaker(1).records(s, 100), writers.StageOptions{}))
	first, err := b.Publish(t.Context(), in, output(s))
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.Publish(t.Context(), in, output(s))
	if err != nil || again != first {
		t.Errorf("again: got %+v and error %v, want %+v", again, err, first)
	}
}

func TestPublishOverAnotherFile(t *testing.T) {
	s := table(t, fields()).Arrow()
	for name, there := range map[string]func(t *testing.T, b *writers.Bucket){
		"rows of another day": func(t *testing.T, b *writers.Bucket) {
			other := stage(t, b, "staged/2.arrow", newMaker(2).records(s, 100), writers.StageOptions{})
			if _, err := b.Publish(t.Context(), inputs(day, other), output(s)); err != nil {
				t.Fatal(err)
			}
		},
		"no Parquet": func(t *testing.T, b *writers.Bucket) {
			if err := b.Create(t.Context(), fileKey, []byte("PAR1 and then nothing")); err != nil {
				t.Fatal(err)
			}
		},
		"empty": func(t *testing.T, b *writers.Bucket) {
			if err := b.Create(t.Context(), fileKey, nil); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, "mem://")
			there(t, b)
			in := inputs(day, stage(t, b, "staged/1.arrow", newMaker(1).records(s, 100), writers.StageOptions{}))
			f, err := b.Publish(t.Context(), in, output(s))
			if err == nil || !strings.Contains(err.Error(), fileKey) {
				t.Errorf("got %+v and error %v, want an error that names the file", f, err)
			}
		})
	}
}

func TestPublishOlderInputs(t *testing.T) {
	before, after := table(t, fields()[:3]), table(t, fields()[:3])
	after, _, err := after.Evolve(fields())
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, "mem://")
	old := newMaker(1).records(before.Arrow(), 100)
	young := newMaker(2).records(after.Arrow(), 100)
	in := inputs(day, stage(t, b, "staged/1.arrow", old, writers.StageOptions{}), stage(t, b, "staged/2.arrow", young, writers.StageOptions{}))
	f, err := b.Publish(t.Context(), in, output(after.Arrow()))
	if err != nil {
		t.Fatal(err)
	}
	if _, want := sum(t, append(old, young...)); f.Digest != want {
		t.Errorf("got digest %v, want %v", f.Digest, want)
	}
	var narrow schema.Digest
	scan(t, b, fileKey, before.Arrow(), func(rec arrow.Record) {
		_, d := sum(t, []arrow.Record{rec})
		narrow = narrow.Add(d)
	})
	var want schema.Digest
	for _, rec := range append(old, young...) {
		n := before.Arrow().NumFields()
		_, d := sum(t, []arrow.Record{array.NewRecord(before.Arrow(), rec.Columns()[:n], rec.NumRows())})
		want = want.Add(d)
	}
	if narrow != want {
		t.Errorf("scanned as the older table: got digest %v, want %v", narrow, want)
	}
}

func TestPublishNothingAtAFault(t *testing.T) {
	s := table(t, fields()).Arrow()
	staged := func(t *testing.T, b *writers.Bucket) []writers.Input {
		return inputs(day, stage(t, b, "staged/1.arrow", newMaker(1).records(s, 10_000), writers.StageOptions{}),
			stage(t, b, "staged/2.arrow", newMaker(2).records(s, 10_000), writers.StageOptions{}))
	}
	for _, c := range []struct {
		name string
		harm func(t *testing.T, b *writers.Bucket, in []writers.Input) []writers.Input
		want error
	}{
		{"a missing input", func(t *testing.T, b *writers.Bucket, in []writers.Input) []writers.Input {
			if err := b.Delete(t.Context(), in[1].Key); err != nil {
				t.Fatal(err)
			}
			return in
		}, fs.ErrNotExist},
		{"fewer rows than the receipt says", func(_ *testing.T, _ *writers.Bucket, in []writers.Input) []writers.Input {
			in[1].Rows++
			return in
		}, nil},
		{"another digest", func(_ *testing.T, _ *writers.Bucket, in []writers.Input) []writers.Input {
			in[1].Digest.Lo++
			return in
		}, nil},
		{"a section cut short", func(_ *testing.T, _ *writers.Bucket, in []writers.Input) []writers.Input {
			in[1].Length -= 100
			return in
		}, nil},
		{"a section beside its place", func(_ *testing.T, _ *writers.Bucket, in []writers.Input) []writers.Input {
			in[1].Offset++
			in[1].Length--
			return in
		}, nil},
		{"a flipped bit", func(t *testing.T, b *writers.Bucket, in []writers.Input) []writers.Input {
			content, err := b.Read(t.Context(), in[1].Key, 1<<30)
			if err != nil {
				t.Fatal(err)
			}
			content[len(content)/2] ^= 4
			in[1].Key = "staged/3.arrow"
			if err := b.Create(t.Context(), in[1].Key, content); err != nil {
				t.Fatal(err)
			}
			return in
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t, "mem://")
			in := c.harm(t, b, staged(t, b))
			f, err := b.Publish(t.Context(), in, output(s))
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("got %+v and error %v, want an error", f, err)
			}
			if c.name == "another digest" {
				return // only what was read back can tell
			}
			if objects, err := b.List(t.Context(), "DeviceEvents/", 0); err != nil || len(objects) > 0 {
				t.Errorf("left behind: %+v, %v", objects, err)
			}
		})
	}
}

// TestLostAnswers: the store answers a creation with an error, before or after it has happened.
func TestLostAnswers(t *testing.T) {
	s := table(t, fields()).Arrow()
	recs := newMaker(1).records(s, 1000)
	_, want := sum(t, recs)
	for _, c := range []struct {
		ext, when   string
		stage, file bool // is done
	}{
		{".arrow", "before", false, false},
		{".arrow", "after", true, true},
		{".parquet", "before", true, false},
		{".parquet", "after", true, true},
	} {
		t.Run(c.ext+" "+c.when, func(t *testing.T) {
			f := newFaulty()
			f.lost = map[string]string{c.ext: c.when}
			b := writers.Wrap(blob.NewBucket(f))
			staged, err := b.Stage(t.Context(), "staged/1.arrow", recs, writers.StageOptions{TimeColumn: "Timestamp"})
			if (err == nil) != c.stage {
				t.Fatalf("stage: got error %v, want done: %v", err, c.stage)
			}
			if err != nil {
				if !errors.Is(err, errBroken) || len(f.objects) > 0 {
					t.Errorf("stage: got error %v and %d objects", err, len(f.objects))
				}
				return
			}
			got, err := b.Publish(t.Context(), inputs(day, staged), output(s))
			if (err == nil) != c.file || err != nil && !errors.Is(err, errBroken) || err == nil && got.Digest != want {
				t.Fatalf("publish: got %+v and error %v, want done: %v", got, err, c.file)
			}
			if f.opened != f.closed {
				t.Errorf("opened %d readers, closed %d", f.opened, f.closed)
			}
			f.lost = nil
			if again, err := b.Publish(t.Context(), inputs(day, staged), output(s)); err != nil || again.Digest != want {
				t.Errorf("publish again: got %+v and error %v", again, err)
			}
		})
	}
}

// TestRefusedUpload: the store's reason is what is told, not that the merge had nowhere to write to.
func TestRefusedUpload(t *testing.T) {
	s := table(t, fields()).Arrow()
	for range 50 {
		f := newFaulty()
		b := writers.Wrap(blob.NewBucket(f))
		in := inputs(day, stage(t, b, "staged/1.arrow", newMaker(1).records(s, 100), writers.StageOptions{}))
		f.refusal = errBroken
		if got, err := b.Publish(t.Context(), in, output(s)); !errors.Is(err, errBroken) {
			t.Fatalf("got %+v and error %v, want the store's", got, err)
		}
	}
}

func TestPublishWithoutInputs(t *testing.T) {
	if f, err := open(t, "mem://").Publish(t.Context(), nil, output(table(t, fields()).Arrow())); err == nil {
		t.Errorf("got %+v, want an error", f)
	}
}

func TestPublishStopsWithItsContext(t *testing.T) {
	s := table(t, fields()).Arrow()
	b := open(t, "mem://")
	in := inputs(day, stage(t, b, "staged/1.arrow", newMaker(1).records(s, 10_000), writers.StageOptions{}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if f, err := b.Publish(ctx, in, output(s)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %+v and error %v", f, err)
	}
	if keys, err := b.First(t.Context(), "DeviceEvents/", 1); len(keys) > 0 || err != nil {
		t.Errorf("left behind: %q, %v", keys, err)
	}
}

// A snapshot's sections are concatenated one at a time: more of them take no more memory.
func TestPublishManySections(t *testing.T) {
	s := table(t, fields()).Arrow()
	peak := func(n int) int {
		b, m := open(t, "mem://"), newMaker(4)
		var in []writers.Input
		for i := range n {
			staged := stage(t, b, fmt.Sprintf("staged/%d.arrow", i), []arrow.Record{m.record(s, 400)}, writers.StageOptions{DT: day})
			in = append(in, inputs(day, staged)...)
		}
		out, mem := output(s), &highWater{Allocator: memory.DefaultAllocator}
		out.TimeColumn, out.Allocator = "", mem
		f, err := b.Publish(t.Context(), in, out)
		if err != nil || f.Rows != int64(n)*400 || f.Oldest != partition.NoTick {
			t.Fatalf("got %+v and error %v", f, err)
		}
		return mem.peak
	}
	few, many := peak(40), peak(120)
	if many > few*5/4 {
		t.Errorf("120 sections take %d bytes at once, 40 take %d", many, few)
	}
}

// highWater notes the most bytes that were allocated at once.
type highWater struct {
	memory.Allocator
	mu        sync.Mutex
	now, peak int
}

func (h *highWater) Allocate(size int) []byte {
	h.add(size)
	return h.Allocator.Allocate(size)
}

func (h *highWater) Reallocate(size int, b []byte) []byte {
	h.add(size - len(b))
	return h.Allocator.Reallocate(size, b)
}

func (h *highWater) Free(b []byte) {
	h.add(-len(b))
	h.Allocator.Free(b)
}

func (h *highWater) add(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now += n
	h.peak = max(h.peak, h.now)
}
