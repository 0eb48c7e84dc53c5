package pipeline_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/parquet-go/parquet-go"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
	"huntlake/writers/buckettest"
)

// oracle holds what readers see of a lake against the source, row by row, at every change of what they see. It reads
// files with a reader of its own.
type oracle struct {
	now    func() partition.Tick
	source map[string]*script

	mu     sync.Mutex
	lake   map[string]map[int64]int // by table: how often readers see a row
	files  int
	faults []string
}

func newOracle(now func() partition.Tick, source ...*script) *oracle {
	o := &oracle{now: now, source: map[string]*script{}, lake: map[string]map[int64]int{}}
	for _, s := range source {
		o.source[s.name], o.lake[s.name] = s, map[int64]int{}
	}
	return o
}

func (o *oracle) fault(format string, args ...any) {
	if len(o.faults) < 10 {
		o.faults = append(o.faults, fmt.Sprintf(format, args...))
	}
}

// watch is told of every change of the store. What a reader sees changes with the files alone.
func (o *oracle) watch(e buckettest.Effect) {
	if path.Ext(e.Key) != ".parquet" {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if e.Content == nil {
		o.fault("%v: %s deletes %s, which readers see", o.now(), e.Process, e.Key)
		return
	}
	o.files++
	table, _, _ := strings.Cut(e.Key, "/")
	if err := o.read(table, e); err != nil {
		o.fault("%v: %s writes %s: %v", o.now(), e.Process, e.Key, err)
	}
}

// read adds the rows of a file to what readers see. None may be there more often than the source has shown it.
func (o *oracle) read(table string, e buckettest.Effect) error {
	source := o.source[table]
	if source == nil {
		return errors.New("no such table")
	}
	now := o.now()
	return decodeFile(e.Content, func(row fileRow) error {
		id := row.int("ReportId") - idBase
		rows := source.shown(id, now)
		if len(rows) == 0 {
			return fmt.Errorf("row %d is not in the source", id)
		}
		if o.lake[table][id]++; o.lake[table][id] > len(rows) {
			return fmt.Errorf("row %d is there %d times, in the source %d times", id, o.lake[table][id], len(rows))
		}
		if dt := fmt.Sprintf("/dt=%v/", partition.DateOf(rows[0].at)); !strings.Contains(e.Key, dt) {
			return fmt.Errorf("row %d of %v lies elsewhere", id, rows[0].at)
		}
		return row.compare(rows[0])
	})
}

// shown are the rows of an id that a source has shown by an instant.
func (s *script) shown(id int64, at partition.Tick) (rows []scriptRow) {
	from, _ := slices.BinarySearchFunc(s.rows, id, func(r scriptRow, id int64) int { return cmp.Compare(r.id, id) })
	for ; from < len(s.rows) && s.rows[from].id == id; from++ {
		if s.rows[from].shown <= at {
			rows = append(rows, s.rows[from])
		}
	}
	return rows
}

// complete holds the lake against the source at the end: every row of the exported ranges is there as often as in the
// source, unless a gap has been recorded for it.
func (o *oracle) complete(source *script, s *checkpoint.State) {
	o.mu.Lock()
	defer o.mu.Unlock()
	missing, moved := 0, movedHours(s, source)
	for i, row := range source.rows {
		id := row.id
		if i > 0 && source.rows[i-1].id == id {
			continue
		}
		rows := source.shown(id, o.now())
		if len(rows) == 0 || !exportedBy(s, rows[0]) || o.lake[source.name][id] == len(rows) || moved[hourOf(s, rows[0])] {
			continue
		}
		if missing++; missing <= 3 {
			o.fault("%s: row %d (at %v, ingested %v, shown %v) is there %d times, in the source %d times",
				source.name, id, rows[0].at, rows[0].stamp, rows[len(rows)-1].shown, o.lake[source.name][id], len(rows))
		}
	}
	if missing > 3 {
		o.fault("%s: %d rows are missing", source.name, missing)
	}
}

// once reports rows that changed in place and of which the lake holds both what they were and what they became.
func (o *oracle) once(source *script) {
	o.mu.Lock()
	defer o.mu.Unlock()
	lake := o.lake[source.name]
	for id := range lake {
		if id >= changedID && lake[id-changedID] > 0 {
			o.fault("%s: row %d has changed in place and is there twice", source.name, id-changedID)
		}
	}
}

// streamHour is an hour of a stream's cursor.
type streamHour struct {
	stream partition.Stream
	hour   partition.Tick
}

// movedHours are the hours from which rows have gone: rows that came late for them may rightly be missing.
func movedHours(s *checkpoint.State, source *script) map[streamHour]bool {
	hours := map[streamHour]bool{}
	for _, r := range source.rows {
		if r.gone != 0 {
			hours[hourOf(s, r)] = true
		}
	}
	return hours
}

func hourOf(s *checkpoint.State, r scriptRow) streamHour {
	stream, clock := clockOf(s, r)
	return streamHour{stream, clock.Floor(partition.Hour)}
}

// clockOf is the stream of a row, and its place on the stream's cursor.
func clockOf(s *checkpoint.State, r scriptRow) (partition.Stream, partition.Tick) {
	if _, whole := s.Streams[partition.Whole]; whole {
		return partition.Whole, r.at
	}
	if r.stamp == partition.NoTick {
		return partition.Unstamped, r.at
	}
	return partition.Stamped, r.stamp
}

// exportedBy reports whether the ledger says that a row has been exported.
func exportedBy(s *checkpoint.State, r scriptRow) bool {
	stream, clock := clockOf(s, r)
	planned := s.Streams[stream]
	return clock >= planned.Start && clock < planned.End && r.at >= planned.First &&
		!slices.ContainsFunc(s.Gaps, func(g checkpoint.RecordedGap) bool {
			return g.Stream == stream && clock >= g.Start && clock < g.End && r.at < g.Below
		})
}

// fileRow is a row of a file, by column. Nulls are not there.
type fileRow map[string]parquet.Value

func (r fileRow) int(column string) int64 { return r[column].Int64() }

func (r fileRow) tick(column string) partition.Tick {
	v, ok := r[column]
	if !ok {
		return partition.NoTick
	}
	return partition.TickOfMicros(v.Int64(), r[column+schema.CompanionSuffix].Int32())
}

// compare holds a row of a file against the source's, cell by cell.
func (r fileRow) compare(want scriptRow) error {
	if got := r.tick("Timestamp"); got != want.at {
		return fmt.Errorf("row %d: Timestamp %v, want %v", want.id, got, want.at)
	}
	if got := r.tick(schema.IngestionTime); got != want.stamp {
		return fmt.Errorf("row %d: %s %v, want %v", want.id, schema.IngestionTime, got, want.stamp)
	}
	return errors.Join(r.compareStable(want), r.compareChanging(want))
}

// compareStable holds the cells of columns that no change touches.
func (r fileRow) compareStable(want scriptRow) error {
	for _, f := range scriptColumns[2:stable] {
		got, ok := r[f.Name]
		if v := want.cell(f.Name); ok == v.IsNull() || ok && cellText(got) != v.String() {
			return fmt.Errorf("row %d: %s is %v, want %v", want.id, f.Name, got, v)
		}
	}
	return nil
}

// compareChanging holds the cells of columns that may have changed: each is null or what the source has had, under the
// name of its column or of a variant of it, once.
func (r fileRow) compareChanging(want scriptRow) error {
	for _, f := range scriptColumns[stable:] {
		var found []string
		for name, v := range r {
			if name == f.Name || strings.HasPrefix(name, f.Name+"__") {
				found = append(found, cellText(v))
			}
		}
		if v := want.cell(f.Name); len(found) > 1 || len(found) == 1 && found[0] != v.String() {
			return fmt.Errorf("row %d: %s is %q, want %v", want.id, f.Name, found, v)
		}
	}
	return nil
}

func cellText(v parquet.Value) string {
	switch v.Kind() {
	case parquet.Boolean:
		return kql.OfBool(v.Boolean()).String()
	case parquet.Double:
		return kql.OfReal(v.Double()).String()
	case parquet.ByteArray:
		return string(v.ByteArray())
	}
	return v.String()
}

// decodeFile calls fn with every row of a Parquet file.
func decodeFile(content []byte, fn func(fileRow) error) error {
	f, err := parquet.OpenFile(bytes.NewReader(content), int64(len(content)), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return err
	}
	columns := f.Schema().Columns()
	buf := make([]parquet.Row, 64)
	for _, group := range f.RowGroups() {
		rows := group.Rows()
		for {
			n, err := rows.ReadRows(buf)
			for _, row := range buf[:n] {
				out := fileRow{}
				for _, v := range row {
					if !v.IsNull() {
						out[columns[v.Column()][0]] = v
					}
				}
				if err := fn(out); err != nil {
					return errors.Join(err, rows.Close())
				}
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return errors.Join(err, rows.Close())
			}
		}
		if err := rows.Close(); err != nil {
			return err
		}
	}
	return nil
}
