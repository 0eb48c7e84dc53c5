package pipeline_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
)

// script is a source table that a test writes row by row. Rows that share an id are the same in every cell.
type script struct {
	name string
	rows []scriptRow // by ascending id

	became []scriptRow // what rows change into, until the script is written
}

type scriptRow struct {
	id    int64
	at    partition.Tick // Timestamp
	stamp partition.Tick // ingestion time; NoTick: none
	shown partition.Tick // from when on the source shows it
	gone  partition.Tick // from when on it does not any more; 0: it stays
}

// scriptColumns are few, and of every kind that is treated in its own way. The last three are for changes.
var scriptColumns = []schema.Field{
	{Name: "Timestamp", Type: "DateTime"},
	{Name: "ReportId", Type: "Int64"},
	{Name: "DeviceId", Type: "String"},
	{Name: "Extra", Type: "Object"},
	{Name: "Flag", Type: "SByte"},
	{Name: "Coming", Type: "Int64"},
	{Name: "Going", Type: "String"},
	{Name: "Turning", Type: "Int64"},
}

// stable are the columns that no change touches.
const stable = 5

// idBase is beyond what a float64 can tell apart.
const idBase = 1 << 60

func (s *script) Name() string                          { return s.name }
func (s *script) TimeColumn() string                    { return "Timestamp" }
func (s *script) Columns(partition.Tick) []schema.Field { return scriptColumns }
func (s *script) Len() int                              { return len(s.rows) }
func (s *script) Time(row int) partition.Tick           { return s.rows[row].at }
func (s *script) Ingested(row int) partition.Tick       { return s.rows[row].stamp }
func (s *script) Arrived(row int) partition.Tick        { return s.rows[row].shown }

func (s *script) Gone(row int) partition.Tick {
	if at := s.rows[row].gone; at != 0 {
		return at
	}
	return partition.NoTick
}

func (s *script) Read(columns []schema.Field) kql.Reader {
	return &scriptReader{script: s, columns: columns}
}

type scriptReader struct {
	*script
	columns []schema.Field
	row     int
}

func (r *scriptReader) Seek(row int) { r.row = row }

func (r *scriptReader) Cell(k int) kql.Value { return r.rows[r.row].cell(r.columns[k].Name) }

// cell is the value of a column: nulls, empty strings and numbers that only an integer holds among them.
func (r scriptRow) cell(column string) kql.Value {
	switch column {
	case "Timestamp":
		return kql.OfTime(r.at)
	case "ReportId":
		return kql.OfLong(idBase + r.id)
	case "DeviceId":
		if r.id%13 == 0 {
			return kql.OfString("")
		}
		return kql.OfString(fmt.Sprintf("device %d", r.id%7))
	case "Extra":
		if r.id%5 == 0 {
			return kql.Value{}
		}
		return kql.OfDynamic(fmt.Sprintf(`{"n":%d,"names":["a","%d"],"deep":{"on":true}}`, r.id, r.id%3))
	case "Flag":
		if r.id%11 == 0 {
			return kql.Value{}
		}
		return kql.OfBool(r.id%2 == 0)
	case "Going":
		return kql.OfString(fmt.Sprintf("going %d", r.id))
	case "Coming", "Turning":
		return kql.OfLong(r.id * 3)
	}
	panic("unknown column " + column)
}

// weather says how the rows of a script come.
type weather struct {
	rows      int
	from, to  time.Time     // their Timestamps
	unstamped float64       // the share of rows without ingestion time
	tail      time.Duration // how late the latest come; most come within minutes
	behind    float64       // the share of stamped rows that are shown hours after their ingestion time
	bursts    int           // the most rows at one tick; 0 or 1: none
	twins     float64       // the share of rows that come twice or thrice
	deleted   float64       // the share of rows that go within two days
	changed   float64       // the share of rows that go and have another in their place
}

// changedID is what the id of a row that takes another's place is apart from the other's.
const changedID = 1 << 40

// newScript writes the rows of a table.
func newScript(name string, seed uint64, w weather) *script {
	r := rand.New(rand.NewPCG(seed, uint64(len(name))))
	s := &script{name: name}
	span := w.to.Sub(w.from)
	for id := int64(1); len(s.rows) < w.rows; {
		at := partition.TickOf(w.from.Add(time.Duration(r.Int64N(int64(span)))))
		n := 1
		if w.bursts > 1 && r.IntN(12) == 0 {
			n += r.IntN(w.bursts)
		}
		stamp := at.Add(w.lateness(r))
		unstamped := r.Float64() < w.unstamped
		for range n {
			row := scriptRow{id: id, at: at, stamp: stamp, shown: stamp}
			id++
			s.add(r, w, row, unstamped)
		}
	}
	s.rows, s.became = append(s.rows, s.became...), nil
	return s
}

func (s *script) add(r *rand.Rand, w weather, row scriptRow, unstamped bool) {
	copies := 1
	if r.Float64() < w.twins {
		copies += 1 + r.IntN(2)
	}
	for range copies {
		one := row
		if unstamped {
			one.stamp = partition.NoTick
		} else if r.Float64() < w.behind {
			one.shown = row.stamp.Add(time.Duration(r.Int64N(int64(20 * time.Hour))))
		}
		if w.deleted > 0 && r.Float64() < w.deleted {
			one.gone = one.shown.Add(time.Duration(1 + r.Int64N(int64(48*time.Hour))))
		}
		s.rows = append(s.rows, one)
		if w.changed > 0 && one.gone == 0 && r.Float64() < w.changed {
			old := &s.rows[len(s.rows)-1]
			old.gone = one.shown.Add(time.Duration(1 + r.Int64N(int64(48*time.Hour))))
			one.id, one.shown = one.id+changedID, old.gone
			s.became = append(s.became, one)
		}
	}
}

// lateness is a minute or two for most rows, and up to the tail for some.
func (w weather) lateness(r *rand.Rand) time.Duration {
	late := time.Duration(90 * math.Exp(0.6*r.NormFloat64()) * float64(time.Second))
	if w.tail > 0 && r.IntN(12) == 0 {
		late += time.Duration(r.Int64N(int64(w.tail)))
	}
	return late
}
