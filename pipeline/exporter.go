package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline/hunting"
	"huntlake/writers"
)

// API asks one tenant's hunting API. It waits for quota and retries what is worth retrying; what it returns is final.
// It must be safe for concurrent use.
type API interface {
	Run(ctx context.Context, q hunting.Query) (*hunting.Answer, error)
}

// Tenant is a Defender tenant and the API that reads it.
type Tenant struct {
	ID    string
	API   API
	Quota *hunting.Quota // what API spends, to be kept across runs; may be nil
}

// Table is what to export of each tenant: a table or a named query, how it is asked and along which clock.
type Table struct {
	Table  partition.Table
	Source hunting.Source // without a time column, the table is read as snapshots
	Cursor Cursor
	Every  time.Duration // between two snapshots, in whole days; a day
}

// Cursor is how the streams of a table are chosen.
type Cursor uint8

// The choices.
const (
	Auto            Cursor = iota // stamped rows along ingestion time, unstamped ones along the time column
	ByIngestion                   // stamped rows only, along ingestion time
	ByTimestampOnly               // every row, along the time column
)

// Options configure an Exporter. Zero values mean the defaults that are named; fields without one are required.
type Options struct {
	Bucket  *writers.Bucket
	Tenants []Tenant
	Tables  []Table
	Program string           // name and version, for the record
	Now     func() time.Time // the local clock
	Nonce   func() string    // unique among all writers, ever

	Process string                    // names this process on its machine; "" where nobody could tell whether it has ended
	Gone    func(process string) bool // whether such a process has ended for certain; nil: nobody can tell

	Claim string // names this process among those that claim a tenant, like a nonce; drawn if it is empty

	// LeaseLife is how long a claim lasts that is not renewed, which is how long others wait for a process whose machine
	// has stopped; 2 minutes. It is renewed, with two requests to the bucket, four times as often.
	LeaseLife time.Duration

	Window     time.Duration // how far back a first run reaches; 30 days
	Settle     time.Duration // how far behind the clock a plan ends; 10 minutes
	MaxDelay   time.Duration // after which staged rows are published anyhow; 1 hour
	TargetSize int64         // bytes of a published file; 128 MiB
	Caps       partition.Caps
	Parallel   int  // calls under way at once in a tenant; 3
	OneShot    bool // publish what was staged at the end, ripe or not
	Logger     *slog.Logger
	Progress   func(Event)
	Allocator  memory.Allocator
}

// The service's retention, and its caps on one answer less what keeps clear of them.
const (
	retention    = 30 * partition.Day
	defaultBytes = 50_000_000 * 998 / 1000
)

func (o Options) withDefaults() Options {
	setDefault(&o.Window, 30*24*time.Hour)
	setDefault(&o.Settle, 10*time.Minute)
	setDefault(&o.MaxDelay, time.Hour)
	setDefault(&o.LeaseLife, 2*time.Minute)
	setDefault(&o.TargetSize, 128<<20)
	setDefault(&o.Caps.Rows, checkpoint.RowCap-1)
	setDefault(&o.Caps.Bytes, defaultBytes)
	setDefault(&o.Caps.Time, time.Minute)
	setDefault(&o.Parallel, 3)
	if o.Claim == "" {
		o.Claim = o.Nonce()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Progress == nil {
		o.Progress = func(Event) {}
	}
	if o.Allocator == nil {
		o.Allocator = memory.DefaultAllocator
	}
	return o
}

func setDefault[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

// Validate names everything that is missing or out of bounds.
func (o Options) Validate() error {
	var errs []error
	fault := func(bad bool, what string) {
		if bad {
			errs = append(errs, errors.New(what))
		}
	}
	fault(o.Bucket == nil, "no bucket")
	fault(len(o.Tenants) == 0, "no tenant")
	fault(len(o.Tables) == 0, "no table")
	fault(o.Now == nil || o.Nonce == nil || o.Program == "", "no clock, nonce or program name")
	fault(o.Window < 0 || partition.Tick(o.Window/100) > retention, "window is not within 30 days")
	fault(o.Settle < 0 || o.MaxDelay < 0 || o.LeaseLife < 0 || o.TargetSize < 0 || o.Parallel < 0, "a limit is negative")
	for _, t := range o.Tables {
		errs = append(errs, t.Table.Validate(), t.Source.Validate())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("exporter options: %w", err)
	}
	return nil
}

// Exporter moves tables into the lake. Its methods may be called one after the other, not at once; any number of
// Exporters, in any number of processes, may work on one lake.
type Exporter struct {
	opts   Options
	merges *semaphore.Weighted // one merge at a time: it is what takes memory
	room   *room               // for the answers of all tenants
}

// New returns an Exporter. It does no I/O.
func New(opts Options) (*Exporter, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	return &Exporter{opts: opts.withDefaults(), merges: semaphore.NewWeighted(1), room: newRoom()}, nil
}

// Run exports every table of every tenant up to now less the settle time, publishes what is ripe and sweeps. Tenants
// are independent: each has its own quota.
//
// The report is complete whatever the error. A table that failed has its error in the report, and the others went on.
// The error is the context's after an interruption, else the join of the tenants' errors: of the tables', and a
// *hunting.QuotaError or a *checkpoint.OwnedError for a tenant that had to stop.
func (e *Exporter) Run(ctx context.Context) (Report, error) {
	reports := make([]TenantReport, len(e.opts.Tenants))
	var g errgroup.Group
	for i, t := range e.opts.Tenants {
		g.Go(func() error {
			reports[i] = e.newTenant(t).run(ctx)
			return nil
		})
	}
	_ = g.Wait()
	r := Report{Tenants: reports}
	if ctx.Err() != nil {
		return r, context.Cause(ctx)
	}
	return r, r.Err()
}
