package pipeline_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator"
)

// lives says from when until when rows are there; others are always there.
type lives map[int][2]partition.Tick

func (l lives) of(row int) (from, until partition.Tick) {
	if life, ok := l[row]; ok {
		return life[0], life[1]
	}
	return partition.NoTick, partition.NoTick
}

func (l lives) until(row int, at time.Time) {
	l[row] = [2]partition.Tick{partition.NoTick, partition.TickOf(at)}
}
func (l lives) from(row int, at time.Time) {
	l[row] = [2]partition.Tick{partition.TickOf(at), partition.NoTick}
}

// rowsOf lists the rows of a table whose clock lies in the hour so long before now.
func rowsOf(table simulator.Table, clock func(int) partition.Tick, ago time.Duration) (rows []int) {
	hour := partition.TickOf(start.Add(-ago)).Floor(partition.Hour)
	for i := range table.Len() {
		if clock(i).Floor(partition.Hour) == hour {
			rows = append(rows, i)
		}
	}
	return rows
}

// dataCalls is how often the service was asked for rows.
func (w *world) dataCalls() (n int) {
	for _, c := range w.service.Calls() {
		if strings.HasSuffix(c.Query, "extend _IngestionTime = ingestion_time()") {
			n++
		}
	}
	return n
}

// differences runs a verify and returns what it found.
func (w *world) differences() string {
	w.t.Helper()
	v, err := w.exporter().Verify(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.Join(v.Tables[0].Differences, "\n")
}

// A row that changes in place is reported and not doubled; rows that come late for other hours are read all the same,
// and the hour is read again only when it has grown once more.
func TestChangedInPlace(t *testing.T) {
	base := recent(t, 0)
	changed, near := rowsOf(base, base.Ingested, 5*time.Hour), rowsOf(base, base.Ingested, 4*time.Hour)
	if len(changed) < 5 || len(near) < 3 {
		t.Fatalf("%d and %d rows", len(changed), len(near))
	}
	life := lives{}
	later := start.Add(30 * time.Minute)
	life.until(changed[0], later) // becomes the next row
	life.from(changed[1], later)
	life.from(changed[2], later) // comes late, where a row has changed
	life.from(near[0], later)    // comes late, an hour later
	life.from(changed[3], start.Add(90*time.Minute))
	w := newWorld(t, []simulator.Table{simulator.Living(base, life.of)})
	w.run()
	w.pass(time.Hour)
	if rows := w.run().Total().Rows; rows != 1 {
		t.Errorf("%d rows were staged, of which one had come late for an hour without changes", rows)
	}
	hour := base.Ingested(changed[0]).Floor(partition.Hour)
	want := fmt.Sprintf("stamped rows of hour %v: 2 have changed at the source since that hour was read; the lake keeps them as they were", hour)
	if got := w.differences(); got != want {
		t.Errorf("verify says %q, want %q", got, want)
	}
	before := w.dataCalls()
	w.run()
	if n := w.dataCalls() - before; n != 0 {
		t.Errorf("%d calls for rows that are known to have changed", n)
	}
	w.pass(time.Hour)
	w.run()
	if n := w.dataCalls() - before; n != 1 {
		t.Errorf("%d calls for rows after the hour had grown once more, want 1", n)
	}
	if got := w.differences(); !strings.HasPrefix(got, strings.Replace(want, ": 2 have", ": 3 have", 1)) || strings.Contains(got, "\n") {
		t.Errorf("verify says %q", got)
	}
	w.pass(25 * time.Hour)
	w.run()
	if _, err := w.exporter().Repair(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.run()
	gone := map[int]bool{changed[1]: true, changed[2]: true, changed[3]: true}
	w.compareRows(base, func(row int) bool { return !gone[row] })
}

// On the timestamp cursor too, a day in which a row has changed settles and is published.
func TestChangedInPlaceSettles(t *testing.T) {
	base := recent(t, 1)
	rows := rowsOf(base, base.Time, 5*time.Hour)
	life := lives{}
	life.until(rows[0], start.Add(time.Hour))
	life.from(rows[1], start.Add(time.Hour))
	life.from(rows[2], start.Add(time.Hour))
	w := newWorld(t, []simulator.Table{simulator.Living(base, life.of)})
	for range 4 {
		w.run()
		w.pass(24 * time.Hour)
	}
	w.run()
	gone := map[int]bool{rows[1]: true, rows[2]: true}
	w.compareRows(base, func(row int) bool { return !gone[row] })
	if got := w.differences(); strings.Count(got, "have changed at the source") != 1 || strings.Contains(got, "\n") {
		t.Errorf("verify says %q", got)
	}
}

// recent is a day of rows that ends some time before now.
func recent(t *testing.T, unstamped float64) simulator.Table {
	t.Helper()
	tables, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 5, Tables: []string{"IdentityLogonEvents"}, Rows: 700, Unstamped: unstamped,
		Start: start.Add(-24 * time.Hour), End: start.Add(-time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	return tables[0]
}

// compareRows holds the lake against those rows of a table that keep accepts.
func (w *world) compareRows(table simulator.Table, keep func(row int) bool) {
	w.t.Helper()
	life := func(row int) (from, until partition.Tick) {
		if keep(row) {
			return partition.NoTick, partition.NoTick
		}
		return partition.MaxTick, partition.NoTick
	}
	w.compare(simulator.Living(table, life), func(simulator.Row) bool { return true })
}

// Where an hour is so full that it is read again by buckets, what has changed is told apart in each of them.
func TestChangedInBuckets(t *testing.T) {
	at := partition.TickOf(start.Add(-5 * time.Hour))
	src := &script{name: "Alpha"}
	for id := range int64(70) {
		src.rows = append(src.rows, scriptRow{id: id, at: at, stamp: at, shown: at})
	}
	later := start.Add(30 * time.Minute)
	life := lives{}
	life.until(8, later) // becomes row 15, of the same device
	life.from(15, later)
	life.from(16, later) // comes late, of another device
	w := newWorld(t, []simulator.Table{simulator.Living(src, life.of)})
	w.opts.Tables[0].Source.Keys = []string{"DeviceId"}
	w.opts.Caps.Rows = 25
	w.run()
	w.pass(time.Hour)
	w.run()
	w.pass(25 * time.Hour)
	w.run()
	buckets := 0
	for _, c := range w.service.Calls() {
		if strings.Contains(c.Query, " % ") && strings.Contains(c.Query, "extend _IngestionTime") {
			buckets++
		}
	}
	if buckets < 4 {
		t.Errorf("%d calls for buckets", buckets)
	}
	w.compareRows(src, func(row int) bool { return row != 15 })
	if got := w.differences(); !strings.Contains(got, "1 have changed at the source") || strings.Contains(got, "\n") {
		t.Errorf("verify says %q", got)
	}
}

// The buckets of the lake's rows are those of the source's, whatever the key columns hold: where a row has come late,
// nothing seems to have changed.
func TestGrownInBuckets(t *testing.T) {
	at := partition.TickOf(start.Add(-5*time.Hour)) + 1
	src := &script{name: "Alpha"}
	for id := range int64(70) {
		src.rows = append(src.rows, scriptRow{id: id, at: at, stamp: at, shown: at})
	}
	life := lives{}
	life.from(16, start.Add(30*time.Minute))
	w := newWorld(t, []simulator.Table{simulator.Living(src, life.of)})
	w.opts.Tables[0].Source.Keys = []string{"ReportId", "DeviceId", "Timestamp"}
	w.opts.Caps.Rows = 10
	w.run()
	w.pass(time.Hour)
	if total := w.run().Total(); total.Rows != 1 || total.Calls.Data < 7 {
		t.Errorf("%d rows staged after %d calls for rows, want 1 of several buckets", total.Rows, total.Calls.Data)
	}
	if got := w.differences(); got != "" {
		t.Errorf("verify says %q", got)
	}
}

// Rows that are deleted at the source stay in the lake. An hour of which as many rows have been deleted as have come late
// does not grow; a repair reads it all the same, and from then on it is told apart.
func TestDeletedAtSource(t *testing.T) {
	base := recent(t, 0)
	gone, masked := rowsOf(base, base.Ingested, 5*time.Hour), rowsOf(base, base.Ingested, 8*time.Hour)
	life := lives{}
	later := start.Add(30 * time.Minute)
	life.until(gone[0], later)
	life.until(masked[0], later)
	life.until(masked[1], later)
	life.from(masked[2], later) // comes late
	life.from(gone[1], start.Add(90*time.Minute))
	w := newWorld(t, []simulator.Table{simulator.Living(base, life.of)})
	w.run()
	w.pass(time.Hour)
	w.run()
	if _, err := w.exporter().Repair(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.run()
	deleted := fmt.Sprintf("stamped rows of hour %v: 1 have been deleted at the source since that hour was read; the lake keeps them",
		base.Ingested(gone[0]).Floor(partition.Hour))
	changed := fmt.Sprintf("stamped rows of hour %v: 1 have changed at the source", base.Ingested(masked[0]).Floor(partition.Hour))
	if got := w.differences(); strings.Count(got, "\n") != 1 || !strings.Contains(got, deleted) || !strings.Contains(got, changed) {
		t.Errorf("verify says %q", got)
	}
	before := w.dataCalls()
	if _, err := w.exporter().Repair(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.run()
	if n := w.dataCalls() - before; n != 0 {
		t.Errorf("%d calls for rows that are known to be gone", n)
	}
	w.pass(time.Hour) // a row comes late where one was deleted: the count is that of the first reading again
	w.run()
	if n := w.dataCalls() - before; n != 1 {
		t.Errorf("%d calls for rows after the hour had grown, want 1", n)
	}
	w.pass(25 * time.Hour)
	w.run()
	w.compareRows(base, func(row int) bool { return row != masked[2] && row != gone[1] })
}
