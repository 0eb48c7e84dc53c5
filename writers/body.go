package writers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cenkalti/backoff/v4"
	"gocloud.dev/blob"
)

// A read that breaks off is taken up again at most readAttempts times in a row, the first time after readPause.
const (
	readAttempts = 4
	readPause    = 200 * time.Millisecond
)

// bodyReader reads a range of an object to its end, over as many requests as it takes: a client repeats a request
// that failed, but not a body that broke off.
type bodyReader struct {
	bucket *Bucket
	key    string
	body   *blob.Reader
	offset int64
	end    int64
	size   int64 // of the whole object
	pauses backoff.BackOffContext
}

// open reads [offset, offset+length), or to the end if length is negative.
func (b *Bucket) open(ctx context.Context, key string, offset, length int64) (*bodyReader, error) {
	s := &bodyReader{bucket: b, key: key, offset: offset, end: offset + length}
	if length == 0 {
		return s, nil // several stores refuse to be asked for nothing
	}
	var err error
	if s.body, err = b.blob.NewRangeReader(ctx, key, offset, length, nil); err != nil {
		return nil, b.translate("read", key, err)
	}
	s.size = s.body.Size()
	if length < 0 {
		s.end = s.size
	}
	// Without chance: the few readers of one program need not be spread, and a test can say when they come.
	pauses := backoff.NewExponentialBackOff(backoff.WithInitialInterval(readPause), backoff.WithRandomizationFactor(0))
	s.pauses = backoff.WithContext(backoff.WithMaxRetries(pauses, readAttempts), ctx)
	return s, nil
}

// Read implements io.Reader.
func (s *bodyReader) Read(p []byte) (int, error) {
	if s.offset >= s.end {
		return 0, io.EOF
	}
	for {
		n, err := s.body.Read(p[:min(int64(len(p)), s.end-s.offset)])
		s.offset += int64(n)
		switch {
		case n > 0:
			s.pauses.Reset()
			return n, nil
		case errors.Is(err, io.EOF):
			return 0, fmt.Errorf("read %s: ends at byte %d of %d: %w", s.bucket.at(s.key), s.offset, s.end, io.ErrUnexpectedEOF)
		case err != nil:
			if err := s.resume(err); err != nil {
				return 0, err
			}
		}
	}
}

// resume waits and opens the rest of the range; after too many attempts without a byte in between it returns why.
func (s *bodyReader) resume(cause error) error {
	for {
		pause := s.pauses.NextBackOff()
		if pause == backoff.Stop {
			return s.bucket.translate("read", fmt.Sprintf("%s at byte %d", s.key, s.offset), cause)
		}
		if err := wait(s.pauses.Context(), pause); err != nil {
			return s.bucket.translate("read", s.key, err)
		}
		body, err := s.bucket.blob.NewRangeReader(s.pauses.Context(), s.key, s.offset, s.end-s.offset, nil)
		if err != nil {
			cause = err
			continue
		}
		_ = s.body.Close() // it has failed already
		s.body = body
		return nil
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close implements io.Closer.
func (s *bodyReader) Close() error {
	if s.body == nil {
		return nil
	}
	return s.body.Close()
}
