// Package buckettest holds a store to the contract of writers.Bucket. Every store that a lake may lie in must pass it:
// the ones of this module in their own tests, real servers in the tests that start them.
package buckettest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/writers"
)

// LargeEnv names the environment variable that sets the size in bytes of the suite's largest object. Without it the
// object is just larger than what S3 and Azure take in one request.
const LargeEnv = "HUNTLAKE_TEST_LARGE_BYTES"

const largeDefault = 17 << 20

// Run holds the store that open opens to the contract. Each call of open returns an empty bucket, which Run closes.
func Run(t *testing.T, open func(t *testing.T) *writers.Bucket) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, b *writers.Bucket)
	}{
		{"create is once", createIsOnce},
		{"one of many creators wins", oneWins},
		{"cut uploads leave nothing", cutUploads},
		{"canceled upload leaves nothing", canceledUpload},
		{"failing reader", failingUpload},
		{"large object", largeObject},
		{"ranges", ranges},
		{"missing", missing},
		{"read limit", readLimit},
		{"list order", listOrder},
		{"list prefix and limit", listPrefix},
		{"list pages", listPages},
		{"children", children},
		{"delete", deletion},
		{"legal keys", legalKeys},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t)
			defer func() {
				if err := b.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			}()
			c.test(t, b)
		})
	}
}

func create(t *testing.T, b *writers.Bucket, key, content string) {
	t.Helper()
	if err := b.Create(t.Context(), key, []byte(content)); err != nil {
		t.Fatal(err)
	}
}

func wantContent(t *testing.T, b *writers.Bucket, key, want string) {
	t.Helper()
	got, err := b.Read(t.Context(), key, int64(len(want)))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Fatalf("read %s: got %.40q of %d bytes, want %.40q of %d", key, got, len(got), want, len(want))
	}
}

func wantKeys(t *testing.T, b *writers.Bucket, prefix string, limit int, want ...string) {
	t.Helper()
	objects, err := b.List(t.Context(), prefix, limit)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]string, len(objects))
	for i, o := range objects {
		got[i] = o.Key
		if o.ModTime.IsZero() {
			t.Errorf("list %q: %s has no time", prefix, o.Key)
		}
	}
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("list %q, limit %d (-want +got):\n%s", prefix, limit, diff)
	}
}

// wantNothing fails if key can be seen in any way, or cannot be created.
func wantNothing(t *testing.T, b *writers.Bucket, key string) {
	t.Helper()
	if content, err := b.Read(t.Context(), key, largeDefault*2); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("read %s: got %d bytes and error %v, want fs.ErrNotExist", key, len(content), err)
	}
	wantKeys(t, b, key, 0)
}

func createIsOnce(t *testing.T, b *writers.Bucket) {
	create(t, b, "log/1", "first")
	if err := b.Create(t.Context(), "log/1", []byte("second")); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("second create: got %v, want fs.ErrExist", err)
	}
	if err := b.Upload(t.Context(), "log/1", io.MultiReader(strings.NewReader("third"))); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("third create: got %v, want fs.ErrExist", err)
	}
	wantContent(t, b, "log/1", "first")
	create(t, b, "log/2", "")
	wantContent(t, b, "log/2", "")
	if err := b.Create(t.Context(), "log/2", []byte("over nothing")); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("create over an empty object: got %v, want fs.ErrExist", err)
	}
}

func oneWins(t *testing.T, b *writers.Bucket) {
	const keys, creators = 24, 8
	for k := range keys {
		key := fmt.Sprintf("log/%020d.json", k)
		errs := make([]error, creators)
		var wg sync.WaitGroup
		start := make(chan struct{})
		for i := range creators {
			wg.Go(func() {
				<-start
				errs[i] = b.Create(t.Context(), key, bytes.Repeat([]byte{byte('a' + i)}, 1000))
			})
		}
		close(start)
		wg.Wait()
		winner := -1
		for i, err := range errs {
			switch {
			case err == nil && winner >= 0:
				t.Fatalf("%s: creators %d and %d both won", key, winner, i)
			case err == nil:
				winner = i
			case !errors.Is(err, fs.ErrExist):
				t.Logf("%s: a loser was told %v", key, err)
			}
		}
		if winner < 0 {
			t.Fatalf("%s: nobody won: %v", key, errors.Join(errs...))
		}
		wantContent(t, b, key, strings.Repeat(string(rune('a'+winner)), 1000))
	}
}

var errCut = errors.New("source cut off")

// cut returns a reader that fails after n bytes of content.
func cut(content []byte, n int) io.Reader {
	return io.MultiReader(bytes.NewReader(content[:n]), failing{})
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errCut }

func cutUploads(t *testing.T, b *writers.Bucket) {
	content := []byte("the rows of one slice, or a third of them")
	for n := range len(content) + 1 {
		if err := b.Upload(t.Context(), "staged/x.arrow", cut(content, n)); !errors.Is(err, errCut) {
			t.Fatalf("upload cut after %d bytes: got %v, want the source's error", n, err)
		}
		wantNothing(t, b, "staged/x.arrow")
	}
	create(t, b, "staged/x.arrow", string(content))
}

// failingUpload cuts uploads where drivers have sent parts already.
func failingUpload(t *testing.T, b *writers.Bucket) {
	content := make([]byte, largeDefault)
	for _, n := range []int{1 << 10, 1<<20 + 1, 9 << 20, 17 << 20} {
		if err := b.Upload(t.Context(), "big", cut(content, n)); !errors.Is(err, errCut) {
			t.Fatalf("upload cut after %d bytes: got %v, want the source's error", n, err)
		}
		wantNothing(t, b, "big")
	}
}

func canceledUpload(t *testing.T, b *writers.Bucket) {
	ctx, cancel := context.WithCancel(t.Context())
	content := []byte("complete, but no longer wanted")
	source := io.MultiReader(bytes.NewReader(content), readerFunc(func([]byte) (int, error) {
		cancel()
		return 0, io.EOF
	}))
	if err := b.Upload(ctx, "staged/x.arrow", source); !errors.Is(err, context.Canceled) {
		t.Fatalf("canceled upload: got %v, want context.Canceled", err)
	}
	wantNothing(t, b, "staged/x.arrow")
	if _, err := b.Read(ctx, "staged/x.arrow", 1); err == nil {
		t.Fatal("read after the end of its ctx: no error")
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// noise returns n bytes that are the same for the same seed.
func noise(n int, seed byte) io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{seed}), int64(n))
}

func largeObject(t *testing.T, b *writers.Bucket) {
	size := largeDefault
	if v := os.Getenv(LargeEnv); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			t.Fatalf("%s=%q: want a number of bytes", LargeEnv, v)
		}
		size = n
	}
	if err := b.Upload(t.Context(), "DeviceEvents/dt=2026-11-22/x.parquet", noise(size, 1)); err != nil {
		t.Fatal(err)
	}
	err := b.Upload(t.Context(), "DeviceEvents/dt=2026-11-22/x.parquet", noise(size, 2))
	if !errors.Is(err, fs.ErrExist) {
		t.Fatalf("second upload: got %v, want fs.ErrExist", err)
	}
	r, err := b.Section(t.Context(), "DeviceEvents/dt=2026-11-22/x.parquet", 0, int64(size))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	wantSame(t, r, noise(size, 1))
	objects, err := b.List(t.Context(), "DeviceEvents/", 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(objects) != 1 || objects[0].Size != int64(size) {
		t.Fatalf("list: got %+v, want one object of %d bytes", objects, size)
	}
}

func wantSame(t *testing.T, got, want io.Reader) {
	t.Helper()
	g, w := make([]byte, 1<<20), make([]byte, 1<<20)
	for at := 0; ; at += len(w) {
		n, err := io.ReadFull(want, w)
		m, gotErr := io.ReadFull(got, g)
		if gotErr != nil && !errors.Is(gotErr, err) {
			t.Fatalf("after %d bytes: %v", at+m, gotErr)
		}
		if !bytes.Equal(g[:m], w[:n]) {
			t.Fatalf("bytes %d to %d differ from what was written", at, at+max(m, n))
		}
		if err != nil {
			return
		}
	}
}

func ranges(t *testing.T, b *writers.Bucket) {
	const content = "0123456789"
	create(t, b, "staged/x", content)
	for from := range int64(11) {
		for n := range 11 - from {
			got, err := section(t, b, from, n)
			if err != nil || string(got) != content[from:from+n] {
				t.Fatalf("section [%d, %d): got %q and error %v", from, from+n, got, err)
			}
		}
	}
	for _, c := range [][2]int64{{0, 11}, {9, 2}, {10, 1}, {11, 1}, {100, 5}} {
		if got, err := section(t, b, c[0], c[1]); err == nil {
			t.Errorf("section of %d bytes at %d of %d: got %q, want an error", c[1], c[0], len(content), got)
		}
	}
}

func section(t *testing.T, b *writers.Bucket, from, n int64) ([]byte, error) {
	r, err := b.Section(t.Context(), "staged/x", from, n)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, 100))
}

func missing(t *testing.T, b *writers.Bucket) {
	wantNothing(t, b, "log/1")
	wantKeys(t, b, "", 0)
	if _, err := b.Section(t.Context(), "log/1", 3, 4); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("section: got %v, want fs.ErrNotExist", err)
	}
	create(t, b, "log/12", "x")
	create(t, b, "log/2/3", "x")
	for _, key := range []string{"log/1", "log/2", "log", "lo"} {
		if _, err := b.Read(t.Context(), key, 10); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("read %s: got %v, want fs.ErrNotExist", key, err)
		}
	}
	if _, err := b.Read(t.Context(), "log/12/x", 10); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read below an object: got %v, want fs.ErrNotExist", err)
	}
}

func readLimit(t *testing.T, b *writers.Bucket) {
	create(t, b, "log/1", "12345")
	if content, err := b.Read(t.Context(), "log/1", 4); err == nil {
		t.Errorf("read of 5 bytes with limit 4: got %q, want an error", content)
	}
}

func listOrder(t *testing.T, b *writers.Bucket) {
	keys := []string{
		"p/a+b", "p/a-b", "p/a.b", "p/a/a", "p/a/b/c", "p/a/z", "p/a0", "p/aa/x", "p/b", "p/é", "p/世界/1", "q",
	}
	for i := range keys {
		create(t, b, keys[(i*5)%len(keys)], "x")
	}
	wantKeys(t, b, "", 0, keys...)
	wantKeys(t, b, "p/a", 0, keys[:8]...)
	for limit := 1; limit <= len(keys); limit++ {
		wantKeys(t, b, "", limit, keys[:limit]...)
	}
}

func listPrefix(t *testing.T, b *writers.Bucket) {
	keys := []string{
		"T/tenant=1/dt=2026-11-22/a.parquet", "T/tenant=1/dt=2026-11-23/a.parquet", "T/tenant=10/dt=2026-11-22/a.parquet",
		"T2/tenant=1/dt=2026-11-22/a.parquet",
	}
	for _, k := range keys {
		create(t, b, k, "x")
	}
	wantKeys(t, b, "T", 0, keys...)
	wantKeys(t, b, "T/", 0, keys[:3]...)
	wantKeys(t, b, "T/tenant=1", 0, keys[:3]...)
	wantKeys(t, b, "T/tenant=1/", 0, keys[:2]...)
	wantKeys(t, b, "T/tenant=1/dt=2026-11-2", 1, keys[0])
	wantKeys(t, b, "T/tenant=1/dt=2026-11-23/a.parquet", 0, keys[1])
	wantKeys(t, b, "T/tenant=1/dt=2026-11-23/a.parquet/", 0)
	wantKeys(t, b, "U", 0)
	wantKeys(t, b, "T/tenant=2/", 5)
}

func children(t *testing.T, b *writers.Bucket) {
	for _, key := range []string{"T/b/1", "T/b/2", "T/b.parquet", "T/a=1/b=2/c", "T/c", "T2/a"} {
		create(t, b, key, "x")
	}
	got, err := b.Children(t.Context(), "T/")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got) // stores differ in where folders come
	if diff := cmp.Diff([]string{"T/a=1/", "T/b.parquet", "T/b/", "T/c"}, got); diff != "" {
		t.Errorf("children (-want +got):\n%s", diff)
	}
}

func listPages(t *testing.T, b *writers.Bucket) {
	const n = 1010 // stores give 1,000 a request
	want := make([]string, n)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := w; i < n; i += 4 {
				want[i] = fmt.Sprintf("log/%04d", i)
				if err := b.Create(t.Context(), want[i], nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	wantKeys(t, b, "log/", 0, want...)
	wantKeys(t, b, "log/", 1005, want[:1005]...)
	wantKeys(t, b, "log/100", 0, want[1000:]...)
}

func deletion(t *testing.T, b *writers.Bucket) {
	create(t, b, "staged/a", "1")
	create(t, b, "staged/b", "2")
	for range 2 {
		if err := b.Delete(t.Context(), "staged/a"); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Delete(t.Context(), "staged"); err != nil {
		t.Fatal(err)
	}
	wantNothing(t, b, "staged/a")
	wantKeys(t, b, "", 0, "staged/b")
	create(t, b, "staged/a", "again")
	wantContent(t, b, "staged/a", "again")
}

// legalKeys puts every character into keys, at the beginning, in the middle and at the end of an element. Empty elements,
// . and .. are not legal: some S3 servers refuse them.
func legalKeys(t *testing.T, b *writers.Bucket) {
	keys := []string{
		".uploads/j", "%2e%2e/k", "l/%", "m/%41", `n\o`, "p/ q ", "r/s.",
		"t/" + strings.Repeat("x", 200), "u/é世界😀", "v/con", `C:\w`,
	}
	for c := rune(1); c < 0x7f; c++ {
		if c >= ' ' && c != '/' {
			keys = append(keys, fmt.Sprintf("%03d/%ca%cb%c", c, c, c, c))
		}
	}
	for i, k := range keys {
		create(t, b, k, strconv.Itoa(i))
	}
	for i, k := range keys {
		wantContent(t, b, k, strconv.Itoa(i))
		wantKeys(t, b, k, 1, k)
	}
	objects, err := b.List(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range objects {
		got = append(got, o.Key)
	}
	slices.Sort(got) // some come in the order of what they are escaped to
	slices.Sort(keys)
	if diff := cmp.Diff(keys, got); diff != "" {
		t.Fatalf("list (-want +got):\n%s", diff)
	}
	for _, k := range keys {
		if err := b.Delete(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
	wantKeys(t, b, "", 0)
}
