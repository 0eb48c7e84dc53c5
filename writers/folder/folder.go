package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"
)

// contentType is what every object is said to be: a file system keeps no content type.
const contentType = "application/octet-stream"

// Open returns the folder dir as a bucket, and creates it and its parents where they are missing. A folder that exists
// need not be writable.
func Open(dir string) (*blob.Bucket, error) {
	b, err := open(dir)
	if err != nil {
		return nil, err
	}
	return blob.NewBucket(b), nil
}

func open(dir string) (*bucket, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open folder %s: %w", dir, err)
	}
	old := root // what was there before: the entries of all below it are synced when something is put there
	for {
		if _, err := os.Stat(old); err == nil || old == filepath.Dir(old) {
			break
		}
		old = filepath.Dir(old)
	}
	if err := os.MkdirAll(root, 0o777); err != nil {
		return nil, fmt.Errorf("open folder: %w", err)
	}
	return &bucket{root: root, link: os.Link, rename: renameExclusive, sync: syncFolder, durable: map[string]bool{old: true}}, nil
}

// bucket implements driver.Bucket. All its methods are safe to call concurrently, also from several processes.
type bucket struct {
	root   string
	link   func(oldname, newname string) error
	rename func(oldname, newname string) error
	sync   func(folder string) error // its entries
	sweep  sync.Once

	mu      sync.Mutex
	durable map[string]bool // folders whose own entry is known to be synced
}

var errUnsupported = fmt.Errorf("not in a folder bucket: %w", errors.ErrUnsupported)

func (b *bucket) file(key string) (string, error) {
	path, err := pathOf(key)
	return filepath.Join(b.root, path), err
}

// stat returns the path and the file of an object. A folder is none.
func (b *bucket) stat(key string) (string, fs.FileInfo, error) {
	path, err := b.file(key)
	if err != nil {
		return "", nil, err
	}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() || errors.Is(err, syscall.ENOTDIR) {
		err = &fs.PathError{Op: "stat", Path: path, Err: fs.ErrNotExist}
	}
	return path, info, err
}

// Attributes implements driver.Bucket.
func (b *bucket) Attributes(_ context.Context, key string) (*driver.Attributes, error) {
	_, info, err := b.stat(key)
	if err != nil {
		return nil, err
	}
	return &driver.Attributes{
		ContentType: contentType,
		ModTime:     info.ModTime(),
		Size:        info.Size(),
		ETag:        fmt.Sprintf("\"%x-%x\"", info.ModTime().UnixNano(), info.Size()),
	}, nil
}

// NewRangeReader implements driver.Bucket.
func (b *bucket) NewRangeReader(_ context.Context, key string, offset, length int64, opts *driver.ReaderOptions) (driver.Reader, error) {
	path, info, err := b.stat(key)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if opts.BeforeRead != nil {
		if err := opts.BeforeRead(func(any) bool { return false }); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	if length < 0 {
		length = max(info.Size()-offset, 0)
	}
	return &reader{
		Reader: io.NewSectionReader(f, offset, length),
		Closer: f,
		attrs:  driver.ReaderAttributes{ContentType: contentType, ModTime: info.ModTime(), Size: info.Size()},
	}, nil
}

type reader struct {
	io.Reader
	io.Closer
	attrs driver.ReaderAttributes
}

// Attributes implements driver.Reader.
func (r *reader) Attributes() *driver.ReaderAttributes { return &r.attrs }

// As implements driver.Reader.
func (r *reader) As(any) bool { return false }

// Delete implements driver.Bucket. The folders that the object lay in stay: another process may be about to use them.
func (b *bucket) Delete(_ context.Context, key string, opts *driver.DeleteOptions) error {
	path, _, err := b.stat(key)
	if err != nil {
		return err
	}
	if opts.BeforeDelete != nil {
		if err := opts.BeforeDelete(func(any) bool { return false }); err != nil {
			return err
		}
	}
	return os.Remove(path)
}

// ErrorCode implements driver.Bucket.
func (b *bucket) ErrorCode(err error) gcerrors.ErrorCode {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return gcerrors.NotFound
	case errors.Is(err, fs.ErrExist):
		return gcerrors.FailedPrecondition
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return gcerrors.PermissionDenied
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return gcerrors.ResourceExhausted
	case errors.Is(err, errors.ErrUnsupported):
		return gcerrors.Unimplemented
	}
	return gcerrors.Unknown
}

// As implements driver.Bucket.
func (b *bucket) As(any) bool { return false }

// ErrorAs implements driver.Bucket.
func (b *bucket) ErrorAs(error, any) bool { return false }

// Copy implements driver.Bucket; it is not supported.
func (b *bucket) Copy(context.Context, string, string, *driver.CopyOptions) error {
	return errUnsupported
}

// SignedURL implements driver.Bucket; it is not supported.
func (b *bucket) SignedURL(context.Context, string, *driver.SignedURLOptions) (string, error) {
	return "", errUnsupported
}

// Close implements driver.Bucket.
func (b *bucket) Close() error { return nil }
