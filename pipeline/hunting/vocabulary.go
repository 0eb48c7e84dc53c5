package hunting

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"huntlake/partition"
)

// IngestionColumn is the column that Rows adds to a table that has an ingestion time.
const IngestionColumn = "_IngestionTime"

// Source is what queries read: a hunting table, or a table seen through the row-wise operators of a named query.
//
// Its methods are the whole query vocabulary; no other text is ever sent. Each is one line without CR, LF or
// semicolon, with half-open ranges of datetime literals of exactly seven fractional digits. They ask for a Source
// that Validate accepts, and for slices that partition.Slice.Validate accepts. Of the methods that say so, none may
// be asked of a snapshot, which has no time column.
type Source struct {
	Name       string   // the table
	Tail       string   // what ParseNamedQuery returned, such as "| where A == 1 | extend B = 2"; "" for a table
	TimeColumn string   // such as Timestamp; "" for a snapshot
	Stamp      bool     // rows have an ingestion_time()
	Keys       []string // columns whose values choose a row's bucket; needed for slices with buckets only
}

// Validate names everything about s that would make a query mean something else than it says.
func (s Source) Validate() error {
	errs := []error{partition.Table{Name: s.Name}.Validate()}
	for _, name := range append([]string{s.TimeColumn}, s.Keys...) {
		if name != "" && !isName(name) {
			errs = append(errs, fmt.Errorf("column name %q: want a letter or _, then letters, digits or _", name))
		}
	}
	if s.Tail != "" {
		errs = append(errs, s.validateTail())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("source %s: %w", s.Name, err)
	}
	return nil
}

// Schema asks for the columns and no row.
func (s Source) Schema() string { return s.rows("", false) + " | take 0" }

// Sample asks for any n rows of the slice.
func (s Source) Sample(slice partition.Slice, n int) string {
	return s.read(slice, false) + fmt.Sprintf(" | take %d", n)
}

// Probe asks, over [from, to) of the time column, for Rows, Unstamped (those without ingestion time), and First and
// Last, the bounds of ingestion time. On a snapshot it asks the same of the whole table.
func (s Source) Probe(from, to partition.Tick) string {
	i := s.ingested()
	return s.rows(s.between(from, to), true) +
		fmt.Sprintf(" | summarize Rows = count(), Unstamped = countif(isnull(%s)), First = min(%s), Last = max(%s)", i, i, i)
}

// Histogram asks for Rows and Oldest, the least value of the time column, by Bin of the slice's cursor. Not for a
// snapshot.
func (s Source) Histogram(slice partition.Slice, bin partition.Tick) string {
	return s.read(slice, slice.Stream == partition.Stamped) +
		fmt.Sprintf(" | summarize Rows = count(), Oldest = min(%s) by Bin = bin(%s, %s)", s.TimeColumn, s.cursor(slice), timespan(bin))
}

// Overview asks the same, by Bin of the ingestion time, of all rows whose time column is at or above floor: those without
// an ingestion time are in a bin without a start. So it tells which streams a table has, and is the first histogram of
// one. Not for a snapshot.
func (s Source) Overview(floor, bin partition.Tick) string {
	return s.rows(fmt.Sprintf("%s >= %s", s.TimeColumn, datetime(floor)), true) +
		fmt.Sprintf(" | summarize Rows = count(), Oldest = min(%s) by Bin = bin(%s, %s)", s.TimeColumn, s.ingested(), timespan(bin))
}

// Stamps asks for Rows and Oldest by Bin of the time column, for a stamped slice that is to be cut on that clock.
func (s Source) Stamps(slice partition.Slice, bin partition.Tick) string {
	return s.read(slice, false) +
		fmt.Sprintf(" | summarize Rows = count(), Oldest = min(%s) by Bin = bin(%s, %s)", s.TimeColumn, s.TimeColumn, timespan(bin))
}

// Cells asks for Rows by Bin, an hour of the slice's cursor, and Day of the time column. Not for a snapshot.
func (s Source) Cells(slice partition.Slice) string {
	return s.read(slice, slice.Stream == partition.Stamped) +
		fmt.Sprintf(" | summarize Rows = count() by Bin = bin(%s, 1h), Day = bin(%s, 1d)", s.cursor(slice), s.TimeColumn)
}

// Days asks, over [from, to) of the time column and whatever the cursor, for Rows and Unstamped by Day. Not for a
// snapshot.
func (s Source) Days(from, to partition.Tick) string {
	return s.rows(s.between(from, to), true) +
		fmt.Sprintf(" | summarize Rows = count(), Unstamped = countif(isnull(%s)) by Day = bin(%s, 1d)", s.ingested(), s.TimeColumn)
}

// Count asks for the number of rows of the slice, as Count.
func (s Source) Count(slice partition.Slice) string { return s.read(slice, false) + " | count" }

// Buckets asks for Rows by Bucket, 0 to n-1, of the slice. A bucket without rows is not in the answer.
func (s Source) Buckets(slice partition.Slice, n int) string {
	return s.read(slice, false) + fmt.Sprintf(" | summarize Rows = count() by Bucket = %s %% %d", s.hash(), n)
}

// Rows asks for the rows of the slice, with IngestionColumn where the source has one.
func (s Source) Rows(slice partition.Slice) string {
	query := s.read(slice, s.Stamp)
	if s.Stamp && s.Tail == "" {
		query += addIngestion
	}
	return query
}

const addIngestion = " | extend " + IngestionColumn + " = ingestion_time()"

// read is the beginning of every query about a slice: the rows of s that lie in it. The bucket is looked for in the
// columns that the tail leaves, as those are the ones that Keys names.
func (s Source) read(slice partition.Slice, stamp bool) string {
	query := s.rows(s.within(slice), stamp)
	if slice.Of > 0 {
		query += fmt.Sprintf(" | where %s %% %d == %d", s.hash(), slice.Of, slice.Bucket)
	}
	return query
}

// rows is the table, the filter and the tail. The filter comes right after the table's name, where the service can
// use it to read less, and where no operator has changed what it speaks of. With stamp, a tail lets the ingestion
// time through as a column, because ingestion_time() is a property of a table's own rows.
func (s Source) rows(filter string, stamp bool) string {
	query := s.Name
	if filter != "" {
		query += " | where " + filter
	}
	switch {
	case s.Tail == "":
		return query
	case stamp:
		return query + addIngestion + " " + keepIngestion(s.Tail)
	}
	return query + " " + s.Tail
}

// within is the predicate of a slice, "" for a snapshot.
func (s Source) within(slice partition.Slice) string {
	cursor := s.TimeColumn
	switch slice.Stream.Cursor() {
	case partition.NoCursor:
		return ""
	case partition.IngestionCursor:
		cursor = "ingestion_time()"
	}
	filter := fmt.Sprintf("%s >= %s and %s < %s and %s >= %s",
		cursor, datetime(slice.Start), cursor, datetime(slice.End), s.TimeColumn, datetime(slice.Floor))
	if slice.Ceiling != 0 {
		filter += fmt.Sprintf(" and %s < %s", s.TimeColumn, datetime(slice.Ceiling))
	}
	if slice.Stream == partition.Unstamped {
		filter += " and isnull(ingestion_time())"
	}
	return filter
}

// between is the predicate of a range of the time column, "" for a snapshot.
func (s Source) between(from, to partition.Tick) string {
	if s.TimeColumn == "" {
		return ""
	}
	return fmt.Sprintf("%s >= %s and %s < %s", s.TimeColumn, datetime(from), s.TimeColumn, datetime(to))
}

// ingested is the ingestion time of a row behind the tail.
func (s Source) ingested() string {
	if s.Tail != "" {
		return IngestionColumn
	}
	return "ingestion_time()"
}

// cursor is the slice's clock behind the tail.
func (s Source) cursor(slice partition.Slice) string {
	if slice.Stream.Cursor() == partition.IngestionCursor {
		return s.ingested()
	}
	return s.TimeColumn
}

// hash is a number that depends on the values of the key columns alone. KQL's own hash() would be shorter, but it is
// not promised to be the same in the next query.
func (s Source) hash() string {
	keys := make([]string, len(s.Keys))
	for i, k := range s.Keys {
		keys[i] = "tostring(" + reference(k) + ")"
	}
	return fmt.Sprintf("tolong(strcat('0x', substring(hash_sha256(strcat_array(pack_array(%s), '|')), 0, 15)))", strings.Join(keys, ", "))
}

// reference writes a column's name where a value may stand. No word of the language begins with a capital letter; many a
// small one is taken, such as title, time and first.
func reference(name string) string {
	if name != "" && name[0] >= 'A' && name[0] <= 'Z' {
		return name
	}
	return "[" + quote(name) + "]"
}

// BucketOf is the bucket that a row of the given key values, as tostring prints them, is put into by the queries: "" for
// null, a datetime as the literal has it. n must not be 0.
func BucketOf(keys []string, n int) int {
	sum := sha256.Sum256([]byte(strings.Join(keys, "|")))
	return int(binary.BigEndian.Uint64(sum[:8]) >> 4 % uint64(n)) // the first 15 hexadecimal digits
}

// datetime is the literal of t.
func datetime(t partition.Tick) string { return "datetime(" + t.String() + ")" }

// timespan is the literal of a width, in the largest unit that it is a multiple of.
func timespan(width partition.Tick) string {
	for _, unit := range []struct {
		length partition.Tick
		name   string
	}{
		{partition.Day, "d"}, {partition.Hour, "h"}, {partition.Minute, "m"}, {partition.Second, "s"},
		{partition.Millisecond, "ms"}, {partition.Microsecond, "microsecond"},
	} {
		if width%unit.length == 0 {
			return fmt.Sprintf("%d%s", width/unit.length, unit.name)
		}
	}
	return fmt.Sprintf("%dtick", width)
}
