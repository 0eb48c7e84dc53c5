package schema_test

import (
	"strings"
	"testing"

	"huntlake/schema"
)

func TestKindOf(t *testing.T) {
	for typ, want := range map[string]schema.Kind{
		"DateTime": schema.Timestamp, "System.DateTime": schema.Timestamp, "datetime": schema.Timestamp,
		"String": schema.String, "string": schema.String, "System.String": schema.String,
		"Guid": schema.String, "TimeSpan": schema.String, "System.TimeSpan": schema.String,
		"Decimal": schema.String, "SqlDecimal": schema.String, "System.Data.SqlTypes.SqlDecimal": schema.String,
		"UInt64": schema.String,
		"SByte":  schema.Bool, "Boolean": schema.Bool, "bool": schema.Bool,
		"Int64": schema.Int64, "long": schema.Int64, "Int32": schema.Int64, "int": schema.Int64, "Int16": schema.Int64,
		"Byte": schema.Int64, "UInt16": schema.Int64, "UInt32": schema.Int64,
		"Double": schema.Double, "real": schema.Double, "Single": schema.Double,
		"Object": schema.JSON, "System.Object": schema.JSON, "Dynamic": schema.JSON,
	} {
		got, err := schema.KindOf(typ)
		if err != nil || got != want {
			t.Errorf("KindOf(%q) = %v, %v, want %v", typ, got, err, want)
		}
	}
}

func TestKindOfUnknown(t *testing.T) {
	for _, typ := range []string{"", ".", "System.", "Vector", "String ", "DateTimeOffset"} {
		_, err := schema.KindOf(typ)
		if err == nil || !strings.Contains(err.Error(), `"`+typ+`"`) {
			t.Errorf("KindOf(%q): error %v, want one that names it", typ, err)
		}
	}
}

func TestTextOfNumber(t *testing.T) {
	for typ, want := range map[string]bool{
		"Decimal": true, "System.Data.SqlTypes.SqlDecimal": true, "UInt64": true,
		"String": false, "TimeSpan": false, "Int64": false, "Vector": false,
	} {
		if got := schema.TextOfNumber(typ); got != want {
			t.Errorf("TextOfNumber(%q) = %v", typ, got)
		}
	}
}

func TestKindText(t *testing.T) {
	for k := schema.Bool; k <= schema.Timestamp; k++ {
		text, err := k.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var got schema.Kind
		if err := got.UnmarshalText(text); err != nil || got != k {
			t.Errorf("%q reads back as %v, %v", text, got, err)
		}
		if k.Arrow() == nil {
			t.Errorf("%v has no Arrow type", k)
		}
	}
	for _, text := range []string{"", "Bool", "kind(9)"} {
		var k schema.Kind
		if err := k.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("UnmarshalText(%q) = %v, want an error", text, k)
		}
	}
	if got := schema.Kind(9).String(); got != "kind(9)" {
		t.Errorf("String of an unknown kind: %q", got)
	}
}
