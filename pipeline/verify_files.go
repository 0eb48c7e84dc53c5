package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"huntlake/checkpoint"
	"huntlake/writers"
)

// expected is what the ledger says of the files that readers see.
type expected struct {
	number int64                      // of the newest commit
	files  map[string]checkpoint.File // by key
	begun  map[string]checkpoint.File // files that may be there, by key
	past   map[string]checkpoint.Past // by folder: what the files of a day add up to that are not told apart any more
}

func (t *track) expected() expected {
	e := expected{files: map[string]checkpoint.File{}, begun: map[string]checkpoint.File{}, past: map[string]checkpoint.Past{}}
	t.ledger.View(func(s *checkpoint.State) {
		e.number = s.Number
		for dt, day := range s.Days {
			for _, f := range day.Files {
				e.files[f.Key] = f
			}
			if day.Past.Files > 0 {
				e.past[path.Dir(s.FileKey(dt, 1))] = day.Past
			}
		}
		for _, p := range s.Begun {
			rows, digest := s.InputSums(p)
			e.begun[p.Key] = checkpoint.File{Rows: rows, Digest: digest}
		}
	})
	return e
}

// verifyFiles holds the files against the ledger: each is read back whole, and no other may lie where readers look.
func (t *track) verifyFiles(ctx context.Context, v *checkpoint.Verify) error {
	want := t.expected()
	var published, staged, total int64
	t.ledger.View(func(s *checkpoint.State) {
		for _, day := range s.Days {
			published += day.Rows()
		}
		for _, st := range s.Staged {
			for _, sec := range st.Sections {
				staged += sec.Rows
			}
		}
		total = s.Totals.Rows - s.Totals.Dropped
	})
	if published+staged != total {
		v.Differences = append(v.Differences, fmt.Sprintf("the ledger has %d rows in receipts, %d in files and %d staged", total, published, staged))
	}
	l := t.ledger.Key()
	objects, err := t.opts().Bucket.List(ctx, l.FilesPrefix(), 0)
	if err != nil {
		return fmt.Errorf("list files of %v: %w", l.Table, err)
	}
	var keys []string
	for _, o := range objects {
		if path.Ext(o.Key) == ".parquet" {
			keys = append(keys, o.Key)
		}
	}
	return errors.Join(t.compareFiles(ctx, v, keys, want), t.verifyStaged(ctx, v), t.verifyBeside(ctx, v))
}

// Of a folder beside those of tenants, so many objects are looked at, and so many files are named.
const (
	mostBeside = 1_000
	namedFiles = 20
)

// verifyBeside looks for files that lie beside the folders of tenants, where a reader of the whole table finds them. The
// folder of a tenant that is not configured is one if it has a ledger.
func (t *track) verifyBeside(ctx context.Context, v *checkpoint.Verify) error {
	table := t.ledger.Key().Table.Path() + "/"
	children, err := t.opts().Bucket.Children(ctx, table)
	if err != nil {
		return fmt.Errorf("list folders of %s: %w", table, err)
	}
	for _, c := range children {
		if known, err := t.isTenants(ctx, c); known || err != nil {
			if err != nil {
				return err
			}
			continue
		}
		keys := []string{c}
		if strings.HasSuffix(c, "/") {
			if keys, err = t.opts().Bucket.First(ctx, c, mostBeside); err != nil {
				return fmt.Errorf("list files of %s: %w", c, err)
			}
		}
		keys = slices.DeleteFunc(keys, func(key string) bool { return path.Ext(key) != ".parquet" })
		for _, key := range keys[:min(len(keys), namedFiles)] {
			v.Differences = append(v.Differences, key+": readers of the whole table see this file, and it is no tenant's")
		}
	}
	return nil
}

// isTenants reports whether a folder of the table is that of a tenant.
func (t *track) isTenants(ctx context.Context, folder string) (bool, error) {
	l := t.ledger.Key()
	id, ok := strings.CutPrefix(folder, l.Table.Path()+"/tenant=")
	if l.Tenant, ok = strings.TrimSuffix(id, "/"), ok && strings.HasSuffix(id, "/"); !ok {
		return false, nil
	}
	if slices.ContainsFunc(t.opts().Tenants, func(other Tenant) bool { return other.ID == l.Tenant }) {
		return true, nil
	}
	log, err := t.opts().Bucket.First(ctx, l.Prefix(), 1)
	if err != nil {
		return false, fmt.Errorf("list the ledger of %s: %w", folder, err)
	}
	return len(log) > 0, nil
}

// verifyStaged holds the staged objects against the ledger: those whose rows readers do not have yet must be there, and
// hold what was staged. What another process has published or swept meanwhile says nothing.
func (t *track) verifyStaged(ctx context.Context, v *checkpoint.Verify) error {
	objects, err := t.opts().Bucket.List(ctx, t.ledger.Key().StagedPrefix(), 0)
	if err != nil {
		return fmt.Errorf("list staged objects of %v: %w", t.ledger.Key().Table, err)
	}
	there := map[string]bool{}
	for _, o := range objects {
		there[o.Key] = true
	}
	faults := map[string]string{} // by key
	for _, in := range t.stagedSections() {
		if there[in.Key] {
			err = t.opts().Bucket.ProveStaged(ctx, in)
		}
		switch {
		case faults[in.Key] != "":
		case !there[in.Key], errors.Is(err, fs.ErrNotExist):
			faults[in.Key] = "the ledger expects this staged object, and it is not there"
		case errors.Is(err, writers.ErrDamaged):
			faults[in.Key] = err.Error()
		case err != nil:
			return err
		}
	}
	if len(faults) == 0 {
		return nil
	}
	if err := t.ledger.Refresh(ctx); err != nil {
		return err
	}
	still := map[string]bool{}
	for _, in := range t.stagedSections() {
		still[in.Key] = true
	}
	for _, key := range slices.Sorted(maps.Keys(faults)) {
		if still[key] {
			v.Differences = append(v.Differences, key+": "+faults[key]+"; its rows are not published yet: restore it")
		}
	}
	return nil
}

// stagedSections are those whose rows readers do not have yet, in order.
func (t *track) stagedSections() (inputs []writers.Input) {
	t.ledger.View(func(s *checkpoint.State) {
		for _, st := range s.Staged {
			for _, sec := range st.Sections {
				inputs = append(inputs, writers.Input{Key: st.Object, Section: writers.Section(sec.Section)})
			}
		}
	})
	slices.SortFunc(inputs, compareInputs)
	return inputs
}

func (t *track) compareFiles(ctx context.Context, v *checkpoint.Verify, keys []string, want expected) error {
	past := map[string]checkpoint.Past{}
	for _, key := range keys {
		file, ok := want.files[key]
		if !ok {
			file, ok = want.begun[key]
		}
		if !ok && !want.isPast(key) {
			if !t.knows(ctx, key) {
				v.Differences = append(v.Differences, fmt.Sprintf("%s: readers see this file, the ledger does not know it", key))
			}
			continue
		}
		delete(want.files, key)
		got, err := t.opts().Bucket.Inspect(ctx, key, t.timeColumn())
		if err != nil {
			v.Differences = append(v.Differences, fmt.Sprintf("%s: %v", key, err))
			continue
		}
		v.Files++
		v.FileRows += got.Rows
		if !ok {
			past[path.Dir(key)] = past[path.Dir(key)].Add(checkpoint.File{Rows: got.Rows, Bytes: got.Bytes, Digest: got.Digest})
			continue
		}
		if diff := fileDifference(file, got); diff != "" {
			v.Differences = append(v.Differences, key+": "+diff)
		}
	}
	missing := pastDifferences(want.past, past)
	for key := range want.files {
		missing = append(missing, key+": the ledger expects this file, and it is not there")
	}
	slices.Sort(missing)
	v.Differences = append(v.Differences, missing...)
	return ctx.Err()
}

// isPast reports whether a file may be one of those of its day that are known by their sums alone. One with a publish
// number that the ledger had not come to is not.
func (e *expected) isPast(key string) bool {
	name := strings.TrimSuffix(path.Base(key), ".parquet")
	n, err := strconv.ParseInt(name[strings.LastIndexByte(name, '-')+1:], 10, 64)
	return err == nil && n <= e.number && e.past[path.Dir(key)].Files > 0
}

func pastDifferences(want, got map[string]checkpoint.Past) (out []string) {
	for dir, w := range want {
		if g := got[dir]; g.Files != w.Files || g.Rows != w.Rows || g.Digest != w.Digest {
			out = append(out, fmt.Sprintf("%s: %d files of %d rows, digest %v; the ledger has %d of %d rows, digest %v",
				dir, g.Files, g.Rows, g.Digest, w.Files, w.Rows, w.Digest))
		}
	}
	return out
}

// knows looks again: another process may have published the file since the ledger was read, of a day that is known by its
// sum alone by now.
func (t *track) knows(ctx context.Context, key string) bool {
	if t.ledger.Refresh(ctx) != nil {
		return false
	}
	now := t.expected()
	_, known := now.files[key]
	_, begun := now.begun[key]
	return known || begun || now.isPast(key)
}

func fileDifference(want checkpoint.File, got writers.File) string {
	var faults []string
	if got.Rows != want.Rows {
		faults = append(faults, fmt.Sprintf("%d rows, the ledger has %d", got.Rows, want.Rows))
	}
	if got.Digest != want.Digest {
		faults = append(faults, fmt.Sprintf("digest %v, the ledger has %v", got.Digest, want.Digest))
	}
	return strings.Join(faults, "; ")
}
