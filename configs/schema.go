package configs

import (
	_ "embed"
	"slices"
)

//go:embed schema.json
var schemaText []byte

// Schema returns the JSON Schema (draft 2020-12) of the file, for editors. It knows every field, but not every rule:
// Parse decides.
func Schema() []byte { return slices.Clone(schemaText) }
