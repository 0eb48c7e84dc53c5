package folder

import (
	"path/filepath"

	"gocloud.dev/blob"
)

// OpenWith opens dir as Open does, on a file system whose link and rename are the given ones.
func OpenWith(dir string, link, rename func(oldname, newname string) error) (*blob.Bucket, error) {
	b, err := open(dir)
	if err != nil {
		return nil, err
	}
	b.link, b.rename = link, rename
	return blob.NewBucket(b), nil
}

// OpenSyncing opens dir as Open does, and tells sync of each folder whose entries are made durable.
func OpenSyncing(dir string, sync func(folder string)) (*blob.Bucket, error) {
	b, err := open(dir)
	if err != nil {
		return nil, err
	}
	b.sync = func(folder string) error {
		sync(folder)
		return syncFolder(folder)
	}
	return blob.NewBucket(b), nil
}

// RenameExclusive is the rename that is used where there are no hard links.
var RenameExclusive = renameExclusive

// PathOf returns the file of a key, with slashes.
func PathOf(key string) (string, error) {
	path, err := pathOf(key)
	return filepath.ToSlash(path), err
}

// KeyElement returns the element of a key that name stands for.
func KeyElement(name string) (string, bool) { return unescape(name) }
