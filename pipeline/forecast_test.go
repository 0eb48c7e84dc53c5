package pipeline_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
)

// newBacklog is a table to which about ten rows an hour come, over a month before now and two after it. Nothing is
// published meanwhile.
func newBacklog(t *testing.T, calls int, rows int64) *budget {
	tables, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 3, Tables: []string{"AlertInfo"}, Rows: 90 * 240, Start: start.AddDate(0, 0, -30), End: start.AddDate(0, 0, 60),
	})
	if err != nil {
		t.Fatal(err)
	}
	b := newBudget(t, tables, hunting.QuotaOptions{CallsPerHour: calls})
	b.opts.Caps, b.opts.OneShot, b.opts.MaxDelay, b.opts.Window = small(rows), false, 2000*time.Hour, 20*24*time.Hour
	return b
}

// watch runs e whenever there is quota, at least every hour, until done says so.
func (b *budget) watch(e *process, done func(pipeline.Report) bool) {
	b.t.Helper()
	for b.now().Before(start.AddDate(0, 0, 58)) {
		r, err := e.Run(b.t.Context())
		if done(r) {
			return
		}
		next := b.now().Add(time.Hour)
		var spent *hunting.QuotaError
		if errors.As(err, &spent) {
			next = spent.Until
		} else if err != nil {
			b.t.Fatal(err)
		}
		time.Sleep(next.Sub(b.now()))
	}
	b.t.Fatal("it does not come to that")
}

func (b *budget) forecast() (pipeline.Forecast, pipeline.TableStatus) {
	b.t.Helper()
	s, err := b.process().Status(b.t.Context())
	if err != nil || len(s.Forecasts) != 1 || s.Forecasts[0].Tenant != tenantID {
		b.t.Fatalf("status %+v, %v", s, err)
	}
	b.t.Logf("%v %+v", b.now(), s.Forecasts[0])
	return s.Forecasts[0], s.Tables[0]
}

// near fails the test unless got is within two days and a half of want.
func near(t *testing.T, what string, got partition.Tick, want time.Time) {
	t.Helper()
	off := got.Time().Sub(want).Abs()
	t.Logf("%s: off by %v", what, off)
	if off > 60*time.Hour {
		t.Errorf("%s: forecast %v, in truth %v", what, got, want)
	}
}

func (b *budget) twoDays(pipeline.Report) bool { return b.now().Sub(start) > 48*time.Hour }

// Read at less than the pace at which rows come, the first of them are lost when the forecast says so, and they are
// the ones that it names.
func TestForecastOfLoss(t *testing.T) {
	if testing.Short() {
		t.Skip("weeks in virtual time")
	}
	bubble(t, func(t *testing.T) {
		b := newBacklog(t, 3, 2)
		b.opts.Window = 24 * 24 * time.Hour
		e := b.process()
		b.watch(e, b.twoDays)
		f, _ := b.forecast()
		if f.Outlook != pipeline.Losing || f.Pace > f.Arriving*9/10 || f.Needed <= f.Pace || f.Needed > f.Arriving*3/2 {
			t.Fatalf("forecast %+v", f)
		}
		gaps := 0 // of a row at least: a few rows that came days late expire before those that came with them
		b.watch(e, func(r pipeline.Report) bool {
			gaps += r.Total().Gaps
			return gaps > 20
		})
		near(t, "lost by", f.LostBy, b.now())
		after, table := b.forecast()
		near(t, "lost from", f.LostFrom, table.Gaps[len(table.Gaps)-1].Start.Time())
		if after.Outlook != pipeline.Losing {
			t.Errorf("when rows are lost: %+v", after)
		}
	})
}

// Read at more than that pace, everything has been read when the forecast says so, and nothing is lost.
func TestForecastOfCatchingUp(t *testing.T) {
	if testing.Short() {
		t.Skip("weeks in virtual time")
	}
	bubble(t, func(t *testing.T) {
		b := newBacklog(t, 6, 6)
		e := b.process()
		b.watch(e, b.twoDays)
		f, _ := b.forecast()
		if f.Outlook != pipeline.CatchingUp || f.Pace < f.Arriving*2 || f.LostFrom != 0 {
			t.Fatalf("forecast %+v", f)
		}
		b.watch(e, func(r pipeline.Report) bool { return r.Err() == nil })
		near(t, "caught up", f.CaughtUp, b.now())
		if f, table := b.forecast(); f.Outlook != pipeline.UpToDate || len(table.Gaps) > 0 || f.Backlog > f.Arriving {
			t.Errorf("caught up: %+v, gaps %v", f, table.Gaps)
		}
	})
}

// Where nothing is read any more, what was not read is lost 30 days after it came, and not before.
func TestForecastOfStandstill(t *testing.T) {
	if testing.Short() {
		t.Skip("weeks in virtual time")
	}
	bubble(t, func(t *testing.T) {
		b := newBacklog(t, 6, 6)
		if f, _ := b.forecast(); f.Outlook != pipeline.NotBegun || len(f.Unknown) != 1 {
			t.Errorf("before the first run: %+v", f)
		}
		b.watch(b.process(), b.twoDays)
		time.Sleep(26 * time.Hour)
		f, table := b.forecast()
		at := table.Streams[0].Watermark
		if f.Outlook != pipeline.Losing || f.Pace != 0 || f.LostFrom != at || f.LostBy != at+30*partition.Day || f.Needed < f.Arriving {
			t.Fatalf("forecast %+v, read up to %v", f, at)
		}
		time.Sleep(f.LostBy.Time().Sub(b.now()) - 48*time.Hour) // what came late expires the earlier
		b.quota = hunting.QuotaOptions{Now: b.now}
		if r, err := b.process().Run(t.Context()); err != nil || r.Total().Gaps > 0 {
			t.Errorf("before that: %v, %d gaps", err, r.Total().Gaps)
		}
		if f, _ := b.forecast(); f.Outlook != pipeline.UpToDate {
			t.Errorf("after it was all read: %+v", f)
		}
	})
}

// Of a table whose ledger cannot be read nothing is known: not that nothing was read, either.
func TestForecastWithoutLedgers(t *testing.T) {
	tables := generate(t, 100, "AlertInfo", "EmailEvents")
	w := newWorld(t, tables)
	var closed []string
	for _, table := range []string{"AlertInfo", "EmailEvents"} {
		ledger := partition.Ledger{Tenant: tenantID, Table: partition.Table{Name: table}}
		if err := w.bucket.Create(t.Context(), ledger.Prefix()+"log/00000000000000000001.json", []byte("x")); err != nil {
			t.Fatal(err)
		}
		closed = append(closed, table)
		s, err := w.exporter().Status(t.Context())
		if f := s.Forecasts[0]; err == nil || f.Outlook != pipeline.Unknown || !slices.Equal(f.Closed, closed) {
			t.Errorf("ledgers of %v broken: %+v, %v", closed, f, err)
		}
	}
}
