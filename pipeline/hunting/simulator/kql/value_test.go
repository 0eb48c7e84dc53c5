package kql_test

import (
	"math"
	"testing"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/kql"
)

func TestTypesOnTheWire(t *testing.T) {
	for name, want := range map[string]kql.Type{
		"DateTime": kql.DateTime, "String": kql.String, "Int64": kql.Long, "Int32": kql.Int, "SByte": kql.Bool, "Boolean": kql.Bool,
		"Double": kql.Real, "Single": kql.Real, "Object": kql.Dynamic, "Dynamic": kql.Dynamic, "Guid": kql.Guid, "TimeSpan": kql.TimeSpan,
		"Int16": kql.Int, "Byte": kql.Int, "UInt16": kql.Int, "UInt32": kql.Long, "System.Int64": kql.Long, "System.SByte": kql.Bool,
	} {
		if got, ok := kql.TypeOf(name); !ok || got != want {
			t.Errorf("TypeOf(%s) = %v, %v; want %v", name, got, ok, want)
		}
	}
	for _, name := range []string{"", "string", "System.", "SqlDecimal", "Int128"} {
		if got, ok := kql.TypeOf(name); ok {
			t.Errorf("TypeOf(%q) = %v", name, got)
		}
	}
	for typ := kql.Bool; typ <= kql.Dynamic; typ++ {
		if got, ok := kql.TypeOf(typ.Wire()); !ok || got != typ {
			t.Errorf("%v is %s on the wire, which is %v", typ, typ.Wire(), got)
		}
	}
}

func TestAs(t *testing.T) {
	null := kql.Value{}
	tests := []struct {
		v    kql.Value
		typ  kql.Type
		want kql.Value
	}{
		{kql.OfLong(5), kql.String, kql.OfString("5")},
		{kql.OfLong(5), kql.Real, kql.OfReal(5)},
		{kql.OfLong(1 << 40), kql.Int, null},
		{kql.OfLong(7), kql.Bool, kql.OfBool(true)},
		{kql.OfReal(-2.9), kql.Long, kql.OfLong(-2)},
		{kql.OfReal(1e19), kql.Long, null},
		{kql.OfReal(math.NaN()), kql.Long, null},
		{kql.OfString(" 12 "), kql.Int, kql.OfInt(12)},
		{kql.OfString("-0x10"), kql.Long, kql.OfLong(-16)},
		{kql.OfString("x"), kql.Real, null},
		{kql.OfString("2026-11-22T00:00:00.0000001Z"), kql.DateTime, kql.OfTime(tick(t, "2026-11-22T00:00:00.0000001Z"))},
		{kql.OfString("2026-11-22T00:00:00.00000001Z"), kql.DateTime, null},
		{kql.OfString("1.00:00:01"), kql.TimeSpan, kql.OfSpan(partition.Day + partition.Second)},
		{kql.OfLong(10), kql.TimeSpan, kql.OfSpan(10)},
		{kql.OfLong(-1), kql.DateTime, null},
		{kql.OfString(`{"a": 1}`), kql.Dynamic, kql.OfDynamic(`{"a":1}`)},
		{kql.OfString(`{a}`), kql.Dynamic, kql.OfDynamic(`"{a}"`)},
		{kql.OfBool(true), kql.Dynamic, kql.OfDynamic(`true`)},
		{kql.OfDynamic(`"x"`), kql.String, kql.OfString("x")},
		{kql.OfDynamic(`1.5`), kql.Real, kql.OfReal(1.5)},
		{kql.OfDynamic(`[1]`), kql.Long, null},
		{kql.OfDynamic(`{"a":1}`), kql.String, kql.OfString(`{"a":1}`)},
		{null, kql.String, null},
		{null, kql.Long, null},
	}
	for _, tt := range tests {
		if got := tt.v.As(tt.typ); got != tt.want {
			t.Errorf("%v %q as %v is %v %q, want %v %q", tt.v.Type(), tt.v, tt.typ, got.Type(), got, tt.want.Type(), tt.want)
		}
	}
}

func TestValuesPrintAsTheServiceDoes(t *testing.T) {
	for want, v := range map[string]kql.Value{
		"": {}, "true": kql.OfBool(true), "-5": kql.OfInt(-5), "9007199254740993": kql.OfLong(9007199254740993), "0.1": kql.OfReal(0.1),
		"NaN": kql.OfReal(math.NaN()), "-Infinity": kql.OfReal(math.Inf(-1)), "1E+20": kql.OfReal(1e20), "1E-07": kql.OfReal(1e-7),
		"10.00:00:00": kql.OfSpan(10 * partition.Day), "-01:00:00.0000001": kql.OfSpan(-partition.Hour - 1), "a\"b": kql.OfDynamic(`"a\"b"`),
		"0001-01-01T00:00:00.0000000Z": kql.OfTime(0),
	} {
		if got := v.String(); got != want {
			t.Errorf("%v prints as %q, want %q", v.Type(), got, want)
		}
	}
	if v := kql.OfTime(partition.NoTick); !v.IsNull() || v.Tick() != partition.NoTick {
		t.Errorf("no tick is %v", v)
	}
	for _, text := range []string{"", "null"} {
		if v := kql.OfDynamic(text); !v.IsNull() {
			t.Errorf("dynamic %q is %v", text, v)
		}
	}
}
