package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"huntlake/writers"
	"huntlake/writers/buckettest"
)

// store is a store in memory that counts what is asked of it.
type store struct {
	objects *buckettest.Store
	bucket  *writers.Bucket

	mu    sync.Mutex
	sizes map[string]int64
	spent requests
}

// requests are what a store is asked, and what goes over the wire.
type requests struct {
	gets, lists, puts, deletes int
	read, written              int64 // bytes
}

// String counts them by kind.
func (r requests) String() string {
	return fmt.Sprintf("%d get %d list %d put %d del", r.gets, r.lists, r.puts, r.deletes)
}

func newStore(ctx context.Context, now func() time.Time) *store {
	s := &store{sizes: map[string]int64{}}
	s.objects = buckettest.NewStore(s.changed)
	p, _ := buckettest.NewProcess(ctx, buckettest.ProcessOptions{Name: "growth", Now: now, Trace: s.count})
	s.bucket = s.objects.Open(p)
	return s
}

func (s *store) changed(e buckettest.Effect) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Content == nil {
		delete(s.sizes, e.Key)
		return
	}
	s.sizes[e.Key] = int64(len(e.Content))
	s.spent.written += int64(len(e.Content))
}

// count takes a creation for one request, as it is on the wire.
func (s *store) count(step buckettest.Step, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch step.Kind {
	case "read", "stat":
		s.spent.gets++
		if step.Kind == "read" && !strings.HasSuffix(step.Key, ".arrow") && !strings.HasSuffix(step.Key, ".parquet") {
			s.spent.read += s.sizes[step.Key] // of others, parts are read
		}
	case "list":
		s.spent.lists++
	case "create":
		s.spent.puts++
	case "delete":
		s.spent.deletes++
	}
}

// during is what f asks of the store.
func (s *store) during(f func()) requests {
	s.mu.Lock()
	s.spent = requests{}
	s.mu.Unlock()
	f()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spent
}
