package buckettest_test

import (
	"context"
	"errors"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"huntlake/writers/buckettest"
)

// Every fault does what it says, to the process that it befalls and to nobody else.
func TestFates(t *testing.T) {
	for _, c := range []struct {
		name  string
		kind  string // of the operation that it befalls
		fate  buckettest.Fate
		want  error
		there bool          // the object, afterwards
		took  time.Duration // at least
	}{
		{name: "none", kind: "create", there: true},
		{name: "before", kind: "create", fate: buckettest.Fate{Fault: buckettest.Before}, want: buckettest.ErrFault},
		{name: "after", kind: "create", fate: buckettest.Fate{Fault: buckettest.After}, want: buckettest.ErrFault, there: true},
		{name: "echo", kind: "create", fate: buckettest.Fate{Fault: buckettest.Echo}, want: fs.ErrExist, there: true},
		{name: "half-way", kind: "upload", fate: buckettest.Fate{Fault: buckettest.Half}, want: buckettest.ErrFault},
		{name: "crash after", kind: "create", fate: buckettest.Fate{Crash: true}, want: buckettest.ErrCrashed, there: true},
		{name: "crash before", kind: "create", fate: buckettest.Fate{Crash: true, Fault: buckettest.Before}, want: buckettest.ErrCrashed},
		{name: "pause", kind: "create", fate: buckettest.Fate{Pause: 3 * time.Hour}, there: true, took: 3 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, seen := time.Now(), 0
				store := buckettest.NewStore(func(buckettest.Effect) { seen++ })
				p, ctx := buckettest.NewProcess(t.Context(), buckettest.ProcessOptions{
					Name: "p", Now: time.Now, Least: time.Millisecond, Most: time.Second,
					Fate: func(s buckettest.Step) (f buckettest.Fate) {
						if s.Kind == c.kind {
							f = c.fate
						}
						return f
					},
				})
				if err := store.Open(p).Create(ctx, "log/1", []byte("content")); !errors.Is(err, c.want) {
					t.Errorf("create = %v, want %v", err, c.want)
				}
				if took := time.Since(began); took < c.took || took > c.took+4*time.Second {
					t.Errorf("it took %v, want about %v", took, c.took)
				}
				if there := len(store.Keys("log/")) == 1; there != c.there || seen > 0 != c.there {
					t.Errorf("the object is there: %v, with %d changes seen; want %v", there, seen, c.there)
				}
				if p.Dead() != c.fate.Crash || c.fate.Crash != errors.Is(context.Cause(ctx), buckettest.ErrCrashed) {
					t.Errorf("dead: %v, its context: %v", p.Dead(), context.Cause(ctx))
				}
				other, ctx := buckettest.NewProcess(t.Context(), buckettest.ProcessOptions{Name: "other", Now: time.Now})
				if err := store.Open(other).Create(ctx, "log/2", nil); err != nil {
					t.Errorf("another process: %v", err)
				}
			})
		})
	}
}
