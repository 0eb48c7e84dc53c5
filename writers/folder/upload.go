package folder

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"gocloud.dev/blob/driver"
)

const (
	uploadsFolder = ".uploads"
	// staleAfter is how long after its last write an upload is taken for dead. Being wrong costs its writer an error.
	staleAfter = 24 * time.Hour
	copyBuffer = 1 << 20
)

// NewTypedWriter implements driver.Bucket. It refuses a write that could replace an object.
func (b *bucket) NewTypedWriter(ctx context.Context, key, _ string, opts *driver.WriterOptions) (driver.Writer, error) {
	if !opts.IfNotExist {
		return nil, fmt.Errorf("write without IfNotExist: %w", errUnsupported)
	}
	path, err := b.file(key)
	if err != nil {
		return nil, err
	}
	if opts.BeforeWrite != nil {
		if err := opts.BeforeWrite(func(any) bool { return false }); err != nil {
			return nil, err
		}
	}
	f, err := b.newUpload()
	if err != nil {
		return nil, err
	}
	return &writer{alive: ctx.Err, bucket: b, path: path, file: f}, nil
}

// newUpload creates a file for an upload and, once, sweeps what dead processes left: by the clock of the file system,
// which is that of the new file.
func (b *bucket) newUpload() (*os.File, error) {
	folder := filepath.Join(b.root, uploadsFolder)
	if err := b.mkdir(folder); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(folder, rand.Text()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	b.sweep.Do(func() {
		if info, err := f.Stat(); err == nil {
			sweepUploads(folder, info.ModTime().Add(-staleAfter))
		}
	})
	return f, nil
}

// sweepUploads removes uploads last written before limit. What cannot be removed now is tried again by the next process.
func sweepUploads(folder string, limit time.Time) {
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && info.ModTime().Before(limit) {
			_ = os.Remove(filepath.Join(folder, e.Name()))
		}
	}
}

// writer is one upload. Once anything has failed, Close removes it and reports what.
type writer struct {
	alive  func() error // why the write was canceled, if it was
	bucket *bucket
	path   string
	file   *os.File
	err    error
}

// Write implements driver.Writer.
func (w *writer) Write(p []byte) (int, error) {
	if w.err == nil {
		w.err = w.alive()
	}
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.file.Write(p)
	w.err = err
	return n, err
}

// Upload implements driver.Uploader.
func (w *writer) Upload(r io.Reader) error {
	_, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{r}, make([]byte, copyBuffer))
	if w.err == nil {
		w.err = err
	}
	return err
}

// Close implements driver.Writer. It makes the object visible if all was written, and removes the upload either way.
func (w *writer) Close() error {
	if w.err == nil {
		w.err = w.alive()
	}
	if w.err == nil {
		w.err = w.file.Sync()
	}
	if err := w.file.Close(); w.err == nil {
		w.err = err
	}
	if w.err == nil {
		w.err = w.bucket.publish(w.file.Name(), w.path)
	}
	// What cannot be removed here is swept by another process, another day.
	_ = os.Remove(w.file.Name())
	return w.err
}

// publish gives a complete, synced upload its name. A crash before the link leaves an upload, which is swept; one
// after it leaves the object, whole, though its name may be lost if the machine lost power too. So after an error
// other than fs.ErrExist nobody knows, and the caller reads back.
func (b *bucket) publish(upload, path string) error {
	if err := b.mkdir(filepath.Dir(path)); err != nil {
		return err
	}
	err := b.link(upload, path)
	if linksUnsupported(err) {
		if err = b.rename(upload, path); errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
			return fmt.Errorf("%s has neither hard links nor a rename that does not replace; a lake needs one of them: %w", b.root, err)
		}
	}
	if err != nil {
		return err
	}
	return b.sync(filepath.Dir(path))
}

// linksUnsupported reports whether err says that the file system has no hard links; link(2) says EPERM for that.
func linksUnsupported(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EPERM)
}

// mkdir makes a folder and its parents and syncs their entries, once per folder: it may be another process that made
// them, and has not synced them yet. Of the root and above, only what this one made is synced.
func (b *bucket) mkdir(folder string) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var synced []string
	for f := folder; !b.durable[f]; f = filepath.Dir(f) {
		if err := b.sync(filepath.Dir(f)); err != nil {
			return err
		}
		synced = append(synced, f)
	}
	for _, f := range synced {
		b.durable[f] = true
	}
	return nil
}
