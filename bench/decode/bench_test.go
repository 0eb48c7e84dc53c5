package main

import (
	"context"
	"testing"
)

// benchmark goes a way over one answer of 20,000 rows, on as many threads as -cpu says.
func benchmark(b *testing.B, way func(*corpus) func(ctx context.Context, dir string) (int64, error)) {
	c, err := newCorpus(1, answerBytes)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(c.answers[0])))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := way(c)(b.Context(), b.TempDir()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*c.rows)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkStage(b *testing.B) {
	benchmark(b, func(c *corpus) func(context.Context, string) (int64, error) { return c.stage })
}

func BenchmarkPublish(b *testing.B) {
	benchmark(b, func(c *corpus) func(context.Context, string) (int64, error) { return c.publish })
}

func BenchmarkDecode(b *testing.B) {
	benchmark(b, func(c *corpus) func(context.Context, string) (int64, error) {
		return func(context.Context, string) (int64, error) {
			a, err := decode(c.answers[0])
			if err == nil {
				a.Release()
			}
			return 0, err
		}
	})
}

func BenchmarkDirect(b *testing.B) {
	benchmark(b, func(c *corpus) func(context.Context, string) (int64, error) { return c.direct })
}

// BenchmarkInspect reads a published file of one answer and proves it, which is the end of every publish.
func BenchmarkInspect(b *testing.B) {
	c, err := newCorpus(1, answerBytes)
	if err != nil {
		b.Fatal(err)
	}
	l, err := c.openLake(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.bucket.Close() })
	if _, err := l.publish(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.bucket.Inspect(b.Context(), publishedKey, "Timestamp"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*c.rows)/b.Elapsed().Seconds(), "rows/s")
}
