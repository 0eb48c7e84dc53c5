package folder

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"gocloud.dev/blob/driver"
)

// defaultPage is how many objects a page holds when the caller does not say.
const defaultPage = 10_000

// ListPaged implements driver.Bucket. Only the folders that can hold keys of the page are read: not those beside the
// prefix, nor those before the page. Names that no key is escaped to (hidden files, say) and links to folders are not
// listed.
func (b *bucket) ListPaged(ctx context.Context, opts *driver.ListOptions) (*driver.ListPage, error) {
	if opts.Delimiter != "" && opts.Delimiter != "/" {
		return nil, errUnsupported
	}
	if opts.BeforeList != nil {
		if err := opts.BeforeList(func(any) bool { return false }); err != nil {
			return nil, err
		}
	}
	l := lister{
		bucket: b, prefix: opts.Prefix, after: string(opts.PageToken), limit: opts.PageSize, collapse: opts.Delimiter != "",
	}
	if l.limit == 0 {
		l.limit = defaultPage
	}
	err := l.walk(ctx, opts.Prefix[:strings.LastIndexByte(opts.Prefix, '/')+1])
	if err != nil && !errors.Is(err, errFull) {
		return nil, err
	}
	return &l.page, nil
}

// errFull ends a walk that has filled its page and knows that more follows.
var errFull = errors.New("page is full")

// lister collects, in the order of keys, the objects whose key begins with prefix and comes after after.
type lister struct {
	*bucket
	prefix, after string
	limit         int
	collapse      bool // folders below the prefix stand for what is in them
	page          driver.ListPage
}

// child is one entry of a folder: a key, or the beginning of keys, which ends in a slash.
type child struct {
	key   string
	entry fs.DirEntry
}

// walk visits the keys that begin with folder, which is empty or ends in a slash.
func (l *lister) walk(ctx context.Context, folder string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	children, err := l.children(folder)
	if err != nil {
		return err
	}
	for _, c := range children {
		if err := l.visit(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (l *lister) visit(ctx context.Context, c child) error {
	switch {
	case !c.entry.IsDir():
		return l.add(c)
	case !l.collapse || len(c.key) <= len(l.prefix):
		return l.walk(ctx, c.key)
	case c.key <= l.after:
		return nil
	}
	inside := lister{bucket: l.bucket, prefix: c.key, limit: 1}
	if err := inside.walk(ctx, c.key); err != nil && !errors.Is(err, errFull) {
		return err
	}
	if len(inside.page.Objects) == 0 {
		return nil
	}
	return l.put(&driver.ListObject{Key: c.key, IsDir: true})
}

// children returns the entries of a folder that hold or are keys asked for, in the order of keys: the name of a
// folder sorts as if it ended in a slash.
func (l *lister) children(folder string) ([]child, error) {
	inside, err := l.file(folder + "x")
	if err != nil {
		return nil, nil // no object can have such a name
	}
	f, err := os.Open(filepath.Dir(inside))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil && !errors.Is(err, syscall.ENOTDIR) {
		return nil, err
	}
	children := make([]child, 0, len(entries))
	for _, e := range entries {
		element, ok := unescape(e.Name())
		c := child{folder + element, e}
		if e.IsDir() {
			c.key += "/"
		}
		if ok && l.wants(c.key, e.IsDir()) {
			children = append(children, c)
		}
	}
	slices.SortFunc(children, func(a, b child) int { return strings.Compare(a.key, b.key) })
	return children, nil
}

// wants reports whether key, or for a folder a key that begins with it, may belong to the page.
func (l *lister) wants(key string, folder bool) bool {
	matches := strings.HasPrefix(key, l.prefix) || folder && strings.HasPrefix(l.prefix, key)
	return matches && (key > l.after || folder && strings.HasPrefix(l.after, key))
}

func (l *lister) add(c child) error {
	var info fs.FileInfo
	path, err := l.file(c.key)
	if err == nil {
		info, err = os.Stat(path)
	}
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil // deleted since the folder was read, or no object
	}
	if err != nil {
		return err
	}
	return l.put(&driver.ListObject{Key: c.key, ModTime: info.ModTime(), Size: info.Size()})
}

func (l *lister) put(o *driver.ListObject) error {
	if n := len(l.page.Objects); n == l.limit {
		l.page.NextPageToken = []byte(l.page.Objects[n-1].Key)
		return errFull
	}
	l.page.Objects = append(l.page.Objects, o)
	return nil
}
