package interop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"huntlake/writers"
)

// store is a kind of server that a lake can lie in.
type store struct {
	name string
	// program is the server's, which listens on port and keeps what it is given in dir. public is where its clients
	// reach it.
	program func(dir string, port int, public string) (name string, args, env []string)
	// address is the URL of the bucket lake, and client the environment that it needs.
	address func(public string) string
	client  func(public string) []string
	// stop is the signal that a server is stopped with in the middle of its work; nil is os.Kill.
	stop os.Signal
	// create makes the bucket lake.
	create func(s *server) error
	// busy is how the store says that it wants to be left alone for a while.
	busy func(w http.ResponseWriter)
}

// stores are the kinds that are tested. The folder and the memory are tested where they are made.
func stores() []store { return []store{minio(), fakeGCS("filesystem"), azurite()} }

// bucketName is that of every store's bucket.
const bucketName = "lake"

// server is a store that runs, behind a front that may do harm to what passes.
type server struct {
	t     *testing.T
	store store
	dir   string
	port  int
	front *front
	cmd   *exec.Cmd
	ended chan struct{} // when cmd has
}

// startStore starts a store with an empty bucket.
func startStore(t *testing.T, kind store) *server {
	t.Helper()
	s := &server{t: t, store: kind, dir: t.TempDir(), port: freePort(t)}
	s.front = newFront(t, fmt.Sprintf("http://127.0.0.1:%d", s.port))
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	if err := kind.create(s); err != nil {
		t.Fatalf("%s: create the bucket: %v", kind.name, err)
	}
	return s
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// start starts the server and returns when it answers.
func (s *server) start() error {
	name, args, env := s.store.program(s.dir, s.port, s.front.host())
	path, err := findTool(name)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(s.dir+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd, ended := exec.Command(path, args...), make(chan struct{})
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	s.cmd, s.ended = cmd, ended
	go func() {
		_ = cmd.Wait() // it is killed
		close(ended)
	}()
	if err := s.await(); err != nil {
		text, _ := os.ReadFile(log.Name())
		return fmt.Errorf("%s does not answer: %w\n%s", s.store.name, err, text)
	}
	return nil
}

// await waits until the server answers anything at all.
func (s *server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/minio/health/live", s.port)) // the others say 400, which will do
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode < 500 {
				return nil
			}
		}
		select {
		case <-s.ended:
			return errors.New("it has ended")
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// restart kills the server and starts it again a while later.
func (s *server) restart(while time.Duration) {
	s.kill()
	time.Sleep(while)
	if err := s.start(); err != nil {
		s.t.Error(err)
	}
}

// kill ends the server as a power cut would, if it stands that.
func (s *server) kill() {
	signal := s.store.stop
	if signal == nil {
		signal = os.Kill
	}
	_ = s.cmd.Process.Signal(signal) // unless it has ended
	<-s.ended
}

// findTool finds a server on PATH, or where .ci/run installs it.
func findTool(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	cache := os.Getenv("HUNTLAKE_CI_CACHE")
	if home, err := os.UserHomeDir(); cache == "" && err == nil {
		cache = filepath.Join(home, ".cache", "huntlake-ci")
	}
	found, _ := filepath.Glob(filepath.Join(cache, "bin", name))
	more, _ := filepath.Glob(filepath.Join(cache, "node-*", "node_modules", ".bin", name))
	for _, path := range slices.Concat(found, more) {
		return path, nil
	}
	return "", fmt.Errorf("%s is not on PATH: .ci/run interop installs it", name)
}

// address is the lake below a prefix of the bucket.
func (s *server) address(prefix string) string {
	return withPrefix(s.store.address(s.front.host()), prefix)
}

func withPrefix(address, prefix string) string {
	place, options, found := strings.Cut(address, "?")
	if found {
		options = "?" + options
	}
	return place + "/" + prefix + options
}

// open opens the lake below a prefix, as its owner.
func (s *server) open(t *testing.T, prefix string) *writers.Bucket {
	t.Helper()
	for _, pair := range s.store.client(s.front.host()) {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	b, err := writers.Open(t.Context(), s.address(prefix))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
