package schema

import (
	"errors"
	"fmt"
	"strings"
)

// Field is one column as the Schema of a response names it. Type is a .NET name such as DateTime, String, Int64,
// SByte, Double or Object, with or without its namespace.
type Field struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Kind is how a column is stored in the lake. What changes within a Kind changes exactly: it needs no new column.
type Kind uint8

// The kinds.
const (
	Bool      Kind = iota + 1 // Boolean and SByte, which is how the API names a KQL bool
	Int64                     // every integer that fits into 64 bits with a sign
	Double                    // Double, Single
	String                    // String, Guid, and exact text as sent: TimeSpan, Decimal, UInt64
	JSON                      // Object, Dynamic: canonical JSON text, see AppendDynamic
	Timestamp                 // DateTime: microseconds, and the seventh digit beside them
)

// String prints the kind's word, which is also its durable form.
func (k Kind) String() string {
	switch k {
	case Bool:
		return "bool"
	case Int64:
		return "int64"
	case Double:
		return "double"
	case String:
		return "string"
	case JSON:
		return "json"
	case Timestamp:
		return "timestamp"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// MarshalText prints k as String does.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what String prints.
func (k *Kind) UnmarshalText(b []byte) error {
	for v := Bool; v <= Timestamp; v++ {
		if v.String() == string(b) {
			*k = v
			return nil
		}
	}
	return fmt.Errorf("parse kind %q: want one of bool, int64, double, string, json, timestamp", b)
}

// KindOf returns how values of the named type are stored, or an error that names a type it does not know.
func KindOf(typ string) (Kind, error) {
	_, kind, err := parseType(typ)
	return kind, err
}

// TextOfNumber reports whether values of the type are kept as text, but may arrive as bare numbers.
func TextOfNumber(typ string) bool {
	name, _, _ := parseType(typ)
	return name == "Decimal" || name == "UInt64"
}

// parseType returns the one name that is used for a type here, and its kind. Case and namespace do not matter, and
// KQL's own names are known as well: System.Data.SqlTypes.SqlDecimal is Decimal, long is Int64.
func parseType(typ string) (string, Kind, error) {
	switch strings.ToLower(typ[strings.LastIndexByte(typ, '.')+1:]) {
	case "boolean", "bool":
		return "Boolean", Bool, nil
	case "sbyte":
		return "SByte", Bool, nil
	case "byte":
		return "Byte", Int64, nil
	case "int16":
		return "Int16", Int64, nil
	case "uint16":
		return "UInt16", Int64, nil
	case "int32", "int":
		return "Int32", Int64, nil
	case "uint32":
		return "UInt32", Int64, nil
	case "int64", "long":
		return "Int64", Int64, nil
	case "uint64":
		return "UInt64", String, nil
	case "single":
		return "Single", Double, nil
	case "double", "real":
		return "Double", Double, nil
	case "decimal", "sqldecimal":
		return "Decimal", String, nil
	case "string":
		return "String", String, nil
	case "guid":
		return "Guid", String, nil
	case "timespan":
		return "TimeSpan", String, nil
	case "object", "dynamic":
		return "Object", JSON, nil
	case "datetime":
		return "DateTime", Timestamp, nil
	}
	return "", 0, fmt.Errorf("column type %q is not known", typ)
}

// typed is a Field whose type has been understood.
type typed struct {
	source, typ string
	kind        Kind
}

// MaxColumns bounds the columns of a response, and those that a table may ever have had: many times what any hunting
// table has. A name may be as long as Kusto allows.
const (
	MaxColumns   = 2000
	maxNameBytes = 1024
)

// parseFields understands a whole response schema, or names everything that is wrong with it.
func parseFields(fields []Field) ([]typed, error) {
	if len(fields) == 0 {
		return nil, errors.New("schema has no columns")
	}
	if len(fields) > MaxColumns {
		return nil, fmt.Errorf("schema has %d columns, more than %d", len(fields), MaxColumns)
	}
	var errs []error
	seen := make(map[string]bool, len(fields))
	columns := make([]typed, len(fields))
	for i, f := range fields {
		if len(f.Name) > maxNameBytes || len(f.Type) > maxNameBytes {
			return nil, fmt.Errorf("read schema: the name and type of column %d have %d and %d bytes, more than %d", i, len(f.Name), len(f.Type), maxNameBytes)
		}
		typ, kind, err := parseType(f.Type)
		switch {
		case f.Name == "":
			err = fmt.Errorf("column %d has no name", i)
		case seen[f.Name]:
			err = fmt.Errorf("column %q is named twice", f.Name)
		case err != nil:
			err = fmt.Errorf("column %q: %w", f.Name, err)
		}
		errs = append(errs, err)
		seen[f.Name] = true
		columns[i] = typed{f.Name, typ, kind}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	return columns, nil
}
