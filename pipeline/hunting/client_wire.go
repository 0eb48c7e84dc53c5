package hunting

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// maxAnswer bounds a decompressed body. The service stops at 50 MB of its own counting, at 124 MB in earlier years,
// and the same rows are up to twice as long in JSON.
const maxAnswer = 256 << 20

// wire is the body of a response, decompressed. It remembers why it broke, so that a connection that failed can be
// told from an answer that is wrong.
type wire struct {
	body   io.Reader
	left   int64
	broken error // nil, or what Read returned other than io.EOF
}

// newWire returns the body of resp, and an error if it cannot be decompressed; there is nothing to read then.
func newWire(resp *http.Response) (*wire, error) {
	w := &wire{body: resp.Body, left: maxAnswer}
	switch encoding := strings.ToLower(resp.Header.Get("Content-Encoding")); encoding {
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

// Read reads on; it fails with ErrTooBig once the body is longer than any answer.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.body.Read(p)
	if w.left -= int64(n); w.left < 0 && err == nil {
		err = fmt.Errorf("%w: more than %d bytes", ErrTooBig, int64(maxAnswer))
	}
	if err != nil && err != io.EOF {
		w.broken = err
	}
	return n, err
}
