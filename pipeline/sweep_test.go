package pipeline_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/writers/buckettest"
)

// sleeper has a process sleep once: before an operation that the other test half waits for.
type sleeper struct {
	mu     sync.Mutex
	seen   string // of a key: an operation on such a one comes first
	asleep bool
}

// fate lets the process sleep before the first operation of a kind on such a key, after it has created such another.
func (p *sleeper) fate(step buckettest.Step, process, before, kind, key string, d time.Duration) (f buckettest.Fate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if step.Process != process || p.asleep {
		return f
	}
	if p.seen != "" && step.Kind == kind && strings.Contains(step.Key, key) {
		p.asleep, f.Pause = true, d
	}
	if step.Kind == "create" && strings.Contains(step.Key, before) {
		p.seen = step.Key
	}
	return f
}

func (p *sleeper) sleeps() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asleep
}

// A writer falls asleep between its object and the commit that names it. Another process, which can read nothing,
// sweeps meanwhile: the slice is still open, and the object stays.
func TestSweepLeavesSleepers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newSim(t, 1, []*script{crashRows()}, nil)
		s.opts.Caps.Rows, s.opts.Parallel = 7, 1
		var p sleeper
		s.fate = func(step buckettest.Step) buckettest.Fate {
			return p.fate(step, "sleeper", "/staged/", "create", "/log/", 10*time.Minute)
		}
		s.call = func(int, uint64) simulator.Fault {
			if p.sleeps() {
				return simulator.FaultMissingRole()
			}
			return simulator.Fault{}
		}
		ended := make(chan struct{})
		first := s.machine(t, "sleeper")
		go func() {
			defer close(ended)
			_, _ = first.Run(first.ctx)
		}()
		time.Sleep(5 * time.Minute)
		other := s.machine(t, "other")
		if _, err := other.Run(other.ctx); err == nil || !p.sleeps() {
			t.Fatalf("the other run: %v; the first sleeps: %v", err, p.sleeps())
		}
		<-ended
		s.come(t)
	})
}

// A process falls asleep before the listing of its sweep. Another plans a slice meanwhile that the first has never heard
// of, and uploads its object; the first wakes up, and leaves the object alone, because it folds after it has listed.
func TestSweepListsFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		rows := crashRows()
		for i := range 5 {
			at := partition.TickOf(start.Add(-5 * time.Minute))
			rows.rows = append(rows.rows, scriptRow{id: int64(100 + i), at: at, stamp: at + partition.Minute, shown: at + partition.Minute})
		}
		s := newSim(t, 1, []*script{rows}, nil)
		s.opts.Caps.Rows, s.opts.Parallel = 7, 1
		var sweeps, stages sleeper
		s.fate = func(step buckettest.Step) buckettest.Fate {
			if step.Process == "sweeper" {
				return sweeps.fate(step, "sweeper", ".parquet", "list", "/staged/", 40*time.Minute)
			}
			return stages.fate(step, "writer", "/staged/", "create", "/log/", 60*time.Minute)
		}
		ended := make(chan struct{}, 2)
		for _, name := range []string{"sweeper", "writer"} {
			m := s.machine(t, name)
			go func() {
				_, _ = m.Run(m.ctx)
				ended <- struct{}{}
			}()
			time.Sleep(15 * time.Minute)
		}
		<-ended
		<-ended
		if !sweeps.sleeps() || !stages.sleeps() {
			t.Fatal("nobody slept")
		}
		s.come(t)
	})
}

// come lets a last process bring everything to its end, and judges.
func (s *sim) come(t *testing.T) {
	t.Helper()
	s.fate, s.call = nil, nil
	time.Sleep(3 * time.Minute)
	m := s.machine(t, "last")
	s.runToEnd(t, m)
	s.settled(t, m)
	s.judge(t)
}
