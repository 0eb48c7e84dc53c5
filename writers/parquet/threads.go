package parquet

import (
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// maxThreads bounds how many columns are worked on at once: each thread has room of its own to compress in.
const maxThreads = 8

// threads is how many columns are worked on at once.
func threads() int { return min(runtime.GOMAXPROCS(0), maxThreads) }

// share calls fn for each of n columns, on so many threads at once, and tells it which thread it is on. Columns have
// nothing in common, so what is made of them does not depend on who makes it.
func share(n, threads int, fn func(column, thread int) error) error {
	var g errgroup.Group
	var next atomic.Int64
	for thread := range threads {
		g.Go(func() error {
			for {
				column := int(next.Add(1)) - 1
				if column >= n {
					return nil
				}
				if err := fn(column, thread); err != nil {
					return err
				}
			}
		})
	}
	return g.Wait()
}
