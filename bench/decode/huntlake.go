package main

import (
	"bytes"
	"context"
	"fmt"
	"runtime"

	"github.com/apache/arrow/go/v15/arrow"
	"golang.org/x/sync/errgroup"

	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/schema"
	"huntlake/writers"
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
	opts := hunting.DecodeOptions{Dialect: hunting.Defender, Table: tableName}
	a, err := hunting.Decode(bytes.NewReader(l.answers[i]), opts)
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
