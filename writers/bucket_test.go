package writers_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"huntlake/writers"
	"huntlake/writers/buckettest"
)

func open(t testing.TB, address string) *writers.Bucket {
	t.Helper()
	b, err := writers.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func TestMemory(t *testing.T) {
	buckettest.Run(t, func(t *testing.T) *writers.Bucket { return open(t, "mem://") })
}

func TestFolder(t *testing.T) {
	buckettest.Run(t, func(t *testing.T) *writers.Bucket { return open(t, t.TempDir()) })
}

func TestMeaningOfErrors(t *testing.T) {
	sentinels := []error{fs.ErrExist, fs.ErrNotExist, fs.ErrPermission, writers.ErrNoBucket}
	for _, c := range []struct {
		code gcerrors.ErrorCode
		want error
	}{
		{gcerrors.FailedPrecondition, fs.ErrExist},
		{gcerrors.NotFound, fs.ErrNotExist},
		{gcerrors.PermissionDenied, fs.ErrPermission},
		{gcerrors.Unknown, nil}, // S3's 409, a lost answer: the object may be there or not
		{gcerrors.Internal, nil},
	} {
		t.Run(c.code.String(), func(t *testing.T) {
			f := newFaulty()
			f.code, f.err = c.code, errors.New("409 ConditionalRequestConflict")
			b := writers.Wrap(blob.NewBucket(f))
			_, readErr := b.Read(t.Context(), "log/1", 1)
			_, listErr := b.List(t.Context(), "log/", 1)
			for verb, err := range map[string]error{
				"create": b.Create(t.Context(), "log/1", nil), "read": readErr, "list": listErr,
			} {
				for _, s := range sentinels {
					want := c.want
					if want == fs.ErrNotExist && verb != "read" {
						want = writers.ErrNoBucket
					}
					if got, want := errors.Is(err, s), s == want; got != want {
						t.Errorf("%s: %v: errors.Is(err, %v) = %v, want %v", verb, err, s, got, want)
					}
				}
				if !errors.Is(err, f.err) || !strings.HasPrefix(err.Error(), verb+" log/") {
					t.Errorf("%s: got %v, want the verb, the place and the store's error", verb, err)
				}
			}
			err := b.Delete(t.Context(), "log/1")
			if got, want := err == nil, c.want == fs.ErrNotExist; got != want {
				t.Errorf("delete: got %v", err)
			}
		})
	}
}

// TestSecretsStayOut checks messages against what URLs may hold.
func TestSecretsStayOut(t *testing.T) {
	const secret = "hunter2"
	// A driver says where it was when its ctx ended or a connection timed out, too, and so may a body that breaks off.
	for _, cause := range []error{errors.New("no route"), context.Canceled, context.DeadlineExceeded, os.ErrDeadlineExceeded} {
		synctest.Test(t, func(t *testing.T) {
			said := fmt.Errorf(`Get "https://lake.blob.core.windows.net/c/log/1?sv=1&sig=%s": dial tcp: %w`, secret, cause)
			f := newFaulty()
			f.objects["log/1"] = []byte("x")
			f.readErr = func(int64) (int64, error) { return 0, said }
			b := writers.Wrap(blob.NewBucket(f))
			_, body := b.Read(t.Context(), "log/1", 1)
			f.err = said
			_, read := b.Read(t.Context(), "log/1", 1)
			_, list := b.List(t.Context(), "log/1", 1)
			for what, err := range map[string]error{
				"read log/1 at byte 0": body, "read log/1": read, "list log/1": list,
				"create log/1": b.Create(t.Context(), "log/1", nil), "delete log/1": b.Delete(t.Context(), "log/1"),
			} {
				want := what + `: Get "https://lake.blob.core.windows.net/c/log/1": dial tcp: ` + cause.Error()
				if err == nil || err.Error() != want || !errors.Is(err, cause) {
					t.Errorf("got %v, want %s", err, want)
				}
			}
		})
	}
	for _, address := range []string{
		"s3://AKID:" + secret + "@lake/prefix", "s3://lake/prefix?no_such_option=" + secret, "ftp://u:" + secret + "@x/y",
		"azblob://lake?sig=" + secret, "file:///lake?key=" + secret, "s3://lake%zz" + secret, "file://" + secret + "@lake/x",
	} {
		_, err := writers.Open(t.Context(), address)
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("open %s: got %v, want an error without the secret", address, err)
		}
	}
}

func TestOpen(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "y")
	dir := filepath.ToSlash(t.TempDir())
	t.Chdir(dir)
	for _, c := range []struct{ address, want string }{
		{"s3://lake?region=us-east-1", "s3://lake"},
		{"s3://lake/a/b/?region=us-east-1", "s3://lake/a/b"},
		{"mem://", "mem:/"},
		{"file://" + dir + "/new/lake", dir + "/new/lake"},
		{dir, dir},
		{"./lake/", "lake"},
	} {
		if got := open(t, c.address).String(); got != c.want {
			t.Errorf("open %s: got place %q, want %q", c.address, got, c.want)
		}
	}
	create := open(t, "file://"+dir+"/new/lake").Create(t.Context(), "T/a", []byte("x"))
	got, err := open(t, "new").Read(t.Context(), "lake/T/a", 1)
	if create != nil || err != nil || string(got) != "x" {
		t.Errorf("through two addresses: created %v, read %q, %v", create, got, err)
	}
}

// TestBrokenReadsGoOn cuts every body short, at every place.
func TestBrokenReadsGoOn(t *testing.T) {
	const content = "0123456789"
	for budget := range int64(12) {
		synctest.Test(t, func(t *testing.T) {
			f := newFaulty()
			f.objects["x"] = []byte(content)
			f.readErr = func(int64) (int64, error) { return budget, errBroken }
			b := writers.Wrap(blob.NewBucket(f))
			got, err := b.Read(t.Context(), "x", 10)
			if budget == 0 {
				if !errors.Is(err, errBroken) || f.opened != 5 {
					t.Errorf("nothing ever came: got %v after %d requests, want the store's error after 5", err, f.opened)
				}
			} else if err != nil || string(got) != content {
				t.Errorf("cut every %d bytes: got %q, %v", budget, got, err)
			}
			if f.opened != f.closed {
				t.Errorf("opened %d readers, closed %d", f.opened, f.closed)
			}
		})
	}
}

func TestBrokenReadStopsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFaulty()
		f.objects["x"] = []byte("0123456789")
		f.readErr = func(int64) (int64, error) { return 0, errBroken }
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := writers.Wrap(blob.NewBucket(f)).Read(ctx, "x", 10)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("read: got %v, want the end of its ctx", err)
		}
	})
}
