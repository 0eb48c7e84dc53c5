package interop

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/schema/catalog"
)

// word is a query of the vocabulary, as a method of hunting.Source makes it.
type word struct {
	ask    func(s hunting.Source, cut partition.Slice) []string
	answer string // the columns that the program reads; "" for those of the source
	timed  bool   // it may not be put to a snapshot
}

var vocabulary = map[string]word{
	"Schema": {ask: func(s hunting.Source, _ partition.Slice) []string { return []string{s.Schema()} }},
	"Sample": {ask: func(s hunting.Source, cut partition.Slice) []string { return []string{s.Sample(cut, 200)} }},
	"Rows":   {ask: func(s hunting.Source, cut partition.Slice) []string { return []string{s.Rows(cut)} }},
	"Count": {
		ask:    func(s hunting.Source, cut partition.Slice) []string { return []string{s.Count(cut)} },
		answer: "(Count: long)",
	},
	"Buckets": {
		ask:    func(s hunting.Source, cut partition.Slice) []string { return []string{s.Buckets(cut, 7)} },
		answer: "(Bucket: long, Rows: long)",
	},
	"Probe": {
		ask:    func(s hunting.Source, _ partition.Slice) []string { return []string{s.Probe(from, to)} },
		answer: "(Rows: long, Unstamped: long, First: datetime, Last: datetime)",
	},
	"Days": {
		ask:    func(s hunting.Source, _ partition.Slice) []string { return []string{s.Days(from, to)} },
		answer: "(Day: datetime, Rows: long, Unstamped: long)", timed: true,
	},
	"Cells": {
		ask:    func(s hunting.Source, cut partition.Slice) []string { return []string{s.Cells(cut)} },
		answer: "(Bin: datetime, Day: datetime, Rows: long)", timed: true,
	},
	"Histogram": {ask: byWidth(hunting.Source.Histogram), answer: "(Bin: datetime, Rows: long, Oldest: datetime)", timed: true},
	"Overview": {
		ask:    byWidth(func(s hunting.Source, _ partition.Slice, bin partition.Tick) string { return s.Overview(from, bin) }),
		answer: "(Bin: datetime, Rows: long, Oldest: datetime)", timed: true,
	},
	"Stamps": {ask: byWidth(hunting.Source.Stamps), answer: "(Bin: datetime, Rows: long, Oldest: datetime)", timed: true},
}

// noWords are the methods of hunting.Source that make no query.
var noWords = []string{"Validate"}

// widths are bins of each unit that there is a literal for, and of odd numbers of it.
var widths = []partition.Tick{
	1, 7, partition.Microsecond, 32 * partition.Microsecond, partition.Millisecond, partition.Second, 90 * partition.Second,
	partition.Minute, partition.Hour, partition.Day, 32 * partition.Day,
}

// byWidth asks for bins of every width where the slice is of the plainest form, else of one: that is enough for either.
func byWidth(ask func(hunting.Source, partition.Slice, partition.Tick) string) func(hunting.Source, partition.Slice) []string {
	return func(s hunting.Source, cut partition.Slice) []string {
		if cut.Stream != partition.Stamped || cut.Of != 0 || cut.Ceiling != 0 {
			return []string{ask(s, cut, partition.Minute)}
		}
		var queries []string
		for _, width := range widths {
			queries = append(queries, ask(s, cut, width))
		}
		return queries
	}
}

var (
	from = partition.TickOf(newest)
	to   = from + partition.Day + 1
)

// cuts are slices of every form that a source of the given time column can be asked for.
func cuts(timeColumn string) []partition.Slice {
	if timeColumn == "" {
		return []partition.Slice{{Stream: partition.Snapshot}, {Stream: partition.Snapshot, Bucket: 3, Of: 8}}
	}
	stamped := partition.Slice{Stream: partition.Stamped, Start: from, End: to, Floor: from - 30*partition.Day}
	unstamped, below := stamped, stamped
	unstamped.Stream, below.Ceiling = partition.Unstamped, from-1
	whole := partition.Slice{Stream: partition.Whole, Start: partition.MinTick, End: partition.MaxTick}
	forms := []partition.Slice{stamped, unstamped, below, whole}
	for _, s := range []partition.Slice{unstamped, below} {
		s.Bucket, s.Of = 3, 8
		forms = append(forms, s)
	}
	return forms
}

// questionsOf are all queries that can be put to a source whose table has the given schema, and which brings the
// columns own.
func questionsOf(t *testing.T, s hunting.Source, schema, own string) []question {
	t.Helper()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	var questions []question
	for _, cut := range cuts(s.TimeColumn) {
		if err := cut.Validate(); err != nil {
			t.Fatal(err)
		}
		for name, w := range vocabulary {
			if w.timed && s.TimeColumn == "" {
				continue
			}
			for _, query := range w.ask(s, cut) {
				questions = append(questions, question{
					Table: s.Name, Schema: schema, Query: query,
					want: cmp.Or(w.answer, own), stamped: name == "Rows" && s.Stamp,
				})
			}
		}
	}
	return questions
}

// sources are a table of the catalog in every way that it can be exported.
func sources(table catalog.Table) []hunting.Source {
	var all []string
	for _, f := range table.Columns {
		if f.Type == "String" {
			all = append(all, f.Name)
		}
	}
	out := []hunting.Source{{Name: table.Name, Keys: table.KeyColumns}, {Name: table.Name, Keys: all, Stamp: true}}
	if s := (hunting.Source{Name: table.Name, TimeColumn: table.TimeColumn, Keys: table.KeyColumns}); s.TimeColumn != "" {
		stamped := s
		stamped.Stamp = true
		out = append(out, s, stamped)
	}
	return out
}

// TestVocabularyIsWhole: no method of hunting.Source is forgotten here.
func TestVocabularyIsWhole(t *testing.T) {
	var got []string
	for m := range reflect.TypeFor[hunting.Source]().Methods() {
		got = append(got, m.Name)
	}
	if p := reflect.TypeFor[*hunting.Source](); p.NumMethod() != len(got) {
		t.Errorf("some methods of Source are those of a pointer")
	}
	want := slices.Sorted(slices.Values(append(noWords, slices.Collect(maps.Keys(vocabulary))...)))
	if !slices.Equal(got, want) {
		t.Errorf("hunting.Source has the methods %v, this file knows %v", got, want)
	}
}

// TestQueries: Microsoft's parser has nothing to say about any query to any table, and the answers have the columns
// that the program reads.
func TestQueries(t *testing.T) {
	tables := catalog.Tables()
	if len(tables) < 65 {
		t.Errorf("%d tables in the catalog", len(tables))
	}
	var questions []question
	for _, table := range tables {
		own := kustoSchema(t, table.Columns)
		for _, s := range sources(table) {
			questions = append(questions, questionsOf(t, s, own, own)...)
		}
	}
	accept(t, questions)
}

// TestQueriesSent: what a run and a verify really send is good KQL, wherever in the program it was written.
func TestQueriesSent(t *testing.T) {
	tables, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 3, Tables: []string{"AlertEvidence", "DeviceProcessEvents", "IdentityLogonEvents"}, Rows: 300, Unstamped: 0.2,
		Start: newest.AddDate(0, 0, -3), End: newest,
	})
	if err != nil {
		t.Fatal(err)
	}
	l := newLake(t, "mem://", hunting.Graph, tables, newest, func(o *simulator.Options) { o.Limits.MaxBytes = 25_000 })
	l.fill()
	var questions []question
	for _, c := range l.service.Calls() {
		name, _, _ := strings.Cut(c.Query, " ")
		i := slices.IndexFunc(tables, func(s simulator.Table) bool { return s.Name() == name })
		if i < 0 {
			t.Fatalf("%s is of no table", c.Query)
		}
		own := kustoSchema(t, tables[i].Columns(partition.TickOf(newest)))
		questions = append(questions, question{Table: name, Schema: own, Query: c.Query})
	}
	accept(t, questions)
}
