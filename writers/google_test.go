package writers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"huntlake/writers"
)

// TestGoogleRepeats holds that whatever a server hangs up on once is asked for again.
func TestGoogleRepeats(t *testing.T) {
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1)%2 == 1 {
			panic(http.ErrAbortHandler)
		}
		if r.Method == http.MethodPost {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"name":"x","bucket":"lake"}`)
		}
	}))
	defer server.Close()
	t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(server.URL, "http://"))
	b := open(t, "gs://lake?anonymous=true")
	for name, do := range map[string]func() error{
		"create": func() error { return b.Create(t.Context(), "x", []byte("x")) },
		"read":   func() error { _, err := b.Read(t.Context(), "x", 1); return err },
		"list":   func() error { _, err := b.List(t.Context(), "x", 1); return err },
		"delete": func() error { return b.Delete(t.Context(), "x") },
	} {
		requests.Store(0)
		if err := do(); requests.Load() != 2 {
			t.Errorf("%s: %d requests, want 2; %v", name, requests.Load(), err)
		}
	}
}

// TestGoogleWants holds that nothing is done, nor printed, without credentials.
func TestGoogleWants(t *testing.T) {
	t.Setenv("STORAGE_EMULATOR_HOST", "")
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", t.TempDir()+"/none.json")
	if _, err := writers.Open(t.Context(), "gs://lake"); err == nil || !strings.Contains(err.Error(), "gcloud auth application-default login") {
		t.Errorf("without credentials: %v", err)
	}
}
