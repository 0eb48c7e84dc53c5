package pipeline_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
	"huntlake/schema/catalog"
	"huntlake/writers"
)

const tenantID = "00000000-0000-0000-0000-000000000001"

var start = time.Date(2026, 11, 22, 12, 0, 30, 0, time.UTC)

// world is a service, a lake and a clock that stands still unless it is moved.
type world struct {
	t       *testing.T
	service *simulator.Service
	tables  []simulator.Table
	bucket  *writers.Bucket
	dialect hunting.Dialect
	opts    pipeline.Options
	quota   *hunting.Quota // of the client; nil counts nothing

	mu     sync.Mutex
	at     time.Time
	nonces int
}

func newWorld(t *testing.T, tables []simulator.Table, change ...func(*simulator.Options)) *world {
	t.Helper()
	w := &world{t: t, tables: tables, dialect: hunting.Graph, at: start}
	opts := simulator.Options{Tables: tables, Now: w.now, Limits: simulator.Limits{
		CallsPerMinute: -1, CallsPerHour: -1, RunTimePerHour: -1, RunTimePerDay: -1,
	}}
	for _, c := range change {
		c(&opts)
	}
	var err error
	if w.service, err = simulator.New(opts); err != nil {
		t.Fatal(err)
	}
	if w.bucket, err = writers.Open(t.Context(), "mem://"); err != nil {
		t.Fatal(err)
	}
	w.opts = pipeline.Options{
		Bucket: w.bucket, Program: "huntlake/test", Now: w.now, Nonce: w.nonce, OneShot: true,
		Caps: partition.Caps{Rows: 99_999, Bytes: 49_000_000},
	}
	for _, table := range tables {
		known, _ := catalog.Lookup(table.Name())
		w.opts.Tables = append(w.opts.Tables, pipeline.Table{
			Table:  partition.Table{Name: table.Name()},
			Source: hunting.Source{Name: table.Name(), TimeColumn: table.TimeColumn(), Stamp: true, Keys: known.KeyColumns},
		})
	}
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func (w *world) nonce() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nonces++
	return fmt.Sprintf("%016x", w.nonces)
}

// exporter is a new process: it shares nothing with others but the lake and the service.
func (w *world) exporter() *pipeline.Exporter {
	w.t.Helper()
	return w.exporterThrough(func(api pipeline.API) pipeline.API { return api })
}

// exporterThrough is one whose calls go through something.
func (w *world) exporterThrough(through func(pipeline.API) pipeline.API) *pipeline.Exporter {
	w.t.Helper()
	credential, err := hunting.Credential("token", hunting.CredentialOptions{Token: hunting.NewSecret("a-token-of-the-tests")})
	if err != nil {
		w.t.Fatal(err)
	}
	client, err := hunting.New(hunting.Options{
		Dialect: w.dialect, Credential: credential, Transport: w.service.Transport(), Now: w.now, Tenant: tenantID, Quota: w.quota,
		MaxWait: time.Nanosecond, // the clock stands still
	})
	if err != nil {
		w.t.Fatal(err)
	}
	opts := w.opts
	opts.Tenants = []pipeline.Tenant{{ID: tenantID, API: through(client)}}
	e, err := pipeline.New(opts)
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

func (w *world) run() pipeline.Report {
	w.t.Helper()
	r, err := w.exporter().Run(w.t.Context())
	if err != nil {
		w.t.Fatalf("run: %v", err)
	}
	return r
}

// lake reads every published file of a table and counts its rows as text.
func (w *world) lake(table string) map[string]int {
	w.t.Helper()
	rows := map[string]int{}
	columns := w.columns(table)
	objects, err := w.bucket.List(w.t.Context(), table+"/", 0)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, o := range objects {
		err := w.bucket.Scan(w.t.Context(), o.Key, columns.Arrow(), func(rec arrow.Record) error {
			for i := range int(rec.NumRows()) {
				rows[lakeRow(columns, rec, i)]++
			}
			return nil
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	return rows
}

// columns are the pinned columns of a table.
func (w *world) columns(table string) schema.Table {
	w.t.Helper()
	var out schema.Table
	l, err := checkpoint.Open(w.t.Context(), first{w.bucket}, checkpoint.Options{
		Ledger: partition.Ledger{Tenant: tenantID, Table: partition.Table{Name: table}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	l.View(func(s *checkpoint.State) { out = s.Schema })
	return out
}

type first struct{ *writers.Bucket }

func (b first) First(ctx context.Context, prefix string, n int) ([]string, error) {
	var keys []string
	objects, err := b.List(ctx, prefix, n)
	for _, o := range objects {
		keys = append(keys, o.Key)
	}
	return keys, err
}

// lakeRow prints a row of the lake as column=value pairs; nulls are left out.
func lakeRow(columns schema.Table, rec arrow.Record, i int) string {
	var b strings.Builder
	at := 0
	for _, c := range columns.Columns {
		col := rec.Column(at)
		at++
		var digit int32
		if c.Kind == schema.Timestamp {
			digit = rec.Column(at).(*array.Int32).Value(i)
			at++
		}
		if col.IsNull(i) {
			continue
		}
		fmt.Fprintf(&b, "%s=", c.Source)
		switch col := col.(type) {
		case *array.Timestamp:
			b.WriteString(partition.TickOfMicros(int64(col.Value(i)), digit).String())
		case *array.Int64:
			fmt.Fprint(&b, col.Value(i))
		case *array.Float64:
			b.WriteString(strconv.FormatFloat(col.Value(i), 'g', -1, 64))
		case *array.Boolean:
			fmt.Fprint(&b, col.Value(i))
		case *array.String:
			b.WriteString(col.Value(i))
		default:
			fmt.Fprintf(&b, "?%T", col)
		}
		b.WriteByte('\x1f')
	}
	return b.String()
}

// source prints every row that the service has of a table, as lakeRow does, that keep accepts.
func (w *world) source(table simulator.Table, keep func(simulator.Row) bool) map[string]int {
	at := partition.TickOf(w.now())
	fields := table.Columns(at)
	rows := map[string]int{}
	for _, row := range simulator.Rows(table, at) {
		if !keep(row) {
			continue
		}
		var b strings.Builder
		for k, f := range fields {
			if v := row.Values[k]; !v.IsNull() {
				fmt.Fprintf(&b, "%s=%s\x1f", f.Name, text(v))
			}
		}
		if row.Ingested != partition.NoTick {
			fmt.Fprintf(&b, "%s=%v\x1f", schema.IngestionTime, row.Ingested)
		}
		rows[b.String()]++
	}
	return rows
}

func text(v kql.Value) string {
	switch v.Type() {
	case kql.DateTime:
		return v.Tick().String()
	case kql.Bool:
		return strconv.FormatBool(v.Bool())
	case kql.Real:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case kql.Int, kql.Long:
		return strconv.FormatInt(v.Int64(), 10)
	}
	return v.Text()
}

// compare holds the lake against the source, row by row.
func (w *world) compare(table simulator.Table, keep func(simulator.Row) bool) {
	w.t.Helper()
	got, want := w.lake(table.Name()), w.source(table, keep)
	missing, extra, shown := 0, 0, 0
	for row, n := range want {
		if got[row] < n {
			missing += n - got[row]
			if shown++; shown <= 2 {
				w.t.Errorf("%s: missing %q", table.Name(), row)
			}
		}
	}
	for row, n := range got {
		if want[row] < n {
			extra += n - want[row]
			if shown++; shown <= 4 {
				w.t.Errorf("%s: not in the source: %q", table.Name(), row)
			}
		}
	}
	if missing+extra > 0 {
		w.t.Errorf("%s: %d rows missing, %d too many, of %d distinct", table.Name(), missing, extra, len(want))
	}
}

// exported keeps what a run at the given instant exports: what had arrived by then, and will not have expired when it
// is read.
func exported(at time.Time) func(simulator.Row) bool {
	now := partition.TickOf(at)
	end := now.Add(-10 * time.Minute).Floor(partition.Minute)
	floor := now - 30*partition.Day + 15*partition.Minute
	begin := (now - 30*partition.Day).Floor(partition.Hour)
	return func(r simulator.Row) bool {
		clock := r.Ingested
		if clock == partition.NoTick {
			clock = r.Time
		}
		return clock >= begin && clock < end && r.Time >= floor
	}
}

// generate makes a month of rows that ends now.
func generate(t *testing.T, rows int, tables ...string) []simulator.Table {
	t.Helper()
	out, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 1, Tables: tables, Rows: rows, Start: start.Add(-30 * 24 * time.Hour), End: start,
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
