package folder_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"huntlake/writers"
	"huntlake/writers/buckettest"
	"huntlake/writers/folder"
)

// creatorEnv makes the test binary one of several processes that create the same keys.
const creatorEnv = "HUNTLAKE_TEST_CREATOR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(creatorEnv); dir != "" {
		createAll(dir)
		return
	}
	os.Exit(m.Run())
}

const contested = 200

// createAll creates the contested keys and prints which ones it won.
func createAll(dir string) {
	b, err := folder.Open(dir)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for i := range contested {
		key := fmt.Sprintf("log/%d/%d", i/50, i)
		err := create(b, key, fmt.Sprint(os.Getpid()))
		switch {
		case err == nil:
			fmt.Println(key)
		case gcerrors.Code(err) != gcerrors.FailedPrecondition:
			fmt.Println(err)
			os.Exit(1)
		}
	}
}

func create(b *blob.Bucket, key, content string) error {
	return b.Upload(context.Background(), key, strings.NewReader(content), &blob.WriterOptions{ContentType: "text/plain", IfNotExist: true})
}

func TestOneOfManyProcessesWins(t *testing.T) {
	const processes = 4
	dir := t.TempDir()
	won := make([][]string, processes)
	pids := make([]int, processes)
	var wg sync.WaitGroup
	for p := range processes {
		wg.Go(func() {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), creatorEnv+"="+dir)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("creator: %v: %s", err, out)
			}
			won[p] = strings.Fields(string(out))
			pids[p] = cmd.ProcessState.Pid()
		})
	}
	wg.Wait()
	winner := map[string]int{}
	for p, keys := range won {
		for _, key := range keys {
			if other, ok := winner[key]; ok {
				t.Errorf("%s: processes %d and %d both won", key, other, pids[p])
			}
			winner[key] = pids[p]
		}
	}
	if len(winner) != contested {
		t.Errorf("got winners of %d keys, want %d", len(winner), contested)
	}
	b := mustOpen(t, dir)
	for key, pid := range winner {
		content, err := b.ReadAll(t.Context(), key)
		if err != nil || string(content) != fmt.Sprint(pid) {
			t.Errorf("%s: got %q and error %v, want what its winner %d wrote", key, content, err, pid)
		}
	}
	wantUploads(t, dir)
}

func mustOpen(t *testing.T, dir string) *blob.Bucket {
	t.Helper()
	b, err := folder.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// wantUploads compares what lies among the uploads with want.
func wantUploads(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, ".uploads"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("uploads (-want +got):\n%s", diff)
	}
}

func noLinks(oldname, newname string) error {
	return &os.LinkError{Op: "link", Old: oldname, New: newname, Err: syscall.EPERM}
}

// TestWithoutHardLinks runs the whole contract on the way that file systems without hard links take.
func TestWithoutHardLinks(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("NOT TESTED: only Linux has a rename that refuses to replace")
	}
	buckettest.Run(t, func(t *testing.T) *writers.Bucket {
		b, err := folder.OpenWith(t.TempDir(), noLinks, folder.RenameExclusive)
		if err != nil {
			t.Fatal(err)
		}
		return writers.Wrap(b)
	})
}

// TestSyncsEntries holds that when an object has been created, so has, durably, every folder on the way to it that was
// not there before.
func TestSyncsEntries(t *testing.T) {
	dir := t.TempDir()
	synced := map[string]int{}
	b, err := folder.OpenSyncing(filepath.Join(dir, "new", "lake"), func(folder string) { synced[folder]++ })
	if err != nil {
		t.Fatal(err)
	}
	if err := create(b, "T/log/1", "x"); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{".", "new", "new/lake", "new/lake/T", "new/lake/T/log"} {
		if synced[filepath.Join(dir, f)] == 0 {
			t.Errorf("the entries of %s were not synced", f)
		}
	}
	if above := filepath.Dir(dir); synced[above] > 0 {
		t.Errorf("the entries of %s were synced, and are not this bucket's", above)
	}
	clear(synced)
	if err := create(b, "T/log/2", "x"); err != nil || len(synced) != 1 {
		t.Errorf("the second object: synced %v, %v", synced, err)
	}
}

func TestWithoutLinksAndRename(t *testing.T) {
	dir := t.TempDir()
	b, err := folder.OpenWith(dir, noLinks, func(string, string) error { return syscall.EINVAL })
	if err != nil {
		t.Fatal(err)
	}
	err = create(b, "log/1", "x")
	if err == nil || !strings.Contains(err.Error(), "neither hard links nor a rename") {
		t.Errorf("create: got %v, want to be told what the file system lacks", err)
	}
	if ok, err := b.Exists(t.Context(), "log/1"); ok || err != nil {
		t.Errorf("exists: got %v and error %v, want nothing", ok, err)
	}
	wantUploads(t, dir)
}

func TestErrorsOfTheFileSystem(t *testing.T) {
	for _, c := range []struct {
		errno syscall.Errno
		want  gcerrors.ErrorCode
	}{
		{syscall.EEXIST, gcerrors.FailedPrecondition},
		{syscall.EACCES, gcerrors.PermissionDenied},
		{syscall.EROFS, gcerrors.PermissionDenied},
		{syscall.ENOSPC, gcerrors.ResourceExhausted},
		{syscall.EDQUOT, gcerrors.ResourceExhausted},
		{syscall.EIO, gcerrors.Unknown},
	} {
		t.Run(c.errno.Error(), func(t *testing.T) {
			dir := t.TempDir()
			b, err := folder.OpenWith(dir, func(o, n string) error {
				return &os.LinkError{Op: "link", Old: o, New: n, Err: c.errno}
			}, folder.RenameExclusive)
			if err != nil {
				t.Fatal(err)
			}
			err = create(b, "log/1", "x")
			if got := gcerrors.Code(err); got != c.want || !errors.Is(err, c.errno) {
				t.Errorf("create: got code %v of %v, want %v", got, err, c.want)
			}
			wantUploads(t, dir)
		})
	}
}

func TestSweepOfDeadUploads(t *testing.T) {
	dir := t.TempDir()
	uploads := filepath.Join(dir, ".uploads")
	if err := os.Mkdir(uploads, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, age := range map[string]time.Duration{"dead": 25 * time.Hour, "live": 23 * time.Hour, "new": 0} {
		path := filepath.Join(uploads, name)
		if err := os.WriteFile(path, []byte("half an object"), 0o644); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, info.ModTime().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	b := mustOpen(t, dir)
	if _, _, err := b.ListPage(t.Context(), blob.FirstPageToken, 10, nil); err != nil {
		t.Fatal(err)
	}
	wantUploads(t, dir, "dead", "live", "new") // who only reads sweeps nothing
	if err := create(b, "log/1", "x"); err != nil {
		t.Fatal(err)
	}
	wantUploads(t, dir, "live", "new")
}

func TestUploadThatWasSweptFails(t *testing.T) {
	dir := t.TempDir()
	b := mustOpen(t, dir)
	sweep := readerFunc(func([]byte) (int, error) {
		if err := os.RemoveAll(filepath.Join(dir, ".uploads")); err != nil {
			t.Error(err)
		}
		return 0, io.EOF
	})
	err := b.Upload(t.Context(), "log/1", sweep, &blob.WriterOptions{ContentType: "x/y", IfNotExist: true})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("upload: got %v, want to be told that it is gone", err)
	}
	if ok, err := b.Exists(t.Context(), "log/1"); ok || err != nil {
		t.Errorf("exists: got %v and error %v, want nothing", ok, err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestNothingButObjectsIsListed(t *testing.T) {
	dir := t.TempDir()
	b := mustOpen(t, dir)
	if err := create(b, "T/dt=1/a.parquet", "x"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".DS_Store", "T/.nfs000", "T/dt=1/.x.crc", "T/a:b"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "T/empty/folders"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "T/loop")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ prefix, delimiter, want string }{
		{"", "", "T/dt=1/a.parquet"},
		{"", "/", "T/"},
		{"T", "/", "T/"},
		{"T/", "/", "T/dt=1/"},
		{"T/dt=1/", "/", "T/dt=1/a.parquet"},
		{"T/e", "/", ""},
	} {
		if got := strings.Join(keys(t, b, c.prefix, c.delimiter, 100), " "); got != c.want {
			t.Errorf("list %q by %q: got %q, want %q", c.prefix, c.delimiter, got, c.want)
		}
	}
}

// keys lists page by page.
func keys(t *testing.T, b *blob.Bucket, prefix, delimiter string, page int) []string {
	t.Helper()
	var got []string
	for token := blob.FirstPageToken; len(token) > 0; {
		objects, next, err := b.ListPage(t.Context(), token, page, &blob.ListOptions{Prefix: prefix, Delimiter: delimiter})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range objects {
			got = append(got, o.Key)
		}
		token = next
	}
	return got
}

func TestPages(t *testing.T) {
	b := mustOpen(t, t.TempDir())
	all := []string{"a-b", "a/1", "a/2", "a/b/1", "a/b/2", "a/c", "a0", "b/x/y/z", "c"}
	for _, key := range all {
		if err := create(b, key, ""); err != nil {
			t.Fatal(err)
		}
	}
	for page := 1; page <= len(all)+1; page++ {
		if diff := cmp.Diff(all, keys(t, b, "", "", page)); diff != "" {
			t.Errorf("pages of %d (-want +got):\n%s", page, diff)
		}
		if diff := cmp.Diff([]string{"a-b", "a/", "a0", "b/", "c"}, keys(t, b, "", "/", page)); diff != "" {
			t.Errorf("folders, pages of %d (-want +got):\n%s", page, diff)
		}
		if diff := cmp.Diff([]string{"a/1", "a/2", "a/b/", "a/c"}, keys(t, b, "a/", "/", page)); diff != "" {
			t.Errorf("folders of a/, pages of %d (-want +got):\n%s", page, diff)
		}
	}
}

// TestNarrowPrefixReadsOneFolder makes every folder but the prefix's own unreadable.
func TestNarrowPrefixReadsOneFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Log("as root, nothing is unreadable: this only shows that the listing is right")
	}
	dir := t.TempDir()
	b := mustOpen(t, dir)
	for _, key := range []string{"T/1/a", "T/2/a", "T/3/a", "U/x"} {
		if err := create(b, key, ""); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"T/1", "T/3", "U"} {
		path := filepath.Join(dir, name)
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(path, 0o755) })
	}
	for _, prefix := range []string{"T/2", "T/2/", "T/2/a"} {
		if got := keys(t, b, prefix, "", 10); !slices.Equal(got, []string{"T/2/a"}) {
			t.Errorf("list %q: got %q", prefix, got)
		}
	}
}

// TestNoKeyLeadsOut creates keys that would, if they were paths.
func TestNoKeyLeadsOut(t *testing.T) {
	outside := t.TempDir()
	dir := filepath.Join(outside, "a", "lake")
	b := mustOpen(t, dir)
	all := []string{"../up", "../../up", "a/../../../b", "./c", "d/.", "e/..", "/etc/x", "//x", "f//g", "i/", ".uploads/x", `..\x`}
	for _, key := range all {
		if err := create(b, key, key); err != nil {
			t.Fatal(err)
		}
		if got, err := b.ReadAll(t.Context(), key); err != nil || string(got) != key {
			t.Errorf("read %q: got %q, %v", key, got, err)
		}
	}
	slices.Sort(all)
	if diff := cmp.Diff(all, keys(t, b, "", "", 100)); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	files := 0
	err := filepath.WalkDir(outside, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files++
			if !strings.HasPrefix(path, dir) {
				t.Errorf("%s lies outside", path)
			}
		}
		return err
	})
	if err != nil || files != len(all) {
		t.Errorf("%d files, %v, want %d", files, err, len(all))
	}
}

func TestNothingIsEverReplaced(t *testing.T) {
	b := mustOpen(t, t.TempDir())
	if err := create(b, "log/1", "first"); err != nil {
		t.Fatal(err)
	}
	err := b.Upload(t.Context(), "log/1", strings.NewReader("second"), &blob.WriterOptions{ContentType: "x/y"})
	if gcerrors.Code(err) != gcerrors.Unimplemented {
		t.Errorf("write without IfNotExist: got %v, want a refusal", err)
	}
	if got, err := b.ReadAll(t.Context(), "log/1"); err != nil || string(got) != "first" {
		t.Errorf("read: got %q and error %v", got, err)
	}
}

func TestModeFollowsUmask(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("NOT TESTED: Windows has no umask")
	}
	dir := t.TempDir()
	if err := create(mustOpen(t, dir), "T/a.parquet", "x"); err != nil {
		t.Fatal(err)
	}
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	want, err := os.Stat(plain)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.Stat(filepath.Join(dir, "T/a.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Mode() != want.Mode() {
		t.Errorf("mode: got %v, want that of any new file, %v", got.Mode(), want.Mode())
	}
}

func TestOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "lake")
	if err := create(mustOpen(t, dir), "a", "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := folder.Open(filepath.Join(dir, "a")); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("open a file: got %v, want ENOTDIR", err)
	}
	if err := create(mustOpen(t, dir), "a/b", "x"); err == nil || errors.Is(err, fs.ErrExist) {
		t.Errorf("create below an object: got %v, want an error other than fs.ErrExist", err)
	}
}
