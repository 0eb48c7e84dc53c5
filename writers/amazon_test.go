package writers_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"huntlake/writers"
)

// TestAmazonKeepsOptions holds that what the URL says of the client and of the bucket reaches the requests. What the
// client's patience is good for is tested where real stores are started again.
func TestAmazonKeepsOptions(t *testing.T) {
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if got, want := r.URL.Path, "/lake/a/x"; got != want {
			t.Errorf("asked for %s, want %s", got, want)
		}
		if got, want := r.Header.Get("X-Amz-Server-Side-Encryption"), "AES256"; got != want {
			t.Errorf("encryption %q, want %q", got, want)
		}
	}))
	defer server.Close()
	if err := openAmazon(t, server).Create(t.Context(), "x", []byte("x")); err != nil || requests.Load() != 1 {
		t.Errorf("created with %d requests: %v", requests.Load(), err)
	}
}

// What the client lacks is said with what to do about it.
func TestAmazonWants(t *testing.T) {
	dir := t.TempDir()
	for name, value := range map[string]string{
		"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "",
		"AWS_WEB_IDENTITY_TOKEN_FILE": "", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "",
		"AWS_CONFIG_FILE": dir + "/none", "AWS_SHARED_CREDENTIALS_FILE": dir + "/none", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	if _, err := writers.Open(t.Context(), "s3://lake"); err == nil || !strings.Contains(err.Error(), "?region=NAME") {
		t.Errorf("without a region: %v", err)
	}
	b := open(t, "s3://lake?region=eu-west-1")
	if _, err := b.List(t.Context(), "x", 1); !errors.Is(err, writers.ErrNoCredentials) || !strings.Contains(err.Error(), "AWS_PROFILE") {
		t.Errorf("without credentials: %v", err)
	}
}

// TestAmazonAborts holds that nothing is left of an upload in parts whose reader fails, or whose ctx ends.
func TestAmazonAborts(t *testing.T) {
	for name, end := range map[string]func(*io.PipeWriter, context.CancelCauseFunc){
		"reader fails": func(w *io.PipeWriter, _ context.CancelCauseFunc) { _ = w.CloseWithError(errBroken) },
		"ctx ends": func(w *io.PipeWriter, cancel context.CancelCauseFunc) {
			cancel(errBroken)
			go func() { _, _ = w.Write(make([]byte, 1<<20)) }() // it ends when the reader is closed
		},
	} {
		t.Run(name, func(t *testing.T) {
			var begun, parts, aborted, completed atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				switch {
				case r.Method == http.MethodPost && r.URL.Query().Has("uploads"):
					begun.Add(1)
					fmt.Fprint(w, `<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>`)
				case r.Method == http.MethodPut:
					parts.Add(1)
					w.Header().Set("ETag", `"x"`)
				case r.Method == http.MethodDelete:
					aborted.Add(1)
					w.WriteHeader(http.StatusNoContent)
				default:
					completed.Add(1)
				}
			}))
			defer server.Close()
			b := openAmazon(t, server)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			r, w := io.Pipe()
			ended := make(chan error, 1)
			go func() { ended <- b.Upload(ctx, "x", r) }()
			for range 40 {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					t.Fatal(err)
				}
			}
			end(w, cancel)
			err := <-ended
			_ = r.Close()
			if !errors.Is(err, errBroken) || begun.Load() != 1 || parts.Load() == 0 || aborted.Load() != 1 || completed.Load() != 0 {
				t.Errorf("%v; begun %d, parts %d, aborted %d, completed %d", err, begun.Load(), parts.Load(), aborted.Load(), completed.Load())
			}
		})
	}
}

func openAmazon(t *testing.T, server *httptest.Server) *writers.Bucket {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "y")
	return open(t, "s3://lake/a?region=us-east-1&use_path_style=true&ssetype=AES256&endpoint="+server.URL)
}
