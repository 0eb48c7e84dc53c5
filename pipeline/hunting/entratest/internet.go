package entratest

import (
	"bufio"
	"crypto/tls"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
)

// Internet is an HTTP proxy on loopback that is every other host. One that nobody serves is out of reach.
type Internet struct {
	roots    *roots
	listener net.Listener

	mu    sync.Mutex
	hosts map[string]http.Handler
	asked []string
}

// Connect returns an Internet and makes it this process's only one: it sets the environment's proxies and the roots of
// trust. Both last as long as the process, so it is for TestMain, before anything else asks for them.
func Connect() (*Internet, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	n := &Internet{listener: listener, hosts: map[string]http.Handler{}}
	if n.roots, err = newRoots(); err != nil {
		return nil, err
	}
	for name, value := range map[string]string{"HTTP_PROXY": n.proxy(), "HTTPS_PROXY": n.proxy(), "NO_PROXY": "", "no_proxy": "", "http_proxy": "", "https_proxy": ""} {
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	n.roots.trust()
	server := &http.Server{Handler: http.HandlerFunc(n.forward)}
	server.SetKeepAlivesEnabled(false)
	go func() { _ = server.Serve(listener) }() // ends with the process
	return n, nil
}

func (n *Internet) proxy() string { return "http://" + n.listener.Addr().String() }

// Serve lets handler answer for a host, or for none if it is nil.
func (n *Internet) Serve(host string, handler http.Handler) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if handler == nil {
		delete(n.hosts, host)
		return
	}
	n.hosts[host] = handler
}

// Asked returns the hosts that were asked for since the last call, each once, by name.
func (n *Internet) Asked() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	asked := n.asked
	n.asked = nil
	slices.Sort(asked)
	return slices.Compact(asked)
}

func (n *Internet) handler(host string) http.Handler {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked = append(n.asked, host)
	return n.hosts[host]
}

// forward answers a request, or makes a tunnel to a host. To one that is out of reach it breaks the connection off.
func (n *Internet) forward(w http.ResponseWriter, r *http.Request) {
	host := r.URL.Hostname()
	if r.Method == http.MethodConnect {
		host, _, _ = net.SplitHostPort(r.Host)
	}
	handler := n.handler(host)
	if handler == nil {
		panic(http.ErrAbortHandler)
	}
	if r.Method != http.MethodConnect {
		handler.ServeHTTP(w, r)
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	if _, err := conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		_ = conn.Close()
		return
	}
	n.tunnel(&tunnelled{conn, buffered.Reader}, handler)
}

// tunnel serves the other end of a connection that was made through the proxy, for one request.
func (n *Internet) tunnel(conn net.Conn, handler http.Handler) {
	server := &http.Server{Handler: handler}
	server.SetKeepAlivesEnabled(false)
	secure := tls.Server(conn, &tls.Config{GetCertificate: n.roots.certificate, NextProtos: []string{"http/1.1"}})
	_ = server.Serve(&single{conn: secure})
}

// tunnelled is a connection of which something may have been read already.
type tunnelled struct {
	net.Conn
	reader *bufio.Reader
}

func (t *tunnelled) Read(p []byte) (int, error) { return t.reader.Read(p) }

// single is a listener to which one connection comes.
type single struct {
	once sync.Once
	conn net.Conn
}

func (s *single) Accept() (conn net.Conn, err error) {
	err = net.ErrClosed
	s.once.Do(func() { conn, err = s.conn, nil })
	return conn, err
}

func (*single) Close() error { return nil }

func (s *single) Addr() net.Addr { return s.conn.LocalAddr() }
