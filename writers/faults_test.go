package writers_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"sync"

	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"
)

// faulty is a store in memory that fails as its tests say.
type faulty struct {
	driver.Bucket // what is not below is not called

	mu      sync.Mutex
	objects map[string][]byte
	code    gcerrors.ErrorCode // of err
	err     error              // of every request, if not nil
	refusal error              // of every upload, at once
	readErr func(at int64) (budget int64, err error)
	lost    map[string]string // by the end of a key: "before" or "after" the effect of its creation, the answer is lost
	opened  int               // how many readers
	closed  int
}

func newFaulty() *faulty { return &faulty{objects: map[string][]byte{}} }

var errBroken = errors.New("connection reset by peer")

func (f *faulty) ErrorCode(err error) gcerrors.ErrorCode {
	switch {
	case f.err != nil && errors.Is(err, f.err):
		return f.code
	case errors.Is(err, fs.ErrNotExist):
		return gcerrors.NotFound
	case errors.Is(err, fs.ErrExist):
		return gcerrors.FailedPrecondition
	}
	return gcerrors.Unknown
}

func (f *faulty) As(any) bool { return false }

func (f *faulty) ErrorAs(err error, target any) bool { return false }

func (f *faulty) Close() error { return nil }

func (f *faulty) Delete(context.Context, string, *driver.DeleteOptions) error { return f.err }

func (f *faulty) ListPaged(context.Context, *driver.ListOptions) (*driver.ListPage, error) {
	return &driver.ListPage{}, f.err
}

func (f *faulty) Attributes(_ context.Context, key string) (*driver.Attributes, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	content, ok := f.objects[key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return &driver.Attributes{ContentType: "x/y", Size: int64(len(content))}, f.err
}

func (f *faulty) NewTypedWriter(ctx context.Context, key, contentType string, _ *driver.WriterOptions) (driver.Writer, error) {
	if f.refusal != nil {
		return nil, f.refusal
	}
	return &faultyWriter{faulty: f, key: key, ctx: ctx}, nil
}

// faultyWriter publishes what it has on Close unless its ctx has ended, as several real drivers do.
type faultyWriter struct {
	*faulty
	bytes.Buffer
	key string
	ctx context.Context
}

func (w *faultyWriter) Close() error {
	if err := errors.Join(w.ctx.Err(), w.err); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	lost := w.lost[path.Ext(w.key)]
	if lost == "before" {
		return errBroken
	}
	if _, there := w.objects[w.key]; there {
		return fs.ErrExist
	}
	w.objects[w.key] = bytes.Clone(w.Bytes())
	if lost == "after" {
		return errBroken
	}
	return nil
}

func (f *faulty) NewRangeReader(_ context.Context, key string, offset, length int64, _ *driver.ReaderOptions) (driver.Reader, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, f.err
	}
	content, ok := f.objects[key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	f.opened++
	end := int64(len(content))
	if length >= 0 {
		end = min(end, offset+length)
	}
	r := &faultyReader{faulty: f, Reader: bytes.NewReader(content[offset:end]), size: int64(len(content))}
	if f.readErr != nil {
		budget, err := f.readErr(offset)
		r.Reader = io.MultiReader(io.LimitReader(r.Reader, budget), failing{err})
	}
	return r, nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type faultyReader struct {
	*faulty
	io.Reader
	size int64
}

func (r *faultyReader) Close() error {
	r.closed++
	return nil
}

func (r *faultyReader) Attributes() *driver.ReaderAttributes {
	return &driver.ReaderAttributes{ContentType: "x/y", Size: r.size}
}
