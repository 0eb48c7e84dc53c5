package buckettest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"
)

// door is a store as one process sees it.
type door struct {
	store   *Store
	process *Process
}

// ErrorCode implements driver.Bucket.
func (d *door) ErrorCode(err error) gcerrors.ErrorCode {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return gcerrors.NotFound
	case errors.Is(err, fs.ErrExist):
		return gcerrors.FailedPrecondition
	case errors.Is(err, context.Canceled):
		return gcerrors.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return gcerrors.DeadlineExceeded
	}
	return gcerrors.Unknown
}

// As implements driver.Bucket.
func (d *door) As(any) bool { return false }

// ErrorAs implements driver.Bucket.
func (d *door) ErrorAs(error, any) bool { return false }

// Close implements driver.Bucket.
func (d *door) Close() error { return nil }

// Attributes implements driver.Bucket.
func (d *door) Attributes(ctx context.Context, key string) (a *driver.Attributes, err error) {
	err = d.process.Do(ctx, "stat", key, func(bool) error {
		o, err := d.store.get(key)
		a = &driver.Attributes{ContentType: "application/octet-stream", ModTime: o.created, Size: int64(len(o.content))}
		return err
	})
	return a, err
}

// ListPaged implements driver.Bucket.
func (d *door) ListPaged(ctx context.Context, opts *driver.ListOptions) (*driver.ListPage, error) {
	size := opts.PageSize
	if size == 0 {
		size = 1000
	}
	var out driver.ListPage
	err := d.process.Do(ctx, "list", opts.Prefix, func(bool) error {
		page, more := d.store.list(opts.Prefix, opts.Delimiter, string(opts.PageToken), size)
		for _, e := range page {
			out.Objects = append(out.Objects, &driver.ListObject{Key: e.key, ModTime: e.created, Size: e.size, IsDir: e.folder})
		}
		if more {
			out.NextPageToken = []byte(page[len(page)-1].key)
		}
		return nil
	})
	return &out, err
}

// NewRangeReader implements driver.Bucket.
func (d *door) NewRangeReader(ctx context.Context, key string, offset, length int64, _ *driver.ReaderOptions) (r driver.Reader, err error) {
	err = d.process.Do(ctx, "read", key, func(half bool) error {
		o, err := d.store.get(key)
		if err != nil {
			return err
		}
		size := int64(len(o.content))
		end := size
		if length >= 0 {
			end = min(size, offset+length)
		}
		if offset > end {
			return fmt.Errorf("byte %d of %d", offset, size)
		}
		content := o.content[offset:end]
		if half {
			r = &download{io.MultiReader(bytes.NewReader(content[:len(content)/2]), broken{}), d.attributes(o)}
			return nil
		}
		r = &download{bytes.NewReader(content), d.attributes(o)}
		return nil
	})
	return r, err
}

func (d *door) attributes(o object) *driver.ReaderAttributes {
	return &driver.ReaderAttributes{ContentType: "application/octet-stream", ModTime: o.created, Size: int64(len(o.content))}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, ErrFault }

type download struct {
	io.Reader
	attributes *driver.ReaderAttributes
}

func (*download) Close() error { return nil }

func (r *download) Attributes() *driver.ReaderAttributes { return r.attributes }

func (*download) As(any) bool { return false }

// NewTypedWriter implements driver.Bucket. An upload is two operations: one that begins it, and may have its bytes break
// off half-way, and one that makes the object.
func (d *door) NewTypedWriter(ctx context.Context, key, _ string, opts *driver.WriterOptions) (w driver.Writer, err error) {
	if !opts.IfNotExist {
		return nil, errors.New("a lake's objects are created, never overwritten")
	}
	err = d.process.Do(ctx, "upload", key, func(half bool) error {
		w = &upload{door: d, key: key, ctx: ctx, breaks: half}
		return nil
	})
	return w, err
}

// upload publishes what it has on Close unless its ctx has ended by then, as several real drivers do.
type upload struct {
	*door
	bytes.Buffer
	key    string
	ctx    context.Context
	breaks bool
}

// Upload implements driver.Uploader.
func (w *upload) Upload(r io.Reader) error {
	if !w.breaks {
		_, err := w.ReadFrom(r)
		return err
	}
	n, err := io.CopyN(&w.Buffer, r, brokenAfter)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return fmt.Errorf("upload %s after %d bytes: %w", w.key, n, ErrFault)
}

// brokenAfter is how many bytes of an upload arrive before it breaks off.
const brokenAfter = 300

// Close implements io.Closer.
func (w *upload) Close() error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if w.breaks {
		return fmt.Errorf("upload %s: %w", w.key, ErrFault)
	}
	return w.process.Do(w.ctx, "create", w.key, func(bool) error {
		return w.store.create(Effect{Process: w.process.opts.Name, Key: w.key, Content: bytes.Clone(w.Bytes())}, w.process.opts.Now())
	})
}

// Delete implements driver.Bucket.
func (d *door) Delete(ctx context.Context, key string, _ *driver.DeleteOptions) error {
	return d.process.Do(ctx, "delete", key, func(bool) error {
		return d.store.remove(Effect{Process: d.process.opts.Name, Key: key})
	})
}

// Copy implements driver.Bucket.
func (d *door) Copy(context.Context, string, string, *driver.CopyOptions) error {
	return errors.New("a lake's objects are not copied")
}

// SignedURL implements driver.Bucket.
func (d *door) SignedURL(context.Context, string, *driver.SignedURLOptions) (string, error) {
	return "", errors.New("a lake has no signed URLs")
}
