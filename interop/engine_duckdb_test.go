package interop

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"huntlake/partition"
)

// duckShown runs in DuckDB what the program prints for a lake, and nothing else.
func duckShown(t *testing.T, p *printer, s *shown) *sql.DB {
	t.Helper()
	db := duck(t)
	db.SetMaxOpenConns(1) // settings are a connection's
	if _, err := db.Exec(p.sql("duckdb", s)); err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	return db
}

// duckTexts are rows of texts; "" is null, too.
func duckTexts(t *testing.T, db *sql.DB, query string) (out [][]string) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%v\n%.3000s", err, query)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	cells, into := make([]sql.NullString, len(names)), make([]any, len(names))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		row := make([]string, len(cells))
		for i, c := range cells {
			row[i] = c.String
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// testDuckDB asks for every column of every table of both lakes, and looks at what is read of the first.
func testDuckDB(t *testing.T, p *printer, lakes []*shown) {
	for _, s := range lakes {
		db := duckShown(t, p, s)
		if got := duckTexts(t, db, "SELECT version()")[0][0]; got != "v1.4.4" { // as the documents say
			t.Errorf("it is DuckDB %s", got)
		}
		for _, w := range s.truths {
			s.compare(t, w, statsOf(t, duckTexts(t, db, duckTongue().ask(w))))
		}
		for _, name := range s.empty {
			if got := duckTexts(t, db, "SELECT count(*) FROM "+name); got[0][0] != "0" {
				t.Errorf("%s: %s has %s rows", s.name, name, got[0][0])
			}
		}
		if s.name == "once" {
			prunedByDuckDB(t, db, s)
		} else {
			outgrown(t, db, s)
		}
	}
}

// outgrown adds a file that has one more column than the printed views know, and looks at them again.
func outgrown(t *testing.T, db *sql.DB, s *shown) {
	w := s.truth("EmailEvents")
	file := s.files(w.name)[0]
	newer := filepath.Join(filepath.Dir(file), "newer.parquet")
	defer os.Remove(newer)
	if _, err := db.Exec(fmt.Sprintf("COPY (SELECT *, 'x' AS Newer FROM '%s' LIMIT 0) TO '%s'", file, newer)); err != nil {
		t.Fatal(err)
	}
	if got := duckTexts(t, db, "SELECT count(*) FROM "+w.name); got[0][0] != fmt.Sprint(w.rows) {
		t.Errorf("%s rows, want %d", got[0][0], w.rows)
	}
}

// prunedByDuckDB holds what DuckDB reads of the lake against what it needs to.
func prunedByDuckDB(t *testing.T, db *sql.DB, s *shown) {
	day := lookUpDay(1)
	plan := duckTexts(t, db, fmt.Sprintf("EXPLAIN ANALYZE SELECT count(DeviceName) FROM LookUps WHERE dt = '%v'", day))[0][1]
	if want := fmt.Sprintf("Total Files Read: %d ", len(s.filesOf("LookUps", day))); !strings.Contains(plan, want) {
		t.Errorf("dt: no %q in the plan:\n%s", want, plan)
	}
	var zone, first string
	times := duckTexts(t, db, "SELECT current_setting('TimeZone'), CAST(min(Timestamp) AS VARCHAR) FROM LookUps")
	if zone, first = times[0][0], times[0][1]; zone != "UTC" || first != lookUpDay(0).String()+" 00:00:00+00" {
		t.Errorf("the first time is shown as %s in %s", first, zone)
	}
	files := s.files("LookUps")
	all := duckBytes(t, db, "SELECT count(ReportId), count(SHA1), count(Timestamp) FROM LookUps")
	for name, where := range map[string]string{
		"Bloom filter": fmt.Sprintf("SHA1 = '%s'", lookUpSHA1(lookUpRows+5000)),
		"statistics":   fmt.Sprintf("Timestamp >= '%v 01:00:00Z' AND Timestamp < '%v 02:00:00Z'", day, day),
	} {
		read := duckBytes(t, db, "SELECT count(ReportId), count(SHA1) FROM LookUps WHERE "+where)
		for _, f := range files {
			t.Logf("%s: DuckDB reads %d bytes of %s for %s, %d for all rows", name, read[f], f, where, all[f])
			if needed := strings.Contains(f, day.String()); needed == (read[f] < all[f]/8) {
				t.Errorf("%s: %d bytes are read of %s, and %d for all rows", name, read[f], f, all[f])
			}
		}
	}
	for _, f := range files {
		probe := duckTexts(t, db, fmt.Sprintf("SELECT bloom_filter_excludes FROM parquet_bloom_probe('%s', 'SHA1', '%s')", f, lookUpSHA1(lookUpRows+5000)))
		if want := fmt.Sprint(!strings.Contains(f, day.String())); len(probe) != 1 || probe[0][0] != want {
			t.Errorf("the Bloom filters of %s exclude the value: %v, want %s", f, probe, want)
		}
	}
}

// duckBytes runs a query and returns how many bytes were read of each file.
func duckBytes(t *testing.T, db *sql.DB, query string) map[string]int64 {
	t.Helper()
	if _, err := db.Exec("CALL enable_logging('FileSystem'); CALL truncate_duckdb_logs()"); err != nil {
		t.Fatal(err)
	}
	duckTexts(t, db, query)
	read := map[string]int64{}
	for _, row := range duckTexts(t, db, "SELECT path, CAST(sum(bytes) AS VARCHAR) FROM duckdb_logs_parsed('FileSystem') WHERE op = 'READ' GROUP BY path") {
		var n int64
		if _, err := fmt.Sscan(row[1], &n); err != nil {
			t.Fatal(err)
		}
		read[row[0]] = n
	}
	if _, err := db.Exec("CALL disable_logging()"); err != nil {
		t.Fatal(err)
	}
	return read
}

// lookUpDay is the n-th dt of the table that is there to be looked up in.
func lookUpDay(n int) partition.Date {
	return partition.DateOf(partition.TickOf(lifeEnd.Add(time.Duration(n-lookUpDays) * 24 * time.Hour)))
}
