package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/schema"
)

// countRounds is how often a snapshot is counted in more buckets, before those that are still too big are taken for
// rows that share one key.
const countRounds = 4

// openSnapshot opens the next generation: counted, in buckets that fit a call each.
func (t *track) openSnapshot(ctx context.Context, dt partition.Date, generation int) error {
	p := &checkpoint.Plan{DT: dt, Generation: generation + 1}
	table, sample, err := t.sampleSnapshot(ctx)
	if err != nil {
		return err
	}
	if sample != nil {
		if table, err = t.evolve(ctx, sample.fields); err != nil {
			return err
		}
		p.Sample, t.sample = &sample.Sample, &sample.Sample
	}
	p.Keys = keysOf(table, t.table.Source.Keys)
	counts, err := t.countFitting(ctx, p.Keys)
	if hopeless(err) {
		return t.openUncounted(ctx, p, err)
	}
	if err != nil || partition.DateOf(t.tenant.clock.tick()) != dt {
		return err // the first answer has told that the local clock runs ahead, or the day is over: the next step knows
	}
	return t.openGeneration(ctx, p, counts)
}

// openUncounted opens a generation that could not be counted, without slices, so that it counts as a try. It is the only
// one of the run, which fails: a gateway that refuses for some seconds looks like a table that is too heavy, and may not
// use up all tries at once. A refusal that other columns may explain has them asked for first.
func (t *track) openUncounted(ctx context.Context, p *checkpoint.Plan, why error) error {
	t.mu.Lock()
	asked := t.snap.sample
	t.mu.Unlock()
	t.learn(why, 0)
	if errors.Is(why, hunting.ErrPermanent) && !asked {
		return nil
	}
	t.blame(fmt.Sprintf("it could not be counted: %v", why))
	if partition.DateOf(t.tenant.clock.tick()) != p.DT {
		return nil // the next step knows
	}
	if err := t.openGeneration(ctx, p, nil); err != nil {
		return err
	}
	t.mu.Lock()
	opened := t.snap.taken == p.Generation
	t.mu.Unlock()
	if _, st := t.plannedParts(p.Generation); !opened || st.Tries >= snapshotTries {
		return nil // another process was faster, or the dt is given up
	}
	return fmt.Errorf("the snapshot of %v could not be counted, and is tried again by the next run: %w", p.DT, why)
}

// openGeneration commits the plan of a generation with the rows counted in each of its slices.
func (t *track) openGeneration(ctx context.Context, p *checkpoint.Plan, counts []int64) error {
	p.Stream = partition.Snapshot
	for k, s := range parts(len(counts)) {
		p.Slices = append(p.Slices, checkpoint.PlannedSlice{Slice: s, Rows: counts[k]})
	}
	t.tell("plan", nil)
	if err := t.keepQuery(ctx); err != nil {
		return err
	}
	_, err := t.ledger.Append(ctx, func(*checkpoint.State, int64) (checkpoint.Body, error) { return p, nil })
	if err != nil {
		return t.faster(err)
	}
	t.sample = nil
	t.mu.Lock()
	defer t.mu.Unlock()
	t.snap.taken = p.Generation
	t.planned += sum(counts)
	return nil
}

// parts is a snapshot as n slices.
func parts(n int) []partition.Slice {
	whole := partition.Slice{Stream: partition.Snapshot}
	if n == 1 {
		return []partition.Slice{whole}
	}
	out, _ := whole.SplitBuckets(n)
	return out
}

func sum(counts []int64) (rows int64) {
	for _, n := range counts {
		rows += n
	}
	return rows
}

// plannedParts is what was counted of the slices of a generation, in order, nil if it is not the newest one any more.
func (t *track) plannedParts(generation int) (counts []int64, st checkpoint.Standing) {
	t.ledger.View(func(s *checkpoint.State) {
		if s.Generation != generation {
			return
		}
		st = s.Snapshot
		counts = make([]int64, len(s.Leaves))
		for slice, leaf := range s.Leaves {
			counts[slice.Bucket] = leaf.Counted
		}
	})
	return counts, st
}

// keyed is the source with the columns that choose the buckets of the newest generation.
func (t *track) keyed() hunting.Source {
	source := t.table.Source
	t.ledger.View(func(s *checkpoint.State) { source.Keys = slices.Clone(s.Snapshot.Keys) })
	return source
}

// keysOf are the columns that choose a row's bucket: those of wanted that the table has, else every column of text.
func keysOf(table schema.Table, wanted []string) []string {
	var keys, text []string
	for _, c := range table.Columns {
		switch {
		case c.Gone || slices.Contains(keys, c.Source):
		case slices.Contains(wanted, c.Source):
			keys = append(keys, c.Source)
		case c.Kind == schema.String && isKey(c.Source) && len(text) < maxKeys && !slices.Contains(text, c.Source):
			text = append(text, c.Source)
		}
	}
	if len(keys) > 0 {
		return keys
	}
	return text
}

// sampled is an answer that was asked for its columns and its width.
type sampled struct {
	checkpoint.Sample
	fields []schema.Field
}

// sampleSnapshot asks for a few rows of a table of which no columns are pinned, or that may have other columns by now.
// It returns the pinned columns, and nil, of any other.
func (t *track) sampleSnapshot(ctx context.Context) (schema.Table, *sampled, error) {
	var table schema.Table
	t.ledger.View(func(s *checkpoint.State) { table = s.Schema })
	t.mu.Lock()
	again := t.snap.sample
	t.mu.Unlock()
	if len(table.Columns) > 0 && !again {
		return table, nil, nil
	}
	a, err := t.askSample(ctx, planning, partition.Slice{Stream: partition.Snapshot})
	if err != nil {
		return table, nil, err
	}
	defer a.Release()
	return table, &sampled{checkpoint.Sample{Rows: a.Rows, Bytes: a.Bytes, RunTime: a.Elapsed}, a.Fields}, nil
}

// countFitting counts the table in as many buckets as make each of them fit a call.
func (t *track) countFitting(ctx context.Context, keys []string) ([]int64, error) {
	source := t.table.Source
	source.Keys = keys
	n := t.firstParts()
	for round := 1; ; round++ {
		if len(keys) == 0 {
			n = 1
		}
		counts, err := t.countParts(ctx, planning, source, n)
		if err != nil {
			return nil, err
		}
		need := t.partsFor(counts)
		if largest := slices.Max(counts); need > n && largest >= checkpoint.RowCap && (round == countRounds || len(keys) == 0) {
			return nil, fmt.Errorf("%w: %d of its rows share one key", errUnreadable, largest)
		}
		if need <= n || round == countRounds || len(keys) == 0 {
			return counts, nil
		}
		if n = need; n > checkpoint.MaxParts {
			return nil, fmt.Errorf("%w: its %d rows need %d calls, over %d", errUnreadable, sum(counts), n, checkpoint.MaxParts)
		}
	}
}

// firstParts guesses how many buckets the table needs, by what is known of it: about as many as before, if they were
// not many more than its rows asked for.
func (t *track) firstParts() int {
	var rows int64
	before := 0
	t.ledger.View(func(s *checkpoint.State) {
		if rows, before = s.Snapshot.Rows, s.Snapshot.Parts; s.Snapshot.Done < s.Snapshot.DT {
			rows = 0
			for _, leaf := range s.Leaves {
				rows += leaf.Counted
			}
		}
	})
	n := t.partsFor([]int64{rows})
	if before > n && before <= 2*n+2 {
		n = before
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return min(max(n, t.snap.parts), checkpoint.MaxParts)
}

// unlikeCap is n, or the next number: where every bucket has rows, the answer has n, and one that ends at a number that
// caps are made of has to be held against another count.
func unlikeCap(n int) int {
	if isCapLike(int64(n)) {
		return n + 1
	}
	return n
}

// partsFor is how many buckets make each fit a call, by what so many buckets hold; their own number if they do.
func (t *track) partsFor(counts []int64) int {
	limit := t.planCost().RowsPerCall(t.caps())
	if slices.Max(counts) <= limit {
		return len(counts)
	}
	// Hashes fill buckets of a mean m with a deviation of its root: m and four times that are to fit.
	root := max(1, math.Sqrt(float64(limit)+4)-2)
	return unlikeCap(max(len(counts)*5/4+1, int(float64(sum(counts))/(root*root))+1))
}

// countParts counts the table in n buckets, in one call.
func (t *track) countParts(ctx context.Context, p purpose, source hunting.Source, n int) ([]int64, error) {
	whole := partition.Slice{Stream: partition.Snapshot}
	if n == 1 {
		rows, err := t.countBy(ctx, p, source.Count(whole))
		return []int64{rows}, err
	}
	query := source.Buckets(whole, n)
	f, err := t.figures(ctx, p, query, rowsField, bucketField)
	if err != nil {
		return nil, err
	}
	if all, err := t.isWhole(ctx, whole, f, isCapLike); err != nil || !all {
		return nil, cmp.Or(err, fmt.Errorf("the answer to %q was cut at %d rows: %w", query, f.rows, hunting.ErrTooBig))
	}
	counts := make([]int64, n)
	for i := range f.rows {
		k := f.columns[bucketField.Name][i]
		if k < 0 || k >= int64(n) {
			return nil, fmt.Errorf("answer to %q: bucket %d of %d", query, k, n)
		}
		counts[k] += f.columns[rowsField.Name][i]
	}
	return counts, nil
}

// previewSnapshot counts a snapshot that is due as a run would: once before it is read, and once more afterwards.
func (t *track) previewSnapshot(ctx context.Context, p *TablePreview) error {
	if err := t.openSnapshots(ctx); err != nil {
		return err
	}
	var what step
	var dt partition.Date
	t.ledger.View(func(s *checkpoint.State) {
		what, _, dt = t.next(s)
		if what == giveUp && dt < partition.DateOf(t.tenant.clock.tick()) { // what a run does before today's
			after := *s
			after.Snapshot.Done = dt
			what, _, dt = t.next(&after)
		}
		if what == readNext {
			for _, r := range s.Open() {
				p.Slices = append(p.Slices, partition.Planned{Slice: r.Slice, Rows: s.Leaves[r.Slice].Counted})
			}
		}
	})
	if what == nothingDue || what == giveUp {
		return nil
	}
	p.Start, p.End = dt.Start(), dt.End()
	if what == openNext {
		counts, err := t.surveySnapshot(ctx)
		if err != nil {
			return err
		}
		for k, s := range parts(len(counts)) {
			p.Slices = append(p.Slices, partition.Planned{Slice: s, Rows: counts[k]})
		}
	}
	t.expect(p, 1)
	return nil
}

// surveySnapshot counts what a generation that is opened now would hold.
func (t *track) surveySnapshot(ctx context.Context) ([]int64, error) {
	table, sample, err := t.sampleSnapshot(ctx)
	if err != nil {
		return nil, err
	}
	if sample != nil {
		t.sample = &sample.Sample
		if table, _, err = table.Evolve(sample.fields); err != nil {
			return nil, err
		}
	}
	return t.countFitting(ctx, keysOf(table, t.table.Source.Keys))
}
