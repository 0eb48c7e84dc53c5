package main

import (
	"fmt"
	"testing"
)

// floors are ratios that must hold on any machine, on one thread and one answer, with a generous margin to what was
// measured: docs/performance.md has those.
var floors = []struct {
	ours, theirs string
	ratio        float64 // of rows a second
}{
	{directWay, linesWay, 1},
	{publishWay, linesWay, 0.4},
	{publishWay, answersWay, 4},
	{publishWay, mapsWay, 2.5},
}

// What others do in a machine's good moment and huntlake in a bad one says nothing. So ways are compared that ran within
// the same few seconds, and a floor fails if it holds in none of five rounds.
func TestFloors(t *testing.T) {
	c, err := newCorpus(1, answerBytes)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newScene(t.Context(), c, t.TempDir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	var low map[string]bool
	for round := 0; round == 0 || len(low) > 0 && round < 5; round++ {
		sheet := &sheet{rows: s.rows}
		if err := sheet.add(t.Context(), s, s.ways(), 1); err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			checkSize(t, sheet)
		}
		low = below(t, sheet, low)
	}
	for what := range low {
		t.Errorf("below its floor in every round: %s", what)
	}
}

// below returns the comparisons that are below their floors, of those that always were; nil: of all.
func below(t *testing.T, s *sheet, always map[string]bool) map[string]bool {
	low := map[string]bool{}
	for _, f := range floors {
		ratio := s.find(t, f.theirs).took.Seconds() / s.find(t, f.ours).took.Seconds()
		what := fmt.Sprintf("%s, against %s", f.ours, f.theirs)
		t.Logf("%.2f times as fast, floor %.1f: %s", ratio, f.ratio, what)
		if ratio < f.ratio && (always == nil || always[what]) {
			low[what] = true
		}
	}
	return low
}

func checkSize(t *testing.T, s *sheet) {
	ratio := float64(s.find(t, publishWay).bytes) / float64(s.find(t, linesWay).bytes)
	if t.Logf("huntlake's file has %.3f of the size of DuckDB's", ratio); ratio > 1.05 {
		t.Error("the file is more than 5 % larger than DuckDB's")
	}
}

func (s *sheet) find(t *testing.T, name string) entry {
	for _, e := range s.entries {
		if e.name == name && e.took > 0 {
			return e
		}
	}
	t.Fatalf("%s was not measured", name)
	return entry{}
}
