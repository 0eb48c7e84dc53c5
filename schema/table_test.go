package schema_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/schema"
)

func TestBind(t *testing.T) {
	table, _ := evolved(t, "A Int64, B String, C DateTime", "A String, B String, C DateTime")
	for text, want := range map[string][]int{
		"A Int64":                        {0},
		"A String":                       {3},
		"C DateTime, A String, B String": {2, 3, 1},
	} {
		got, err := table.Bind(fields(text))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("Bind(%s) = %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"A Double":           `bind column "A"`,
		"B String, D String": `bind column "D"`,
		"B Vector":           "Vector",
		"B String, B String": "twice",
	} {
		if _, err := table.Bind(fields(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Bind(%s): error %v, want %q", text, err, want)
		}
	}
}

// The durable form of a table, and its fingerprint, must not change: ledgers hold them.
func TestTableGolden(t *testing.T) {
	table, _ := evolved(t, "Timestamp DateTime, LogonId Int64, LogonID Int64, Extra Object", "Timestamp DateTime, LogonId String, LogonID Int64")
	got, err := json.MarshalIndent(table, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want := `{
 "columns": [
  {
   "source": "Timestamp",
   "type": "DateTime",
   "name": "Timestamp",
   "kind": "timestamp"
  },
  {
   "source": "LogonId",
   "type": "Int64",
   "name": "LogonId",
   "kind": "int64",
   "gone": true
  },
  {
   "source": "LogonID",
   "type": "Int64",
   "name": "LogonID_2",
   "kind": "int64"
  },
  {
   "source": "Extra",
   "type": "Object",
   "name": "Extra",
   "kind": "json",
   "gone": true
  },
  {
   "source": "LogonId",
   "type": "String",
   "name": "LogonId__string",
   "kind": "string"
  }
 ]
}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	var back schema.Table
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(table, back); diff != "" {
		t.Error("it does not read back", diff)
	}
	if got, want := table.Fingerprint(), "a595a8a02ec755b3"; got != want {
		t.Errorf("fingerprint %s, want %s", got, want)
	}
}

func TestFingerprint(t *testing.T) {
	base, _ := evolved(t, "A Int32, B String")
	for name, c := range map[string]struct {
		steps []string
		same  bool
	}{
		"the same":      {[]string{"A Int32, B String"}, true},
		"another order": {[]string{"B String, A Int32"}, false},
		"a column more": {[]string{"A Int32, B String, C String"}, false},
		"another type":  {[]string{"A Int64, B String"}, false},
		"one is gone":   {[]string{"A Int32, B String", "A Int32"}, true},
		"another name":  {[]string{"AA Int32, B String"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			table, _ := evolved(t, c.steps...)
			same := table.Fingerprint() == base.Fingerprint()
			if same != c.same || same != table.Arrow().Equal(base.Arrow()) {
				t.Errorf("fingerprints %s and %s, Arrow schemas\n%v\n%v", base.Fingerprint(), table.Fingerprint(), base.Arrow(), table.Arrow())
			}
		})
	}
}
