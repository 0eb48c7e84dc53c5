package interop

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
)

// made is a table of rows that a test has thought up. The first column is the time.
type made struct {
	name     string
	fields   []schema.Field
	rows     [][]kql.Value
	ingested []partition.Tick
}

// newMade takes the columns behind the time as "Name:Type Name:Type".
func newMade(name, columns string) *made {
	m := &made{name: name, fields: []schema.Field{{Name: "Timestamp", Type: "DateTime"}}}
	for _, c := range strings.Fields(columns) {
		name, typ, _ := strings.Cut(c, ":")
		m.fields = append(m.fields, schema.Field{Name: name, Type: typ})
	}
	return m
}

func (m *made) add(at, ingested partition.Tick, values ...kql.Value) {
	m.rows = append(m.rows, append([]kql.Value{kql.OfTime(at)}, values...))
	m.ingested = append(m.ingested, ingested)
}

func (m *made) Name() string                          { return m.name }
func (m *made) TimeColumn() string                    { return "Timestamp" }
func (m *made) Columns(partition.Tick) []schema.Field { return m.fields }
func (m *made) Len() int                              { return len(m.rows) }
func (m *made) Time(row int) partition.Tick           { return m.rows[row][0].Tick() }
func (m *made) Ingested(row int) partition.Tick       { return m.ingested[row] }
func (m *made) Arrived(row int) partition.Tick        { return m.ingested[row] }
func (m *made) Read(fields []schema.Field) kql.Reader { return &madeReader{m, 0} }

// madeReader reads all columns: those of a made table do not change.
type madeReader struct {
	*made
	row int
}

func (r *madeReader) Seek(row int)         { r.row = row }
func (r *madeReader) Cell(k int) kql.Value { return r.rows[r.row][k] }

// hostileTable holds what a lake may hold and what has broken a reader somewhere: the first and the last instant, long
// and odd texts, names that engines refuse or take for each other, deep nesting, numbers that no machine word holds.
func hostileTable(at time.Time) *made {
	now := partition.TickOf(at)
	m := newMade("Hostile", "Text:String Dyn:Object Num:Int64 Real:Double LogonId:String LogonID:Int32 tenant:String dt:DateTime Timestamp_100ns:Int64 1st:String")
	for _, name := range []string{"a/b", "x\"y`z'", "new\nline", "Größe", " ", strings.Repeat("n", 1024), "value", "select"} {
		m.fields = append(m.fields, schema.Field{Name: name, Type: "String"})
	}
	row := func(text, dyn string, num int64, real float64) []kql.Value {
		short := kql.OfString(text[:min(len(text), 20)])
		values := []kql.Value{
			kql.OfString(text), kql.OfDynamic(dyn), kql.OfLong(num), kql.OfReal(real), short, kql.OfInt(num % 1000), short,
			kql.OfTime(now - partition.Tick(num%1000)), kql.OfLong(7), short,
		}
		for range len(m.fields) - len(values) - 1 {
			values = append(values, kql.OfString(fmt.Sprint(len(text))))
		}
		return values
	}
	dyns := []string{
		`{"../x":"\u0000","n":1e400}`, strings.Repeat("[", 200) + strings.Repeat("]", 200), strings.Repeat("9", 400),
		strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200), `{"n":-` + strings.Repeat("1", 400) + `}`, `"text"`, "",
	}
	for i, text := range []string{
		"", "../../../etc/passwd", "dt=2026-11-22/x.parquet", "%2e%2e%2f", "null", "{}", "\x00", "a\x00b", "\x1b[2J", "\r\n",
		"\u2028\u2029", "\ufeff", "\u202egnp.exe", "\U0010ffff", `"`, `\`, `'; drop table x; --`,
		strings.Repeat("\"", 1000), strings.Repeat("ж", 100_000), strings.Repeat("x", 10<<20),
	} {
		num, real := int64(1<<53+1+i), 1/float64(i+1)
		if i%2 > 0 {
			num, real = -1<<63+int64(i), -1e300
		}
		values := row(text, dyns[i%len(dyns)], num, real)
		if i < 2 {
			values[7] = kql.OfTime([]partition.Tick{partition.MinTick, partition.MaxTick}[i])
		}
		at := now - partition.Day - partition.Tick(i)*partition.Minute
		m.add(at, at+partition.Minute, values...)
	}
	for _, at := range []partition.Tick{partition.MaxTick, now + 3*partition.Day, now - 29*partition.Day} {
		m.add(at, now-partition.Hour, append([]kql.Value{kql.OfString("clock")}, make([]kql.Value, len(m.fields)-2)...)...)
	}
	return m
}

// lookUpDays and lookUpRows are the size of a table that is there to be looked up in: a file to a day, of one row group
// and of several pages in every column.
const (
	lookUpDays = 3
	lookUpRows = 45_000 // a day
)

// lookUpTable has a SHA1 of its own in each row, and rows that come in order of time all through a day.
func lookUpTable(at time.Time) *made {
	m := newMade("LookUps", "SHA1:String DeviceName:String ReportId:Int64")
	day := partition.TickOf(at).Floor(partition.Day) - lookUpDays*partition.Day
	for i := range lookUpDays * lookUpRows {
		when := day + partition.Tick(i)*(partition.Day/lookUpRows)
		m.add(when, when+partition.Minute, kql.OfString(lookUpSHA1(i)), kql.OfString(fmt.Sprintf("host-%d", i%50)), kql.OfLong(int64(i)))
	}
	return m
}

func lookUpSHA1(row int) string {
	sum := sha1.Sum(fmt.Append(nil, row))
	return hex.EncodeToString(sum[:])
}
