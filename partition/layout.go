package partition

import (
	"fmt"
	"regexp"
	"strings"
)

// Table names what is exported: one hunting table, or one named query.
type Table struct {
	Name  string // ^[A-Za-z_][A-Za-z0-9_]*$
	Query bool   // a named query, whose rows are kept apart from tables
}

var tableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// MaxNameLength bounds the name of a table or query, so that keys stay far below the limits of every store.
const MaxNameLength = 128

// Validate refuses a name that could be anything but a name: in a query, in a key or in SQL.
func (t Table) Validate() error {
	if !tableName.MatchString(t.Name) || len(t.Name) > MaxNameLength {
		return fmt.Errorf("table name %q: want a letter or _, then letters, digits or _, at most %d in all", t.Name, MaxNameLength)
	}
	if strings.HasPrefix(t.Name, "_") || strings.EqualFold(t.Name, queriesFolder) || strings.EqualFold(t.Name, "owner") {
		return fmt.Errorf("table name %q is taken by the lake's own layout", t.Name)
	}
	return nil
}

const (
	queriesFolder = "queries"
	exportFolder  = "_export"
)

// Path is where t's files lie, relative to the lake.
func (t Table) Path() string {
	if t.Query {
		return queriesFolder + "/" + t.Name
	}
	return t.Name
}

// String prints Path.
func (t Table) String() string { return t.Path() }

// Partition is one day of one table of one tenant.
type Partition struct {
	Table  Table
	Tenant string
	DT     Date
}

// Prefix is the folder of the partition's files, ending in a slash.
func (p Partition) Prefix() string {
	return fmt.Sprintf("%s/tenant=%s/dt=%s/", p.Table.Path(), p.Tenant, p.DT)
}

// FileKey is the key of the file with the given publish number.
func (p Partition) FileKey(number int64) string {
	return fmt.Sprintf("%s%s-%s-%d.parquet", p.Prefix(), p.Table.Name, strings.ReplaceAll(p.DT.String(), "-", ""), number)
}

// Ledger locates the durable state of one table of one tenant.
type Ledger struct {
	Tenant string
	Table  Table
}

// Prefix is the folder of everything durable but the published files, ending in a slash.
func (l Ledger) Prefix() string {
	return fmt.Sprintf("%s/tenant=%s/%s/", exportFolder, l.Tenant, l.Table.Path())
}

// FilesPrefix is the folder of the published files of all partitions, ending in a slash.
func (l Ledger) FilesPrefix() string { return fmt.Sprintf("%s/tenant=%s/", l.Table.Path(), l.Tenant) }

// LogKey is the key of commit number n.
func (l Ledger) LogKey(n int64) string { return fmt.Sprintf("%slog/%020d.json", l.Prefix(), n) }

// QueryKey is the key of the record of a named query's text.
func (l Ledger) QueryKey() string { return l.Prefix() + "query.kql" }

// SnapshotPrefix is the folder of the snapshots.
func (l Ledger) SnapshotPrefix() string { return l.Prefix() + "snapshot/" }

// maxNumber is the largest number that %020d prints in twenty digits and that an int64 holds.
const maxNumber = 1<<63 - 1

// SnapshotKey is the key of the snapshot taken after commit n; newer ones sort first.
func (l Ledger) SnapshotKey(n int64) string {
	return fmt.Sprintf("%s%020d.json", l.SnapshotPrefix(), maxNumber-n)
}

// StagedPrefix is the folder of the staged objects.
func (l Ledger) StagedPrefix() string { return l.Prefix() + "staged/" }

// StagedKey is the key of the rows that one attempt read of one generation of a slice.
func (l Ledger) StagedKey(s Slice, generation int, nonce string) string {
	return fmt.Sprintf("%s%s-%d-%s.arrow", l.StagedPrefix(), s, generation, nonce)
}

// LedgersPrefix is the folder of a tenant's ledgers, ending in a slash.
func LedgersPrefix(tenant string) string { return fmt.Sprintf("%s/tenant=%s/", exportFolder, tenant) }

// LedgerAt returns the table whose ledger lies at a folder of LedgersPrefix, which ends in a slash, and whether there may
// be one; further is set if it is a folder of more ledgers.
func LedgerAt(tenant, folder string) (t Table, is, further bool) {
	name, inside := strings.CutPrefix(strings.TrimSuffix(folder, "/"), LedgersPrefix(tenant))
	if name == queriesFolder {
		return t, false, inside
	}
	t.Name, t.Query = strings.CutPrefix(name, queriesFolder+"/")
	return t, inside && t.Validate() == nil, false
}

// OwnerPrefix is the folder of the records of who works on a tenant.
func OwnerPrefix(tenant string) string {
	return LedgersPrefix(tenant) + "owner/"
}

// OwnerKey is the key of record n of who works on a tenant.
func OwnerKey(tenant string, n int64) string {
	return fmt.Sprintf("%s%020d.json", OwnerPrefix(tenant), n)
}
