package interop

import (
	"crypto/md5"
	"database/sql"
	"encoding/hex"
	"fmt"
	"math/big"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
)

// A row's text is its cells that are not null, as name=value, each with a unit separator behind it. DuckDB and the
// source make it independently of each other; what is compared are its MD5 sums.

// tally is a multiset of rows by the MD5 of their text.
type tally map[string]int

// sourceRows calls each with the text of every row that the source holds of a table.
func sourceRows(table simulator.Table, at partition.Tick, each func(text []byte)) {
	fields := table.Columns(at)
	var text []byte
	for _, row := range simulator.Rows(table, at) {
		text = text[:0]
		for k, f := range fields {
			text = appendCell(text, f.Name, row.Values[k])
		}
		if row.Ingested != partition.NoTick {
			text = appendCell(text, schema.IngestionTime, kql.OfTime(row.Ingested))
		}
		each(text)
	}
}

func appendCell(dst []byte, name string, v kql.Value) []byte {
	if v.IsNull() {
		return dst
	}
	dst = append(append(dst, name...), '=')
	switch v.Type() {
	case kql.DateTime:
		micros, digit := v.Tick().Micros()
		dst = strconv.AppendInt(append(strconv.AppendInt(dst, micros, 10), ' '), int64(digit), 10)
	case kql.Real:
		dst = strconv.AppendFloat(dst, v.Float(), 'e', 17, 64)
	case kql.String, kql.Guid, kql.Dynamic:
		dst = append(dst, v.Text()...)
	default:
		dst = append(dst, v.String()...)
	}
	return append(dst, '\x1f')
}

// sourceTally is what the source holds of a table.
func sourceTally(table simulator.Table, at partition.Tick) tally {
	rows := tally{}
	sourceRows(table, at, func(text []byte) {
		sum := md5.Sum(text)
		rows[hex.EncodeToString(sum[:])]++
	})
	return rows
}

// sourceSum is the number of rows and the sum of the first 60 bits of their MD5 sums.
func sourceSum(table simulator.Table, at partition.Tick) (rows int64, sum *big.Int) {
	sum = new(big.Int)
	var digest big.Int
	sourceRows(table, at, func(text []byte) {
		d := md5.Sum(text)
		sum.Add(sum, digest.Rsh(digest.SetBytes(d[:8]), 4))
		rows++
	})
	return rows, sum
}

// duck opens DuckDB.
func duck(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// textSQL makes a row's text.
func textSQL(fields []schema.Field) (string, error) {
	if !containsName(fields, schema.IngestionTime) {
		fields = append(fields[:len(fields):len(fields)], schema.Field{Name: schema.IngestionTime, Type: "DateTime"})
	}
	pinned, _, err := schema.Table{}.Evolve(fields)
	if err != nil {
		return "", err
	}
	cells := make([]string, len(pinned.Columns))
	for i, c := range pinned.Columns {
		value := selected(c)
		if c.Kind == schema.Double {
			value = fmt.Sprintf(`printf('%%.17e', "%s")`, c.Name)
		}
		cells[i] = fmt.Sprintf("'%s=' || %s || chr(31)", c.Source, value)
	}
	return "concat(" + strings.Join(cells, ", ") + ")", nil // which leaves out nulls
}

func containsName(fields []schema.Field, name string) bool {
	for _, f := range fields {
		if f.Name == name {
			return true
		}
	}
	return false
}

// published is every file of a table, as a reader finds them who knows the layout and nothing else.
func published(dir, table string) string { return filepath.Join(dir, table, "**", "*.parquet") }

func fromFiles(dir, table string) string {
	return fmt.Sprintf("read_parquet('%s', union_by_name = true)", published(dir, table))
}

// lakeTally is what a reader who globs finds of a table; nothing where there is no file yet.
func lakeTally(t *testing.T, db *sql.DB, dir string, table simulator.Table) tally {
	t.Helper()
	rows := tally{}
	if files, _ := filepath.Glob(filepath.Join(dir, table.Name(), "*", "*", "*.parquet")); len(files) == 0 {
		return rows
	}
	text, err := textSQL(table.Columns(0))
	if err != nil {
		t.Fatal(err)
	}
	found, err := db.Query(fmt.Sprintf("SELECT md5(%s) FROM %s", text, fromFiles(dir, table.Name())))
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var sum string
		if err := found.Scan(&sum); err != nil {
			t.Fatal(err)
		}
		rows[sum]++
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// lakeSum is sourceSum of what a reader finds.
func lakeSum(t *testing.T, db *sql.DB, dir string, table simulator.Table) (rows int64, sum *big.Int) {
	t.Helper()
	text, err := textSQL(table.Columns(0))
	if err != nil {
		t.Fatal(err)
	}
	var digits string
	query := fmt.Sprintf("SELECT count(*), CAST(sum(CAST('0x' || md5(%s)[1:15] AS BIGINT)) AS VARCHAR) FROM %s", text, fromFiles(dir, table.Name()))
	if err := db.QueryRow(query).Scan(&rows, &digits); err != nil {
		t.Fatal(err)
	}
	sum, _ = new(big.Int).SetString(digits, 10)
	return rows, sum
}

// size is the number of rows.
func (a tally) size() (n int) {
	for _, times := range a {
		n += times
	}
	return n
}

// beyond is the number of rows that are more often in a than in b.
func (a tally) beyond(b tally) (n int) {
	for row, times := range a {
		n += max(0, times-b[row])
	}
	return n
}
