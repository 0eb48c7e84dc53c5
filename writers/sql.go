package writers

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"huntlake/partition"
	"huntlake/schema"
)

// SQLTable is a table of the lake as query engines are shown it.
type SQLTable struct {
	Table   partition.Table
	Schema  schema.Table   // every column that any file may have
	Files   int            // published ones; without any, most engines have nothing to look at yet
	First   partition.Date // the oldest dt of any; only Athena needs to know
	Tenants []string       // whose rows are there; only Athena needs to know
}

// SQL returns statements that show the tables of a lake to an engine: one of SQLEngines. Each table becomes a view or
// an external table of its own name, a named query one called queries_<name>, with the columns of the schema, whether
// or not a file has them yet, and the partition columns tenant and dt. A table without a file becomes an empty view,
// or, where an external table needs a place that is there, a remark. lakeURL is what Open takes; options and
// credentials in it are not repeated, and a relative folder is made absolute. The statements hold until a table has new
// columns, which they do not show.
//
// Errors: an engine that is not known, or that cannot read such a store; a table without a valid name, or without
// columns.
func SQL(engine, lakeURL string, tables []SQLTable) (string, error) {
	d, ok := dialects()[engine]
	if !ok {
		return "", fmt.Errorf("print SQL: engine %q is not one of %s", engine, strings.Join(SQLEngines(), ", "))
	}
	l, err := locate(lakeURL)
	if err != nil {
		return "", fmt.Errorf("print SQL: %w", err)
	}
	root, err := d.root(l)
	if err != nil {
		return "", fmt.Errorf("print SQL for %s: %w", engine, err)
	}
	tables = slices.SortedFunc(slices.Values(tables), func(a, b SQLTable) int { return cmp.Compare(a.name(), b.name()) })
	parts := []string{d.preamble(l)}
	for _, t := range tables {
		if err := t.Table.Validate(); err != nil {
			return "", fmt.Errorf("print SQL for %s: %w", engine, err)
		}
		if len(t.Schema.Columns) == 0 {
			return "", fmt.Errorf("print SQL for %s: the columns of %s are not known", engine, t.Table)
		}
		if t.Files == 0 {
			parts = append(parts, d.empty(t))
		} else {
			parts = append(parts, d.table(root, t))
		}
	}
	return strings.Join(parts, "\n"), nil
}

// SQLEngines returns the engines that SQL knows, in alphabetical order.
func SQLEngines() []string {
	var names []string
	for name := range dialects() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// name is the table's in the engine.
func (t SQLTable) name() string { return strings.ReplaceAll(t.Table.Path(), "/", "_") }

// location is where a lake lies.
type location struct {
	scheme  string // file, s3, gs, azblob
	bucket  string // none for file
	prefix  string // without slashes around it; for file the absolute path
	account string // Azure's, if the URL names it
	query   url.Values
}

func locate(lakeURL string) (location, error) {
	if !strings.Contains(lakeURL, "://") {
		path, err := filepath.Abs(lakeURL)
		return location{scheme: "file", prefix: filepath.ToSlash(path)}, err
	}
	u, err := url.Parse(lakeURL)
	if err != nil {
		return location{}, errors.New("the lake's URL does not parse")
	}
	switch u.Scheme {
	case "file":
		return location{scheme: "file", prefix: strings.TrimRight(u.Path, "/")}, nil
	case "s3", "gs", "azblob":
		q := u.Query()
		return location{scheme: u.Scheme, bucket: u.Host, prefix: strings.Trim(u.Path, "/"), account: q.Get("storage_account"), query: q}, nil
	}
	return location{}, fmt.Errorf("no engine reads %s", placeOf(u))
}

// under returns the lake below a store's own root, as in s3://bucket.
func (l location) under(root string) string {
	if l.prefix == "" {
		return root
	}
	return root + "/" + l.prefix
}

// abfss is an Azure lake's address as Hadoop's file systems have it.
func (l location) abfss() string {
	return l.under(fmt.Sprintf("abfss://%s@%s.dfs.core.windows.net", l.bucket, cmp.Or(l.account, "STORAGE_ACCOUNT")))
}

// hadoop is the lake's address where s3 is the name of the scheme for S3.
func (l location) hadoop(s3 string) string {
	switch l.scheme {
	case "s3":
		return l.under(s3 + "://" + l.bucket)
	case "gs":
		return l.under("gs://" + l.bucket)
	case "azblob":
		return l.abfss()
	}
	return "file://" + l.prefix
}

// only returns an error if the lake does not lie in a store of one of the schemes.
func (l location) only(schemes ...string) error {
	if slices.Contains(schemes, l.scheme) {
		return nil
	}
	return fmt.Errorf("it reads lakes in %s, not in %s", strings.Join(schemes, ", "), l.scheme)
}

// quoted is an identifier or a literal between marks, which are doubled within.
func quoted(mark, text string) string { return mark + strings.ReplaceAll(text, mark, mark+mark) + mark }

// identifier is a name in standard SQL.
func identifier(name string) string { return quoted(`"`, name) }

// backticked is a name in the dialects of Hive and Spark.
func backticked(name string) string { return quoted("`", name) }

// literal is a text in standard SQL.
func literal(text string) string { return quoted("'", text) }

// escaped is a text where a backslash escapes.
func escaped(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

// types are an engine's names for what columns are stored as.
type types struct{ boolean, integer, small, double, text, json, instant string }

// each returns what line makes of every column of the files, companions included.
func (t types) each(table schema.Table, line func(name, typ string) string) []string {
	var lines []string
	for _, c := range table.Columns {
		lines = append(lines, line(c.Name, t.of(c.Kind)))
		if c.Kind == schema.Timestamp {
			lines = append(lines, line(c.Name+schema.CompanionSuffix, t.small))
		}
	}
	return lines
}

// columns returns one line per column of the files: name, a space, type.
func (t types) columns(table schema.Table, quote func(string) string) []string {
	return t.each(table, func(name, typ string) string { return quote(name) + " " + typ })
}

func (t types) of(k schema.Kind) string {
	switch k {
	case schema.Bool:
		return t.boolean
	case schema.Int64:
		return t.integer
	case schema.Double:
		return t.double
	case schema.Timestamp:
		return t.instant
	case schema.JSON:
		return t.json
	}
	return t.text
}
