package main

import (
	"bytes"
	"path/filepath"
	"testing"
)

// small is an answer of 1,600 rows.
func small(t *testing.T) *scene {
	t.Helper()
	c, err := newCorpus(1, 4_000_000)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newScene(t.Context(), c, t.TempDir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

// DuckDB reads the same rows from huntlake's file as from what it makes itself of the rows, and of the response.
func TestContent(t *testing.T) {
	s := small(t)
	ours, theirs, err := s.files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.duck.compare(t.Context(), s.fields, ours.path, theirs.path)
	if err != nil || !d.equal() || d.ours != s.rows {
		t.Errorf("of %d rows: %+v, %v", s.rows, d, err)
	}
	whole := filepath.Join(t.TempDir(), "answers.parquet")
	if err := s.duck.copy(t.Context(), s.fromAnswers(), whole); err != nil {
		t.Fatal(err)
	}
	d, err = s.duck.compare(t.Context(), s.fields, ours.path, whole)
	if err != nil || !d.equal() {
		t.Errorf("against the response: %+v, %v", d, err)
	}
	t.Logf("%d rows; bytes: huntlake %d, DuckDB %d", s.rows, ours.bytes, theirs.bytes)
}

// The comparison notices a value that is changed in one row, a row that is there twice, and one that is missing.
func TestCompareNotices(t *testing.T) {
	s := small(t)
	ours, theirs, err := s.files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	from := "FROM '" + theirs.path + "'"
	for name, query := range map[string]string{
		"changed": "SELECT * REPLACE (if(file_row_number = 7, ProcessId + 1, ProcessId) AS ProcessId) FROM read_parquet('" +
			theirs.path + "', file_row_number = true)",
		"twice":   "SELECT * " + from + " UNION ALL (SELECT * " + from + " LIMIT 1)",
		"missing": "SELECT * " + from + " OFFSET 1",
	} {
		other := filepath.Join(t.TempDir(), "other.parquet")
		if err := s.duck.copy(t.Context(), query, other); err != nil {
			t.Fatal(err)
		}
		d, err := s.duck.compare(t.Context(), s.fields, ours.path, other)
		if err != nil || d.equal() {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
}

// Every way runs, and the table has a row of each.
func TestSheet(t *testing.T) {
	s := small(t)
	zips, err := s.unzips()
	if err != nil {
		t.Fatal(err)
	}
	ways := append(s.ways(), zips...)
	sheet := &sheet{rows: s.rows}
	if err := sheet.add(t.Context(), s, ways, 1); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	sheet.print(&b, "way")
	t.Logf("\n%s", b.Bytes())
	if got, want := bytes.Count(b.Bytes(), []byte("\n| 1 |")), len(ways); got != want {
		t.Errorf("got %d rows, want %d", got, want)
	}
	for _, e := range sheet.entries[:len(ways)-len(zips)] {
		if e.bytes == 0 {
			t.Errorf("%s has written nothing", e.name)
		}
	}
}
