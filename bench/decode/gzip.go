package main

import (
	"bytes"
	stdgzip "compress/gzip"
	"context"
	"fmt"
	"io"
	"runtime"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"
)

// unzips are two ways to unpack answers, which is what the service sends if asked: huntlake's, and the standard
// library's. They stand apart, since every other way takes answers unpacked.
func (c *corpus) unzips() ([]way, error) {
	packed := make([][]byte, len(c.answers))
	for i, a := range c.answers {
		var b bytes.Buffer
		w := stdgzip.NewWriter(&b)
		if _, err := w.Write(a); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		packed[i] = b.Bytes()
	}
	unzip := func(open func(io.Reader) (io.Reader, error)) func(context.Context, string) (int64, error) {
		return func(context.Context, string) (int64, error) { return 0, c.unzip(packed, open) }
	}
	return []way{
		{name: "klauspost/compress", run: unzip(func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) })},
		{name: "compress/gzip", run: unzip(func(r io.Reader) (io.Reader, error) { return stdgzip.NewReader(r) })},
	}, nil
}

// unzip unpacks every answer, and holds their lengths against what was packed.
func (c *corpus) unzip(packed [][]byte, open func(io.Reader) (io.Reader, error)) error {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, p := range packed {
		g.Go(func() error {
			r, err := open(bytes.NewReader(p))
			if err != nil {
				return err
			}
			n, err := io.Copy(io.Discard, r)
			if err == nil && n != int64(len(c.answers[i])) {
				return fmt.Errorf("unpacked %d bytes of %d", n, len(c.answers[i]))
			}
			return err
		})
	}
	return g.Wait()
}
