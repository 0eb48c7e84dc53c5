package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// closing is how long requests under way may take to end when a server stops.
const closing = 5 * time.Second

// listen opens a port of this machine that nobody else can reach.
func listen(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, &usageError{fmt.Errorf("--listen %s: want host:port, such as 127.0.0.1:8765", address)}
	}
	if ip := net.ParseIP(host); host != "localhost" && !ip.IsLoopback() {
		return nil, &usageError{fmt.Errorf("--listen %s: the simulator asks nobody who they are, so it listens on loopback only: 127.0.0.1, [::1] or localhost", address)}
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, &usageError{fmt.Errorf("--listen %s: %w: name another port, or 0 for a free one", address, err)}
	}
	return l, nil
}

// serveWhile answers on l for as long as work takes. It closes l.
func serveWhile(ctx context.Context, l net.Listener, h http.Handler, work func(context.Context) error) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	g, working := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve %s: %w", l.Addr(), err)
		}
		return nil
	})
	g.Go(func() error {
		err := work(working)
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
		defer cancel()
		if server.Shutdown(ending) != nil {
			_ = server.Close()
		}
		return err
	})
	return g.Wait()
}
