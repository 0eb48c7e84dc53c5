package simulator

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// Transport returns a RoundTripper that asks the service directly. It starts no goroutine and opens no connection: the
// body of an answer is compressed while it is read, and a cut shows as io.ErrUnexpectedEOF, as on a real connection.
// Unlike http.Transport it neither asks for gzip nor takes it off by itself.
func (s *Service) Transport() http.RoundTripper { return transport{s} }

type transport struct{ service *Service }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	defer r.Body.Close()
	ctx := r.Context()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p, err := t.service.route(ctx, r)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: fmt.Sprint(p.status, " ", http.StatusText(p.status)), StatusCode: p.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: p.header, Body: p.open(ctx, r), ContentLength: -1, TransferEncoding: []string{"chunked"}, Request: r,
	}, nil
}

// ServeHTTP answers a call in either dialect (POST /v1.0/security/runHuntingQuery, POST /api/advancedhunting/run) or
// issues a token (POST /{tenant}/oauth2/v2.0/token). A cut connection ends it in http.ErrAbortHandler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p, err := s.route(r.Context(), r)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	body := p.open(r.Context(), r)
	defer body.Close()
	for k, v := range p.header {
		w.Header()[k] = v
	}
	w.WriteHeader(p.status)
	flusher, _ := w.(http.Flusher)
	buf := make([]byte, 32<<10)
	for {
		n, err := body.Read(buf)
		if _, werr := w.Write(buf[:n]); werr != nil || err == io.EOF {
			return
		}
		if flusher != nil && (err != nil || p.fault.Drip > 0) {
			flusher.Flush() // so that what comes before a cut arrives, and slowly
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

// body is the body of an answer. It compresses as much as is asked for.
type body struct {
	ctx   context.Context
	parts [][]byte
	rest  []byte // of the part that is being sent
	pages *pages
	fault Fault
	sent  int64
	buf   bytes.Buffer
	zip   *gzip.Writer // nil: not compressed
	ended bool         // everything is in buf
}

// open returns the body of the answer and sets the headers that say how it is encoded.
func (p *reply) open(ctx context.Context, r *http.Request) io.ReadCloser {
	b := &body{ctx: ctx, parts: p.parts, pages: p.pages, fault: p.fault}
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		p.header.Set("Content-Encoding", "gzip")
		b.zip, _ = gzip.NewWriterLevel(&b.buf, gzip.BestSpeed) // the level is valid
	}
	return b
}

// chunk is how much is compressed, or let through by a slow connection, at once.
const chunk = 4 << 10

func (b *body) Read(dst []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	for b.buf.Len() == 0 && !b.ended {
		b.fill()
	}
	if b.buf.Len() == 0 {
		return 0, io.EOF
	}
	if cut := max(b.fault.Cut, 0); b.fault.Cut != 0 {
		if b.sent >= cut {
			return 0, io.ErrUnexpectedEOF
		}
		dst = dst[:min(int64(len(dst)), cut-b.sent)]
	}
	if b.fault.Drip > 0 {
		if b.sent%chunk == 0 {
			if err := wait(b.ctx, b.fault.Drip); err != nil {
				return 0, err
			}
		}
		dst = dst[:min(int64(len(dst)), chunk-b.sent%chunk)]
	}
	n, _ := b.buf.Read(dst)
	b.sent += int64(n)
	return n, nil
}

// fill moves some of the body to buf.
func (b *body) fill() {
	if len(b.parts) == 0 {
		b.ended = true
		if b.zip != nil {
			b.zip.Close() // a bytes.Buffer takes everything
		}
		return
	}
	if b.rest == nil {
		b.rest = b.parts[0]
	}
	n := min(len(b.rest), 16*chunk)
	if b.zip != nil {
		b.zip.Write(b.rest[:n])
	} else {
		b.buf.Write(b.rest[:n])
	}
	if b.rest = b.rest[n:]; len(b.rest) == 0 {
		b.pages.put(b.parts[0])
		b.parts, b.rest = b.parts[1:], nil
	}
}

// Close ends the body; what was not read is dropped.
func (b *body) Close() error {
	b.pages.put(b.parts...)
	b.parts, b.rest, b.ended = nil, nil, true
	b.buf.Reset()
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
