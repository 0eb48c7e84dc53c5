package configs

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// origin says where the fields of a config stand. The zero origin is nowhere: a config that was built by hand.
type origin struct {
	file  string
	lines map[string]int // by path, such as tenants[0].auth.token
}

// line finds the line of path, or of the nearest field around it: what is missing has no line of its own.
func (o origin) line(path string) int {
	for p, ok := path, true; ok; p, ok = parent(p) {
		if n := o.lines[p]; n > 0 {
			return n
		}
	}
	return 1
}

// parent returns the path of the field around path; the document itself, "", has none.
func parent(path string) (string, bool) {
	if path == "" {
		return "", false
	}
	return path[:max(strings.LastIndexAny(path, ".["), 0)], true
}

type fault struct {
	line       int
	path, what string
}

// faults collects what is wrong.
type faults struct {
	origin     origin
	list       []fault
	unreadable map[string]bool // paths whose value was refused and is therefore not judged any further
}

// add reports what is wrong at path, unless path or a field around it could not even be read.
func (f *faults) add(path, format string, args ...any) {
	for p, ok := path, true; ok; p, ok = parent(p) {
		if f.unreadable[p] {
			return
		}
	}
	f.list = append(f.list, fault{f.origin.line(path), path, fmt.Sprintf(format, args...)})
}

// check adds a fault unless good.
func (f *faults) check(good bool, path, format string, args ...any) {
	if !good {
		f.add(path, format, args...)
	}
}

// err returns the faults in the order of the file, one a line, or nil.
func (f *faults) err() error {
	slices.SortStableFunc(f.list, func(a, b fault) int { return cmp.Compare(a.line, b.line) })
	var errs []error
	for _, one := range f.list {
		errs = append(errs, f.origin.fault(one.path, errors.New(one.what)))
	}
	return errors.Join(errs...)
}

// fault puts the place of a field before what is wrong with it.
func (o origin) fault(path string, err error) error {
	line := o.line(path)
	if path != "" {
		err = fmt.Errorf("%s: %w", path, err)
	}
	if o.file != "" {
		err = fmt.Errorf("%s:%d: %w", o.file, line, err)
	}
	return err
}

// oneOf adds a fault unless word is among words, and returns whether it is.
func oneOf[T ~string](f *faults, path string, word T, words ...T) bool {
	if slices.Contains(words, word) {
		return true
	}
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	f.add(path, "%q is not one of %s", string(word), strings.Join(all, ", "))
	return false
}
