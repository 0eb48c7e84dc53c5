package mutants

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write docs/mutations.md anew")

// mutant is one rule, broken.
type mutant struct {
	name string
	rule string // what the program promises otherwise
	file string // of the program
	old  string // stands in the file exactly once, or the mutant has gone stale
	new  string
	test string // <package> <name>: what fails then
}

// patience is how long the test of one mutant may take, building included.
const patience = 5 * time.Minute

// TestMutants runs the test that is named for each mutant, without the mutation and with it.
func TestMutants(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program anew for every mutant")
	}
	overlays := map[string]string{} // all are made first: a list that is stale fails at once
	for _, m := range all {
		overlays[m.name] = m.overlay(t)
	}
	if t.Failed() {
		return
	}
	t.Run("unchanged", func(t *testing.T) {
		for pkg, names := range tests() {
			t.Run(pkg, func(t *testing.T) {
				t.Parallel()
				if out, err := goTest(t, pkg, names, ""); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
	})
	for _, m := range all {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			pkg, name, _ := strings.Cut(m.test, " ")
			out, err := goTest(t, pkg, []string{name}, overlays[m.name])
			switch {
			case err == nil:
				t.Errorf("nobody noticed: %s passes although it is not so that %s", name, m.rule)
			case !failed(out, name):
				t.Errorf("%s did not fail, but could not be run: %v\n%s", name, err, out)
			}
		})
	}
}

// overlay writes a file for go test -overlay that replaces the mutant's file.
func (m mutant) overlay(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", m.file))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), m.old); n != 1 || m.old == m.new {
		t.Errorf("%s: %s has the text to replace %d times, want once:\n%s", m.name, m.file, n, m.old)
	}
	dir := t.TempDir()
	changed, list := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
	replaced, err := json.Marshal(map[string]any{"Replace": map[string]string{path: changed}})
	err = errors.Join(err, os.WriteFile(changed, []byte(strings.Replace(string(text), m.old, m.new, 1)), 0o600), os.WriteFile(list, replaced, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// tests are what mutants name, by package.
func tests() map[string][]string {
	out := map[string][]string{}
	for _, m := range all {
		if pkg, name, _ := strings.Cut(m.test, " "); !slices.Contains(out[pkg], name) {
			out[pkg] = append(out[pkg], name)
		}
	}
	return out
}

// goTest runs tests of a package of the program.
func goTest(t *testing.T, pkg string, names []string, overlay string) (out []byte, err error) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	args := []string{"test", "-C", "../..", "-short", "-vet=off", "-ldflags=-s -w", "-timeout", "4m", "-run", "^(" + strings.Join(names, "|") + ")$", "-v"}
	if overlay != "" {
		args = append(args, "-count=1", "-overlay", overlay)
	}
	out, err = exec.CommandContext(ctx, "go", append(args, "./"+pkg)...).CombinedOutput()
	for _, name := range names {
		if err == nil && !bytes.Contains(out, []byte("--- PASS: "+name+" ")) {
			err = fmt.Errorf("no test is called %s", name)
		}
	}
	return out, err
}

// failed reports whether a test has failed: a program that does not build, or does not end, proves nothing.
func failed(out []byte, name string) bool {
	return bytes.Contains(out, []byte("--- FAIL: "+name+" "))
}

// TestDocumented holds docs/mutations.md against the list.
func TestDocumented(t *testing.T) {
	const path = "../../docs/mutations.md"
	want := document()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the list says: go test ./mutants -run Documented -update (%v)", path, err)
	}
	for i, m := range all {
		if slices.ContainsFunc(all[:i], func(other mutant) bool { return other.name == m.name }) {
			t.Errorf("two mutants are called %s", m.name)
		}
	}
}

const preface = `# Mutations

Each line breaks one rule of the program on purpose, and names the test that fails then. ` + "`.ci/run mutants`" + ` does it: it
replaces a piece of one file, builds, and wants that test to fail, and to pass without the replacement. This page is
made from the list in ` + "`interop/mutants/list_test.go`" + `, where the replaced text stands.

| the rule | broken in | caught by |
|---|---|---|
`

func document() []byte {
	b := bytes.NewBufferString(preface)
	for _, m := range all {
		pkg, name, _ := strings.Cut(m.test, " ")
		fmt.Fprintf(b, "| %s | `%s`: %s | `%s` %s |\n", m.rule, m.file, m.name, pkg, name)
	}
	return b.Bytes()
}
