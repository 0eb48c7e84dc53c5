package main

import (
	"context"
	"strings"
	"testing"

	"huntlake/bench"
	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
)

// events is a month as a table of the simulator: the same rows at the same times, each as wide in JSON as the model has
// it.
type events struct{ *month }

// Name implements simulator.Table.
func (events) Name() string { return "Events" }

// TimeColumn implements simulator.Table.
func (events) TimeColumn() string { return "Timestamp" }

// Columns implements simulator.Table.
func (events) Columns(partition.Tick) []schema.Field { return columns[:3] }

// Len implements simulator.Table.
func (e events) Len() int { return len(e.times) }

// Time implements simulator.Table.
func (e events) Time(row int) partition.Tick { return e.times[row] }

// Ingested implements simulator.Table.
func (e events) Ingested(row int) partition.Tick { return e.stamped[row] }

// Arrived implements simulator.Table.
func (e events) Arrived(row int) partition.Tick { return e.stamped[row] }

// Read implements simulator.Table.
func (e events) Read(fields []schema.Field) kql.Reader {
	return &reader{month: e.month, fields: fields, filler: strings.Repeat("a", 1<<16)}
}

type reader struct {
	*month
	fields []schema.Field
	filler string
	row    int
}

// Seek implements kql.Reader.
func (r *reader) Seek(row int) { r.row = row }

// wireOverhead is what a row has of JSON beside its text: the names, two times and a number.
const wireOverhead = 155

// Cell implements kql.Reader.
func (r *reader) Cell(i int) kql.Value {
	switch r.fields[i].Name {
	case "Timestamp":
		return kql.OfTime(r.times[r.row])
	case "ReportId":
		return kql.OfLong(int64(r.row))
	}
	return kql.OfString(r.filler[:max(0, int(r.width[r.row])-wireOverhead)])
}

// confirm runs huntlake with its client on the whole simulator: every byte is written, sent, decoded and staged.
func confirm(t *testing.T, m *month) (r result) {
	t.Helper()
	bench.Bubble(t, func(ctx context.Context) {
		clock := bench.Clock(now)
		quota := bench.Quota(t, budgets, clock)
		service, client := bench.Service(t, simulator.Options{
			Tables: []simulator.Table{events{m}}, Wait: hunting.Sleep,
			Limits: simulator.Limits{
				MaxBytes: capBytes, CallsPerMinute: budgets.CallsPerMinute, CallsPerHour: -1,
				RunTimePerHour: budgets.RunTimePerHour, RunTimePerDay: budgets.RunTimePerDay,
			},
		}, clock, quota)
		if err := huntlake(ctx, client, quota, clock, partition.Caps{}); err != nil {
			t.Fatal(err)
		}
		r = seen(service.Calls())
	})
	return r
}

// seen is what the service says of an export.
func seen(calls []simulator.Call) result {
	r := result{strategy: "huntlake, real bytes", calls: len(calls)}
	var bytes int64
	for _, c := range calls {
		r.charged += c.RunTime
		r.took = max(r.took, c.At.Add(c.RunTime).Sub(now))
		switch {
		case !strings.HasSuffix(c.Query, "| extend _IngestionTime = ingestion_time()"):
			r.planning++
		case c.Status != 200 || c.Total >= capRows:
			r.void++
		default:
			r.rows, bytes = r.rows+int64(c.Rows), bytes+c.Bytes
		}
	}
	r.needed = need(r.rows, bytes, 1)
	return r
}
