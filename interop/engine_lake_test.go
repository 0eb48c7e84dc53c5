package interop

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
)

// The service that engines are shown the lakes of lives for so many days, and is read by as many runs.
const (
	lifeDays = 75
	lifeRuns = 6
)

var (
	lifeStart = time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	lifeEnd   = lifeStart.AddDate(0, 0, lifeDays)
)

// shown is a lake that engines are shown, and what must be found in it.
type shown struct {
	name   string
	dir    string
	empty  []string // tables without a row
	truths []*truth // of all others, in order of name
}

// emptyTable is a table of which no row has come yet.
const emptyTable = "AlertEvidence"

// engineLakes makes a lake that was written at once, a month in one run, and one that grew over months while columns
// came, went and changed their type. The service is the same; the first has tables of rows that are unkind, too.
func engineLakes(t *testing.T) []*shown {
	t.Helper()
	tables := changingTables(t)
	return []*shown{onceLake(t, tables), grownLake(t, tables)}
}

func generated(t *testing.T, opts simulator.GenerateOptions) []simulator.Table {
	t.Helper()
	tables, err := simulator.Generate(opts)
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// changingTables are made to change in the middle of the service's life.
func changingTables(t *testing.T) []simulator.Table {
	t.Helper()
	tables := generated(t, simulator.GenerateOptions{
		Seed: 11, Rows: 3000, Start: lifeStart, End: lifeEnd.Add(-time.Hour),
		Tables: []string{"DeviceProcessEvents", "CloudAppEvents", "EmailEvents"},
	})
	change := func(day int, column string, kind simulator.ChangeKind, typ string) simulator.Change {
		return simulator.Change{At: partition.TickOf(lifeStart.AddDate(0, 0, day)), Column: column, Kind: kind, Type: typ}
	}
	return []simulator.Table{
		simulator.Changing(tables[0],
			change(20, "ProcessCommandLine", simulator.Appears, ""), change(30, "FileSize", simulator.Vanishes, ""),
			change(40, "ProcessId", simulator.Retyped, "String")),
		simulator.Changing(tables[1],
			change(35, "AdditionalFields", simulator.Appears, ""), change(45, "RawEventData", simulator.Vanishes, ""),
			change(55, "IsAdminOperation", simulator.Retyped, "Int32")),
		simulator.Changing(tables[2],
			change(15, "AttachmentCount", simulator.Retyped, "Int64"), change(50, "UrlCount", simulator.Retyped, "Double"),
			change(25, "DistributionList", simulator.Appears, "")),
	}
}

// grownLake is filled by runs that lie within what the source keeps.
func grownLake(t *testing.T, tables []simulator.Table) *shown {
	t.Helper()
	s := &shown{name: "grown", dir: t.TempDir(), truths: truthsOf(tables)}
	l := newLake(t, "file://"+s.dir, hunting.Graph, tables, lifeStart)
	var from partition.Tick
	for run := range lifeRuns {
		l.at = lifeStart.AddDate(0, 0, (run+1)*lifeDays/lifeRuns)
		l.fill()
		to := partition.TickOf(l.at.Add(-10 * time.Minute))
		for i, table := range tables {
			s.truths[i].read(t, table, partition.TickOf(l.at), func(r simulator.Row) bool { return from <= r.Ingested && r.Ingested < to })
		}
		from = to
	}
	s.check(t, l)
	return s
}

// onceLake is filled by one run.
func onceLake(t *testing.T, tables []simulator.Table) *shown {
	t.Helper()
	s := &shown{name: "once", dir: t.TempDir(), empty: []string{emptyTable}}
	tables = append(slices.Clone(tables), hostileTable(lifeEnd), lookUpTable(lifeEnd))
	tables = append(tables, generated(t, simulator.GenerateOptions{
		Seed: 12, Rows: 2000, Start: lifeEnd.AddDate(0, 0, -20), End: lifeEnd.AddDate(0, 0, -3), Unstamped: 0.2,
		Tables: []string{"IdentityLogonEvents"},
	})...)
	s.truths = truthsOf(tables)
	l := newLake(t, "file://"+s.dir, hunting.Defender, append(tables, newMade(emptyTable, "AlertId:String Extra:Object")), lifeEnd)
	l.fill()
	now := partition.TickOf(lifeEnd)
	for i, table := range tables {
		s.truths[i].read(t, table, now, func(r simulator.Row) bool {
			clock := r.Ingested
			if clock == partition.NoTick {
				clock = r.Time
			}
			begin, end, floor := now-30*partition.Day, now.Add(-10*time.Minute), now-30*partition.Day+15*partition.Minute
			return begin <= clock && clock < end && r.Time >= floor
		})
	}
	s.check(t, l)
	return s
}

func truthsOf(tables []simulator.Table) (truths []*truth) {
	for _, table := range tables {
		truths = append(truths, newTruth(table.Name()))
	}
	return truths
}

// check holds the columns of the ledgers against those of the truths, and that there is something to look at.
func (s *shown) check(t *testing.T, l *lake) {
	t.Helper()
	schemas, err := l.exporter.Schemas(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range s.truths {
		if diff := cmp.Diff(w.schema, schemas[i].Columns); diff != "" {
			t.Fatalf("%s: %s: columns -truth +ledger:\n%s", s.name, w.name, diff)
		}
		if w.rows == 0 || schemas[i].Files != len(s.files(w.name)) || schemas[i].First != slices.Min(slices.Collect(maps.Keys(w.days))) {
			t.Fatalf("%s: %s: %d rows, %d files, the ledger has %d from %v on", s.name, w.name, w.rows, len(s.files(w.name)), schemas[i].Files, schemas[i].First)
		}
		t.Logf("%s: %s has %d rows of %d columns in %d files", s.name, w.name, w.rows, len(w.schema.Columns), schemas[i].Files)
	}
	slices.SortFunc(s.truths, func(a, b *truth) int { return strings.Compare(a.name, b.name) })
}

// files are the published files of a table.
func (s *shown) files(table string) []string {
	files, _ := filepath.Glob(filepath.Join(s.dir, table, "*", "*", "*.parquet"))
	return files
}

// filesOf are those of one dt.
func (s *shown) filesOf(table string, dt partition.Date) []string {
	return slices.DeleteFunc(s.files(table), func(path string) bool { return !strings.Contains(path, "/dt="+dt.String()+"/") })
}

func (s *shown) truth(table string) *truth {
	return s.truths[slices.IndexFunc(s.truths, func(w *truth) bool { return w.name == table })]
}

// printer is the program, to print what it shows to engines.
type printer struct {
	t       *testing.T
	program string
}

func newPrinter(t *testing.T) *printer {
	t.Helper()
	p := &printer{t, filepath.Join(t.TempDir(), "huntlake")}
	if out, err := exec.Command("go", "build", "-C", "..", "-o", p.program, "./cmd/export").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return p
}

// sql is what huntlake sql prints for a lake.
func (p *printer) sql(engine string, s *shown) string {
	p.t.Helper()
	tables := slices.Clone(s.empty)
	for _, w := range s.truths {
		tables = append(tables, w.name)
	}
	path := filepath.Join(s.dir, "..", s.name+".yaml")
	config := fmt.Sprintf("lake: %s\ntenants:\n  - {id: %s, auth: {method: token, token: unused}}\ntables: [%s]\n", s.dir, tenantID, strings.Join(tables, ", "))
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		p.t.Fatal(err)
	}
	out, err := exec.Command(p.program, "sql", "--engine", engine, "--config", path).Output()
	if err != nil {
		p.t.Fatalf("huntlake sql --engine %s: %v\n%s", engine, err, out)
	}
	return string(out)
}
