package main

import (
	"fmt"
	"slices"
	"time"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/pipeline/hunting/simulator/synth"
	"huntlake/pipeline/hunting/simulator/wire"
	"huntlake/schema"
)

// corpus is the rows that every road takes: as the service would answer with them, and as newline-delimited JSON.
type corpus struct {
	fields  []schema.Field
	rows    int
	answers [][]byte // whole responses of the Defender dialect, which is plain JSON
	lines   [][]byte // the same rows, one object a line, and nothing else; by answer
}

// tableName is the table whose rows are taken.
const tableName = "DeviceProcessEvents"

// columns is how many of its columns are taken, the ingestion time among them: with these 50 a row is
// about 2.5 kB long.
const columns = 50

// newCorpus makes so many answers of about so many bytes. All are of one day, and in the order of time.
func newCorpus(answers, bytes int) (*corpus, error) {
	const perRow = 2500
	day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	each := bytes / perRow
	tables, err := synth.Generate(synth.Options{
		Seed: 1, Tables: []string{tableName}, Rows: answers * each, Start: day, End: day.Add(20 * time.Hour),
	})
	if err != nil {
		return nil, err
	}
	c := &corpus{fields: fieldsOf(tables[0]), rows: answers * each}
	for i := range answers {
		answer, lines := c.answer(tables[0], i*each, (i+1)*each)
		c.answers, c.lines = append(c.answers, answer), append(c.lines, lines)
	}
	return c, nil
}

// fieldsOf leaves out columns that are mostly empty.
func fieldsOf(t *synth.Table) []schema.Field {
	all := t.Columns(partition.NoTick)
	fields := slices.Clone(all[:columns-4])
	for _, f := range all[columns-4:] {
		switch f.Name {
		case "InitiatingProcessCommandLine", "ReportId", "AdditionalFields":
			fields = append(fields, f)
		}
	}
	return append(fields, schema.Field{Name: schema.IngestionTime, Type: "DateTime"})
}

// answer writes rows [from, to) down in both ways.
func (c *corpus) answer(t *synth.Table, from, to int) (answer, lines []byte) {
	read := t.Read(c.fields[:columns-1])
	encoder := wire.NewEncoder(c.fields, wire.Style{Defender: true}, 1)
	var list []byte
	row := make([]kql.Value, columns)
	for i := from; i < to; i++ {
		read.Seek(i)
		for k := range row[:columns-1] {
			row[k] = read.Cell(k)
		}
		row[columns-1] = kql.OfTime(t.Ingested(i))
		start := len(lines)
		lines = encoder.AppendRow(lines, row)
		if i > from {
			list = append(list, ',')
		}
		list = append(list, lines[start:]...)
		lines = append(lines, '\n')
	}
	envelope := wire.Envelope{Style: wire.Style{Defender: true}, Fields: c.fields}
	return slices.Concat(envelope.Parts([][]byte{list})...), lines
}

// String says what the corpus is.
func (c *corpus) String() string {
	bytes := 0
	for _, a := range c.answers {
		bytes += len(a)
	}
	return fmt.Sprintf("%d answers, %d rows of %d columns, %.1f MB of JSON, %d bytes a row",
		len(c.answers), c.rows, len(c.fields), float64(bytes)/1e6, bytes/c.rows)
}
