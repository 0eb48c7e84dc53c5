package files

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
	"huntlake/schema/catalog"
)

// Table is a table out of a file. It is read-only.
type Table struct {
	name, clock string
	fields      []schema.Field
	at          map[string]int
	rows        [][]kql.Value
	times       []partition.Tick // nil without a time column
	ingested    []partition.Tick
	arrived     []partition.Tick
}

// table gives the draft's columns their types: those of the catalog, as long as no value contradicts them, and what the
// values suggest for all other columns. Columns that the catalog knows and the file does not are there, and null.
func (d *draft) table(opts Options) (*Table, error) {
	known, _ := catalog.Lookup(d.name)
	t := &Table{name: d.name, at: map[string]int{}, rows: make([][]kql.Value, len(d.rows))}
	for _, f := range known.Columns {
		t.addColumn(d, f, opts)
	}
	for _, name := range d.columns {
		if _, ok := t.at[name]; !ok {
			t.addColumn(d, schema.Field{Name: name, Type: infer(d.column(name)).Wire()}, opts)
		}
	}
	if t.clock = known.TimeColumn; t.clock == "" && known.Name == "" {
		t.clock = "Timestamp"
	}
	if err := t.setClock(d); err != nil {
		return nil, err
	}
	t.arrive(d, opts)
	t.shift(opts)
	return t, nil
}

func (d *draft) column(name string) []cell {
	k, ok := d.at[name]
	cells := make([]cell, len(d.rows))
	for i, r := range d.rows {
		if ok && k < len(r.cells) {
			cells[i] = r.cells[k]
		}
	}
	return cells
}

func (t *Table) addColumn(d *draft, f schema.Field, opts Options) {
	cells := d.column(f.Name)
	typ, _ := kql.TypeOf(f.Type)
	for _, c := range cells {
		if _, ok := c.convert(typ, opts.NoNullStrings); !ok {
			typ = infer(cells)
			f.Type = typ.Wire()
			break
		}
	}
	t.at[f.Name], t.fields = len(t.fields), append(t.fields, f)
	for i, c := range cells {
		v, _ := c.convert(typ, opts.NoNullStrings)
		t.rows[i] = append(t.rows[i], v)
	}
}

// setClock finds the time column, which may be missing only where the catalog does not ask for one.
func (t *Table) setClock(d *draft) error {
	k, ok := t.at[t.clock]
	if !ok || t.fields[k].Type != kql.DateTime.Wire() {
		if known, _ := catalog.Lookup(d.name); known.TimeColumn != "" {
			return fmt.Errorf("column %s has values that are no datetimes", t.clock)
		}
		t.clock = ""
		return nil
	}
	t.times = make([]partition.Tick, len(t.rows))
	for i, row := range t.rows {
		t.times[i] = row[k].Tick()
	}
	return nil
}

// arrive sets when rows arrive: as the file says, else a made-up time after their event.
func (t *Table) arrive(d *draft, opts Options) {
	t.ingested = make([]partition.Tick, len(t.rows))
	t.arrived = make([]partition.Tick, len(t.rows))
	h := fnv.New64a()
	h.Write([]byte(t.name))
	rng := rand.New(rand.NewPCG(h.Sum64(), 0))
	for i := range t.rows {
		lag := lag(rng, opts)
		switch at := d.rows[i].ingested; {
		case at != partition.NoTick || t.times == nil || t.times[i] == partition.NoTick:
			t.ingested[i], t.arrived[i] = at, at
		case opts.MedianLag < 0:
			t.ingested[i], t.arrived[i] = partition.NoTick, t.times[i]
		default:
			at := min(t.times[i]+lag, partition.MaxTick)
			t.ingested[i], t.arrived[i] = at, at
		}
	}
}

func lag(rng *rand.Rand, opts Options) partition.Tick {
	seconds := opts.MedianLag.Seconds() * math.Exp(0.35*rng.NormFloat64())
	if rng.Float64() < 0.01 {
		seconds = 5 * 3600 * math.Exp(0.5*rng.NormFloat64())
	}
	return max(partition.Tick(seconds*float64(partition.Second)), 1)
}

// shift moves the clocks of all rows by the same amount.
func (t *Table) shift(opts Options) {
	newest := partition.NoTick
	for i := range t.rows {
		newest = max(newest, t.Time(i), t.arrived[i])
	}
	if opts.ShiftTo.IsZero() || newest == partition.NoTick {
		return
	}
	by := partition.TickOf(opts.ShiftTo) - 1 - newest
	move := func(at partition.Tick) partition.Tick {
		if at == partition.NoTick {
			return at
		}
		return min(max(at+by, partition.MinTick), partition.MaxTick)
	}
	for i, row := range t.rows {
		t.ingested[i], t.arrived[i] = move(t.ingested[i]), move(t.arrived[i])
		for k, f := range t.fields {
			if row[k].Type() == kql.DateTime && (f.Name == t.clock || opts.ShiftAll) {
				row[k] = kql.OfTime(move(row[k].Tick()))
			}
		}
		if t.times != nil {
			t.times[i] = move(t.times[i])
		}
	}
}

// Name returns the table's name.
func (t *Table) Name() string { return t.name }

// TimeColumn names the table's clock, "" if it has none.
func (t *Table) TimeColumn() string { return t.clock }

// Columns returns the columns, which are the same at all times.
func (t *Table) Columns(partition.Tick) []schema.Field { return t.fields }

// Len returns the number of rows.
func (t *Table) Len() int { return len(t.rows) }

// Time returns a row's value of the time column, NoTick if it has none.
func (t *Table) Time(row int) partition.Tick {
	if t.times == nil {
		return partition.NoTick
	}
	return t.times[row]
}

// Ingested returns a row's ingestion time, NoTick if it has none.
func (t *Table) Ingested(row int) partition.Tick { return t.ingested[row] }

// Arrived returns when a row becomes visible, NoTick if it was always there.
func (t *Table) Arrived(row int) partition.Tick { return t.arrived[row] }

// Read returns a reader of the given columns.
func (t *Table) Read(columns []schema.Field) kql.Reader {
	r := &reader{table: t}
	for _, f := range columns {
		r.at = append(r.at, t.at[f.Name])
	}
	return r
}

type reader struct {
	table *Table
	at    []int
	row   int
}

func (r *reader) Seek(row int) { r.row = row }

func (r *reader) Cell(k int) kql.Value { return r.table.rows[r.row][r.at[k]] }
