package interop

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"huntlake/writers"
)

// TestStoreChecksums changes one bit of an upload on its way: the store refuses it, and what is there afterwards is
// nothing, or what the client sent once more. Objects are of the sizes that clients send in one request and in several.
// Of the second kind fake-gcs-server does not look at the checksum, which Google verifies and this test sees on its way.
func TestStoreChecksums(t *testing.T) {
	for _, kind := range []store{minio(), fakeGCS("memory"), azurite()} {
		t.Run(kind.name, func(t *testing.T) {
			s := startStore(t, kind)
			b := s.open(t, "lake")
			defer b.Close()
			for name, size := range map[string]int{"small": 5_000, "large": 20 << 20} {
				content := bytes.Repeat([]byte("rows"), size/4)
				damage := &damage{key: name, at: 2_500}
				s.front.set(damage.harm)
				err := b.Create(t.Context(), name, content)
				s.front.set(nil)
				t.Logf("%s: %v", name, err)
				switch {
				case damage.done.Load() == 0:
					t.Errorf("%s: no upload was seen", name)
				case kind.name == "fake-gcs-server" && name == "large":
					if !damage.hashed.Load() {
						t.Errorf("%s: no request carries a hash", name)
					}
				case err != nil:
					wantAbsent(t, b, name)
				default:
					got, err := b.Read(t.Context(), name, int64(size))
					if err != nil || !bytes.Equal(got, content) {
						t.Errorf("%s: the store took what was damaged; %v", name, err)
					}
				}
			}
		})
	}
}

func wantAbsent(t *testing.T, b *writers.Bucket, key string) {
	t.Helper()
	if _, err := b.Read(t.Context(), key, 1<<30); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read %s: %v, want fs.ErrNotExist", key, err)
	}
	if objects, err := b.List(t.Context(), key, 0); err != nil || len(objects) > 0 {
		t.Errorf("list %s: %v, %v", key, objects, err)
	}
}

// damage flips a bit of the first upload of a key.
type damage struct {
	key    string // a part of it
	at     int64  // which byte of the request
	done   atomic.Int64
	hashed atomic.Bool // a request had Google's header
}

func (d *damage) harm(_ http.ResponseWriter, r *http.Request) bool {
	if strings.Contains(r.Header.Get("X-Goog-Hash"), "crc32c=") {
		d.hashed.Store(true)
	}
	if writes(r) && strings.Contains(r.URL.String(), d.key) && d.done.Add(1) == 1 {
		flip(r, d.at)
	}
	return false
}

// TestDamagedStage holds what becomes of rows that were damaged on their way to a store: the run says so, takes nothing
// for good, and the next one reads them again.
func TestDamagedStage(t *testing.T) {
	for _, kind := range stores() {
		t.Run(kind.name, func(t *testing.T) {
			j := newJob(t, startStore(t, kind), narrowTable(t, 20_000))
			damage := &damage{key: ".arrow", at: 50_000}
			j.store.front.set(damage.harm)
			_, stderr, code := j.try("run")
			j.store.front.set(nil)
			if damage.done.Load() == 0 || code != 1 || !strings.Contains(string(stderr), ".arrow") {
				t.Errorf("%d uploads were damaged, exit code %d, want 1 and the object's name:\n%s", damage.done.Load(), code, stderr)
			}
			j.verb("run")
			j.prove()
		})
	}
}
