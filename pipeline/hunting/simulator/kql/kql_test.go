package kql_test

import (
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
)

// now is 2026-11-22T12:00:00Z.
func now(tb testing.TB) partition.Tick {
	tb.Helper()
	return tick(tb, "2026-11-22T12:00:00Z")
}

func tick(tb testing.TB, s string) partition.Tick {
	tb.Helper()
	t, err := partition.ParseTick(s)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// source is a small table; its first field may be a time column named Timestamp.
type source struct {
	fields   []schema.Field
	rows     [][]kql.Value
	ingested []partition.Tick
	asked    *kql.Range // the last range that was asked for
}

func (s source) Fields() []schema.Field { return s.fields }
func (s source) TimeColumn() string     { return "Timestamp" }
func (s source) Rows(r kql.Range) iter.Seq[int] {
	*s.asked = r
	return func(yield func(int) bool) {
		for i := range s.rows {
			if r.Contains(s.Time(i), s.Ingested(i)) && !yield(i) {
				return
			}
		}
	}
}
func (s source) Time(row int) partition.Tick     { return s.rows[row][0].Tick() }
func (s source) Ingested(row int) partition.Tick { return s.ingested[row] }
func (s source) Read() kql.Reader                { return &cursor{source: s} }

type cursor struct {
	source source
	row    int
}

func (c *cursor) Seek(row int)         { c.row = row }
func (c *cursor) Cell(k int) kql.Value { return c.source.rows[c.row][k] }

// people is a table of five rows: row 3 has nulls wherever they may be, row 4 was not stamped.
func people(tb testing.TB) source {
	at := func(s string) kql.Value { return kql.OfTime(tick(tb, s)) }
	null := kql.Value{}
	return source{
		asked: new(kql.Range),
		fields: []schema.Field{
			{Name: "Timestamp", Type: "DateTime"}, {Name: "Name", Type: "String"}, {Name: "Age", Type: "Int64"},
			{Name: "Height", Type: "Double"}, {Name: "Admin", Type: "SByte"}, {Name: "Data", Type: "Object"}, {Name: "Code", Type: "Int32"},
		},
		rows: [][]kql.Value{
			{at("2026-11-22T10:00:00Z"), kql.OfString("Ada"), kql.OfLong(36), kql.OfReal(1.7), kql.OfBool(true), kql.OfDynamic(`{"a":{"b":[1,"two",3.5]},"ok":true}`), kql.OfInt(1)},
			{at("2026-11-22T10:00:00.0000001Z"), kql.OfString("Bob"), kql.OfLong(-5), kql.OfReal(2), kql.OfBool(false), kql.OfDynamic(`["x","y"]`), kql.OfInt(1)},
			{at("2026-11-22T11:30:00Z"), kql.OfString("ada lovelace"), kql.OfLong(9007199254740993), kql.OfReal(-0.5), kql.OfBool(true), kql.OfDynamic(`"text"`), kql.OfInt(2)},
			{null, kql.OfString(""), null, null, null, null, null},
			{at("2026-11-21T00:00:00Z"), kql.OfString("Zoë"), kql.OfLong(36), kql.OfReal(1.7), null, kql.OfDynamic(`7`), kql.OfInt(2)},
		},
		ingested: []partition.Tick{tick(tb, "2026-11-22T10:01:00Z"), tick(tb, "2026-11-22T10:01:00Z"), tick(tb, "2026-11-22T11:45:00Z"), tick(tb, "2026-11-22T11:00:00Z"), partition.NoTick},
	}
}

func run(tb testing.TB, s kql.Source, text string, opts kql.Options) (*kql.Result, error) {
	tb.Helper()
	q, err := kql.Parse(text)
	if err != nil {
		return nil, err
	}
	opts.Now = now(tb)
	return q.Run(func(name string) kql.Source {
		if name == "People" {
			return s
		}
		return nil
	}, opts)
}

// lines prints each row with its cells joined by |; a null is ∅.
func lines(r *kql.Result) []string {
	out := []string{}
	for row := range r.Rows() {
		cells := make([]string, len(row))
		for i, v := range row {
			if cells[i] = v.String(); v.IsNull() {
				cells[i] = "∅"
			}
		}
		out = append(out, strings.Join(cells, "|"))
	}
	return out
}

func columns(r *kql.Result) string {
	var names []string
	for _, f := range r.Fields {
		names = append(names, f.Name+":"+f.Type)
	}
	return strings.Join(names, " ")
}

func TestScalars(t *testing.T) {
	tests := []struct{ expr, typ, want string }{
		{`1 + 2 * 3`, "Int64", "7"},
		{`(1 + 2) * 3`, "Int64", "9"},
		{`7 / 2`, "Int64", "3"},
		{`7 / 2.0`, "Double", "3.5"},
		{`7 / 0`, "Int64", "∅"},
		{`-7 % 3`, "Int64", "2"},
		{`7 % -3`, "Int64", "1"},
		{`5.5 % 2`, "Double", "1.5"},
		{`9223372036854775807`, "Int64", "9223372036854775807"},
		{`9007199254740993 + 0`, "Int64", "9007199254740993"},
		{`0x1F`, "Int64", "31"},
		{`010`, "Int64", "10"},
		{`1e3`, "Double", "1000"},
		{`long(null)`, "Int64", "∅"},
		{`long(null) + 1`, "Int64", "∅"},
		{`int(5)`, "Int32", "5"},
		{`real(2.50)`, "Double", "2.5"},
		{`1e300 * 1e300`, "Double", "Infinity"},
		{`true and false`, "SByte", "false"},
		{`true or bool(null)`, "SByte", "true"},
		{`false or bool(null)`, "SByte", "∅"},
		{`false and bool(null)`, "SByte", "false"},
		{`true and bool(null)`, "SByte", "∅"},
		{`not(bool(null))`, "SByte", "∅"},
		{`not(1 == 2)`, "SByte", "true"},
		{`1 < 2 and 2 <= 2 and 3 > 2 and 3 >= 3 and 1 != 2 and 1 <> 2`, "SByte", "true"},
		{`1 == 1.0`, "SByte", "true"},
		{`true == 1`, "SByte", "true"},
		{`"a" < "b"`, "SByte", "true"},
		{`"Ada" == "ada"`, "SByte", "false"},
		{`"Ada" =~ "aDA"`, "SByte", "true"},
		{`"Ada" !~ "aDA"`, "SByte", "false"},
		{`"a" in ("b", "a")`, "SByte", "true"},
		{`"a" in ("A")`, "SByte", "false"},
		{`"a" in~ ("A")`, "SByte", "true"},
		{`"a" !in ("A")`, "SByte", "true"},
		{`"a" !in~ ("A")`, "SByte", "false"},
		{`long(null) in (1)`, "SByte", "false"},
		{`5 between (5 .. 6)`, "SByte", "true"},
		{`7 between (5 .. 6)`, "SByte", "false"},
		{`7 !between (5 .. 6)`, "SByte", "true"},
		{`datetime(2026-01-02) between (datetime(2026-01-01) .. 1d)`, "SByte", "true"},
		{`"powershell.exe -enc" has "powershell"`, "SByte", "true"},
		{`"powershell.exe -enc" has "shell"`, "SByte", "false"},
		{`"powershell.exe" has "powershell.exe"`, "SByte", "true"},
		{`"a-b" has "-b"`, "SByte", "true"},
		{`"ab" !has "a"`, "SByte", "true"},
		{`"POWERSHELL" has "powershell"`, "SByte", "true"},
		{`"POWERSHELL" has_cs "powershell"`, "SByte", "false"},
		{`"powershell" hasprefix "power"`, "SByte", "true"},
		{`"powershell" hassuffix "SHELL"`, "SByte", "true"},
		{`"powershell" contains "SHELL"`, "SByte", "true"},
		{`"powershell" !contains "SHELL"`, "SByte", "false"},
		{`"powershell" contains_cs "SHELL"`, "SByte", "false"},
		{`"Cmd.exe" startswith "cmd"`, "SByte", "true"},
		{`"Cmd.exe" startswith_cs "cmd"`, "SByte", "false"},
		{`"Cmd.exe" endswith ".EXE"`, "SByte", "true"},
		{`"Cmd.exe" !endswith ".EXE"`, "SByte", "false"},
		{`"" has ""`, "SByte", "true"},
		{`isnull(long(null))`, "SByte", "true"},
		{`isnull("")`, "SByte", "false"},
		{`isnotnull(5)`, "SByte", "true"},
		{`isempty("")`, "SByte", "true"},
		{`isempty(long(null))`, "SByte", "true"},
		{`isnotempty("x")`, "SByte", "true"},
		{`datetime(2026-11-22)`, "DateTime", "2026-11-22T00:00:00.0000000Z"},
		{`datetime(2026-11-22T01:02:03.1234567Z)`, "DateTime", "2026-11-22T01:02:03.1234567Z"},
		{`datetime("2026-11-22 01:02")`, "DateTime", "2026-11-22T01:02:00.0000000Z"},
		{`datetime(2026-11-22T01:00:00+01:00)`, "DateTime", "2026-11-22T00:00:00.0000000Z"},
		{`datetime(null)`, "DateTime", "∅"},
		{`datetime(0001-01-01) - 1tick`, "DateTime", "∅"},
		{`now()`, "DateTime", "2026-11-22T12:00:00.0000000Z"},
		{`now(-1h)`, "DateTime", "2026-11-22T11:00:00.0000000Z"},
		{`ago(1d)`, "DateTime", "2026-11-21T12:00:00.0000000Z"},
		{`ago(1.5h)`, "DateTime", "2026-11-22T10:30:00.0000000Z"},
		{`now() - ago(90m)`, "TimeSpan", "01:30:00"},
		{`2d + 3h`, "TimeSpan", "2.03:00:00"},
		{`-1s`, "TimeSpan", "-00:00:01"},
		{`1tick`, "TimeSpan", "00:00:00.0000001"},
		{`100ms * 3`, "TimeSpan", "00:00:00.3000000"},
		{`1h / 30m`, "Double", "2"},
		{`1h / 2`, "TimeSpan", "00:30:00"},
		{`timespan(1.02:03:04.5)`, "TimeSpan", "1.02:03:04.5000000"},
		{`time(2)`, "TimeSpan", "2.00:00:00"},
		{`totimespan("00:01:00")`, "TimeSpan", "00:01:00"},
		{`bin(datetime(2026-11-22T01:02:03Z), 1h)`, "DateTime", "2026-11-22T01:00:00.0000000Z"},
		{`bin(datetime(2026-11-22T01:02:03.1234567Z), 1tick)`, "DateTime", "2026-11-22T01:02:03.1234567Z"},
		{`bin(datetime(null), 1h)`, "DateTime", "∅"},
		{`bin(17, 5)`, "Int64", "15"},
		{`bin(-1, 5)`, "Int64", "-5"},
		{`bin(1.7, 0.5)`, "Double", "1.5"},
		{`floor(5.7, 1)`, "Double", "5"},
		{`bin(5, 0)`, "Int64", "∅"},
		{`bin(90m, 1h)`, "TimeSpan", "01:00:00"},
		{`startofday(now())`, "DateTime", "2026-11-22T00:00:00.0000000Z"},
		{`tolong("42")`, "Int64", "42"},
		{`tolong("0x0fffffffffffffff")`, "Int64", "1152921504606846975"},
		{`tolong("4.5")`, "Int64", "∅"},
		{`tolong("x")`, "Int64", "∅"},
		{`todouble("x")`, "Double", "∅"},
		{`tolong(4.9)`, "Int64", "4"},
		{`tolong(true)`, "Int64", "1"},
		{`toint(3000000000)`, "Int32", "∅"},
		{`todouble("1.5")`, "Double", "1.5"},
		{`tobool("TRUE")`, "SByte", "true"},
		{`todatetime("2026-11-22T00:00:00Z")`, "DateTime", "2026-11-22T00:00:00.0000000Z"},
		{`todatetime("soon")`, "DateTime", "∅"},
		{`tostring(5)`, "String", "5"},
		{`tostring(5.0)`, "String", "5"},
		{`tostring(true)`, "String", "true"},
		{`tostring(long(null))`, "String", ""},
		{`tostring(datetime(2026-11-22))`, "String", "2026-11-22T00:00:00.0000000Z"},
		{`tostring(dynamic({"a": [1, 2]}))`, "String", `{"a":[1,2]}`},
		{`strcat("a", 1, long(null), true)`, "String", "a1true"},
		{`strcat_array(pack_array("a", tostring(1), "c|d"), '|')`, "String", "a|1|c|d"},
		{`strcat_array(dynamic(["a", 1, null, true]), '-')`, "String", "a-1--true"},
		{`pack_array("a", 1, 2.5, true, datetime(2026-01-01))`, "Object", `["a",1,2.5,true,"2026-01-01T00:00:00.0000000Z"]`},
		{`substring("hello", 1, 3)`, "String", "ell"},
		{`substring("hello", 3)`, "String", "lo"},
		{`substring("hello", -2)`, "String", "lo"},
		{`substring("hello", 9, 3)`, "String", ""},
		{`substring("Zoë!", 2, 1)`, "String", "ë"},
		{`substring("hello", 1, -1)`, "String", ""},
		{`hash_sha256("")`, "String", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{`tolong(strcat('0x', substring(hash_sha256('a'), 0, 15))) % 7`, "Int64", "4"},
		{`tolower("ÄB")`, "String", "äb"},
		{`toupper("äb")`, "String", "ÄB"},
		{`strlen("Zoë")`, "Int64", "3"},
		{`iff(1 > 2, "a", "b")`, "String", "b"},
		{`iff(bool(null), 1, 2.5)`, "Double", "2.5"},
		{`coalesce(long(null), 7)`, "Int64", "7"},
		{`coalesce("", "x")`, "String", "x"},
		{`parse_json("{\"a\": {\"b\": 5}}").a.b`, "Object", "5"},
		{`parse_json("{\"a\": {\"b\": 5}}")["a"]["b"] == 5`, "SByte", "true"},
		{`dynamic({"a": "x"}).a == "x"`, "SByte", "true"},
		{`dynamic([10, 20, 30])[1]`, "Object", "20"},
		{`dynamic([10, 20, 30])[-1]`, "Object", "30"},
		{`dynamic([10])[5]`, "Object", "∅"},
		{`dynamic({"a": null}).a`, "Object", "∅"},
		{`dynamic({"n": 9007199254740993}).n + 0`, "Int64", "9007199254740993"},
		{`todynamic("no json")`, "Object", "no json"},
		{`array_length(dynamic([1, [2, 3], {"a": "]"}]))`, "Int64", "3"},
		{`array_length(dynamic({}))`, "Int64", "∅"},
		{`ingestion_time()`, "DateTime", "∅"},
		{`@"C:\dir ""x"""`, "String", `C:\dir "x"`},
		{`'it\'s\t\u00e9'`, "String", "it's\té"},
		{`h"secret"`, "String", "secret"},
		{"```a\"b```", "String", `a"b`},
		{`guid(0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f) == "0A1B2C3D-0A1B-0A1B-0A1B-0A1B2C3D4E5F"`, "SByte", "true"},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			r, err := run(t, nil, "print x = "+tt.expr, kql.Options{})
			if err != nil {
				t.Fatal(describe(err))
			}
			if got, want := columns(r)+"="+lines(r)[0], "x:"+tt.typ+"="+tt.want; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func describe(err error) string {
	var e *kql.Error
	if errors.As(err, &e) {
		return e.Message + " (" + e.Detail + ")"
	}
	return err.Error()
}

// What comparisons make of nulls is a table of the documentation.
func TestComparisonsWithNull(t *testing.T) {
	for _, typ := range []string{"int", "long", "real", "datetime", "timespan", "bool", "dynamic"} {
		value := map[string]string{"datetime": "now()", "timespan": "1d", "bool": "true", "dynamic": "dynamic(1)"}[typ]
		if value == "" {
			value = typ + "(1)"
		}
		for op, want := range map[string][2]string{"==": {"false", "∅"}, "!=": {"true", "∅"}, "<": {"∅", "∅"}, ">=": {"∅", "∅"}} {
			r, err := run(t, nil, "print "+value+op+typ+"(null), "+typ+"(null)"+op+typ+"(null)", kql.Options{})
			if err != nil {
				t.Fatal(describe(err))
			}
			if got := lines(r)[0]; got != want[0]+"|"+want[1] {
				t.Errorf("%s %s: got %s, want %s", typ, op, got, want)
			}
		}
	}
}

func TestOperators(t *testing.T) {
	tests := []struct {
		query, columns string
		want           []string // in order only if the query sorts
	}{
		{`| project Name`, "Name:String", []string{"", "Ada", "Bob", "Zoë", "ada lovelace"}},
		{`| where Age == 36 | project Name`, "Name:String", []string{"Ada", "Zoë"}},
		{`| where Age != 36 | project Name`, "Name:String", []string{"", "Bob", "ada lovelace"}},
		{`| where Age > 0 or Age <= 0 | count`, "Count:Int64", []string{"4"}},
		{`| where isnull(Age) | project Name, Age`, "Name:String Age:Int64", []string{"|∅"}},
		{`| where Name == "" | count`, "Count:Int64", []string{"1"}},
		{`| where Admin | project Name`, "Name:String", []string{"Ada", "ada lovelace"}},
		{`| where Admin == false | project Name`, "Name:String", []string{"Bob"}},
		{`| where not(Admin) | project Name`, "Name:String", []string{"Bob"}},
		{`| where Name in~ ("ADA", "bob") | project Name`, "Name:String", []string{"Ada", "Bob"}},
		{`| where Name has "ada" | project Name`, "Name:String", []string{"Ada", "ada lovelace"}},
		{`| where Data.a.b[1] == "two" | project Name`, "Name:String", []string{"Ada"}},
		{`| where Data.ok | project Name`, "Name:String", []string{"Ada"}},
		{`| where Data == 7 | project Name`, "Name:String", []string{"Zoë"}},
		{`| filter Age between (30 .. 40) | project-rename Who = Name | project Who`, "Who:String", []string{"Ada", "Zoë"}},
		{`| where Timestamp >= datetime(2026-11-22T10:00:00.0000000Z) and Timestamp < datetime(2026-11-22T10:00:00.0000001Z) | project Name`, "Name:String", []string{"Ada"}},
		{`| where Timestamp between (datetime(2026-11-22T10:00:00) .. datetime(2026-11-22T10:00:00.0000001)) | count`, "Count:Int64", []string{"2"}},
		{`| where Timestamp !between (ago(1d) .. now()) | project Name`, "Name:String", []string{"Zoë"}},
		{`| where ingestion_time() >= datetime(2026-11-22T10:01:00Z) | count`, "Count:Int64", []string{"4"}},
		{`| where isnull(ingestion_time()) | project Name`, "Name:String", []string{"Zoë"}},
		{`| where isnotnull(ingestion_time()) | count`, "Count:Int64", []string{"4"}},
		{`| where Timestamp == datetime(null) | count`, "Count:Int64", []string{"0"}},
		{`| where isnull(Timestamp) | project Name, Timestamp`, "Name:String Timestamp:DateTime", []string{"|∅"}},
		{`| project Name, Age = Age + 1 | where Age == 37 | project Name`, "Name:String", []string{"Ada", "Zoë"}},
		{`| extend Timestamp = now() | where Timestamp == now() | count`, "Count:Int64", []string{"5"}},
		{`| where Age == 36 | extend Age = 1, _IngestionTime = ingestion_time() | project-keep Age, _Ing*`, "Age:Int64 _IngestionTime:DateTime",
			[]string{"1|2026-11-22T10:01:00.0000000Z", "1|∅"}},
		{`| project-away Timestamp, A*, Height, Data, Code | where Name == "Bob"`, "Name:String", []string{"Bob"}},
		{`| where Name == "Bob" | project-reorder Code, *e | project-away Data, Timestamp`, "Code:Int32 Name:String Age:Int64 Height:Double Admin:SByte", []string{"1|Bob|-5|2|false"}},
		{`| where Name == "Ada" | project tostring(Data.a.b), Data.ok, Data["a"], 5`, "Data_a_b:String Data_ok:Object Data_a:Object Column1:Int64",
			[]string{`[1,"two",3.5]|true|{"b":[1,"two",3.5]}|5`}},
		{`| summarize count()`, "count_:Int64", []string{"5"}},
		{`| where Age == 1 | summarize count(), min(Age), sum(Age), avg(Age)`, "count_:Int64 min_Age:Int64 sum_Age:Int64 avg_Age:Double", []string{"0|∅|0|∅"}},
		{`| where Age == 1 | summarize count() by Name`, "Name:String count_:Int64", []string{}},
		{`| summarize Rows = count(), countif(Admin), First = min(ingestion_time()), Last = max(ingestion_time())`, "Rows:Int64 countif_:Int64 First:DateTime Last:DateTime",
			[]string{"5|2|2026-11-22T10:01:00.0000000Z|2026-11-22T11:45:00.0000000Z"}},
		{`| summarize Rows = count(), Oldest = min(Timestamp) by Bin = bin(ingestion_time(), 1h)`, "Bin:DateTime Rows:Int64 Oldest:DateTime", []string{
			"2026-11-22T10:00:00.0000000Z|2|2026-11-22T10:00:00.0000000Z", "2026-11-22T11:00:00.0000000Z|2|2026-11-22T11:30:00.0000000Z", "∅|1|2026-11-21T00:00:00.0000000Z"}},
		{`| summarize sum(Age), avg(Height), dcount(Age), max(Name) by Code`, "Code:Int32 sum_Age:Int64 avg_Height:Double dcount_Age:Int64 max_Name:String",
			[]string{"1|31|1.85|2|Bob", "2|9007199254741029|0.6|2|ada lovelace", "∅|0|∅|0|"}},
		{`| summarize sum(Height), min(Height) by bin(Timestamp, 1d)`, "Timestamp:DateTime sum_Height:Double min_Height:Double",
			[]string{"2026-11-21T00:00:00.0000000Z|1.7|1.7", "2026-11-22T00:00:00.0000000Z|3.2|-0.5", "∅|0|∅"}},
		{`| summarize by Code`, "Code:Int32", []string{"1", "2", "∅"}},
		{`| distinct Code, Admin`, "Code:Int32 Admin:SByte", []string{"1|false", "1|true", "2|true", "2|∅", "∅|∅"}},
		{`| project Code | distinct *`, "Code:Int32", []string{"1", "2", "∅"}},
		{`| summarize n = count() by Code | where n == 2 | extend ingestion_time() | project Code, n`, "Code:Int32 n:Int64", []string{"1|2", "2|2"}},
		{`| summarize n = count() by Code | where ingestion_time() > ago(10d) | count`, "Count:Int64", []string{"0"}},
		{`| sort by Age | project Name`, "Name:String", []string{"ada lovelace", "Ada", "Zoë", "Bob", ""}},
		{`| order by Age asc, Name desc | project Name`, "Name:String", []string{"", "Bob", "Zoë", "Ada", "ada lovelace"}},
		{`| order by Age asc nulls last, Name asc | project Name`, "Name:String", []string{"Bob", "Ada", "Zoë", "ada lovelace", ""}},
		{`| sort by Age desc nulls first, Name asc | project Name`, "Name:String", []string{"", "ada lovelace", "Ada", "Zoë", "Bob"}},
		{`| top 2 by Height | sort by Name asc | project Name`, "Name:String", []string{"Ada", "Bob"}},
		{`| top 1 by Timestamp asc nulls last | project Name`, "Name:String", []string{"Zoë"}},
		{`| sort by Name asc | take 2 | project Name`, "Name:String", []string{"", "Ada"}},
		{`| take 0`, "Timestamp:DateTime Name:String Age:Int64 Height:Double Admin:SByte Data:Object Code:Int32", []string{}},
		{`| limit 2 | count`, "Count:Int64", []string{"2"}},
		{`| take 99 | count`, "Count:Int64", []string{"5"}},
		{`| project Timestamp, Data | getschema`, "ColumnName:String ColumnOrdinal:Int32 DataType:String ColumnType:String",
			[]string{"Timestamp|0|System.DateTime|datetime", "Data|1|System.Object|dynamic"}},
		{`| project ['Name'], Other = ["Age"] | where Name == 'Bob' // not a comment: "
			| count`, "Count:Int64", []string{"1"}},
		{`| where Name == "Bob" | project Name, Name`, "Name:String Name1:String", []string{"Bob|Bob"}},
		{`| count;`, "Count:Int64", []string{"5"}},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			r, err := run(t, people(t), "People "+tt.query, kql.Options{Seed: 3})
			if err != nil {
				t.Fatal(describe(err))
			}
			got := lines(r)
			if !strings.Contains(tt.query, "sort") && !strings.Contains(tt.query, "order by") && !strings.Contains(tt.query, "getschema") {
				got = sortedCopy(got)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("rows -want +got:\n%s", diff)
			}
			if got := columns(r); got != tt.columns {
				t.Errorf("columns %s, want %s", got, tt.columns)
			}
		})
	}
}
