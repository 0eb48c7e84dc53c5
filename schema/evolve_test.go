package schema_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/schema"
)

// fields reads "Name Type, Name Type".
func fields(text string) []schema.Field {
	var fs []schema.Field
	for _, f := range strings.Split(text, ", ") {
		name, typ, _ := strings.Cut(f, " ")
		fs = append(fs, schema.Field{Name: name, Type: typ})
	}
	return fs
}

// evolved returns the empty table after each of the steps, and the changes of the last.
func evolved(t *testing.T, steps ...string) (table schema.Table, changes []schema.Change) {
	t.Helper()
	for _, step := range steps {
		var err error
		if table, changes, err = table.Evolve(fields(step)); err != nil {
			t.Fatalf("Evolve(%s): %v", step, err)
		}
	}
	return table, changes
}

// columns prints a table as "Name kind", with a ! behind what is gone.
func columns(t schema.Table) string {
	var b []string
	for _, c := range t.Columns {
		s := c.Name + " " + c.Kind.String()
		if c.Gone {
			s += "!"
		}
		b = append(b, s)
	}
	return strings.Join(b, ", ")
}

// TestEvolve lists, per case, the schemas that arrive one after the other, the table after them, and the changes that
// the last one made.
func TestEvolve(t *testing.T) {
	for _, c := range []struct {
		name    string
		steps   []string
		want    string
		changes []string // kind column from>to
	}{{
		name:  "first schema",
		steps: []string{"Timestamp DateTime, Name System.String, Flag SByte, Size Int32, Extra Object"},
		want:  "Timestamp timestamp, Name string, Flag bool, Size int64, Extra json",
		changes: []string{
			"added Timestamp >DateTime", "added Name >String", "added Flag >SByte", "added Size >Int32", "added Extra >Object",
		},
	}, {
		name:  "nothing new",
		steps: []string{"A String, B Int64", "A System.String, B long"},
		want:  "A string, B int64",
	}, {
		name:  "another order",
		steps: []string{"A String, B Int64", "B Int64, A String"},
		want:  "A string, B int64",
	}, {
		name:    "a new column goes to the end",
		steps:   []string{"A String, C Int64", "A String, B Double, C Int64"},
		want:    "A string, C int64, B double",
		changes: []string{"added B >Double"},
	}, {
		name:    "gone",
		steps:   []string{"A String, B Int64", "A String"},
		want:    "A string, B int64!",
		changes: []string{"gone B Int64>"},
	}, {
		name:  "still gone",
		steps: []string{"A String, B Int64", "A String", "A String"},
		want:  "A string, B int64!",
	}, {
		name:    "returned",
		steps:   []string{"A String, B Int64", "A String", "A String, B Int64"},
		want:    "A string, B int64",
		changes: []string{"returned B >Int64"},
	}, {
		name:    "returned as another type of its kind",
		steps:   []string{"A String, B Int32", "A String", "A String, B Int64"},
		want:    "A string, B int64",
		changes: []string{"returned B >Int64", "retyped B Int32>Int64"},
	}, {
		name:    "widened within its kind",
		steps:   []string{"A Int32", "A Int64"},
		want:    "A int64",
		changes: []string{"retyped A Int32>Int64"},
	}, {
		name:    "the dialects name a bool differently",
		steps:   []string{"A Boolean", "A SByte"},
		want:    "A bool",
		changes: []string{"retyped A Boolean>SByte"},
	}, {
		name:    "another kind",
		steps:   []string{"A Int64, B String", "A String, B String"},
		want:    "A int64!, B string, A__string string",
		changes: []string{"variant A__string Int64>String", "gone A Int64>"},
	}, {
		name:    "back to the first kind",
		steps:   []string{"A Int64", "A String", "A Int64"},
		want:    "A int64, A__string string!",
		changes: []string{"returned A >Int64", "gone A__string String>"},
	}, {
		name:    "a third kind",
		steps:   []string{"A Int64", "A String", "A DateTime"},
		want:    "A int64!, A__string string!, A__datetime timestamp",
		changes: []string{"variant A__datetime Int64>DateTime", "gone A__string String>"},
	}, {
		name:  "names that differ by case",
		steps: []string{"LogonId Int64, LogonID Int64, LOGONID String"},
		want:  "LogonId int64, LogonID_2 int64, LOGONID_3 string",
		changes: []string{
			"added LogonId >Int64", "added LogonID_2 >Int64", "added LOGONID_3 >String",
		},
	}, {
		name:    "a number that is taken",
		steps:   []string{"a String, A_2 String, A String"},
		want:    "a string, A_2 string, A_3 string",
		changes: []string{"added a >String", "added A_2 >String", "added A_3 >String"},
	}, {
		name:    "the partition keys",
		steps:   []string{"Tenant String, dt DateTime"},
		want:    "Tenant_2 string, dt_2 timestamp",
		changes: []string{"added Tenant_2 >String", "added dt_2 >DateTime"},
	}, {
		name:    "the ingestion time's own column",
		steps:   []string{"_ingestiontime String, _IngestionTime DateTime, _IngestionTime_100ns Int64"},
		want:    "_ingestiontime_2 string, _IngestionTime timestamp, _IngestionTime_100ns_2 int64",
		changes: []string{"added _ingestiontime_2 >String", "added _IngestionTime >DateTime", "added _IngestionTime_100ns_2 >Int64"},
	}, {
		name:    "a column after the companion of its name",
		steps:   []string{"Time DateTime, TIME_100NS Int32"},
		want:    "Time timestamp, TIME_100NS_2 int64",
		changes: []string{"added Time >DateTime", "added TIME_100NS_2 >Int32"},
	}, {
		name:    "a companion after the column of its name",
		steps:   []string{"Time_100ns Int32, Time DateTime"},
		want:    "Time_100ns int64, Time_2 timestamp",
		changes: []string{"added Time_100ns >Int32", "added Time_2 >DateTime"},
	}, {
		name:    "a variant whose name is taken",
		steps:   []string{"A Int64, a__String Double", "A String, a__String Double"},
		want:    "A int64!, a__String double, A__string_2 string",
		changes: []string{"variant A__string_2 Int64>String", "gone A Int64>"},
	}, {
		name:    "names that engines refuse",
		steps:   []string{"a.b\u00e9-c String, 1st String, \u00e9 String"},
		want:    "a_b__c string, _1st string, _ string",
		changes: []string{"added a_b__c >String", "added _1st >String", "added _ >String"},
	}} {
		t.Run(c.name, func(t *testing.T) {
			table, changes := evolved(t, c.steps...)
			if diff := cmp.Diff(c.want, columns(table)); diff != "" {
				t.Error("columns", diff)
			}
			var got []string
			for _, ch := range changes {
				got = append(got, fmt.Sprintf("%s %s %s>%s", ch.Kind, ch.Column, ch.From, ch.To))
			}
			if diff := cmp.Diff(c.changes, got); diff != "" {
				t.Error("changes", diff)
			}
		})
	}
}

func TestEvolveRefuses(t *testing.T) {
	before, _ := evolved(t, "A String")
	for name, c := range map[string]struct{ fields, want string }{
		"no name":      {"A String,  String", "column 1 has no name"},
		"twice":        {"A String, A Int64", `column "A" is named twice`},
		"unknown type": {"A Vector", `column "A": column type "Vector" is not known`},
	} {
		t.Run(name, func(t *testing.T) {
			after, _, err := before.Evolve(fields(c.fields))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if diff := cmp.Diff(before, after); diff != "" {
				t.Error("the table changed", diff)
			}
		})
	}
	if _, _, err := before.Evolve(nil); err == nil {
		t.Error("no fields at all were accepted")
	}
}

func TestEvolveReportsEveryFault(t *testing.T) {
	_, _, err := schema.Table{}.Evolve(fields("A Vector, B String, B String"))
	if err == nil || !strings.Contains(err.Error(), `"A"`) || !strings.Contains(err.Error(), `"B"`) {
		t.Errorf("error %v, want both faults", err)
	}
}

func TestEvolveLeavesItsReceiver(t *testing.T) {
	before, _ := evolved(t, "A Int32, B String, C Double")
	kept, _ := evolved(t, "A Int32, B String, C Double")
	if _, _, err := before.Evolve(fields("A Int64, C String, D Object")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(kept, before); diff != "" {
		t.Error(diff)
	}
}

// FuzzEvolve reads its input as a sequence of schemas, one a line, of "Name Type" pairs, and holds every step against
// what Evolve promises.
func FuzzEvolve(f *testing.F) {
	f.Add("A String, B Int64\nA Int64\nB Int64, A String")
	f.Add("Time DateTime, time_100ns Int32, TIME SByte\ntime_100ns DateTime, Time String")
	f.Add("_IngestionTime DateTime, _ingestiontime_100ns Int64, dt String, Tenant Object")
	f.Add("x String, X_2 String, X String\nX_2 Double, x__string Int64, x Int64")
	f.Fuzz(func(t *testing.T, text string) {
		var table schema.Table
		for _, line := range strings.Split(text, "\n") {
			next, changes, err := table.Evolve(fields(line))
			if err != nil {
				continue
			}
			checkStep(t, table, next, changes)
			checkFields(t, next, fields(line))
			table = next
		}
	})
}

// checkStep holds a step of Evolve against its promises on the table.
func checkStep(t *testing.T, before, after schema.Table, changes []schema.Change) {
	t.Helper()
	if (len(changes) == 0) != cmp.Equal(before.Columns, after.Columns) {
		t.Fatalf("changes %v between %s and %s", changes, columns(before), columns(after))
	}
	for i, was := range before.Columns {
		is := after.Columns[i]
		if is.Name != was.Name || is.Source != was.Source || is.Kind != was.Kind {
			t.Fatalf("column %d was %v and is %v", i, was, is)
		}
	}
	if err := after.Validate(); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{"tenant": true, "dt": true}
	for _, field := range after.Arrow().Fields() {
		lower := strings.ToLower(field.Name)
		if names[lower] {
			t.Fatalf("two fields are called %s in %s", lower, columns(after))
		}
		names[lower] = true
	}
}

// checkFields holds a table against the schema that it was evolved by.
func checkFields(t *testing.T, table schema.Table, fs []schema.Field) {
	t.Helper()
	again, changes, err := table.Evolve(fs)
	if err != nil || len(changes) > 0 || !cmp.Equal(table, again) {
		t.Fatalf("the second time: %v, %v", changes, err)
	}
	indices, err := table.Bind(fs)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range indices {
		kind, _ := schema.KindOf(fs[i].Type)
		if got := table.Columns[c]; got.Source != fs[i].Name || got.Kind != kind || got.Gone {
			t.Fatalf("%v is bound to %v", fs[i], got)
		}
	}
}

// A hostile response can neither name columns without end, nor one of a megabyte, nor add some with every answer.
func TestEvolveBounds(t *testing.T) {
	many := func(n int, prefix string) (fields []schema.Field) {
		for i := range n {
			fields = append(fields, schema.Field{Name: fmt.Sprint(prefix, i), Type: "String"})
		}
		return fields
	}
	var full schema.Table
	var err error
	if full, _, err = full.Evolve(many(schema.MaxColumns, "A")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		table  schema.Table
		fields []schema.Field
		want   string
	}{
		{"too many at once", schema.Table{}, many(schema.MaxColumns+1, "A"), "schema has 2001 columns, more than 2000"},
		{"one too many over time", full, many(1, "B"), `column "B0" would be one too many`},
		{"the name of a megabyte", schema.Table{}, []schema.Field{{Name: strings.Repeat("A", 1<<20), Type: "String"}}, "column 0 have 1048576 and 6 bytes"},
		{"a type of a megabyte", schema.Table{}, []schema.Field{{Name: "A", Type: strings.Repeat("A", 1<<20)}}, "column 0 have 1 and 1048576 bytes"},
	} {
		_, _, err := tt.table.Evolve(tt.fields)
		if err == nil || !strings.Contains(err.Error(), tt.want) || len(err.Error()) > 300 {
			t.Errorf("%s: got error %.300v, want one with %q", tt.name, err, tt.want)
		}
	}
}
