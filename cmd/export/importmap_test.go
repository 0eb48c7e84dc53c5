package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "huntlake"

// all stands for every package.
const all = "*"

// doors says which rooms a room may import. A room is a folder with everything below it that has no row of its own,
// and may import within itself.
var doors = map[string][]string{
	"cmd/export": {all},
	"bench":      {all},
	"configs":    {"partition", "schema"},
	"pipeline": {
		"pipeline/hunting", "pipeline/hunting/simulator", "writers", "checkpoint", "schema", "schema/catalog", "partition",
	},
	"pipeline/hunting":           {"schema", "schema/catalog", "partition"},
	"pipeline/hunting/simulator": {"schema", "schema/catalog", "partition"},
	"writers":                    {"schema", "partition"},
	"checkpoint":                 {"schema", "partition"}, // receipts hold digests, schema commits the pinned columns
	"schema":                     {},
	"schema/catalog":             {"schema"},
	"partition":                  {},
}

// pure are the rooms that take no ctx and do no I/O.
var pure = []string{"partition", "schema", "schema/catalog"}

// effects are the imports, and everything below them, that have no place there.
var effects = []string{"context", "net", "os", "syscall"}

// clock are the functions of package time that read it: cmd passes the clock in.
var clock = []string{"Now", "Since", "Until"}

// listed is one package as go list describes it; test files are not looked at.
type listed struct {
	ImportPath, Dir  string
	Imports, GoFiles []string
}

var root = filepath.Join("..", "..")

// list asks go for every package. It looks into every folder too, because the test cache knows what a test opens, but
// not what the programs that it starts do.
func list(t *testing.T) []listed {
	t.Helper()
	if err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != root && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	// -e: a dependency that is not downloaded is no concern here.
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,Imports,GoFiles", "./...")
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// room returns the longest row of doors that pkg is in, or "".
func room(pkg string) string {
	for p := strings.TrimPrefix(pkg, module+"/"); p != "."; p = filepath.ToSlash(filepath.Dir(p)) {
		if _, ok := doors[p]; ok {
			return p
		}
	}
	return ""
}

// refused lists what is wrong with the imports of pkg.
func refused(pkg string, imports []string) []string {
	from := room(pkg)
	if from == "" {
		return []string{pkg + " is in no room of the import map"}
	}
	var faults []string
	for _, path := range imports {
		if within(path, module) {
			to := room(path)
			if to == "" || to != from && !slices.Contains(doors[from], to) && !slices.Contains(doors[from], all) {
				faults = append(faults, pkg+" may not import "+path)
			}
		}
		if slices.Contains(pure, from) && slices.ContainsFunc(effects, func(e string) bool { return within(path, e) }) {
			faults = append(faults, pkg+" is pure and may not import "+path)
		}
	}
	return faults
}

func within(path, top string) bool { return path == top || strings.HasPrefix(path, top+"/") }

func TestImportMap(t *testing.T) {
	packages := list(t)
	if len(packages) < 5 {
		t.Fatalf("go list finds %d packages", len(packages))
	}
	for _, p := range packages {
		for _, fault := range refused(p.ImportPath, p.Imports) {
			t.Error(fault)
		}
	}
}

func TestImportMapRefuses(t *testing.T) {
	for _, c := range []struct {
		pkg     string
		imports []string
		want    []string
	}{
		{"huntlake/writers", []string{"huntlake/schema", "huntlake/writers/folder", "os", "huntlakes/x"}, nil},
		{"huntlake/writers/folder", []string{"huntlake/schema"}, nil},
		{"huntlake/writers/folder", []string{"huntlake/checkpoint"}, []string{"huntlake/writers/folder may not import huntlake/checkpoint"}},
		{"huntlake/schema", []string{"huntlake/schema/catalog", "time", "osmosis"}, []string{"huntlake/schema may not import huntlake/schema/catalog"}},
		{"huntlake/schema/catalog", []string{"huntlake/schema", "embed"}, nil},
		{"huntlake/partition", []string{"context", "net/http"}, []string{
			"huntlake/partition is pure and may not import context", "huntlake/partition is pure and may not import net/http",
		}},
		{"huntlake/pipeline/hunting/simulator/kql", []string{"huntlake/pipeline/hunting/simulator/wire", "huntlake/pipeline/hunting"}, []string{
			"huntlake/pipeline/hunting/simulator/kql may not import huntlake/pipeline/hunting",
		}},
		{"huntlake/cmd/export", []string{"huntlake/pipeline", "huntlake/configs"}, nil},
		{"huntlake/cmd/export", []string{"huntlake/util"}, []string{"huntlake/cmd/export may not import huntlake/util"}},
		{"huntlake/util", nil, []string{"huntlake/util is in no room of the import map"}},
		{"huntlake", nil, []string{"huntlake is in no room of the import map"}},
	} {
		if diff := cmp.Diff(c.want, refused(c.pkg, c.imports)); diff != "" {
			t.Errorf("%s imports %v: -want +got:\n%s", c.pkg, c.imports, diff)
		}
	}
}

// TestClockIsReadInCmd holds every package but the program and the benchmarks to the clock that is passed in.
func TestClockIsReadInCmd(t *testing.T) {
	for _, p := range list(t) {
		if r := room(p.ImportPath); r == "cmd/export" || r == "bench" {
			continue
		}
		for _, name := range p.GoFiles {
			for _, place := range readsClock(t, filepath.Join(p.Dir, name)) {
				t.Errorf("%s reads the clock: take a func() time.Time instead", place)
			}
		}
	}
}

func TestReadsClock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "late.go")
	const text = "package late\n\nimport \"time\"\n\nvar a, b = time.Now(), time.Since\nvar c = time.Unix\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{path + ":5:12", path + ":5:24"}, readsClock(t, path)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func readsClock(t *testing.T, path string) []string {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Error(err)
		return nil
	}
	var places []string
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && slices.Contains(clock, s.Sel.Name) {
			if pkg, ok := s.X.(*ast.Ident); ok && pkg.Name == "time" {
				places = append(places, fset.Position(n.Pos()).String())
			}
		}
		return true
	})
	return places
}
