package main

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // the driver "duckdb"

	"huntlake/schema"
)

// duck is DuckDB in this process, with a number of threads of its own.
type duck struct{ db *sql.DB }

func newDuck(ctx context.Context, threads int) (*duck, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, err
	}
	_, err = db.ExecContext(ctx, fmt.Sprintf("PRAGMA threads = %d", threads))
	return &duck{db}, err
}

// fromLines selects the rows out of the newline-delimited JSON.
func (s *scene) fromLines() string {
	return fmt.Sprintf(`SELECT * FROM read_json('%s', format = 'newline_delimited', columns = {%s})`,
		filepath.Join(s.dir, "*.ndjson"), columnTypes(s.fields, "'%s': '%s'"))
}

// fromAnswers selects the rows out of the responses. An object is one value for DuckDB, which takes 16 MB at most unless
// told.
func (s *scene) fromAnswers() string {
	largest := 0
	for _, a := range s.answers {
		largest = max(largest, len(a))
	}
	return fmt.Sprintf(`SELECT unnest(Results, recursive := true) FROM read_json('%s', format = 'unstructured',
		maximum_object_size = %d, columns = {'Results': 'STRUCT(%s)[]'})`,
		filepath.Join(s.dir, "*.json"), largest+1, columnTypes(s.fields, `"%s" %s`))
}

// columnTypes lists the columns with DuckDB's types.
func columnTypes(fields []schema.Field, format string) string {
	var list []string
	for _, f := range fields {
		list = append(list, fmt.Sprintf(format, f.Name, columnType(f)))
	}
	return strings.Join(list, ", ")
}

func columnType(f schema.Field) string {
	switch f.Type {
	case "DateTime":
		return "TIMESTAMPTZ"
	case "Int64", "Int32":
		return "BIGINT"
	case "SByte":
		return "BOOLEAN"
	}
	return "VARCHAR"
}

// copy writes what a query selects into one Parquet file.
func (d *duck) copy(ctx context.Context, query, out string) error {
	_, err := d.db.ExecContext(ctx, fmt.Sprintf(`COPY (%s) TO '%s' (FORMAT parquet, COMPRESSION zstd)`, query, out))
	return err
}

// difference is how many rows two files have, and how many of them only one has.
type difference struct{ ours, theirs, onlyOurs, onlyTheirs int }

func (d difference) equal() bool {
	return d.ours > 0 && d.ours == d.theirs && d.onlyOurs == 0 && d.onlyTheirs == 0
}

// compare reads the columns of the rows from both files. What huntlake has beyond, the seventh digits of times, DuckDB
// has no type for.
func (d *duck) compare(ctx context.Context, fields []schema.Field, ours, theirs string) (diff difference, err error) {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = `"` + f.Name + `"`
	}
	rows := func(path string) string { return fmt.Sprintf("SELECT %s FROM '%s'", strings.Join(names, ", "), path) }
	for _, count := range []struct {
		into *int
		of   string
	}{
		{&diff.ours, rows(ours)},
		{&diff.theirs, rows(theirs)},
		{&diff.onlyOurs, rows(ours) + " EXCEPT ALL " + rows(theirs)},
		{&diff.onlyTheirs, rows(theirs) + " EXCEPT ALL " + rows(ours)},
	} {
		if err := d.db.QueryRowContext(ctx, "SELECT count(*) FROM ("+count.of+")").Scan(count.into); err != nil {
			return diff, err
		}
	}
	return diff, nil
}
