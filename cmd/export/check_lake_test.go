package main_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// bucket is a store that speaks S3 as far as a check does, and is short of something.
type bucket struct {
	denied   string // the method that is refused
	hidden   bool   // listings show nothing
	replaces bool   // objects are replaced
	careless bool   // it looks first and writes then: of creators at once, all succeed

	mu      sync.Mutex
	objects map[string][]byte
	at      sync.WaitGroup // the creators of the object that they race for
}

// racing is how many writers check lets race.
const racing = 4

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := strings.TrimPrefix(r.URL.Path, "/lake/")
	body, _ := io.ReadAll(r.Body)
	if b.careless && r.Method == http.MethodPut && strings.HasSuffix(key, "-2") {
		b.at.Done()
		b.at.Wait()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	_, there := b.objects[key]
	verb := r.Method
	switch query := r.URL.Query(); {
	case verb == http.MethodGet && query.Has("list-type"):
		verb = "LIST"
	case verb == http.MethodDelete && query.Has("uploadId"):
		verb = "ABORT"
	}
	switch {
	case verb == b.denied:
		b.fail(w, http.StatusForbidden, "AccessDenied")
	case verb == http.MethodPost: // begins an upload in parts
		_, _ = fmt.Fprint(w, "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")
	case verb == "ABORT":
		w.WriteHeader(http.StatusNoContent)
	case verb == "LIST":
		b.list(w, r.URL.Query().Get("prefix"))
	case verb == http.MethodPut && there && !b.replaces && (!b.careless || !strings.HasSuffix(key, "-2")):
		b.fail(w, http.StatusPreconditionFailed, "PreconditionFailed")
	case verb == http.MethodPut:
		b.objects[key] = body
	case verb == http.MethodDelete:
		delete(b.objects, key)
		w.WriteHeader(http.StatusNoContent)
	case !there:
		b.fail(w, http.StatusNotFound, "NoSuchKey")
	default:
		w.Header().Set("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
		_, _ = w.Write(b.objects[key])
	}
}

func (b *bucket) fail(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>as the test says</Message></Error>", code)
}

func (b *bucket) list(w http.ResponseWriter, prefix string) {
	type contents struct {
		Key          string
		Size         int
		LastModified string
	}
	var out struct {
		XMLName  xml.Name   `xml:"ListBucketResult"`
		Contents []contents `xml:"Contents"`
	}
	for key, content := range b.objects {
		if strings.HasPrefix(key, prefix) && !b.hidden {
			out.Contents = append(out.Contents, contents{key, len(content), "2026-01-01T00:00:00.000Z"})
		}
	}
	slices.SortFunc(out.Contents, func(a, b contents) int { return strings.Compare(a.Key, b.Key) })
	out.Contents = out.Contents[:min(1, len(out.Contents))] // as many as a check asks for
	_ = xml.NewEncoder(w).Encode(out)
}

// TestCheckLake holds that each right in a bucket is tried, and create-only in both ways in which it can fail.
func TestCheckLake(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s3cret~value")
	rights := "give this account the right to create, read, list and delete there"
	for _, c := range []struct {
		name   string
		store  *bucket
		failed []string // what, detail and remedy, by their beginnings
		left   int      // objects
	}{
		{"sound", &bucket{}, nil, 0},
		{"no create", &bucket{denied: http.MethodPut}, []string{"lake: create: create s3://lake/_export/check-"}, 0},
		{"no list", &bucket{denied: "LIST"}, []string{"lake: list: list s3://lake/_export/check-"}, 0},
		{"no read", &bucket{denied: http.MethodGet}, []string{"lake: read: read s3://lake/_export/check-", "lake: delete: read s3://lake/_export/check-"}, 1},
		{"no delete", &bucket{denied: http.MethodDelete}, []string{"lake: delete: delete s3://lake/_export/check-"}, 2},
		{"no giving up", &bucket{denied: "ABORT"}, []string{"lake: give up an upload: give up the upload of s3://lake/_export/check-"}, 0},
		{"hidden", &bucket{hidden: true}, []string{"lake: list: list _export/check-"}, 0},
		{"replaces", &bucket{replaces: true}, []string{"lake: create only where nothing is: create _export/check-", "lake: read: read _export/check-"}, 0},
		{"careless", &bucket{careless: true}, []string{"lake: create only where nothing is: create _export/check-"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.store.objects = map[string][]byte{}
			c.store.at.Add(racing)
			server := httptest.NewServer(c.store)
			defer server.Close()
			r := newRig(t)
			rewrite(t, r.config(), "./lake", "s3://lake?region=eu-west-1&use_path_style=true&endpoint="+server.URL)
			got := r.verb("check", "--json")
			code := 0
			if len(c.failed) > 0 {
				code = 1
			}
			got.want(t, code)
			found := failed(decode[[]finding](t, got))
			if len(found) != len(c.failed) {
				t.Fatalf("failed: %q", found)
			}
			for i, f := range found {
				if !strings.HasPrefix(f, c.failed[i]) || c.store.denied != "" && !strings.Contains(f, rights) {
					t.Errorf("failed: %q, want %q", f, c.failed[i])
				}
			}
			if len(c.store.objects) != c.left {
				t.Errorf("%d objects are left, want %d", len(c.store.objects), c.left)
			}
		})
	}
}
