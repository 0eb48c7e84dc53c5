package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// scene is the rows as every way finds them: in memory for those of this process, which is where an answer arrives, and
// in files for DuckDB, read before and therefore in the system's cache.
type scene struct {
	*corpus
	duck    *duck
	dir     string
	threads int
}

// file is a Parquet file that was made.
type file struct {
	path  string
	bytes int64
}

func newScene(ctx context.Context, c *corpus, dir string, threads int) (*scene, error) {
	for i := range c.answers {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i, ".json")), c.answers[i], 0o600); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i, ".ndjson")), c.lines[i], 0o600); err != nil {
			return nil, err
		}
	}
	d, err := newDuck(ctx, threads)
	if err != nil {
		return nil, err
	}
	return &scene{corpus: c, duck: d, dir: dir, threads: threads}, nil
}

func (s *scene) close() { _ = s.duck.db.Close() }

// Names of ways.
const (
	publishWay = "**huntlake**, to a published file"
	stageWay   = "huntlake, to staged objects"
	directWay  = "huntlake's decoder and Parquet writer alone"
	linesWay   = "DuckDB, rows as ready-made NDJSON, types given"
	sortedWay  = "DuckDB, the same, sorted as huntlake's file is"
	answersWay = "DuckDB, the responses as they come, types given"
	mapsWay    = "`encoding/json` to maps, parquet-go"
)

// ways are what is compared.
func (s *scene) ways() []way {
	duck := func(name string, from func() string) way {
		return way{name: name, foreign: true, run: func(ctx context.Context, dir string) (int64, error) {
			out := filepath.Join(dir, "duck.parquet")
			if err := s.duck.copy(ctx, from(), out); err != nil {
				return 0, err
			}
			return sizeOf(out)
		}}
	}
	return []way{
		{name: publishWay, run: s.publish},
		{name: stageWay, run: s.stage},
		{name: directWay, run: s.direct},
		duck(linesWay, s.fromLines),
		duck(sortedWay, func() string { return s.fromLines() + " ORDER BY Timestamp" }),
		duck(answersWay, s.fromAnswers),
		{name: mapsWay, run: s.maps},
	}
}

// files makes huntlake's file and DuckDB's, to be compared. They stay until the folder goes.
func (s *scene) files(ctx context.Context) (ours, theirs file, err error) {
	l, err := s.openLake(ctx, filepath.Join(s.dir, "lake"))
	if err != nil {
		return ours, theirs, err
	}
	defer l.bucket.Close()
	ours.path, theirs.path = filepath.Join(s.dir, "lake", publishedKey), filepath.Join(s.dir, "duck.parquet")
	if ours.bytes, err = l.publish(ctx); err != nil {
		return ours, theirs, err
	}
	if err = s.duck.copy(ctx, s.fromLines(), theirs.path); err != nil {
		return ours, theirs, err
	}
	theirs.bytes, err = sizeOf(theirs.path)
	return ours, theirs, err
}
