package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"huntlake/configs"
	"huntlake/schema"
	"huntlake/schema/catalog"
)

const tablesLong = `Lists the hunting tables that are publicly known, with their time column, which tells how they
are exported; with a name, the columns of that table. A tenant may have other tables and other
columns: huntlake asks it, and takes what it says.

With a configuration, it says what is exported; with --probe, also what each tenant has, at one
call a table.`

const tablesExample = `  huntlake tables
  huntlake tables EmailEvents
  huntlake tables --probe --config huntlake.yaml`

// tableLine is a table of the catalog, and what is known about it here.
type tableLine struct {
	Name       string            `json:"name"`
	TimeColumn string            `json:"time_column,omitempty"`
	Columns    []schema.Field    `json:"columns"`
	Exported   bool              `json:"exported"`
	Tenants    map[string]string `json:"tenants,omitempty"` // by tenant: yes, no, or why nobody knows
}

func newTables(p *program) *cobra.Command {
	var asJSON, probe bool
	cmd := &cobra.Command{
		Use: "tables [name]", Short: "List the hunting tables", Long: tablesLong, Example: tablesExample, Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			lines, err := chosenTables(args)
			if err != nil {
				return err
			}
			read := configs.LoadUnsigned
			if probe {
				read = configs.Load
			}
			c, err := p.optionalConfig(probe || cmd.Flags().Changed("config"), read)
			if err != nil {
				return err
			}
			lines = markExported(lines, c, len(args) == 0)
			if probe {
				if err := p.probe(cmd.Context(), c, lines); err != nil {
					return err
				}
			}
			switch {
			case asJSON:
				return p.printJSON(lines)
			case len(args) == 1:
				p.printColumns(lines[0])
			default:
				p.printTables(lines)
			}
			return nil
		},
	}
	jsonFlag(cmd, &asJSON)
	cmd.Flags().BoolVar(&probe, "probe", false, "ask each tenant of the configuration for each table")
	return cmd
}

func chosenTables(args []string) ([]tableLine, error) {
	var lines []tableLine
	for _, t := range catalog.Tables() {
		if len(args) == 0 || args[0] == t.Name {
			lines = append(lines, tableLine{Name: t.Name, TimeColumn: t.TimeColumn, Columns: t.Columns})
		}
	}
	if len(lines) > 0 {
		return lines, nil
	}
	err := fmt.Errorf("%s is not in the catalog; names are case-sensitive, and huntlake tables lists them", args[0])
	if name := misspelt(args[0]); name != "" {
		err = fmt.Errorf("%s is not in the catalog: did you mean %s?", args[0], name)
	}
	return nil, &usageError{err}
}

// misspelt returns the table of the catalog that a name which is none of them may have meant, "" if there is none.
func misspelt(name string) string {
	var names []string
	for _, t := range catalog.Tables() {
		names = append(names, t.Name)
	}
	if best, ok := configs.Nearest(name, names); ok && best != name {
		return best
	}
	return ""
}

// optionalConfig reads the configuration if it is needed, or there.
func (p *program) optionalConfig(needed bool, read loader) (*configs.Config, error) {
	if _, err := os.Stat(p.config); err != nil && !needed {
		return nil, nil
	}
	j, err := p.load(read)
	if err != nil {
		return nil, err
	}
	return j.config, nil
}

// markExported marks what a configuration exports. With all, it adds what the catalog does not know.
func markExported(lines []tableLine, c *configs.Config, all bool) []tableLine {
	if c == nil {
		return lines
	}
	for _, t := range c.Tables {
		i := slices.IndexFunc(lines, func(l tableLine) bool { return l.Name == t.Name })
		switch {
		case i >= 0:
			lines[i].Exported = true
		case all:
			lines = append(lines, tableLine{Name: t.Name, TimeColumn: sourceOf(t.Name).TimeColumn, Exported: true})
		}
	}
	return lines
}

func (p *program) printColumns(t tableLine) {
	g := newGrid("column", "type")
	for _, f := range t.Columns {
		g.add(f.Name, f.Type)
	}
	g.write(p.stdout, "")
	for _, tenant := range slices.Sorted(maps.Keys(t.Tenants)) {
		fmt.Fprintf(p.stdout, "tenant %s: %s\n", tenant, t.Tenants[tenant])
	}
}

func (p *program) printTables(lines []tableLine) {
	tenants := slices.Sorted(maps.Keys(lines[0].Tenants))
	g := newGrid(append([]string{"table", "time column", "columns" + right, "exported"}, tenants...)...)
	for _, t := range lines {
		exported := ""
		if t.Exported {
			exported = "yes"
		}
		cells := []string{t.Name, cmp.Or(t.TimeColumn, "none: a state"), count(len(t.Columns)), exported}
		for _, tenant := range tenants {
			cells = append(cells, t.Tenants[tenant])
		}
		g.add(cells...)
	}
	g.write(p.stdout, "")
}
