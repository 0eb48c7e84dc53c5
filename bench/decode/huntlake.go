package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/apache/arrow/go/v15/arrow"
	"golang.org/x/sync/errgroup"

	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/schema"
	"huntlake/writers"
	"huntlake/writers/parquet"
)

// publishedKey is the key of the one file that a lake gets.
const publishedKey = "published.parquet"

// lake is the lake that answers are brought into, step by step as pipeline does, but for the ledger.
type lake struct {
	answers [][]byte
	bucket  *writers.Bucket
	table   schema.Table
}

// openLake opens a lake in a folder, which has the synchronous writes of a real one. The caller closes its bucket.
func (c *corpus) openLake(ctx context.Context, dir string) (*lake, error) {
	table, _, err := schema.Table{}.Evolve(c.fields)
	if err != nil {
		return nil, err
	}
	bucket, err := writers.Open(ctx, dir)
	if err != nil {
		return nil, err
	}
	return &lake{c.answers, bucket, table}, nil
}

// direct is the decoder and the Parquet writer alone: rows go into one file in the order of the answers, as DuckDB's do,
// without what makes a lake of them. On two threads an answer is decoded while the one before it is written.
func (c *corpus) direct(ctx context.Context, dir string) (int64, error) {
	table, _, err := schema.Table{}.Evolve(c.fields)
	if err != nil {
		return 0, err
	}
	path := filepath.Join(dir, publishedKey)
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	w, err := parquet.NewWriter(f, table.Arrow(), parquet.Options{})
	if err != nil {
		return 0, err
	}
	decoded := make(chan *hunting.Answer)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(decoded)
		for _, answer := range c.answers {
			a, err := decode(answer)
			if err != nil {
				return err
			}
			select {
			case decoded <- a:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	g.Go(func() error {
		for a := range decoded {
			if err := appendAnswer(w, a); err != nil {
				return err
			}
		}
		return w.Commit()
	})
	if err := g.Wait(); err != nil {
		return 0, err
	}
	return sizeOf(path)
}

func decode(answer []byte) (*hunting.Answer, error) {
	return hunting.Decode(bytes.NewReader(answer), hunting.DecodeOptions{Dialect: hunting.Defender, Table: tableName})
}

func appendAnswer(w *parquet.Writer, a *hunting.Answer) error {
	defer a.Release()
	for _, rec := range a.Records {
		if err := w.Append([]arrow.Record{rec}, []parquet.Run{{To: int(rec.NumRows())}}); err != nil {
			return err
		}
	}
	return nil
}

// stage is the way to the staged objects.
func (c *corpus) stage(ctx context.Context, dir string) (bytes int64, err error) {
	l, err := c.openLake(ctx, dir)
	if err != nil {
		return 0, err
	}
	defer l.bucket.Close()
	staged, err := l.stageAll(ctx)
	for _, s := range staged {
		bytes += s.Bytes
	}
	return bytes, err
}

// publish is the way to the published file, staging included.
func (c *corpus) publish(ctx context.Context, dir string) (bytes int64, err error) {
	l, err := c.openLake(ctx, dir)
	if err != nil {
		return 0, err
	}
	defer l.bucket.Close()
	return l.publish(ctx)
}

func (l *lake) publish(ctx context.Context) (bytes int64, err error) {
	staged, err := l.stageAll(ctx)
	if err != nil {
		return 0, err
	}
	var in []writers.Input
	for _, s := range staged {
		for _, section := range s.Sections {
			in = append(in, writers.Input{Key: s.Key, Section: section})
		}
	}
	f, err := l.bucket.Publish(ctx, in, writers.Output{
		Key: publishedKey, Schema: l.table.Arrow(), TimeColumn: "Timestamp", Program: "huntlake/bench",
	})
	return f.Bytes, err
}

// stageAll decodes and stages as many answers at once as there are threads.
func (l *lake) stageAll(ctx context.Context) ([]writers.Staged, error) {
	staged := make([]writers.Staged, len(l.answers))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range l.answers {
		g.Go(func() (err error) {
			staged[i], err = l.stageOne(ctx, i)
			return err
		})
	}
	return staged, g.Wait()
}

func (l *lake) stageOne(ctx context.Context, i int) (writers.Staged, error) {
	a, err := decode(l.answers[i])
	if err != nil {
		return writers.Staged{}, err
	}
	defer a.Release()
	var records []arrow.Record
	defer func() {
		for _, r := range records {
			r.Release()
		}
	}()
	for _, r := range a.Records {
		conformed, err := l.table.Conform(r, a.Fields)
		if err != nil {
			return writers.Staged{}, err
		}
		records = append(records, conformed)
	}
	return l.bucket.Stage(ctx, fmt.Sprint("staged/", i), records, writers.StageOptions{TimeColumn: "Timestamp", Stream: partition.Stamped})
}
