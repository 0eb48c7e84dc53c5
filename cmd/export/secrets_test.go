package main_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"huntlake/pipeline/hunting/simulator"
)

// canary is as long as tokens are: longer than what is kept of a message.
var canary = func() string {
	var b strings.Builder
	for i := range 130 {
		fmt.Fprintf(&b, "%07x.%04x", i*7919, i*i)
	}
	return b.String()
}()

// finds is what the program wrote and what servers were sent, by place.
type finds map[string][]byte

// of returns the places where text, or a part of it that is no chance, turns up, whatever its case.
func (f finds) of(text string) []string {
	const part = 16
	parts := map[string]bool{}
	for i := range len(text) - part + 1 {
		parts[strings.ToLower(text[i:i+part])] = true
	}
	var places []string
	for _, place := range slices.Sorted(maps.Keys(f)) {
		content := bytes.ToLower(append([]byte(place+"\n"), f[place]...))
		for i := range len(content) - part + 1 {
			if parts[string(content[i:i+part])] {
				places = append(places, place)
				break
			}
		}
	}
	return places
}

// addFiles adds every file below dir, with what is compressed in it, but for those called except.
func (f finds) addFiles(t *testing.T, dir, except string) {
	t.Helper()
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == except {
			return err
		}
		content, err := os.ReadFile(path)
		f[path] = unpacked(decoder, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// unpacked is content and behind it whatever in it can be read as zstd, as pages of Parquet and buffers of Arrow can.
func unpacked(decoder *zstd.Decoder, content []byte) []byte {
	out := slices.Clone(content)
	for at := 0; ; at++ {
		next := bytes.Index(content[at:], []byte{0x28, 0xb5, 0x2f, 0xfd})
		if next < 0 {
			return out
		}
		at += next
		out, _ = decoder.DecodeAll(content[at:], append(out, '\n')) // what follows the frame is an error, and no matter
	}
}

// witness stands before a service and writes down all that it is sent but for the token in its one place.
type witness struct {
	mu     sync.Mutex
	sent   bytes.Buffer
	answer http.HandlerFunc
}

func (w *witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	header := r.Header.Clone()
	if values := header["Authorization"]; len(values) == 1 && values[0] == "Bearer "+canary {
		delete(header, "Authorization")
	}
	w.mu.Lock()
	fmt.Fprintf(&w.sent, "%s %s %v\n%s\n", r.Method, r.URL, header, body)
	answer := w.answer
	w.mu.Unlock()
	answer(rw, r)
}

func (w *witness) set(answer http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = answer
}

// echoes are answers that hold the token, as whatever stands between may send them.
var echoes = map[string]func(w http.ResponseWriter, elsewhere string){
	"claims": func(w http.ResponseWriter, _ string) {
		claims := base64.StdEncoding.EncodeToString([]byte(`{"access_token":{"nbf":{"value":"` + canary + `"}}}`))
		w.Header().Set("WWW-Authenticate", `Bearer realm="`+canary+`", error="insufficient_claims", claims="`+claims+`"`)
		reply(w, 401, `{"error":{"code":"InvalidAuthenticationToken","message":"Bearer `+canary+`"}}`)
	},
	"found":     func(w http.ResponseWriter, elsewhere string) { redirect(w, 302, elsewhere+"/?token="+canary) },
	"temporary": func(w http.ResponseWriter, elsewhere string) { redirect(w, 307, elsewhere+"/"+canary) },
	"permanent": func(w http.ResponseWriter, _ string) { redirect(w, 308, "https://"+canary+".example/") },
	"refusal": func(w http.ResponseWriter, _ string) {
		w.Header().Set("request-id", canary)
		reply(w, 403, `{"error":{"code":"`+canary+`","message":"Authorization: Bearer `+canary+`","innerError":{"request-id":"`+canary+`"}}}`)
	},
	"long":        func(w http.ResponseWriter, _ string) { reply(w, 400, strings.Repeat("word ", 190)+canary) },
	"page":        func(w http.ResponseWriter, _ string) { page(w, "text/html", "<html>Bearer "+canary+"</html>") },
	"type":        func(w http.ResponseWriter, _ string) { page(w, "text/"+canary, "") },
	"compression": func(w http.ResponseWriter, _ string) { w.Header().Set("Content-Encoding", canary); reply(w, 200, "{}") },
	"body": func(w http.ResponseWriter, _ string) {
		reply(w, 200, `{"error":{"code":"Forbidden","message":"`+canary+`"}}`)
	},
	"key": func(w http.ResponseWriter, _ string) {
		reply(w, 200, `{"schema":[{"name":"A","type":"String"}],"results":[{"A":"x","`+canary+`":1}]}`)
	},
	"column type": func(w http.ResponseWriter, _ string) {
		reply(w, 200, `{"schema":[{"name":"Timestamp","type":"`+canary+`"}],"results":[]}`)
	},
	"no JSON": func(w http.ResponseWriter, _ string) { reply(w, 200, canary) },
}

func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func page(w http.ResponseWriter, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	_, _ = io.WriteString(w, body)
}

func redirect(w http.ResponseWriter, status int, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(status)
}

// mistakes are configurations that have the token where it is not understood.
var mistakes = []string{
	`auth: {method: tokens, token: "%s"}`, `auth: {method: token, token: ["%s"]}`, `auth: {method: token, tokken: "%s"}`,
	`auth: {method: token, token: "%s}`, `auth: {method: azure-cli, client_secret: "%s"}`, `auth: {method: token, client_id: "%s"}`,
	`auth: "%s"`,
}

// TestSecrets: a token is in the one header that it is for, and nowhere else in what the program logs, prints, writes
// and sends, whatever the service makes of it.
func TestSecrets(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			s := newSecretRig(t, format)
			s.all("check", "plan", "run", "status", "verify", "sql", "tables AlertInfo --probe")
			for _, name := range slices.Sorted(maps.Keys(echoes)) {
				s.pass(time.Hour)
				s.witness.set(func(w http.ResponseWriter, _ *http.Request) { echoes[name](w, s.elsewhere) })
				s.name = name + ": "
				s.all("check", "plan", "run", "verify", "status", "tables AlertInfo --probe")
			}
			good, err := os.ReadFile(s.config())
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range mistakes {
				s.name = m + ": "
				write(t, s.config(), strings.Replace(string(good), s.auth(), fmt.Sprintf(m, canary), 1))
				s.all("check", "run")
			}
			found := s.found()
			if places := found.of(canary); len(places) > 0 {
				t.Errorf("the token is in %q", places)
			}
			if n := s.other.sent.Len(); n > 0 {
				t.Errorf("the other host was asked:\n%s", s.other.sent.String())
			}
			s.holdSearch(found)
		})
	}
}

// spoiled are columns of text that come with a value in either table.
var spoiled = regexp.MustCompile(`"(Severity|FileName)":"[^"]+"`)

// secretRig is a rig whose token is the canary and whose service can be told to misbehave.
type secretRig struct {
	*rig
	witness, other witness
	elsewhere      string // URL of the host that no token is for
	flags          []string
	name           string // of what is said next
	said           finds
}

func newSecretRig(t *testing.T, format string) *secretRig {
	t.Helper()
	s := &secretRig{flags: []string{"--log-level", "debug", "--log-format", format}, said: finds{}}
	s.rig = newRig(t, func(o *simulator.Options) { o.Token = canary })
	s.witness.answer = s.service.ServeHTTP
	s.other.answer = s.service.ServeHTTP
	other := httptest.NewServer(&s.other)
	t.Cleanup(other.Close)
	s.elsewhere = other.URL
	s.serve(s.witness.ServeHTTP)
	rewrite(t, s.config(), `"right"`, `"`+canary+`"`)
	return s
}

// auth is how the configuration signs in.
func (s *secretRig) auth() string { return fmt.Sprintf(`auth: {method: token, token: "%s"}`, canary) }

// all runs verbs, and keeps what they say. Each fails where the first ones did not.
func (s *secretRig) all(verbs ...string) {
	s.t.Helper()
	for _, verb := range verbs {
		r := s.verb(append(strings.Fields(verb), s.flags...)...)
		if ok := s.name == "" || verb == "status"; ok != (r.code == 0) {
			s.t.Errorf("%s%s: exit code %d\n%.2000s", strings.ReplaceAll(s.name, canary, "…"), verb, r.code, r.stderr)
		}
		s.said[s.name+verb+" stdout"], s.said[s.name+verb+" stderr"] = []byte(r.stdout), []byte(r.stderr)
	}
}

// found is everything that there is to search.
func (s *secretRig) found() finds {
	s.t.Helper()
	found := maps.Clone(s.said)
	found["requests"] = s.witness.sent.Bytes()
	found["requests elsewhere"] = s.other.sent.Bytes()
	found.addFiles(s.t, s.dir, filepath.Base(s.config()))
	return found
}

// holdSearch holds that the search finds what is there: in logs, requests, the ledger, and the rows of files.
func (s *secretRig) holdSearch(found finds) {
	s.t.Helper()
	queried := found.of("AlertInfo | where ingestion_time() >= datetime(")
	for _, place := range []string{"run stderr", "requests"} {
		if !slices.Contains(queried, place) {
			s.t.Errorf("a query is not found in %s, but in %q", place, queried)
		}
	}
	if !slices.ContainsFunc(queried, func(place string) bool { return strings.Contains(place, "/log/") }) {
		s.t.Errorf("a query is not found in the ledger, but in %q", queried)
	}
	leak := newSecretRig(s.t, "text")
	leak.spoilRows()
	leak.runStaging()
	leak.holdFound(".arrow")
	leak.all("run")
	leak.holdFound(".parquet")
}

// holdFound holds that the token is found in a file of the given kind.
func (s *secretRig) holdFound(extension string) {
	s.t.Helper()
	places := s.found().of(canary)
	if !slices.ContainsFunc(places, func(place string) bool { return filepath.Ext(place) == extension }) {
		s.t.Errorf("a token in the rows is not found in a file %s, but in %q", extension, places)
	}
}

// spoilRows puts the token into rows of the source.
func (s *secretRig) spoilRows() {
	s.witness.set(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Accept-Encoding")
		record := httptest.NewRecorder()
		s.service.ServeHTTP(record, r)
		maps.Copy(w.Header(), record.Header())
		w.WriteHeader(record.Code)
		_, _ = w.Write(spoiled.ReplaceAll(record.Body.Bytes(), []byte(`"$1":"`+canary+`"`)))
	})
}

// runStaging runs with files in the way of what is published, so that it remains staged.
func (s *secretRig) runStaging() {
	s.t.Helper()
	for _, table := range rigTables {
		if err := os.MkdirAll(s.lake(), 0o700); err != nil {
			s.t.Fatal(err)
		}
		block(s.t, filepath.Join(s.lake(), table))
	}
	if r := s.verb("run"); r.code != 1 {
		s.t.Errorf("exit code %d, want 1\n%.2000s", r.code, r.stderr)
	}
	for _, table := range rigTables {
		if err := os.Remove(filepath.Join(s.lake(), table)); err != nil {
			s.t.Fatal(err)
		}
	}
}
