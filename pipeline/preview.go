package pipeline

import (
	"context"
	"time"

	"huntlake/checkpoint"
	"huntlake/partition"
)

// Preview is what a run made now would do, as far as the source has been counted. Making it commits nothing.
type Preview struct {
	Tables []TablePreview `json:"tables"`
}

// TablePreview is the preview of one table of one tenant.
type TablePreview struct {
	Tenant  string              `json:"tenant"`
	Table   string              `json:"table"`
	Start   partition.Tick      `json:"start"`
	End     partition.Tick      `json:"end"`
	Rows    int64               `json:"rows"`
	Bytes   int64               `json:"bytes"` // of JSON, expected
	Calls   Calls               `json:"calls"` // expected of the run, its own planning included
	RunTime time.Duration       `json:"run_time_ns"`
	Slices  []partition.Planned `json:"slices"`
	Fault   string              `json:"error,omitempty"`
}

// Plan counts what there is to read and cuts it into slices as Run would, without reading it. A table that cannot be
// counted has its error in the preview; the error returned joins them. Like Run it claims each tenant meanwhile: if
// another process works on one, the error is a *checkpoint.OwnedError.
func (e *Exporter) Plan(ctx context.Context) (Preview, error) {
	var p Preview
	err := e.eachClaimed(ctx, func(ctx context.Context, t *track) error {
		preview, err := t.preview(ctx)
		if err != nil {
			preview.Fault = err.Error()
		}
		p.Tables = append(p.Tables, preview)
		return err
	}, func(t *track, err error) {
		p.Tables = append(p.Tables, TablePreview{Tenant: t.tenant.id, Table: t.table.Table.Path(), Fault: err.Error()})
	})
	return p, err
}

func (t *track) preview(ctx context.Context) (TablePreview, error) {
	p := TablePreview{Tenant: t.tenant.id, Table: t.table.Table.Path()}
	if t.snapshots() {
		err := t.previewSnapshot(ctx, &p)
		return p, err
	}
	if _, _, err := t.streams(ctx); err != nil {
		return p, err
	}
	if err := t.sampleWidth(ctx); err != nil {
		return p, err
	}
	t.ledger.View(func(s *checkpoint.State) {
		for _, r := range s.Open() {
			p.Slices = append(p.Slices, partition.Planned{Slice: r.Slice, Rows: s.Leaves[r.Slice].Counted})
		}
	})
	settling := 0
	for _, l := range t.lanes {
		if err := t.countLane(ctx, l, t.frontier(l.stream)); err != nil {
			return p, err
		}
		if l.hist != nil {
			if err := t.previewLane(ctx, l, &p); err != nil {
				return p, err
			}
		}
		if t.settlesLane(l, p.Slices) {
			settling++
		}
	}
	t.expect(&p, settling)
	return p, nil
}

// expect adds up what the slices will cost, and the calls that were made to preview them and that a run will make too,
// and more.
func (t *track) expect(p *TablePreview, more int) {
	cost := t.planCost()
	for _, s := range p.Slices {
		p.Rows += s.Rows
		if s.Rows > 0 {
			p.Calls.Data++
		}
	}
	p.Bytes, p.RunTime = cost.Bytes(p.Rows), cost.Time(p.Rows)
	p.Calls.Plan = t.report.Calls.Plan + more
}

// previewLane packs a lane as a run would: a first chunk with what is known now, the rest with what its answers will
// have taught.
func (t *track) previewLane(ctx context.Context, l *lane, p *TablePreview) error {
	start := l.hist.Start
	for cost := t.cost(); l.hist != nil; {
		slices, err := t.nextChunk(ctx, l, cost)
		if err != nil {
			return err
		}
		p.Slices = append(p.Slices, slices...)
		l.advance(slices[len(slices)-1].Slice.End)
		if cost = cost.Settled(t.caps()); cost.Answers == 0 {
			cost = t.planCost()
		}
	}
	if p.Start == 0 || start < p.Start {
		p.Start = start
	}
	p.End = max(p.End, t.target())
	return nil
}

// settlesLane reports whether a run will count days of the lane again, to settle them: some that were staged before, or
// some that it reads. Days that turn out to have grown cost more than that one call.
func (t *track) settlesLane(l *lane, planned []partition.Planned) bool {
	for _, s := range planned {
		if s.Slice.Stream == l.stream && l.stream.Cursor() == partition.TimestampCursor && s.Rows > 0 && t.settles(partition.DateOf(s.Slice.Start)) {
			return true
		}
	}
	return len(t.due(l.stream, t.target())) > 0
}
