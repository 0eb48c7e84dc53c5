package simulator

import (
	"huntlake/pipeline/hunting/simulator/synth"
)

// GenerateOptions says which rows to make up; see synth.Options.
type GenerateOptions = synth.Options

// Generate makes up tables of the catalog: bursty, late, wide and the same every time for the same options. Cells are computed when
// they are read, so a month of millions of rows costs about 20 bytes of memory a row.
func Generate(opts GenerateOptions) ([]Table, error) {
	made, err := synth.Generate(opts)
	if err != nil {
		return nil, err
	}
	tables := make([]Table, len(made))
	for i, t := range made {
		tables[i] = t
	}
	return tables, nil
}
