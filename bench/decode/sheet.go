package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// way is one way from answers to files.
type way struct {
	name string
	// run goes it once, with dir to itself, and returns how many bytes its files have; zero if it makes none.
	run func(ctx context.Context, dir string) (bytes int64, err error)
	// foreign is set where the work is not Go's, so that its allocations are not counted.
	foreign bool
}

// timing is what one run of a way came to.
type timing struct {
	took   time.Duration
	bytes  int64
	allocs uint64
}

// entry is a way and the best of its runs.
type entry struct {
	way
	timing
	threads int
	base    time.Duration // the best run of the way that the others are compared with
}

// sheet is a table of ways over the same rows.
type sheet struct {
	rows    int
	base    string // the way that the others are compared with; the first by default
	entries []entry
}

// add runs every way n times, one after the other and then again, and adds the best run of each.
func (s *sheet) add(ctx context.Context, scene *scene, ways []way, n int) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(scene.threads))
	best := make([]timing, len(ways))
	for k := range n {
		for i, w := range ways {
			t, err := w.once(ctx, scene.dir)
			if err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			if k == 0 || t.took < best[i].took {
				best[i] = t
			}
		}
	}
	base := max(slices.IndexFunc(ways, func(w way) bool { return w.name == s.base }), 0)
	for i, w := range ways {
		s.entries = append(s.entries, entry{w, best[i], scene.threads, best[base].took})
	}
	return nil
}

// once runs a way in a folder of its own, with nothing left to collect from the one before.
func (w way) once(ctx context.Context, parent string) (t timing, err error) {
	dir, err := os.MkdirTemp(parent, "run")
	if err != nil {
		return t, err
	}
	defer os.RemoveAll(dir)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	t.bytes, err = w.run(ctx, dir)
	t.took = time.Since(start)
	runtime.ReadMemStats(&after)
	t.allocs = after.Mallocs - before.Mallocs
	return t, err
}

// print prints a row of each entry. Its speed is that of the way that the others are compared with, times so much.
func (s *sheet) print(w io.Writer, title string) {
	fmt.Fprintf(w, "| threads | %s | rows/s | speed | bytes a row | allocations a row |\n", title)
	fmt.Fprintln(w, "|---:|---|---:|---:|---:|---:|")
	for _, e := range s.entries {
		size, allocs := "", ""
		if e.bytes > 0 {
			size = fmt.Sprintf("%.1f", float64(e.bytes)/float64(s.rows))
		}
		if !e.foreign {
			allocs = fmt.Sprintf("%.2f", float64(e.allocs)/float64(s.rows))
		}
		fmt.Fprintf(w, "| %d | %s | %.0f | %.2f | %s | %s |\n", e.threads, e.name,
			float64(s.rows)/e.took.Seconds(), float64(e.base)/float64(e.took), size, allocs)
	}
}

// sizeOf is how many bytes the files have that match a pattern.
func sizeOf(pattern string) (bytes int64, err error) {
	paths, err := filepath.Glob(pattern)
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return 0, err
		}
		bytes += info.Size()
	}
	return bytes, err
}
