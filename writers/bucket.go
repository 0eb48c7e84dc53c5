package writers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob"
)

// Bucket is the store that a lake lies in. What it promises, on every store (package buckettest holds a store to it):
//
//   - An object is created whole or not at all, once, and never changes. Of several creators of a key, in one process
//     or many, exactly one succeeds.
//   - When a creation has returned, the object is durable, and every later Read, Section and List shows it.
//   - After an error other than fs.ErrExist nobody knows whether the object was created; after fs.ErrExist the object
//     may be the caller's own, because a store's client repeats requests whose answer was lost. Either way the caller
//     reads back and compares.
//   - What is uploaded carries checksums, and a store that verifies them refuses what was damaged on its way.
//
// Errors match fs.ErrExist, fs.ErrNotExist, fs.ErrPermission, ErrNoBucket and ErrNoCredentials where that is what happened,
// and name the object's place, without what a URL may hold of credentials. All methods are safe to call concurrently. Requests that
// fail in passing are repeated by the store's client, and a read that breaks off is continued; callers need not retry.
type Bucket struct {
	blob  *blob.Bucket
	place string // what error messages put before a key
	// abortsItself: the driver undoes an upload whose reader has failed, and needs for that a ctx that has not ended.
	abortsItself bool
}

// Wrap gives b the contract of a Bucket, which b's driver must be able to keep.
func Wrap(b *blob.Bucket) *Bucket { return wrap(b, "") }

func wrap(b *blob.Bucket, place string) *Bucket {
	var client *s3.Client
	return &Bucket{blob: b, place: place, abortsItself: b.As(&client)}
}

// Object is one entry of a listing.
type Object struct {
	Key     string
	Size    int64
	ModTime time.Time
}

// Create creates the object key with the given content.
func (b *Bucket) Create(ctx context.Context, key string, content []byte) error {
	return b.Upload(ctx, key, bytes.NewReader(content))
}

// Upload creates the object key with what r holds. If r fails, nothing becomes visible and r's error is returned; nor if
// ctx ends while r is read.
func (b *Bucket) Upload(ctx context.Context, key string, r io.Reader) error {
	source := &failingReader{Reader: r, ended: func() error { return context.Cause(ctx) }}
	grace := time.Duration(0)
	if b.abortsItself {
		grace = abortTime
	}
	upload, cancel := outlive(ctx, grace)
	defer cancel()
	if !b.abortsItself {
		source.onFailure = cancel // some drivers publish what came before the failure, unless their ctx has ended
	}
	var body io.Reader = source
	if seeker, ok := r.(io.ReadSeeker); ok {
		body = struct {
			*failingReader
			io.Seeker
		}{source, seeker} // a known length saves drivers a buffer
	}
	err := b.blob.Upload(upload, key, body, &blob.WriterOptions{ContentType: contentType(key), IfNotExist: true})
	if source.err != nil {
		return fmt.Errorf("create %s: %w", b.at(key), source.err)
	}
	return b.translate("create", key, err)
}

// abortTime is how long after its ctx an upload may go on: to be given up, so that nothing of it is left to be paid for,
// or to be finished where all of it was read.
const abortTime = 5 * time.Second

// outlive returns a context that ends after ctx has, by the given time.
func outlive(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	if by == 0 {
		return context.WithCancel(ctx)
	}
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		_ = wait(later, by) // or for the caller to cancel
		cancel()
	})
	return later, func() { stop(); cancel() }
}

// failingReader remembers why its source failed. It fails once its ctx has ended.
type failingReader struct {
	io.Reader
	ended     func() error
	onFailure func()
	err       error
}

func (r *failingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if ended := r.ended(); ended != nil {
		n, err = 0, ended
	}
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
		if r.onFailure != nil {
			r.onFailure()
		}
	}
	return n, err
}

func contentType(key string) string {
	switch path.Ext(key) {
	case ".json":
		return "application/json"
	case ".arrow":
		return "application/vnd.apache.arrow.stream"
	case ".parquet":
		return "application/vnd.apache.parquet"
	}
	return "application/octet-stream"
}

// Read returns the whole object. One that is larger than limit bytes is an error.
func (b *Bucket) Read(ctx context.Context, key string, limit int64) ([]byte, error) {
	r, err := b.open(ctx, key, 0, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if r.size > limit {
		return nil, fmt.Errorf("read %s: %d bytes, more than the %d expected", b.at(key), r.size, limit)
	}
	content := make([]byte, r.size)
	if _, err := io.ReadFull(r, content); err != nil {
		return nil, err
	}
	return content, nil
}

// Section returns the bytes [offset, offset+length) of the object. Where the object ends before that, reading fails
// with io.ErrUnexpectedEOF.
func (b *Bucket) Section(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	return b.open(ctx, key, offset, length)
}

// List returns the objects whose key begins with prefix, by ascending key, at most limit of them, or all if limit is 0.
// Keys with characters that a store must escape, which no key of a lake has, may come elsewhere.
func (b *Bucket) List(ctx context.Context, prefix string, limit int) ([]Object, error) {
	return b.list(ctx, &blob.ListOptions{Prefix: prefix}, limit)
}

// Children returns the keys that begin with folder, which ends in a slash, and have no further slash; for those that do,
// the folder that they are in, once, up to and including that slash.
func (b *Bucket) Children(ctx context.Context, folder string) ([]string, error) {
	objects, err := b.list(ctx, &blob.ListOptions{Prefix: folder, Delimiter: "/"}, 0)
	return keysOf(objects), err
}

func (b *Bucket) list(ctx context.Context, opts *blob.ListOptions, limit int) ([]Object, error) {
	var objects []Object
	page := firstPage
	if limit > 0 {
		page = min(limit, page)
	}
	token := blob.FirstPageToken
	for len(token) > 0 && (limit == 0 || len(objects) < limit) {
		if limit > 0 {
			page = min(page, limit-len(objects))
		}
		entries, next, err := b.blob.ListPage(ctx, token, page, opts)
		if err != nil {
			return nil, b.translate("list", opts.Prefix, err)
		}
		for _, e := range entries {
			objects = append(objects, Object{Key: e.Key, Size: e.Size, ModTime: e.ModTime})
		}
		token, page = next, min(page*10, lastPage)
	}
	return objects, nil
}

// Pages grow from firstPage to lastPage objects: stores give 1,000 a request whatever is asked, but a folder is read
// anew for every page.
const (
	firstPage = 1_000
	lastPage  = 1_000_000
)

// Delete removes the object. That it is not there is no error.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	err := b.translate("delete", key, b.blob.Delete(ctx, key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// size returns the size of an object, or fs.ErrNotExist.
func (b *Bucket) size(ctx context.Context, key string) (int64, error) {
	a, err := b.blob.Attributes(ctx, key)
	if err != nil {
		return 0, b.translate("read", key, err)
	}
	return a.Size, nil
}

// First returns the first n keys that begin with prefix, in ascending order.
func (b *Bucket) First(ctx context.Context, prefix string, n int) ([]string, error) {
	objects, err := b.List(ctx, prefix, n)
	return keysOf(objects), err
}

func keysOf(objects []Object) []string {
	keys := make([]string, len(objects))
	for i, o := range objects {
		keys[i] = o.Key
	}
	return keys
}

// Close ends the use of the bucket.
func (b *Bucket) Close() error { return b.blob.Close() }

// String returns the bucket's place, without credentials and options.
func (b *Bucket) String() string { return b.place }

func (b *Bucket) at(key string) string {
	if b.place == "" {
		return key
	}
	return b.place + "/" + key
}
