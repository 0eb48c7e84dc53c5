package files

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/jsontext"
	"huntlake/pipeline/hunting/simulator/kql"
)

// draft is a table whose columns have no types yet.
type draft struct {
	name    string
	columns []string       // in the order in which they first come
	at      map[string]int // their positions
	rows    []rawRow
}

type rawRow struct {
	cells    []cell // by column; columns that come up later are absent
	ingested partition.Tick
}

// cell is what a file says: JSON text, or from a CSV file the text itself. The zero cell is absent.
type cell struct {
	text  string
	plain bool // text is not JSON
}

func (c cell) isNull() bool { return !c.plain && (c.text == "" || c.text == "null") }

func draftOf(drafts map[string]*draft, name string) *draft {
	d := drafts[name]
	if d == nil {
		d = &draft{name: name, at: map[string]int{}}
		drafts[name] = d
	}
	return d
}

// put sets the cell of a column in a row.
func (d *draft) put(r *rawRow, column string, c cell) {
	k, ok := d.at[column]
	if !ok {
		k = len(d.columns)
		d.at[column], d.columns = k, append(d.columns, column)
	}
	for len(r.cells) <= k {
		r.cells = append(r.cells, cell{})
	}
	r.cells[k] = c
}

// readJSON reads one object after another, wherever lines end.
func readJSON(r io.Reader, name string, drafts map[string]*draft) error {
	dec := json.NewDecoder(r)
	for n := 1; ; n++ {
		var raw json.RawMessage
		err := dec.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return nil
		}
		text, ok := jsontext.Canonical(string(raw))
		if err != nil || !ok || text[0] != '{' {
			return fmt.Errorf("read record %d: %w", n, cmp.Or(err, errors.New("want a JSON object in UTF-8")))
		}
		addRecord(text, name, drafts)
	}
}

// addRecord adds a row as the API returns it, or one in the envelope of the streaming export, which knows its table
// and when the row was ingested.
func addRecord(text, name string, drafts map[string]*draft) {
	envelope := map[string]string{}
	for k, v := range jsontext.Members(text) {
		envelope[jsontext.Unquote(k)] = v
	}
	row := rawRow{ingested: partition.NoTick}
	table, streamed := strings.CutPrefix(jsontext.Unquote(envelope["category"]), "AdvancedHunting-")
	if properties := envelope["properties"]; streamed && strings.HasPrefix(properties, "{") {
		name, text = table, properties
		row.ingested, _ = kql.ParseTime(jsontext.Unquote(envelope["time"]))
	}
	d := draftOf(drafts, name)
	for k, v := range jsontext.Members(text) {
		d.put(&row, jsontext.Unquote(k), cell{text: v})
	}
	d.rows = append(d.rows, row)
}

func readCSV(r io.Reader, name string, drafts map[string]*draft) error {
	in := csv.NewReader(r)
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	d := draftOf(drafts, name)
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		row := rawRow{ingested: partition.NoTick}
		for k, text := range record {
			d.put(&row, header[k], cell{text: text, plain: true})
		}
		d.rows = append(d.rows, row)
	}
}
