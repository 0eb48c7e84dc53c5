package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/schema"
)

// track is one table of one tenant in a run: what it still wants, in the order open, read or plan, publish, sweep.
//
// Fields above mu belong to the dispatching goroutine, and to a task only where the comment says so; those below are
// shared by the tasks.
type track struct {
	tenant *tenantRun
	table  Table

	ledger    *checkpoint.Ledger // set by the task of the opening phase, which runs alone
	queryKept bool               // likewise, and to the task of a plan: the text of a named query is recorded
	opened    bool               // likewise: all of that task succeeded
	lanes     []*lane            // likewise; each lane belongs to the task that plans it
	sample    *checkpoint.Sample // set by a preview, or by the task of a snapshot's plan, which spends it
	overview  *overview          // likewise
	phase     phase
	underway  int // tasks handed out
	reading   map[partition.Slice]bool
	aside     map[partition.Slice]bool // that cannot be read in this run
	planning  bool
	merging   bool
	settling  settling
	faults    []error
	callsOver bool // no more calls: the source has failed

	// What a verify found, for a repair: cells in which source and ledger differ, and streams that have rows and of
	// which nothing was planned.
	differing map[partition.Stream][]checkpoint.Cell
	unread    []partition.Stream

	mu       sync.Mutex
	stuckAt  map[int64]bool          // publishes that cannot be finished, by number
	useless  map[partition.Slice]int // answers that did not hold what was counted, or came for no smaller slice either
	refusals int                     // answers that were too big since the last one that came
	report   TableReport
	planned  int64
	snap     snapshot
}

// phase is how far a track has come.
type phase uint8

const (
	opening phase = iota
	moving        // reading, planning and publishing what is ripe
	sweeping
	closed
)

func newTrack(r *tenantRun, table Table) *track {
	return &track{
		tenant: r, table: table,
		reading:   map[partition.Slice]bool{},
		aside:     map[partition.Slice]bool{},
		stuckAt:   map[int64]bool{},
		useless:   map[partition.Slice]int{},
		differing: map[partition.Stream][]checkpoint.Cell{},
		report:    TableReport{Table: table.Table.Path()},
	}
}

func (t *track) opts() *Options { return &t.tenant.exporter.opts }

// want returns the next task, or nil if there is none now. begin follows if it is taken.
func (t *track) want() *task {
	if t.phase == opening && t.underway == 0 {
		return t.wantOpen()
	}
	if t.phase == moving {
		if w := t.wantCall(); w != nil {
			return w
		}
		if w := t.wantPublish(); w != nil {
			return w
		}
		if t.underway == 0 {
			t.phase = sweeping
		}
	}
	if t.phase == sweeping && t.underway == 0 {
		return &task{expires: partition.MaxTick, begin: nothing, run: t.sweepAndTell(t.callsOver), finish: func() { t.phase = closed }, last: true}
	}
	return nil
}

// wantCall returns the next task that asks the source.
func (t *track) wantCall() *task {
	if t.snapshots() {
		return t.wantSnapshot()
	}
	if w := earlier(t.wantRead(), t.wantPlan()); w != nil {
		return w
	}
	return t.wantSettle()
}

// earlier is the task whose rows expire first, a of two that expire at once, nil if there is none.
func earlier(a, b *task) *task {
	if a == nil || b != nil && b.expires < a.expires {
		return b
	}
	return a
}

func nothing() {}

// sweepAndTell ends a table's run, which is done unless it has failed.
func (t *track) sweepAndTell(failed bool) func(context.Context) error {
	return func(ctx context.Context) error {
		err := t.sweep(ctx)
		if err == nil && !failed {
			t.tell("done", nil)
		}
		return err
	}
}

// calling reports whether calls to the source may still be made.
func (t *track) calling() bool { return !t.callsOver && t.tenant.over == nil }

func (t *track) wantOpen() *task {
	if !t.calling() {
		return nil
	}
	// What is known to expire goes before what has yet to be opened, and so does the first plan of a table that has been
	// found: what opening it has cost is lost if the quota is spent before that is committed.
	return &task{expires: t.edge(), begin: nothing, run: t.open, finish: func() {
		if t.phase = moving; t.ledger == nil {
			t.phase = closed
		}
	}}
}

// fail ends the table's calls; what has been staged is still published, unless that is what failed. A publish that is
// stuck ends nothing else, and neither do some slices that cannot be read.
func (t *track) fail(err error, last bool) {
	t.faults = append(t.faults, err)
	t.opts().Logger.Error("table failed", "tenant", t.tenant.id, "table", t.table.Table.Path(), "error", err)
	t.tell("failed", err)
	if errors.As(err, new(*stuckError)) {
		return
	}
	if aside := (*asideError)(nil); errors.As(err, &aside) {
		if t.aside[aside.slice] = true; len(t.aside) < maxAside {
			return
		}
	}
	t.callsOver = true
	if last || t.phase != moving {
		t.phase = closed
	}
}

// close returns the report. over is why the tenant's calls have ended early, if they have.
func (t *track) close(over error) TableReport {
	if over != nil && len(t.faults) == 0 && (!t.opened || t.unfinished()) {
		t.faults = append(t.faults, over)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.err = errors.Join(t.faults...)
	if t.report.err != nil {
		t.report.Fault = t.report.err.Error()
	}
	if t.ledger != nil {
		t.ledger.View(t.finalReport)
	}
	return t.report
}

func (t *track) finalReport(s *checkpoint.State) {
	for _, st := range s.Staged {
		for _, sec := range st.Sections {
			t.report.Waiting += sec.Rows
		}
	}
	for stream := range s.Streams {
		if w, _ := s.Watermark(stream); t.report.Frontier == 0 || w < t.report.Frontier {
			t.report.Frontier = w
		}
	}
	if t.snapshots() {
		t.report.Frontier = s.Snapshot.Time
	}
}

// unfinished reports whether rows were left unread that may yet be read.
func (t *track) unfinished() bool {
	if t.snapshots() {
		return t.snapshotDue()
	}
	open := false
	t.ledger.View(func(s *checkpoint.State) {
		open = slices.ContainsFunc(s.Open(), func(r checkpoint.Reading) bool { return !t.aside[r.Slice] })
	})
	for _, l := range t.lanes {
		open = open || !l.done
	}
	return open
}

// tell reports progress.
func (t *track) tell(stage string, err error) {
	t.mu.Lock()
	e := Event{
		Tenant: t.tenant.id, Table: t.table.Table, Stage: stage, Rows: t.report.Rows, Planned: t.planned,
		Calls: t.report.Calls.Total(), Err: err,
	}
	t.mu.Unlock()
	t.opts().Progress(e)
}

// count changes the report.
func (t *track) count(change func(*TableReport)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.report)
}

// open folds the ledger and, once, finds the table's streams. That is committed before the next call: where the quota lets
// few calls through, a later run goes on from there.
func (t *track) open(ctx context.Context) error {
	if t.snapshots() {
		err := t.openSnapshots(ctx)
		t.opened = err == nil
		return err
	}
	streams, probed, err := t.streams(ctx)
	if err == nil && probed {
		err = t.found(ctx, streams)
	}
	t.opened = err == nil
	return err
}

func (e *Exporter) openLedger(ctx context.Context, tenant string, table partition.Table) (*checkpoint.Ledger, error) {
	return checkpoint.Open(ctx, e.opts.Bucket, checkpoint.Options{
		Ledger: partition.Ledger{Tenant: tenant, Table: table},
		Now:    e.opts.Now, Nonce: e.opts.Nonce, Program: e.opts.Program,
	})
}

// evolve makes the ledger's columns hold a response's, in a commit of its own, and returns them.
func (t *track) evolve(ctx context.Context, fields []schema.Field) (schema.Table, error) {
	var table schema.Table
	errNothing := errors.New("no change")
	_, err := t.ledger.Append(ctx, func(s *checkpoint.State, _ int64) (checkpoint.Body, error) {
		next, changes, err := s.Schema.Evolve(fields)
		if err != nil {
			return nil, fmt.Errorf("columns of %s: %w", t.table.Table.Path(), err)
		}
		table = next
		if len(changes) == 0 {
			return nil, errNothing
		}
		return &checkpoint.Schema{Table: next, Changes: changes}, nil
	})
	if err != nil && !errors.Is(err, errNothing) {
		return schema.Table{}, err
	}
	return table, nil
}
