package simulator

import (
	"huntlake/pipeline/hunting/simulator/files"
	"huntlake/pipeline/hunting/simulator/synth"
)

// GenerateOptions says which rows to make up; see synth.Options.
type GenerateOptions = synth.Options

// Generate makes up tables of the catalog: bursty, late, wide and the same every time for the same options. Cells are
// computed when they are read, so a month of millions of rows costs about 20 bytes of memory a row.
func Generate(opts GenerateOptions) ([]Table, error) {
	made, err := synth.Generate(opts)
	if err != nil {
		return nil, err
	}
	return asTables(made), nil
}

// FileOptions says what is made of the rows of files; see files.Options.
type FileOptions = files.Options

// LoadFolder reads tables from the files of a folder, one file a table, in order of name; see files.Load.
func LoadFolder(dir string, opts FileOptions) ([]Table, error) {
	loaded, err := files.Load(dir, opts)
	if err != nil {
		return nil, err
	}
	return asTables(loaded), nil
}

func asTables[T Table](list []T) []Table {
	tables := make([]Table, len(list))
	for i, t := range list {
		tables[i] = t
	}
	return tables
}
