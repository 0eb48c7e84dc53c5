package checkpoint_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"huntlake/checkpoint"
)

// fault says how an operation on a bucket fails.
type fault uint8

const (
	none   fault = iota
	before       // nothing happened
	after        // it happened, and the caller is not told
	echo         // it happened, and a try of the bucket's own is told that the key is there
)

var errInjected = errors.New("injected fault")

// bucket is a store in memory that fails on request. Operations are numbered from 1.
type bucket struct {
	mu      sync.Mutex
	objects map[string][]byte
	ops     int
	fail    func(op int, verb string) fault
	hook    func(verb, key string) // called without the lock, before the operation
}

func newBucket() *bucket {
	return &bucket{objects: map[string][]byte{}, fail: func(int, string) fault { return none }}
}

func (b *bucket) enter(verb, key string) fault {
	if hook := b.hook; hook != nil {
		hook(verb, key)
	}
	b.mu.Lock()
	b.ops++
	return b.fail(b.ops, verb)
}

// Create implements checkpoint.Bucket.
func (b *bucket) Create(_ context.Context, key string, content []byte) error {
	f := b.enter("create", key)
	defer b.mu.Unlock()
	if f == before {
		return fmt.Errorf("create %s: %w", key, errInjected)
	}
	if _, taken := b.objects[key]; taken {
		return fmt.Errorf("create %s: %w", key, fs.ErrExist)
	}
	b.objects[key] = slices.Clone(content)
	switch f {
	case after:
		return fmt.Errorf("create %s: %w", key, errInjected)
	case echo:
		return fmt.Errorf("create %s: %w", key, fs.ErrExist)
	}
	return nil
}

// Read implements checkpoint.Bucket.
func (b *bucket) Read(_ context.Context, key string, limit int64) ([]byte, error) {
	f := b.enter("read", key)
	defer b.mu.Unlock()
	if f != none {
		return nil, fmt.Errorf("read %s: %w", key, errInjected)
	}
	text, ok := b.objects[key]
	if !ok {
		return nil, fmt.Errorf("read %s: %w", key, fs.ErrNotExist)
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("read %s: %d bytes are over the limit of %d", key, len(text), limit)
	}
	return slices.Clone(text), nil
}

// First implements checkpoint.Bucket.
func (b *bucket) First(_ context.Context, prefix string, n int) ([]string, error) {
	f := b.enter("first", prefix)
	defer b.mu.Unlock()
	if f != none {
		return nil, fmt.Errorf("list %s: %w", prefix, errInjected)
	}
	keys := slices.DeleteFunc(slices.Sorted(maps.Keys(b.objects)), func(key string) bool { return !strings.HasPrefix(key, prefix) })
	return keys[:min(n, len(keys))], nil
}

// Delete implements checkpoint.Bucket.
func (b *bucket) Delete(_ context.Context, key string) error {
	f := b.enter("delete", key)
	defer b.mu.Unlock()
	if f != before {
		delete(b.objects, key)
	}
	if f != none {
		return fmt.Errorf("delete %s: %w", key, errInjected)
	}
	return nil
}

// put places an object that no ledger has written.
func (b *bucket) put(key string, content []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.objects[key] = content
}

// nonces makes nonces that no two callers share.
var nonces struct {
	sync.Mutex
	n int
}

func nonce() string {
	nonces.Lock()
	defer nonces.Unlock()
	nonces.n++
	return fmt.Sprintf("nonce%d", nonces.n)
}

func options() checkpoint.Options {
	return checkpoint.Options{
		Ledger: ours, Now: func() time.Time { return at(6).Time() }, Nonce: nonce, Program: "huntlake test",
	}
}

func open(t *testing.T, b checkpoint.Bucket) *checkpoint.Ledger {
	t.Helper()
	l, err := checkpoint.Open(t.Context(), b, options())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// body makes an Append that builds the same body whatever the state is.
func body(b checkpoint.Body) func(*checkpoint.State, int64) (checkpoint.Body, error) {
	return func(*checkpoint.State, int64) (checkpoint.Body, error) { return b, nil }
}

// note is a body that is valid on every state, and tells its name.
func note(name string) *checkpoint.Gap {
	return &checkpoint.Gap{Stream: 1, Start: at(0), End: at(1), Below: at(0), Why: name}
}

// names are the notes of a ledger, in order.
func names(l *checkpoint.Ledger) (out []string) {
	l.View(func(s *checkpoint.State) {
		for _, g := range s.Gaps {
			out = append(out, g.Why)
		}
	})
	return out
}

// encodedState is a ledger's state as a snapshot would have it.
func encodedState(t *testing.T, l *checkpoint.Ledger) (text string) {
	t.Helper()
	l.View(func(s *checkpoint.State) {
		b, err := checkpoint.EncodeSnapshot(s)
		if err != nil {
			t.Error(err)
		}
		text = string(b)
	})
	return text
}
