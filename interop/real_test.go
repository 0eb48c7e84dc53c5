package interop

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/google/go-cmp/cmp"

	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
)

// newest is when the newest real row is made to happen.
var newest = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// realFolders are the folders of rows as the hunting API and the streaming export show them.
var realFolders = []string{"streaming/graph2otel", "api-rows/msticpy", "derived"}

// TestRealRows: real rows, served by the simulator in both dialects, come out of the lake as DuckDB reads it equal
// to what went in, value by value.
func TestRealRows(t *testing.T) {
	root := sharedFolder(t, "data/real")
	for _, folder := range realFolders {
		t.Run(folder, func(t *testing.T) {
			tables, err := simulator.LoadFolder(filepath.Join(root, folder), simulator.FileOptions{ShiftTo: newest})
			if err != nil {
				t.Fatal(err)
			}
			if len(tables) == 0 {
				t.Fatal("no table")
			}
			var files []map[string]string
			for _, dialect := range []hunting.Dialect{hunting.Graph, hunting.Defender} {
				dir := t.TempDir()
				newLake(t, "file://"+dir, dialect, tables, newest.Add(24*time.Hour)).fill()
				for _, table := range tables {
					compareTable(t, dir, table)
				}
				files = append(files, digests(t, dir))
			}
			if diff := cmp.Diff(files[0], files[1]); diff != "" {
				t.Errorf("the dialects give different files:\n%s", diff)
			}
		})
	}
}

// compareTable holds what DuckDB reads against the source's rows.
func compareTable(t *testing.T, dir string, table simulator.Table) {
	t.Helper()
	at := partition.TickOf(newest.Add(24 * time.Hour))
	fields := table.Columns(at)
	var want []string
	for _, row := range simulator.Rows(table, at) {
		var b strings.Builder
		for k, f := range fields {
			fmt.Fprintf(&b, "%s=%s\n", f.Name, valueText(row.Values[k]))
		}
		want = append(want, b.String())
	}
	got := duckRows(t, dir, table.Name(), fields)
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-source +lake):\n%.4000s", table.Name(), diff)
	}
	t.Logf("%s: %d rows of %d columns are equal", table.Name(), len(got), len(fields))
}

func valueText(v kql.Value) string {
	if v.IsNull() {
		return "null"
	}
	switch v.Type() {
	case kql.DateTime:
		return v.Tick().String()
	case kql.Real:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case kql.Dynamic:
		return strconv.Quote(v.Text())
	case kql.String, kql.Guid:
		return strconv.Quote(v.Text())
	}
	return v.String()
}

// duckRows reads a table of the lake through DuckDB.
func duckRows(t *testing.T, dir, table string, fields []schema.Field) []string {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	pinned, _, err := schema.Table{}.Evolve(fields)
	if err != nil {
		t.Fatal(err)
	}
	columns := make([]string, len(fields))
	for i, c := range pinned.Columns {
		columns[i] = selected(c)
	}
	query := fmt.Sprintf("SELECT %s FROM read_parquet('%s', hive_partitioning = true, union_by_name = true)",
		strings.Join(columns, ", "), filepath.Join(dir, table, "**", "*.parquet"))
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var out []string
	cells := make([]sql.NullString, len(fields))
	into := make([]any, len(fields))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for i, f := range fields {
			fmt.Fprintf(&b, "%s=%s\n", f.Name, cellText(t, f, cells[i]))
		}
		out = append(out, b.String())
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// selected asks for a column as text that loses nothing.
func selected(c schema.Column) string {
	if c.Kind == schema.Timestamp {
		return fmt.Sprintf(`epoch_us("%[1]s") || ' ' || "%[1]s_100ns"`, c.Name)
	}
	return fmt.Sprintf(`CAST("%s" AS VARCHAR)`, c.Name)
}

func cellText(t *testing.T, f schema.Field, cell sql.NullString) string {
	t.Helper()
	if !cell.Valid {
		return "null"
	}
	kind, _ := schema.KindOf(f.Type)
	switch kind {
	case schema.Timestamp:
		var micros int64
		var digit int32
		if _, err := fmt.Sscan(cell.String, &micros, &digit); err != nil {
			t.Fatal(err)
		}
		return partition.TickOfMicros(micros, digit).String()
	case schema.Double:
		v, err := strconv.ParseFloat(cell.String, 64)
		if err != nil {
			t.Fatal(err)
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	case schema.JSON, schema.String:
		return strconv.Quote(cell.String)
	}
	return cell.String
}

// digests are the sizes and names of the published files, which both dialects must give alike.
func digests(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".parquet" {
			return err
		}
		content, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[rel] = sum(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sum(content []byte) string {
	h := sha256.Sum256(content)
	return hex.EncodeToString(h[:])
}
