package pipeline_test

import (
	"strings"
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/writers/buckettest"
)

// cut is a way in which a durable operation may end badly.
type cut struct {
	name  string
	fault buckettest.Fault
	crash bool
	kind  string // of the operations that can end so; "" is those that have an effect
	kept  bool   // what the operation was for has been done all the same
}

var cuts = []cut{
	{name: "fails before", fault: buckettest.Before},
	{name: "fails after", fault: buckettest.After, kept: true},
	{name: "is told of its own echo", fault: buckettest.Echo, kind: "create", kept: true},
	{name: "breaks off half-way", fault: buckettest.Half, kind: "upload"},
	{name: "crashes before", fault: buckettest.Before, crash: true},
	{name: "crashes after", fault: buckettest.None, crash: true, kept: true},
	{name: "crashes half-way", fault: buckettest.Half, crash: true, kind: "upload"},
}

// pinning is the commit that pins the columns of a table's first answer, before that answer is staged.
const pinning = "/log/00000000000000000003.json"

// again is how many calls for rows may have to be made once more when a step is cut: none once their commit is there,
// and none for what comes after the reading.
func (c cut) again(step string) int {
	if strings.Contains(step, "/log/") && !strings.HasSuffix(step, pinning) && c.kept || strings.HasSuffix(step, ".parquet") || strings.HasPrefix(step, "delete") {
		return 0
	}
	return 1
}

// can reports whether an operation can end so.
func can(kind, of string) bool {
	if kind == "" {
		return of == "create" || of == "delete"
	}
	return kind == of
}

// A month of a table is exported, and each single durable operation ends in every possible way. The process goes on, or
// another takes its place; nothing is lost, nothing is there twice, at no moment, and of the calls only those are made
// again that were under way.
func TestCrash(t *testing.T) {
	for name, cursor := range map[string]pipeline.Cursor{"stamped": pipeline.ByIngestion, "by timestamp": pipeline.ByTimestampOnly} {
		t.Run(name, func(t *testing.T) { bubble(t, func(t *testing.T) { crashEverywhere(t, cursor) }) })
	}
}

// crashEverywhere cuts at every durable operation that a run without faults makes.
func crashEverywhere(t *testing.T, cursor pipeline.Cursor) {
	steps := crash(t, cursor, 0, func(buckettest.Step) buckettest.Fate { return buckettest.Fate{} })
	if len(steps) < 60 {
		t.Fatalf("%d durable operations show little: %v", len(steps), steps)
	}
	every := 1
	if testing.Short() {
		every = 7
	}
	for n := 0; n < len(steps); n += every {
		for _, cut := range cuts {
			if kind, _, _ := strings.Cut(steps[n], " "); can(cut.kind, kind) {
				cut.at(t, cursor, n, steps[n])
			}
		}
	}
}

// at has the n-th durable operation, a step, end so.
func (c cut) at(t *testing.T, cursor pipeline.Cursor, n int, step string) {
	t.Helper()
	count, failed := 0, t.Failed()
	crash(t, cursor, c.again(step), func(s buckettest.Step) (f buckettest.Fate) {
		if s.Process == "first" && durable(s.Kind) {
			if count == n {
				f = buckettest.Fate{Fault: c.fault, Crash: c.crash}
			}
			count++
		}
		return f
	})
	if t.Failed() && !failed {
		t.Fatalf("durable operation %d, %s, %s", n+1, step, c.name)
	}
}

func durable(kind string) bool { return kind == "upload" || kind == "create" || kind == "delete" }

// crash exports a month of a table and returns the durable operations of the first process. No more than so many calls
// for rows may be made again.
func crash(t *testing.T, cursor pipeline.Cursor, again int, fate func(buckettest.Step) buckettest.Fate) (steps []string) {
	t.Helper()
	s := newSim(t, 1, []*script{crashRows()}, nil)
	s.opts.Caps.Rows, s.opts.Parallel, s.opts.Tables[0].Cursor = 7, 1, cursor
	s.fate = func(step buckettest.Step) buckettest.Fate {
		if step.Process == "first" && durable(step.Kind) {
			steps = append(steps, step.Kind+" "+step.Key)
		}
		return fate(step)
	}
	m := s.machine(t, "first")
	_, err := m.Run(m.ctx)
	if err != nil && !m.process.Dead() {
		_, err = m.Run(m.ctx) // it has survived, and tries again
	}
	if err != nil && !m.process.Dead() {
		t.Errorf("second run: %v", err)
	}
	s.fate = nil
	if m.process.Dead() {
		time.Sleep(3 * time.Minute) // its claim ends
		s.runToEnd(t, s.machine(t, "second"))
	}
	s.onceAsked(t, again)
	m = s.machine(t, "last")
	if cursor == pipeline.ByTimestampOnly {
		time.Sleep(40 * time.Hour) // until the last day has settled
		s.runToEnd(t, m)
	}
	s.settled(t, m)
	s.judge(t)
	return steps
}

// crashRows are the rows of a few days of a month.
func crashRows() *script {
	s := &script{name: "Alpha"}
	for i := range 40 {
		at := partition.TickOf(start.Add(-time.Duration(1+i%4)*7*24*time.Hour + time.Duration(i)*13*time.Minute))
		row := scriptRow{id: int64(i), at: at, stamp: at + partition.Minute, shown: at + partition.Minute}
		s.rows = append(s.rows, row)
		if i%10 == 0 {
			s.rows = append(s.rows, row)
		}
	}
	return s
}

// onceAsked wants no more than so many calls for rows to have been made again.
func (s *sim) onceAsked(t *testing.T, most int) {
	t.Helper()
	asked := map[string]int{}
	again := 0
	for _, c := range s.service.Calls() {
		if strings.Contains(c.Query, "extend _IngestionTime") || !strings.Contains(c.Query, "summarize") && !strings.HasSuffix(c.Query, "| count") && !strings.Contains(c.Query, "take") {
			if asked[c.Query]++; asked[c.Query] > 1 {
				again++
			}
		}
	}
	if len(asked) < 3 {
		t.Errorf("%d different calls for rows show little", len(asked))
	}
	if again > most {
		t.Errorf("%d calls for rows were made again, want at most %d", again, most)
	}
}
