package main_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"huntlake/checkpoint"
	main "huntlake/cmd/export"
	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/schema"
)

// tick is an instant of November 2026.
func tick(day, hour int) partition.Tick {
	return partition.TickOf(time.Date(2026, 11, day, hour, 0, 0, 0, time.UTC))
}

func gap(rows *int64) checkpoint.RecordedGap {
	return checkpoint.RecordedGap{Number: 9, Time: tick(22, 1), Gap: checkpoint.Gap{
		Stream: partition.Stamped, Start: tick(1, 0), End: tick(2, 6), Below: tick(3, 0), Rows: rows, Why: "no run read it in time",
	}}
}

func slice(from, to int) partition.Slice {
	return partition.Slice{Stream: partition.Stamped, Start: tick(from, 0), End: tick(to, 0), Floor: tick(1, 0)}
}

const otherTenant = "00000000-0000-0000-0000-000000000002"

// printed are results in which there is something to say about everything.
func printed() map[string]any {
	known := int64(1200)
	return map[string]any{
		"status": pipeline.Status{Tables: []pipeline.TableStatus{
			{
				Tenant: tenantID, Table: "AlertInfo", Totals: checkpoint.Totals{Rows: 1234567, Rejected: 2}, Files: 31, Bytes: 45_200_000, Days: 30, Columns: 9,
				Streams: []pipeline.StreamStatus{
					{Stream: partition.Stamped, Watermark: tick(21, 7), Frontier: tick(22, 0)}, {Stream: partition.Unstamped, Watermark: tick(20, 3)},
				},
				Open: 3, Unread: 4000, Waiting: 25, Gaps: []checkpoint.RecordedGap{gap(&known), gap(nil)},
				Changes: []checkpoint.SchemaChange{
					{Number: 5, Time: tick(12, 4), Change: schema.Change{Kind: "added", Column: "Isp", To: "String"}},
					{Number: 6, Time: tick(13, 4), Change: schema.Change{Kind: "retyped", Column: "Port", From: "Int32", To: "Int64"}},
				},
				Verdict: &checkpoint.RecordedVerify{Time: tick(22, 2), Verify: checkpoint.Verify{Differences: []string{"x"}}},
			},
			{Tenant: tenantID, Table: "queries/high", Verdict: &checkpoint.RecordedVerify{Time: tick(22, 2)}},
			{Tenant: otherTenant, Table: "AlertInfo", Fault: "read x: no"},
			{Tenant: otherTenant, Table: "EmailEvents"},
		}},
		"status-forecast": pipeline.Status{Forecasts: []pipeline.Forecast{
			{Tenant: "1", Outlook: pipeline.NotBegun, Unknown: []string{"AlertInfo"}},
			{Tenant: "2", Outlook: pipeline.UpToDate, Pace: 1_200_000, Arriving: 1_210_000, Backlog: 100_000},
			{Tenant: "3", Outlook: pipeline.CatchingUp, Pace: 3_000_000_000, Arriving: 1_000_000_000, Backlog: 500_000_000_000, CaughtUp: tick(29, 7), Unknown: []string{"EmailEvents", "queries/high"}},
			{Tenant: "4", Outlook: pipeline.KeepingUp, Pace: 1_000_000_000, Arriving: 1_000_000_000, Backlog: 500_000_000_000},
			{Tenant: "5", Outlook: pipeline.Losing, Pace: 500_000_000, Arriving: 1_000_000_000, Backlog: 700_000_000_000, LostFrom: tick(1, 3), LostBy: tick(30, 3), Needed: 1_000_000_000},
			{Tenant: "7", Outlook: pipeline.Unknown, Closed: []string{"AlertInfo"}},
			{Tenant: "8", Outlook: pipeline.UpToDate, Arriving: 1_210_000, Closed: []string{"AlertInfo"}},
			{Tenant: "6", Outlook: pipeline.Losing, Arriving: 1_000_000_000, LostFrom: tick(1, 3), LostBy: tick(30, 3), Needed: 1_000_000_000},
		}},
		"verify": pipeline.Verification{Tables: []pipeline.TableVerification{
			{Tenant: tenantID, Table: "AlertInfo", Verify: checkpoint.Verify{Floor: tick(1, 0), SourceRows: 1000, LedgerRows: 1000, FileRows: 1000, Files: 30}},
			{Tenant: tenantID, Table: "EmailEvents", Verify: checkpoint.Verify{Floor: tick(1, 0), SourceRows: 9, LedgerRows: 8, Differences: []string{"one", "two"}}},
			{Tenant: tenantID, Table: "CloudAppEvents", Gaps: []checkpoint.RecordedGap{gap(&known)}},
			{Tenant: tenantID, Table: "DeviceInfo", Fault: "no such table"},
			{Tenant: tenantID, Table: "EmailInfo", Fault: "no such table", Verify: checkpoint.Verify{Files: 30, FileRows: 1000}},
		}},
		"verify-clean": pipeline.Verification{Tables: []pipeline.TableVerification{
			{Tenant: tenantID, Table: "AlertInfo", Verify: checkpoint.Verify{Floor: tick(1, 0), SourceRows: 1000, LedgerRows: 1000, FileRows: 1000, Files: 30}},
		}},
		"plan": pipeline.Preview{Tables: []pipeline.TablePreview{
			{
				Tenant: tenantID, Table: "AlertInfo", Start: tick(1, 0), End: tick(22, 0), Rows: 300_000, Bytes: 120_000_000, RunTime: 40 * time.Minute,
				Calls: pipeline.Calls{Plan: 3, Data: 100}, Slices: []partition.Planned{{Slice: slice(1, 8), Rows: 150_000}, {Slice: slice(8, 22), Rows: 150_000}},
			},
			{Tenant: tenantID, Table: "EmailEvents", Start: tick(1, 0), End: tick(22, 0), Rows: 10, Bytes: 2000, Calls: pipeline.Calls{Plan: 3, Data: 1}},
			{Tenant: tenantID, Table: "DeviceInfo", Fault: "no such table"},
		}},
		"run": pipeline.Report{Tenants: []pipeline.TenantReport{
			{Tenant: tenantID, Tables: []pipeline.TableReport{
				{Table: "AlertInfo", Calls: pipeline.Calls{Plan: 3, Data: 10, Recount: 2, Wasted: 1}, Rows: 1_000_000, Bytes: 400_000_000, Files: 31, FileBytes: 45_000_000,
					Waiting: 12, Gaps: 1, Frontier: tick(22, 11)},
				{Table: "DeviceInfo", Fault: "no such table"},
			}},
			{Tenant: otherTenant, Tables: []pipeline.TableReport{{Table: "AlertInfo", Frontier: tick(22, 11)}}},
		}},
	}
}

// TestPrinted holds what verbs print against testdata/print.
func TestPrinted(t *testing.T) {
	for name, v := range printed() {
		t.Run(name, func(t *testing.T) {
			got, path := main.Printed(v), filepath.Join("testdata", "print", name+".txt")
			if *update {
				write(t, path, got)
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("go test -run Printed -update writes it anew; -want +got:\n%s", diff)
			}
		})
	}
}

// What would fill screens is counted.
func TestPrintedInPart(t *testing.T) {
	v := pipeline.TableVerification{Tenant: tenantID, Table: "EmailEvents", Verify: checkpoint.Verify{Differences: slices.Repeat([]string{"one"}, 25)}}
	got := main.Printed(pipeline.Verification{Tables: []pipeline.TableVerification{v}})
	if strings.Count(got, ": one\n") != 20 || !strings.Contains(got, "EmailEvents: … and 5 more, which --json lists\n") {
		t.Error(got)
	}
	failed := pipeline.TablePreview{Tenant: tenantID, Table: "EmailEvents", Fault: "x"}
	if got := main.Printed(pipeline.Preview{Tables: []pipeline.TablePreview{failed}}); strings.Contains(got, "Expected") {
		t.Errorf("expects something where nothing was counted: %s", got)
	}
}
