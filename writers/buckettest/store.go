package buckettest

import (
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"gocloud.dev/blob"

	"huntlake/writers"
)

// Store is a store in memory that many processes of one test share. Each opens it for itself, so that what goes wrong
// for one is no matter to the others.
type Store struct {
	mu      sync.Mutex
	objects map[string]object
	keys    []string // ascending
	watch   func(Effect)
}

type object struct {
	content []byte
	created time.Time
}

// Effect is a change of a store.
type Effect struct {
	Process string // that made it
	Key     string
	Content []byte // of the object that was created; nil: it was deleted
}

// NewStore returns an empty store. watch, which may be nil, is called with every change, right after it has become
// visible and before the process that made it goes on.
func NewStore(watch func(Effect)) *Store {
	if watch == nil {
		watch = func(Effect) {}
	}
	return &Store{objects: map[string]object{}, watch: watch}
}

// Open returns the store as a process sees it.
func (s *Store) Open(p *Process) *writers.Bucket {
	return writers.Wrap(blob.NewBucket(&door{store: s, process: p}))
}

// Keys returns the keys that begin with prefix, in ascending order.
func (s *Store) Keys(prefix string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, to := s.find(prefix)
	return slices.Clone(s.keys[from:to])
}

// find returns where in keys those that begin with prefix are.
func (s *Store) find(prefix string) (from, to int) {
	from, _ = slices.BinarySearch(s.keys, prefix)
	n, _ := slices.BinarySearchFunc(s.keys[from:], prefix, func(key, prefix string) int {
		if strings.HasPrefix(key, prefix) {
			return -1
		}
		return 1
	})
	return from, from + n
}

func (s *Store) get(key string) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects[key]
	if !ok {
		return o, fs.ErrNotExist
	}
	return o, nil
}

func (s *Store) create(e Effect, now time.Time) error {
	s.mu.Lock()
	at, taken := slices.BinarySearch(s.keys, e.Key)
	if !taken {
		s.keys = slices.Insert(s.keys, at, e.Key)
		s.objects[e.Key] = object{e.Content, now}
	}
	s.mu.Unlock()
	if taken {
		return fs.ErrExist
	}
	s.watch(e)
	return nil
}

func (s *Store) remove(e Effect) error {
	s.mu.Lock()
	at, there := slices.BinarySearch(s.keys, e.Key)
	if there {
		s.keys = slices.Delete(s.keys, at, at+1)
		delete(s.objects, e.Key)
	}
	s.mu.Unlock()
	if !there {
		return fs.ErrNotExist
	}
	s.watch(e)
	return nil
}

// entry is one line of a listing.
type entry struct {
	key     string
	size    int64
	created time.Time
	folder  bool
}

// list returns at most limit entries whose key begins with prefix and comes after another, and whether there are more.
// Keys that have the delimiter behind the prefix are one entry, which ends with it; without delimiter each is its own.
func (s *Store) list(prefix, delimiter, after string, limit int) (page []entry, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, to := s.find(prefix)
	if after != "" {
		at, found := slices.BinarySearch(s.keys, after)
		if found {
			at++
		}
		from = max(from, at)
	}
	for _, key := range s.keys[min(from, to):to] {
		o := s.objects[key]
		e := entry{key: key, size: int64(len(o.content)), created: o.created}
		if rest := key[len(prefix):]; delimiter != "" && strings.Contains(rest, delimiter) {
			e = entry{key: key[:len(prefix)+strings.Index(rest, delimiter)+len(delimiter)], folder: true}
			if e.key == after {
				continue
			}
		}
		if len(page) == limit {
			return page, true
		}
		page = append(page, e)
		after = e.key
	}
	return page, false
}
