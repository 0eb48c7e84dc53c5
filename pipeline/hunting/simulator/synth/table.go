package synth

import (
	"fmt"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
	"huntlake/schema/catalog"
)

// Table is a table of made-up rows.
type Table struct {
	catalog.Table
	rows      int
	seed      hash
	line      *timeline // nil for a table without time
	unstamped float64
	world     *world
	makers    map[string]maker
}

// Generate makes the tables of o. It takes about a fifth of a second for a million rows.
func Generate(o Options) ([]*Table, error) {
	o = o.withDefaults()
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("generate rows: %w", err)
	}
	w := newWorld(hash(o.Seed), o.Devices)
	tables := make([]*Table, 0, len(o.Tables))
	for _, name := range o.Tables {
		rows, ok := o.RowsOf[name]
		if !ok {
			rows = o.Rows
		}
		known, _ := catalog.Lookup(name)
		t := &Table{Table: known, rows: rows, seed: hash(o.Seed).of(name), unstamped: o.Unstamped, world: w, makers: map[string]maker{}}
		if known.TimeColumn != "" {
			t.line = newTimeline(o, name, rows, t.seed.and(1))
		}
		for _, f := range known.Columns {
			t.makers[f.Name] = t.makerOf(f)
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// Name returns the table's name.
func (t *Table) Name() string { return t.Table.Name }

// TimeColumn names the table's clock, "" if it has none.
func (t *Table) TimeColumn() string { return t.Table.TimeColumn }

// Columns returns the columns, which are the same at all times.
func (t *Table) Columns(partition.Tick) []schema.Field { return t.Table.Columns }

// Len returns the number of rows.
func (t *Table) Len() int { return t.rows }

// Time returns when a row happened, NoTick in a table without time.
func (t *Table) Time(row int) partition.Tick {
	if t.line == nil {
		return partition.NoTick
	}
	return t.line.times[row]
}

// Arrived returns when a row becomes visible, NoTick in a table without time.
func (t *Table) Arrived(row int) partition.Tick {
	if t.line == nil {
		return partition.NoTick
	}
	return t.line.arrivals[t.line.burst[row]]
}

// Ingested returns a row's ingestion time, NoTick for an unstamped one.
func (t *Table) Ingested(row int) partition.Tick {
	if t.line == nil || t.unstamped > 0 && t.seed.and(uint64(t.line.burst[row])).and(11).chance(t.unstamped) {
		return partition.NoTick
	}
	return t.Arrived(row)
}

// Read returns a reader of the given columns.
func (t *Table) Read(columns []schema.Field) kql.Reader {
	r := &reader{table: t, makers: make([]maker, len(columns)), kept: make([]kept, len(columns)), row: row{number: -1}}
	for k, f := range columns {
		r.makers[k] = t.makers[f.Name]
	}
	return r
}

// maker makes the cells of one column.
type maker struct {
	shared bool // by all rows of a burst
	make   func(*row) kql.Value
}

// row is what the cells of one row follow from.
type row struct {
	h, burst hash // of the row; of its burst
	number   int
	time     partition.Tick // NoTick in a table without time
	arrived  partition.Tick // of the burst
	device   *device
	user     *user
	actor    *program // the one that acted
	target   *program // the one that was acted on
	world    *world
}

type reader struct {
	table  *Table
	makers []maker
	kept   []kept
	next   int // the row to read from
	burst  int // of the row that is loaded
	row    row // the row that is loaded; its number is -1 before the first
}

// kept is a cell shared by a burst.
type kept struct {
	burst int // one more than its number; 0 is none
	value kql.Value
}

// Seek only takes note of the row: counting rows must not cost as much as making them.
func (r *reader) Seek(number int) { r.next = number }

// load decides what all cells of the row follow from.
func (r *reader) load(number int) {
	t, w := r.table, r.table.world
	r.burst = number / burstRows
	if t.line != nil {
		r.burst = int(t.line.burst[number])
	}
	h, b := t.seed.and(uint64(number)), t.seed.and(1<<40+uint64(r.burst))
	device := &w.devices[b.and(1).skewed(len(w.devices))]
	r.row = row{
		h: h, burst: b, number: number, time: t.Time(number), arrived: t.Arrived(number), world: w, device: device,
		user:   &w.users[(device.owner+b.and(2).skewed(3))%len(w.users)],
		actor:  &w.programs[b.and(3).skewed(len(w.programs))],
		target: &w.programs[h.and(4).skewed(len(w.programs))],
	}
}

func (r *reader) Cell(k int) kql.Value {
	if r.row.number != r.next {
		r.load(r.next)
	}
	m := &r.makers[k]
	if !m.shared {
		return m.make(&r.row)
	}
	c := &r.kept[k]
	if c.burst != r.burst+1 {
		*c = kept{r.burst + 1, m.make(&r.row)}
	}
	return c.value
}
