package schema

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// Keys of the metadata that every Arrow field carries.
const (
	MetaKind   = "huntlake.kind"   // the Kind's word, or CompanionKind
	MetaSource = "huntlake.source" // Column.Source
	MetaType   = "huntlake.type"   // Column.Type
)

// CompanionKind is the MetaKind of a companion column: the seventh fractional digit (0 to 9) of the Timestamp column
// directly before it, null where that is null.
const CompanionKind = "100ns"

// Arrow returns the Arrow type that a kind is stored as. JSON is utf8: its field's MetaKind tells it from String.
func (k Kind) Arrow() arrow.DataType {
	switch k {
	case Bool:
		return arrow.FixedWidthTypes.Boolean
	case Int64:
		return arrow.PrimitiveTypes.Int64
	case Double:
		return arrow.PrimitiveTypes.Float64
	case String, JSON:
		return arrow.BinaryTypes.String
	case Timestamp:
		return arrow.FixedWidthTypes.Timestamp_us
	}
	panic("schema: Arrow type of " + k.String())
}

// Arrow returns the schema of the lake's files: per column one nullable field under its lake name, and behind each
// Timestamp column an int32 companion named `<Name>_100ns`.
func (t Table) Arrow() *arrow.Schema {
	fields := make([]arrow.Field, 0, len(t.Columns)+8)
	for _, c := range t.Columns {
		fields = appendField(fields, c.Name, typed{c.Source, c.Type, c.Kind})
	}
	return arrow.NewSchema(fields, nil)
}

// ResponseArrow returns the schema of a response's records: laid out as a Table's, under the response's own names,
// which are not always unique. It fails as Evolve does.
func ResponseArrow(fields []Field) (*arrow.Schema, error) {
	columns, err := parseFields(fields)
	if err != nil {
		return nil, err
	}
	laid := make([]arrow.Field, 0, len(fields)+8)
	for _, f := range columns {
		laid = appendField(laid, f.source, f)
	}
	return arrow.NewSchema(laid, nil), nil
}

func appendField(fields []arrow.Field, name string, f typed) []arrow.Field {
	field := func(name, kind string, typ arrow.DataType) {
		meta := arrow.NewMetadata([]string{MetaKind, MetaSource, MetaType}, []string{kind, f.source, f.typ})
		fields = append(fields, arrow.Field{Name: name, Type: typ, Nullable: true, Metadata: meta})
	}
	field(name, f.kind.String(), f.kind.Arrow())
	if f.kind == Timestamp {
		field(name+CompanionSuffix, CompanionKind, arrow.PrimitiveTypes.Int32)
	}
	return fields
}

// width returns how many Arrow fields a column of the kind takes.
func (k Kind) width() int {
	if k == Timestamp {
		return 2
	}
	return 1
}

// Numbered is the type of texts that are numbered: each record keeps its distinct ones once. They are hashed and
// compared by their numbers from the decoder to the Parquet file, and stand for the texts wherever those may stand.
var Numbered = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}

// NumberedArrow returns s with numbered texts.
func NumberedArrow(s *arrow.Schema) *arrow.Schema {
	fields := s.Fields()
	for i := range fields {
		if fields[i].Type.ID() == arrow.STRING {
			fields[i].Type = Numbered
		}
	}
	meta := s.Metadata()
	return arrow.NewSchema(fields, &meta)
}

// Numbers returns the number of each row's text in c's dictionary, in dst if that has the room; those of nulls mean
// nothing.
func Numbers(c *array.Dictionary, dst []int32) []int32 {
	dst = dst[:0]
	switch numbers := c.Indices().(type) {
	case *array.Int32:
		return append(dst, numbers.Int32Values()...)
	case *array.Int16:
		for _, n := range numbers.Int16Values() {
			dst = append(dst, int32(n))
		}
		return dst
	}
	for i := range c.Len() {
		n := 0
		if c.IsValid(i) {
			n = c.GetValueIndex(i)
		}
		dst = append(dst, int32(n))
	}
	return dst
}
