package hunting

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// wire is the body of a response, decompressed. It remembers why it broke, so that a connection that failed can be
// told from an answer that is wrong.
type wire struct {
	body   io.Reader
	limit  int64 // of bytes
	length int64 // read so far
	broken error // nil, or what Read returned other than io.EOF
}

// newWire returns the body of resp, of at most limit bytes, and an error if it cannot be decompressed; there is nothing
// to read then.
func newWire(resp *http.Response, limit int64) (*wire, error) {
	w := &wire{body: resp.Body, limit: limit}
	encoding := resp.Header.Get("Content-Encoding")
	switch strings.ToLower(encoding) {
	case "", "identity":
		return w, nil
	case "gzip", "x-gzip":
		body, err := gzip.NewReader(resp.Body)
		if err != nil {
			return &wire{body: strings.NewReader("")}, fmt.Errorf("read gzip: %w", err)
		}
		w.body = body
		return w, nil
	default:
		return &wire{body: strings.NewReader("")}, &fault{ErrPermanent, fmt.Errorf("the answer is compressed as %q, which was not asked for", oneLine(encoding))}
	}
}

// Read reads on; it fails with ErrTooBig once the body is longer than its limit.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.body.Read(p)
	if w.length += int64(n); w.length > w.limit && err == nil {
		err = fmt.Errorf("%w: more than %d bytes", ErrTooBig, w.limit)
	}
	if err != nil && err != io.EOF {
		w.broken = err
	}
	return n, err
}
