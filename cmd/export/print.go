package main

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

func jsonFlag(cmd *cobra.Command, to *bool) {
	cmd.Flags().BoolVar(to, "json", false, "print JSON instead of text")
}

func (p *program) printJSON(v any) error {
	e := json.NewEncoder(p.stdout)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// grid is a table of text. Columns whose head ends in a right-pointing bracket are numbers, and stand to the right.
type grid struct {
	heads []string
	rows  [][]string
}

const right = ">"

func newGrid(heads ...string) *grid { return &grid{heads: slices.Clone(heads)} }

func (g *grid) add(cells ...string) { g.rows = append(g.rows, cells) }

// dropSame removes a column in which every row says the same, or nothing.
func (g *grid) dropSame(head string) {
	i, said := slices.Index(g.heads, head), ""
	for _, row := range g.rows {
		if said != "" && row[i] != "" && row[i] != said {
			return
		}
		said = cmp.Or(said, row[i])
	}
	g.heads = slices.Delete(g.heads, i, i+1)
	for r := range g.rows {
		g.rows[r] = slices.Delete(g.rows[r], i, i+1)
	}
}

// write prints the grid, each line after indent.
func (g *grid) write(w io.Writer, indent string) {
	titles := make([]string, len(g.heads))
	widths := make([]int, len(g.heads))
	for i, h := range g.heads {
		titles[i] = strings.TrimSuffix(h, right)
		widths[i] = utf8.RuneCountInString(titles[i])
		for _, row := range g.rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	g.line(w, indent, titles, widths)
	for _, row := range g.rows {
		g.line(w, indent, row, widths)
	}
}

func (g *grid) line(w io.Writer, indent string, cells []string, widths []int) {
	var b strings.Builder
	b.WriteString(indent)
	for i, cell := range cells {
		pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if strings.HasSuffix(g.heads[i], right) {
			b.WriteString(pad + cell + "  ")
		} else {
			b.WriteString(cell + pad + "  ")
		}
	}
	_, _ = io.WriteString(w, strings.TrimRight(b.String(), " ")+"\n")
}
