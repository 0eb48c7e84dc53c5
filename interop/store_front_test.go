package interop

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// front stands between a store and its clients, which know no other address of it.
type front struct {
	server *httptest.Server
	proxy  *httputil.ReverseProxy

	mu   sync.Mutex
	harm harm
}

// harm is asked about each request. It returns true if it has dealt with it; otherwise what it has left of the request
// goes on to the store.
type harm func(w http.ResponseWriter, r *http.Request) (done bool)

func newFront(t *testing.T, store string) *front {
	t.Helper()
	target, err := url.Parse(store)
	if err != nil {
		t.Fatal(err)
	}
	f := &front{proxy: &httputil.ReverseProxy{
		// The host stays: signatures are made with it.
		Rewrite:  func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host },
		ErrorLog: log.New(io.Discard, "", 0),
		// As if nobody listened: the client sees its connection end.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}}
	f.server = httptest.NewServer(f)
	t.Cleanup(f.server.Close)
	return f
}

func (f *front) host() string { return strings.TrimPrefix(f.server.URL, "http://") }

// set sets what harm is done from now on; nil is none.
func (f *front) set(h harm) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.harm = h
}

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	h := f.harm
	f.mu.Unlock()
	if h == nil || !h(w, r) {
		f.proxy.ServeHTTP(w, r)
	}
}

// writes reports whether a request carries an object, or a part of one.
func writes(r *http.Request) bool {
	return (r.Method == http.MethodPut || r.Method == http.MethodPost) && r.ContentLength != 0
}

// cut passes on the first half of a request's body, and ends both connections.
func (f *front) cut(w http.ResponseWriter, r *http.Request) {
	r.Body = io.NopCloser(io.MultiReader(io.LimitReader(r.Body, max(1, r.ContentLength/2)), ending{}))
	f.proxy.ServeHTTP(w, r)
}

// ending is the end of a connection.
type ending struct{}

func (ending) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// flip changes one bit of the byte at a place of a request's body.
func flip(r *http.Request, at int64) { r.Body = &flipped{ReadCloser: r.Body, at: at} }

// flipped is a body of which the byte at a place, counted down, has a bit changed.
type flipped struct {
	io.ReadCloser
	at int64
}

// Read implements io.Reader.
func (f *flipped) Read(p []byte) (int, error) {
	n, err := f.ReadCloser.Read(p)
	if 0 <= f.at && f.at < int64(n) {
		p[f.at] ^= 1
	}
	f.at -= int64(n)
	return n, err
}
