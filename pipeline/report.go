package pipeline

import (
	"cmp"
	"errors"
	"fmt"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline/hunting"
)

// Report says what a run did.
type Report struct {
	Tenants []TenantReport `json:"tenants"`
}

// TenantReport is the part of one tenant.
type TenantReport struct {
	Tenant string        `json:"tenant"`
	Tables []TableReport `json:"tables"`
}

// TableReport is the part of one table.
type TableReport struct {
	Table     string         `json:"table"`
	Calls     Calls          `json:"calls"`
	Rows      int64          `json:"rows"`      // staged
	Bytes     int64          `json:"bytes"`     // of JSON received with them
	Files     int            `json:"files"`     // published
	Published int64          `json:"published"` // rows in them
	FileBytes int64          `json:"file_bytes"`
	Waiting   int64          `json:"waiting"` // rows staged and not yet published
	Gaps      int            `json:"gaps"`    // recorded by this run
	Frontier  partition.Tick `json:"frontier"`
	Fault     string         `json:"error,omitempty"`

	err error
}

// Calls counts answers by what they were asked for.
type Calls struct {
	Plan    int `json:"plan"`    // probe, sample, histograms, bucket counts
	Data    int `json:"data"`    // rows
	Recount int `json:"recount"` // counts after an answer did not match
	Wasted  int `json:"wasted"`  // data calls that were refused as too big, or whose rows did not match
}

// Total is the number of calls made.
func (c Calls) Total() int { return c.Plan + c.Data + c.Recount }

func (c *Calls) add(d Calls) {
	c.Plan, c.Data, c.Recount, c.Wasted = c.Plan+d.Plan, c.Data+d.Data, c.Recount+d.Recount, c.Wasted+d.Wasted
}

// Err joins the tenants' errors.
func (r Report) Err() error {
	var errs []error
	for _, t := range r.Tenants {
		errs = append(errs, t.Err())
	}
	return errors.Join(errs...)
}

// Err joins the tables' errors. That a quota was spent, or that another process works on the tenant, is the tenant's
// error, and is there once.
func (t TenantReport) Err() error {
	var stopped error
	var errs []error
	for _, table := range t.Tables {
		var quota *hunting.QuotaError
		var owned *checkpoint.OwnedError
		switch {
		case table.err == nil:
		case errors.As(table.err, &quota), errors.As(table.err, &owned):
			stopped = cmp.Or(stopped, fmt.Errorf("tenant %s: %w", t.Tenant, table.err))
		default:
			errs = append(errs, fmt.Errorf("tenant %s: %s: %w", t.Tenant, table.Table, table.err))
		}
	}
	if stopped != nil {
		errs = append([]error{stopped}, errs...)
	}
	return errors.Join(errs...)
}

// Total adds up all tables.
func (r Report) Total() TableReport {
	var sum TableReport
	for _, t := range r.Tenants {
		for _, table := range t.Tables {
			sum.Calls.add(table.Calls)
			sum.Rows += table.Rows
			sum.Bytes += table.Bytes
			sum.Files += table.Files
			sum.Published += table.Published
			sum.FileBytes += table.FileBytes
			sum.Waiting += table.Waiting
			sum.Gaps += table.Gaps
		}
	}
	return sum
}

// Event tells a watcher how a table is getting on. Rows and Planned only grow within a run.
type Event struct {
	Tenant  string
	Table   partition.Table
	Stage   string // "plan", "read", "publish", "done" or "failed"
	Rows    int64  // staged in this run
	Planned int64  // counted by the source, for this run
	Calls   int
	Err     error
}
