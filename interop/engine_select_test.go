package interop

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/schema"
)

// tongue is how an engine says what a test asks of every column. A %s stands for a value.
type tongue struct {
	mark   string // around names
	md5    string // of a text
	bits   string // of an MD5: its first 60 bits, as a number
	sum    string // of numbers, without an overflow
	micros string // of a time
	days   string // of a date
	member string // of JSON and a name: the text of that member, if it is a scalar
	spread func(cells []cell) string
}

// cell is what is asked of one column, in one of three ways: SQL, or "".
type cell struct{ name, text, number, double string }

func duckTongue() tongue {
	return tongue{
		mark: `"`, md5: "md5(%s)", bits: "CAST('0x' || %s[1:15] AS BIGINT)", sum: "sum(%s)", micros: "epoch_us(%s)",
		days: "datediff('day', DATE '1970-01-01', %s)", member: "(%s ->> '$.%s')", spread: duckSpread,
	}
}

func sparkTongue() tongue {
	return tongue{
		mark: "`", md5: "md5(CAST(%s AS BINARY))", bits: "CAST(conv(substr(%s, 1, 15), 16, 10) AS DECIMAL(38,0))",
		sum: "sum(CAST(%s AS DECIMAL(38,0)))", micros: "unix_micros(%s)", days: "datediff(%s, DATE'1970-01-01')",
		member: "get_json_object(%s, '$.%s')", spread: sparkSpread,
	}
}

// typed gives a value, or its absence, a type.
func typed(value, typ string) string {
	if value == "" {
		value = "NULL"
	}
	return fmt.Sprintf("CAST(%s AS %s)", value, typ)
}

// duckSpread makes a row of each cell, by lists that are unnested side by side.
func duckSpread(cells []cell) string {
	var lists [4][]string
	for _, c := range cells {
		for i, v := range []string{"'" + c.name + "'", typed(c.text, "VARCHAR"), typed(c.number, "BIGINT"), typed(c.double, "DOUBLE")} {
			lists[i] = append(lists[i], v)
		}
	}
	var out []string
	for i, name := range []string{"name", "t", "n", "d"} {
		out = append(out, "unnest(["+strings.Join(lists[i], ", ")+"]) AS "+name)
	}
	return strings.Join(out, ", ")
}

// sparkSpread makes a row of each cell.
func sparkSpread(cells []cell) string {
	out := []string{strconv.Itoa(len(cells))}
	for _, c := range cells {
		out = append(out, "'"+c.name+"'", typed(c.text, "STRING"), typed(c.number, "BIGINT"), typed(c.double, "DOUBLE"))
	}
	return "stack(" + strings.Join(out, ", ") + ") AS (name, t, n, d)"
}

func (g tongue) quote(name string) string { return g.mark + name + g.mark }

// cells are all that a truth has something to say of: whole rows under no name, columns, companions, members, keys.
func (g tongue) cells(w *truth) []cell {
	out := []cell{{text: g.row(w)}}
	for _, c := range w.schema.Columns {
		value := g.quote(c.Name)
		switch c.Kind {
		case schema.Timestamp:
			companion := c.Name + schema.CompanionSuffix
			out = append(out, cell{name: c.Name, number: fmt.Sprintf(g.micros, value)}, cell{name: companion, number: g.quote(companion)})
		case schema.Bool:
			out = append(out, cell{name: c.Name, number: typed(value, "INT")})
		case schema.Int64:
			out = append(out, cell{name: c.Name, number: value})
		case schema.Double:
			out = append(out, cell{name: c.Name, double: value})
		default:
			out = append(out, cell{name: c.Name, text: value})
		}
		for _, m := range members {
			if c.Kind == schema.JSON && w.columns[c.Name+"."+m] != nil {
				out = append(out, cell{name: c.Name + "." + m, text: fmt.Sprintf(g.member, value, m)})
			}
		}
	}
	return append(out, cell{name: "tenant", text: "tenant"}, cell{name: "dt", number: fmt.Sprintf(g.days, "dt")})
}

// row is a row's text as a truth has it.
func (g tongue) row(w *truth) string {
	var cells []string
	for _, c := range w.schema.Columns {
		value := g.quote(c.Name)
		switch c.Kind {
		case schema.Double:
			continue
		case schema.Timestamp:
			value = fmt.Sprintf(g.micros, value) + " || ' ' || " + g.quote(c.Name+schema.CompanionSuffix)
		default:
			value = typed(value, "STRING")
		}
		cells = append(cells, "coalesce('"+c.Name+"=' || "+value+" || chr(31), '')")
	}
	return "concat(" + strings.Join(cells, ", ") + ")"
}

// ask is a query for the stats of a table: for each cell its name, then four aggregates of texts, numbers and doubles.
func (g tongue) ask(w *truth) string {
	md5 := func(value string) string { return fmt.Sprintf(g.md5, value) }
	values := []string{
		"name", "count(t)", md5("min(t)"), md5("max(t)"), fmt.Sprintf(g.sum, fmt.Sprintf(g.bits, md5("t"))),
		"count(n)", "min(n)", "max(n)", fmt.Sprintf(g.sum, "n"), "count(d)", "min(d)", "max(d)", "sum(d)",
	}
	for i, v := range values {
		values[i] = typed(v, "STRING")
	}
	return fmt.Sprintf("SELECT %s FROM (SELECT %s FROM %s) GROUP BY name", strings.Join(values, ", "), g.spread(g.cells(w)), g.quote(w.name))
}

// statsOf reads the answer to ask. Cells without a value are left out.
func statsOf(t *testing.T, answer [][]string) map[string]stat {
	t.Helper()
	out := map[string]stat{}
	for _, row := range answer {
		for kind := range 3 {
			v := row[1+4*kind:]
			n, err := strconv.ParseInt(v[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			s := stat{n, v[1], v[2], v[3]}
			if kind == 2 && n > 0 {
				s.Min, s.Max, s.Sum = double(t, s.Min, 17), double(t, s.Max, 17), double(t, s.Sum, 9)
			}
			if n > 0 {
				out[row[0]] = s
			}
		}
	}
	return out
}

func double(t *testing.T, text string, digits int) string {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return printDouble(v, digits)
}

// compare holds what a reader found of a table against the truth.
func (s *shown) compare(t *testing.T, w *truth, got map[string]stat) {
	t.Helper()
	if diff := cmp.Diff(w.stats(), got); diff != "" {
		t.Errorf("%s: %s: -source +reader:\n%.4000s", s.name, w.name, diff)
	}
}
