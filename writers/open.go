package writers

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/azureblob"
	_ "gocloud.dev/blob/gcsblob" // gs://, in openGoogle
	"gocloud.dev/blob/memblob"
	"gocloud.dev/blob/s3blob"

	"huntlake/writers/folder"
)

// Open returns the bucket that address names:
//
//	/var/lake, ./lake              a folder, created where it is missing
//	file:///var/lake               the same
//	s3://bucket/prefix?region=…    Amazon S3 and what speaks its protocol
//	gs://bucket/prefix             Google Cloud Storage
//	azblob://container/prefix      Azure Blob Storage
//	mem://                         memory, gone with the process
//
// The options after ? and the environment variables that hold credentials are those of gocloud.dev/blob's drivers.
// Nothing is asked of the store yet. The caller closes the bucket.
func Open(ctx context.Context, address string) (*Bucket, error) {
	if !strings.Contains(address, "://") {
		return openFolder(address)
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("open bucket: its URL does not parse") // the parser's error repeats the URL, credentials and all
	}
	if u.User != nil {
		return nil, fmt.Errorf("open bucket %s: credentials do not belong in the URL", placeOf(u))
	}
	switch u.Scheme {
	case "file":
		return openFile(u)
	case memblob.Scheme:
		return wrap(memblob.OpenBucket(&memblob.Options{NoMD5: true}), "mem:/"), nil
	case "s3", "gs", "azblob":
		return openRemote(ctx, u)
	}
	return nil, fmt.Errorf("open bucket %s: scheme is not one of file, s3, gs, azblob, mem", placeOf(u))
}

func openFolder(dir string) (*Bucket, error) {
	b, err := folder.Open(dir)
	if err != nil {
		return nil, err
	}
	return wrap(b, filepath.ToSlash(filepath.Clean(dir))), nil
}

func openFile(u *url.URL) (*Bucket, error) {
	switch {
	case u.Host != "":
		return nil, fmt.Errorf("open bucket %s: %q stands where a host does; write file:///folder, or the folder's path alone", placeOf(u), u.Host)
	case u.RawQuery != "":
		return nil, fmt.Errorf("open bucket %s: a folder takes no options", placeOf(u))
	}
	dir := filepath.FromSlash(u.Path)
	if runtime.GOOS == "windows" {
		dir = strings.TrimPrefix(dir, `\`) // file:///C:/lake
	}
	return openFolder(dir)
}

func openRemote(ctx context.Context, u *url.URL) (*Bucket, error) {
	place := placeOf(u)
	prefix := strings.Trim(u.Path, "/")
	root := *u
	root.Path, root.RawPath = "", ""
	b, err := openURL(ctx, &root)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %s", place, strings.TrimPrefix(err.Error(), fmt.Sprintf("open bucket %v: ", &root)))
	}
	if prefix != "" {
		b = blob.PrefixedBucket(b, prefix+"/")
	}
	return wrap(b, place), nil
}

// openURL opens a bucket as gocloud.dev does, with clients that stand a store that is started again, and that send
// checksums: Amazon's a CRC32 of each part, Google's a CRC32C of the object, both unasked.
func openURL(ctx context.Context, u *url.URL) (*blob.Bucket, error) {
	switch u.Scheme {
	case s3blob.Scheme:
		return openAmazon(ctx, u)
	case azureblob.Scheme:
		return openAzure(ctx, u)
	}
	return openGoogle(ctx, u)
}

// retryPause is the longest time between two attempts of a request, where a client lets us say so.
const retryPause = 8 * time.Second

// errClient says that a driver speaks through another client than the one that its bucket is to be told of. It cannot
// come but with another version of the driver.
var errClient = errors.New("the driver's client is not of the kind that is known")

// placeOf is u without credentials and options.
func placeOf(u *url.URL) string {
	return u.Scheme + "://" + u.Host + strings.TrimRight(u.Path, "/")
}
