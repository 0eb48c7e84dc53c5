package schema_test

import (
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/google/go-cmp/cmp"

	"huntlake/schema"
)

// layout prints each field as "name type kind source".
func layout(s *arrow.Schema) (lines []string) {
	for _, f := range s.Fields() {
		meta := f.Metadata.ToMap()
		lines = append(lines, fmt.Sprintf("%s %v %s %s:%s", f.Name, f.Type, meta[schema.MetaKind], meta[schema.MetaSource], meta[schema.MetaType]))
		if !f.Nullable {
			lines = append(lines, "not nullable")
		}
	}
	return lines
}

func TestTableArrow(t *testing.T) {
	table, _ := evolved(t, "When System.DateTime, Id Int32, ID UInt64, Ok SByte, Score Double, Extra Object, dt DateTime")
	want := []string{
		"When timestamp[us, tz=UTC] timestamp When:DateTime",
		"When_100ns int32 100ns When:DateTime",
		"Id int64 int64 Id:Int32",
		"ID_2 utf8 string ID:UInt64",
		"Ok bool bool Ok:SByte",
		"Score float64 double Score:Double",
		"Extra utf8 json Extra:Object",
		"dt_2 timestamp[us, tz=UTC] timestamp dt:DateTime",
		"dt_2_100ns int32 100ns dt:DateTime",
	}
	if diff := cmp.Diff(want, layout(table.Arrow())); diff != "" {
		t.Error(diff)
	}
}

func TestResponseArrow(t *testing.T) {
	s, err := schema.ResponseArrow(fields("dt DateTime, a.b String, dt_100ns Object"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"dt timestamp[us, tz=UTC] timestamp dt:DateTime",
		"dt_100ns int32 100ns dt:DateTime",
		"a.b utf8 string a.b:String",
		"dt_100ns utf8 json dt_100ns:Object",
	}
	if diff := cmp.Diff(want, layout(s)); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"A Vector", "A String, A String", " String"} {
		if _, err := schema.ResponseArrow(fields(bad)); err == nil {
			t.Errorf("ResponseArrow(%q) was accepted", bad)
		}
	}
}
