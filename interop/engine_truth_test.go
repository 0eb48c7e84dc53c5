package interop

import (
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"strconv"
	"testing"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
)

// members are looked for in every column of JSON. Some of the made-up values have them.
var members = []string{"Kind", "Weight", "Operation", "RecordType"}

// stat is what an aggregate tells of a column: of how many values that are not null, the least, the greatest, the sum.
// Texts are told as their MD5, and their sum is that of the first 60 bits of it; a bool is 0 or 1, a time is
// microseconds since 1970, a date days since then. Sum of doubles is rounded, as it depends on the order.
type stat struct {
	Count         int64
	Min, Max, Sum string
}

// truth is what a reader must find of one table.
type truth struct {
	name    string
	schema  schema.Table
	days    map[partition.Date]int64 // rows of each dt
	columns map[string]*tallied      // by name in the lake; companions and partition keys, too
	rows    int64
	row     tallied // the texts of whole rows
}

func newTruth(name string) *truth {
	return &truth{name: name, days: map[partition.Date]int64{}, columns: map[string]*tallied{}}
}

// read adds the rows that an export takes which is made at an instant, with the columns of then.
func (w *truth) read(t *testing.T, table simulator.Table, at partition.Tick, taken func(simulator.Row) bool) {
	t.Helper()
	fields := table.Columns(at)
	stamped := append(fields[:len(fields):len(fields)], schema.Field{Name: schema.IngestionTime, Type: "DateTime"})
	var err error
	if w.schema, _, err = w.schema.Evolve(stamped); err != nil {
		t.Fatal(err)
	}
	columns, err := w.schema.Bind(stamped)
	if err != nil {
		t.Fatal(err)
	}
	cells := make([]kql.Value, len(w.schema.Columns))
	for _, row := range simulator.Rows(table, at) {
		if !taken(row) {
			continue
		}
		clear(cells)
		for k, v := range append(row.Values, kql.OfTime(row.Ingested)) {
			cells[columns[k]] = v
		}
		w.add(cells, partition.DT(row.Time, row.Ingested))
	}
}

func (w *truth) add(cells []kql.Value, dt partition.Date) {
	var text []byte
	for i, v := range cells {
		c := w.schema.Columns[i]
		if v.IsNull() {
			continue
		}
		if w.cell(c, v); c.Kind != schema.Double { // whose text is nowhere the same
			text = appendCell(text, c.Name, v)
		}
	}
	w.column("tenant").text(tenantID)
	const unixDay = 719162
	w.column("dt").number(int64(dt) - unixDay)
	w.row.text(string(text))
	w.days[dt]++
	w.rows++
}

func (w *truth) cell(c schema.Column, v kql.Value) {
	col := w.column(c.Name)
	switch c.Kind {
	case schema.Timestamp:
		micros, digit := v.Tick().Micros()
		col.number(micros)
		w.column(c.Name + schema.CompanionSuffix).number(int64(digit))
	case schema.Bool, schema.Int64:
		col.number(v.Int64())
	case schema.Double:
		col.double(v.Float())
	case schema.JSON:
		col.text(v.Text())
		w.members(c.Name, v.Text())
	default:
		col.text(textOf(v))
	}
}

func textOf(v kql.Value) string {
	switch v.Type() {
	case kql.String, kql.Guid, kql.Dynamic:
		return v.Text()
	}
	return v.String()
}

// members adds the scalar members that are looked for.
func (w *truth) members(column, text string) {
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &object) != nil {
		return
	}
	for _, name := range members {
		raw, ok := object[name]
		if !ok || string(raw) == "null" {
			continue
		}
		var value string
		if json.Unmarshal(raw, &value) != nil {
			value = string(raw)
		}
		w.column(column + "." + name).text(value)
	}
}

func (w *truth) column(name string) *tallied {
	col := w.columns[name]
	if col == nil {
		col = &tallied{}
		w.columns[name] = col
	}
	return col
}

// stats are those of the columns that have values, by name, and that of the texts of whole rows under no name.
func (w *truth) stats() map[string]stat {
	out := map[string]stat{"": w.row.stat()}
	for name, col := range w.columns {
		out[name] = col.stat()
	}
	return out
}

// tallied collects a column's values, which are all numbers, all texts or all doubles.
type tallied struct {
	numbers extent[int64]
	texts   extent[string]
	doubles extent[float64]
	sum     big.Int
	total   float64
}

// extent is the least and the greatest of n values.
type extent[T cmp.Ordered] struct {
	n        int64
	min, max T
}

func (e *extent[T]) add(v T) {
	if e.n == 0 {
		e.min, e.max = v, v
	}
	e.min, e.max = min(e.min, v), max(e.max, v)
	e.n++
}

func (c *tallied) number(v int64) {
	c.numbers.add(v)
	c.sum.Add(&c.sum, big.NewInt(v))
}

func (c *tallied) text(v string) {
	c.texts.add(v)
	sum := md5.Sum([]byte(v))
	var bits big.Int
	c.sum.Add(&c.sum, bits.Rsh(bits.SetBytes(sum[:8]), 4))
}

func (c *tallied) double(v float64) {
	c.doubles.add(v)
	c.total += v
}

func (c *tallied) stat() stat {
	switch {
	case c.numbers.n > 0:
		return stat{c.numbers.n, strconv.FormatInt(c.numbers.min, 10), strconv.FormatInt(c.numbers.max, 10), c.sum.String()}
	case c.doubles.n > 0:
		return stat{c.doubles.n, printDouble(c.doubles.min, 17), printDouble(c.doubles.max, 17), printDouble(c.total, 9)}
	}
	return stat{c.texts.n, hexMD5(c.texts.min), hexMD5(c.texts.max), c.sum.String()}
}

func hexMD5(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

func printDouble(v float64, digits int) string { return strconv.FormatFloat(v, 'e', digits-1, 64) }
