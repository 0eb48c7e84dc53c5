package wire

import (
	"strconv"
	"time"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/jsontext"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
)

// Envelope is everything of an answer but its rows.
type Envelope struct {
	Style     Style
	Fields    []schema.Field
	RowsFirst bool // put the rows before the schema
	Stats     Stats
}

// Stats are the figures that the Defender dialect sends along.
type Stats struct {
	Elapsed time.Duration // time the query ran
	Rows    int64         // rows of the result
	Bytes   int64         // their size
}

// Parts returns the whole body, in parts to be sent one after the other. Rows are the rows as AppendRow wrote them, with
// commas between, in any number of pieces.
func (v Envelope) Parts(rows [][]byte) [][]byte {
	head, mid, tail := "{", ",", "}"
	if v.Style.Spaces {
		head, mid, tail = "\r\n{ ", " ,\n", "}\n\n"
	}
	first := v.leader()
	list := append(append([][]byte{[]byte(v.name("results") + "[")}, rows...), []byte("]"))
	schema := []byte(v.name("schema") + v.schema())
	parts := [][]byte{[]byte(head + first + mid)}
	if v.RowsFirst {
		return append(append(parts, list...), []byte(mid), schema, []byte(tail))
	}
	parts = append(parts, schema, []byte(mid))
	return append(append(parts, list...), []byte(tail))
}

// name returns "schema": in the casing of the dialect.
func (v Envelope) name(s string) string {
	if v.Style.Defender {
		s = string(s[0]&^0x20) + s[1:]
	}
	return strconv.Quote(s) + ":"
}

func (v Envelope) schema() string {
	dst := []byte{'['}
	for i, f := range v.Fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsontext.AppendString(append(append(dst, '{'), v.name("name")...), f.Name)
		dst = jsontext.AppendString(append(append(dst, ','), v.name("type")...), f.Type)
		dst = append(dst, '}')
	}
	return string(append(dst, ']'))
}

// leader is what comes before schema and rows.
func (v Envelope) leader() string {
	if !v.Style.Defender {
		return `"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.security.huntingQueryResults"`
	}
	cpu := string(kql.AppendSpan(nil, partition.Tick(v.Stats.Elapsed/100)))
	seconds := strconv.FormatFloat(v.Stats.Elapsed.Seconds(), 'f', -1, 64)
	rows, size := strconv.FormatInt(v.Stats.Rows, 10), strconv.FormatInt(v.Stats.Bytes, 10)
	return `"Stats":{"ExecutionTime":` + seconds + `,"resource_usage":{"cache":{"memory":{"hits":` + rows +
		`,"misses":0,"total":` + rows + `},"disk":{"hits":0,"misses":0,"total":0}},"cpu":{"user":"` + cpu +
		`","kernel":"00:00:00","total cpu":"` + cpu + `"},"memory":{"peak_per_node":` + size +
		`}},"dataset_statistics":[{"table_row_count":` + rows + `,"table_size":` + size + `}]}`
}
