package writers_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
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
	t.Setenv("AWS_ACCESS_KEY_ID", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "y")
	address := "s3://lake/a?region=us-east-1&use_path_style=true&ssetype=AES256&endpoint=" + server.URL
	if err := open(t, address).Create(t.Context(), "x", []byte("x")); err != nil || requests.Load() != 1 {
		t.Errorf("created with %d requests: %v", requests.Load(), err)
	}
}
