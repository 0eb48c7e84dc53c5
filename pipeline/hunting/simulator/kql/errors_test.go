package kql_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/kql"
)

func sortedCopy(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}

const incomplete = "The incomplete fragment is unexpected.. Fix syntax errors in your query."

func TestErrorsAreTheServices(t *testing.T) {
	semantic := func(s string) string { return s + ". Fix semantic errors in your query." }
	tests := []struct{ query, want string }{
		{`.show tables`, incomplete},
		{``, incomplete},
		{`People | `, incomplete},
		{`People | frobnicate`, incomplete},
		{`People | where`, incomplete},
		{`People | where Name ==`, incomplete},
		{`People | where Name == "open`, incomplete},
		{`People | where (Age == 1`, incomplete},
		{`People | where Age between (1, 2)`, incomplete},
		{`People | where Name in "a"`, incomplete},
		{`People | where Age == 1x`, incomplete},
		{`People | where Name == '\q'`, incomplete},
		{`People | take`, incomplete},
		{`People | sort Name`, incomplete},
		{`People | sort by Name nulls never`, incomplete},
		{`People | take 1; People | take 1`, incomplete},
		{`People | join kind=inner (People) on Name`, incomplete},
		{`let x = 5; People`, incomplete},
		{`People | where datetime(2026-13-01) > Timestamp`, incomplete},
		{`People | where dynamic({bad}) == 1`, incomplete},
		{`People | project-sideways Name`, incomplete},
		{`People | extend X = [5`, incomplete},
		{"People | where " + strings.Repeat("(", 500) + "1" + strings.Repeat(")", 500), incomplete},
		{"People | where true" + strings.Repeat(" and true", 20_000), incomplete},
		{`Nobody | take 5`, semantic("'take' operator: Failed to resolve table or column expression named 'Nobody'")},
		{`Nobody`, semantic("Failed to resolve table or column expression named 'Nobody'")},
		{`people | count`, semantic("'count' operator: Failed to resolve table or column expression named 'people'")},
		{`People | where nope == 1`, semantic("'where' operator: Failed to resolve scalar expression named 'nope'")},
		{`People | where name == "x"`, semantic("'where' operator: Failed to resolve scalar expression named 'name'")},
		{`People | project Nope`, semantic("'project' operator: Failed to resolve scalar expression named 'Nope'")},
		{`People | project Name | where Age == 1`, semantic("'where' operator: Failed to resolve scalar expression named 'Age'")},
		{`People | extend X = Y + 1`, semantic("'extend' operator: Failed to resolve scalar expression named 'Y'")},
		{`People | summarize count() by Nope`, semantic("'summarize' operator: Failed to resolve scalar expression named 'Nope'")},
		{`People | project-away Nope`, semantic("'project-away' operator: Failed to resolve scalar expression named 'Nope'")},
		{`People | project-rename X = Nope`, semantic("'project-rename' operator: Failed to resolve scalar expression named 'Nope'")},
		{`People | sort by Nope`, semantic("'sort' operator: Failed to resolve scalar expression named 'Nope'")},
		{`People | distinct Nope`, semantic("'distinct' operator: Failed to resolve scalar expression named 'Nope'")},
		{`People | where frob(Name)`, semantic("'where' operator: Unknown function: 'frob'")},
		{`People | where strlen() == 1`, semantic("'where' operator: strlen(): function expects 1 argument(s)")},
		{`People | where Name == 5`, semantic("'where' operator: Cannot compare values of types string and long. Try adding explicit casts")},
		{`People | where Timestamp > "2026"`, semantic("'where' operator: Cannot compare values of types datetime and string. Try adding explicit casts")},
		{`People | where Age in ("1")`, semantic("'where' operator: Cannot compare values of types long and string. Try adding explicit casts")},
		{`People | where Name + 1 == 2`, semantic("'where' operator: Operator '+' cannot be applied to string and long")},
		{`People | where Age has "1"`, semantic("'where' operator: Operator 'has' requires operands of type string, not long")},
		{`People | where not(Name and true)`, semantic("'where' operator: Operator 'and' requires operands of type bool, not string")},
		{`People | where Name`, semantic("'where' operator: The predicate must be of type bool, not string")},
		{`People | where Name.x == 1`, semantic("'where' operator: Path access requires an expression of type dynamic, not string")},
		{`People | where bin(Name, 1) == 1`, semantic("'where' operator: bin(): cannot round string to long")},
		{`People | where ago(Age) < Timestamp`, semantic("'where' operator: ago(): argument must be a constant of type timespan")},
		{`People | extend X = iff(true, 1, "a")`, semantic("'extend' operator: iff(): arguments must be of one type, not long and string")},
		{`People | summarize Name`, semantic("'summarize' operator: Expected an aggregation function")},
		{`People | summarize median(Age)`, semantic("'summarize' operator: Unknown aggregation function: 'median'")},
		{`People | summarize sum(Name)`, semantic("'summarize' operator: sum(): argument must be a number or a timespan, not string")},
		{`People | summarize count(Age)`, semantic("'summarize' operator: count(): function expects 0 argument(s)")},
		{`People | take Name`, semantic("'take' operator: Failed to resolve scalar expression named 'Name'")},
		{`People | take -1`, semantic("'take' operator: Expected a constant number of rows")},
		{`People | top 1.5 by Age`, semantic("'top' operator: Expected a constant number of rows")},
		{`People | project-keep X = Name`, semantic("'project-keep' operator: Expected a column name")},
		{`People | project-rename Name`, semantic("'project-rename' operator: Expected NewName = OldName")},
		{`print Name`, semantic("'print' operator: Failed to resolve scalar expression named 'Name'")},
	}
	for _, tt := range tests {
		t.Run(tt.query[:min(len(tt.query), 60)], func(t *testing.T) {
			_, err := run(t, people(t), tt.query, kql.Options{})
			var e *kql.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a *kql.Error", err)
			}
			if e.Message != tt.want || e.Detail == "" {
				t.Errorf("got  %s (%s)\nwant %s", e.Message, e.Detail, tt.want)
			}
		})
	}
}

// Conditions on a clock must reach the source, or every slice would scan its whole table.
func TestConditionsOnClocksBecomeRanges(t *testing.T) {
	a, b := tick(t, "2026-11-22T10:00:00Z"), tick(t, "2026-11-22T11:00:00Z")
	const lo, hi = "datetime(2026-11-22T10:00:00.0000000Z)", "datetime(2026-11-22T11:00:00.0000000Z)"
	open := partition.MaxTick + 1
	tests := []struct {
		where string
		want  kql.Range
	}{
		{"Timestamp >= " + lo + " and Timestamp < " + hi, kql.Range{Time: kql.Interval{From: a, To: b, Bounded: true}}},
		{"Timestamp > " + lo + " and Timestamp <= " + hi, kql.Range{Time: kql.Interval{From: a + 1, To: b + 1, Bounded: true}}},
		{"Timestamp == " + lo, kql.Range{Time: kql.Interval{From: a, To: a + 1, Bounded: true}}},
		{"Timestamp between (" + lo + " .. " + hi + ")", kql.Range{Time: kql.Interval{From: a, To: b + 1, Bounded: true}}},
		{"ingestion_time() >= " + lo + " and ingestion_time() < " + hi + " and Timestamp >= " + lo, kql.Range{
			Ingested: kql.Interval{From: a, To: b, Bounded: true}, Time: kql.Interval{From: a, To: open, Bounded: true}}},
		{"isnull(ingestion_time()) and Timestamp < " + hi, kql.Range{Unstamped: true, Time: kql.Interval{To: b, Bounded: true}}},
		{"Timestamp > ago(1h)", kql.Range{Time: kql.Interval{From: b + 1, To: open, Bounded: true}}},
		{"Timestamp != " + lo, kql.Range{}},
		{"Timestamp >= " + lo + " or Age == 1", kql.Range{}},
		{"Age == 1", kql.Range{}},
	}
	for _, tt := range tests {
		t.Run(tt.where, func(t *testing.T) {
			s := people(t)
			if _, err := run(t, s, "People | where "+tt.where, kql.Options{}); err != nil {
				t.Fatal(describe(err))
			}
			if *s.asked != tt.want {
				t.Errorf("got %+v, want %+v", *s.asked, tt.want)
			}
		})
	}
}

func TestOrderAndChoiceFollowFromTheSeedAlone(t *testing.T) {
	s := people(t)
	for range 200 {
		s.rows = append(s.rows, s.rows[:2]...)
		s.ingested = append(s.ingested, s.ingested[:2]...)
	}
	for i := range s.rows {
		s.rows[i] = slices.Clone(s.rows[i])
		s.rows[i][2] = kql.OfLong(int64(i))
	}
	ask := func(query string, seed uint64, rows int) []string {
		r, err := run(t, s, query, kql.Options{Seed: seed, MaxRows: rows})
		if err != nil {
			t.Fatal(describe(err))
		}
		if want := len(s.rows); r.Total != want && !strings.Contains(query, "take") {
			t.Errorf("total %d, want %d", r.Total, want)
		}
		return lines(r)
	}
	const project = "People | project Age"
	if !slices.Equal(ask(project, 1, 50), ask(project, 1, 50)) {
		t.Error("two runs of one seed differ")
	}
	first, second := ask(project, 1, 50), ask(project, 2, 50)
	if len(first) != 50 || slices.Equal(sortedCopy(first), sortedCopy(second)) {
		t.Error("the rows that a cut leaves do not depend on the seed")
	}
	all := sortedCopy(ask(project, 7, 0))
	if len(slices.Compact(all)) != len(s.rows) {
		t.Errorf("got %d rows, want %d, each once", len(all), len(s.rows))
	}
	if a, b := ask(project+" | take 20", 1, 0), ask(project+" | take 20", 2, 0); len(a) != 20 || slices.Equal(sortedCopy(a), sortedCopy(b)) {
		t.Error("what take returns does not depend on the seed")
	}
	if got := ask("People | sort by Age asc | project Age", 5, 3); !slices.Equal(got, []string{"0", "1", "2"}) {
		t.Errorf("sorted rows came as %v", got)
	}
}

func FuzzQuery(f *testing.F) {
	for _, q := range []string{
		"People | where Timestamp >= datetime(2026-11-22T00:00:00.0000000Z) and ingestion_time() < now() | summarize Rows = count(), min(Timestamp) by bin(Timestamp, 1m)",
		"People | where tolong(strcat('0x', substring(hash_sha256(strcat_array(pack_array(tostring(Name), tostring(Age)), '|')), 0, 15))) % 4 == 1 | extend _IngestionTime = ingestion_time()",
		`People | where Name has "a" or Data.a["b"][-1] in~ (1, "x", @"\\") | project-away A*, Name | sort by Code asc nulls last | take 3`,
		"print x = iff(1 between (0 .. 5), 1d / 7, time(1.5:3)), dynamic({\"a\":[1,null]}), substring('é', -1, 9)",
		"People | top 3 by Height desc | distinct * | getschema | count",
		".show tables", "People|extend['a b']=5%-0", "```", "h@'", "0x", "1..2", "print -1d, -(-9223372036854775807-1)/-1",
	} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r, err := run(t, people(t), query, kql.Options{Seed: 1, MaxRows: 3})
		var e *kql.Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("error %v is not the service's", err)
		}
		if err != nil {
			return
		}
		for row := range r.Rows() {
			if len(row) != len(r.Fields) {
				t.Fatalf("row of %d cells under %d columns", len(row), len(r.Fields))
			}
			for _, v := range row {
				_ = v.String()
			}
		}
	})
}
