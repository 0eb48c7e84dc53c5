package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"huntlake/configs"
	"huntlake/writers"
)

const sqlLong = `Prints the statements that show the lake to a query engine: a view or an external table for each
table and query of the configuration that has been exported, with the columns that its ledger has
pinned. The source is not asked, and nothing is changed. Run the statements again when a table has
got new columns.

Engines: `

const sqlExample = `  duckdb -init <(huntlake sql)
  huntlake sql --engine spark > lake.sql; spark-sql -i lake.sql
  huntlake sql --engine athena > lake.sql`

func newSQL(p *program) *cobra.Command {
	var engine string
	engines := strings.Join(writers.SQLEngines(), ", ")
	cmd := &cobra.Command{
		Use: "sql", Short: "Print statements that show the lake to a query engine", Long: sqlLong + engines + ".", Example: sqlExample,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !slices.Contains(writers.SQLEngines(), engine) {
				return &usageError{fmt.Errorf("--engine: %q is not one of %s", engine, engines)}
			}
			j, err := p.open(cmd.Context(), configs.LoadUnsigned)
			if err != nil {
				return err
			}
			defer j.Close()
			text, err := j.sql(cmd.Context(), engine)
			if err != nil {
				return err
			}
			_, err = io.WriteString(p.stdout, text)
			return err
		},
	}
	cmd.Flags().StringVar(&engine, "engine", "duckdb", "whose dialect and way to read files")
	return cmd
}

// sql returns the statements for what has been exported.
func (j *job) sql(ctx context.Context, engine string) (string, error) {
	e, err := j.exporter()
	if err != nil {
		return "", err
	}
	schemas, err := e.Schemas(ctx)
	if err != nil {
		return "", err
	}
	if len(schemas) == 0 {
		return "", errors.New("nothing has been exported yet: huntlake run comes first")
	}
	var tenants []string
	for _, t := range j.config.Tenants {
		tenants = append(tenants, t.ID)
	}
	var tables []writers.SQLTable
	for _, s := range schemas {
		tables = append(tables, writers.SQLTable{
			Table: s.Table, Schema: s.Columns, Files: s.Files, First: s.First, Tenants: tenants,
		})
	}
	return writers.SQL(engine, j.config.Lake, tables)
}
