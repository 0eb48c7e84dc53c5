package writers

import (
	"fmt"
	"strings"
)

// dialect is how one engine is told about a lake.
type dialect struct {
	root     func(location) (string, error) // the lake's address as the engine has it
	preamble func(location) string          // comes first
	table    func(root string, t SQLTable) string
	empty    func(t SQLTable) string // in place of table, while there is no file
}

func dialects() map[string]dialect {
	return map[string]dialect{
		"duckdb":    {root: duckRoot, preamble: duckPreamble, table: duckTable, empty: duckEmpty},
		"spark":     {root: sparkRoot, preamble: sparkPreamble, table: sparkTable, empty: sparkEmpty},
		"trino":     {root: trinoRoot, preamble: trinoPreamble, table: trinoTable, empty: noFile},
		"athena":    {root: athenaRoot, preamble: athenaPreamble, table: athenaTable, empty: noFile},
		"snowflake": {root: snowflakeRoot, preamble: snowflakePreamble, table: snowflakeTable, empty: noFile},
		"bigquery":  {root: bigQueryRoot, preamble: bigQueryPreamble, table: bigQueryTable, empty: noFile},
	}
}

func noFile(t SQLTable) string {
	return fmt.Sprintf("-- %s has no file yet: print the statements again once it has.\n", t.name())
}

func lines(indent string, parts []string) string { return indent + strings.Join(parts, ",\n"+indent) }
