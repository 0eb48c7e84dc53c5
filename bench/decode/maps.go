package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/parquet-go/parquet-go"
	"golang.org/x/sync/errgroup"

	"huntlake/schema"
)

// maps is the way that is written first: each response into maps, and the maps into a file of its own. Integers beyond
// 2^53 and the seventh digit of times do not survive it.
func (c *corpus) maps(ctx context.Context, dir string) (int64, error) {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, a := range c.answers {
		g.Go(func() error { return c.mapOne(a, filepath.Join(dir, fmt.Sprint(i, ".parquet"))) })
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	return sizeOf(filepath.Join(dir, "*.parquet"))
}

func (c *corpus) mapOne(answer []byte, path string) error {
	var body struct{ Results []map[string]any }
	if err := json.Unmarshal(answer, &body); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := parquet.NewWriter(f, c.layout(), parquet.Compression(&parquet.Zstd))
	for _, row := range body.Results {
		values, err := c.values(w.Schema(), row)
		if err != nil {
			return err
		}
		if _, err := w.WriteRows([]parquet.Row{values}); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return f.Close()
}

// layout is the rows as parquet-go wants them described.
func (c *corpus) layout() *parquet.Schema {
	group := parquet.Group{}
	for _, f := range c.fields {
		group[f.Name] = parquet.Compressed(parquet.Optional(node(f)), &parquet.Zstd)
	}
	return parquet.NewSchema("rows", group)
}

func node(f schema.Field) parquet.Node {
	switch columnType(f) {
	case "TIMESTAMPTZ":
		return parquet.Timestamp(parquet.Microsecond)
	case "BIGINT":
		return parquet.Int(64)
	case "BOOLEAN":
		return parquet.Leaf(parquet.BooleanType)
	}
	return parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
}

// values is a row in the order of the columns.
func (c *corpus) values(layout *parquet.Schema, row map[string]any) (out parquet.Row, err error) {
	for i, path := range layout.Columns() {
		column, _ := layout.Lookup(path...)
		v, err := value(column.Node, row[path[0]])
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", path[0], err)
		}
		present := 1
		if v.IsNull() {
			present = 0
		}
		out = append(out, v.Level(0, present, i))
	}
	return out, nil
}

// value is a cell as its column wants it.
func value(column parquet.Node, cell any) (parquet.Value, error) {
	kind := column.Type().Kind()
	switch cell := cell.(type) {
	case nil:
		return parquet.NullValue(), nil
	case bool:
		return parquet.BooleanValue(cell), nil
	case float64:
		if kind == parquet.Boolean {
			return parquet.BooleanValue(cell != 0), nil
		}
		return parquet.Int64Value(int64(cell)), nil
	case string:
		if kind == parquet.Int64 {
			t, err := time.Parse(time.RFC3339Nano, cell)
			return parquet.Int64Value(t.UnixMicro()), err
		}
		return parquet.ByteArrayValue([]byte(cell)), nil
	}
	text, err := json.Marshal(cell)
	return parquet.ByteArrayValue(text), err
}
