package main_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"huntlake/checkpoint"
	main "huntlake/cmd/export"
	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
)

// TestRounds holds when a tenant is run again, by how its runs have ended: a minute after each began.
func TestRounds(t *testing.T) {
	const period = 10 * time.Minute
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	spent := func(after time.Duration) func(time.Time) error {
		return func(began time.Time) error {
			return fmt.Errorf("tenant T: %w", &hunting.QuotaError{Until: began.Add(after), Budget: "cpu"})
		}
	}
	owned := func(after time.Duration) func(time.Time) error {
		return func(began time.Time) error {
			return fmt.Errorf("tenant T: %w", &checkpoint.OwnedError{Owner: checkpoint.Owner{Until: partition.TickOf(began.Add(after))}})
		}
	}
	done := func(time.Time) error { return nil }
	failed := func(time.Time) error { return errors.New("tenant T: A: the lake is out of reach") }
	type ends []func(time.Time) error
	for _, c := range []struct {
		name string
		ends ends
		want []time.Duration // from the beginning of each run to that of the next
	}{
		{"done", ends{done, done}, []time.Duration{period, period}},
		{"an error that repeats", ends{failed, failed, failed}, []time.Duration{period, period, period}},
		{"quota", ends{spent(40 * time.Minute)}, []time.Duration{40 * time.Minute}},
		{"quota that is back before the period is over", ends{spent(3 * time.Minute)}, []time.Duration{3 * time.Minute}},
		{"quota that was to be back long ago", ends{spent(-time.Hour), spent(-time.Hour), spent(0), spent(time.Minute)},
			[]time.Duration{time.Minute + time.Second, time.Minute + 2*time.Second, time.Minute + 4*time.Second, time.Minute + 8*time.Second}},
		{"for as long as the period", ends{spent(0), spent(0), spent(0), spent(0), spent(0), spent(0), spent(0), spent(0), spent(0), spent(0), spent(0), spent(0)},
			[]time.Duration{11: time.Minute + period}},
		{"anew after a run that worked", ends{spent(0), spent(0), done, spent(0)}, []time.Duration{3: time.Minute + time.Second}},
		{"another process", ends{owned(2 * time.Minute)}, []time.Duration{2 * time.Minute}},
		{"another process with a wrong clock", ends{owned(1000 * time.Hour)}, []time.Duration{16 * time.Minute}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, all, began := main.NewRounds(period), []pipeline.Tenant{{ID: "T"}}, at
			for i, end := range c.ends {
				if len(r.Due(all, began)) != 1 || len(r.Due(all, began.Add(-1))) != 0 && i > 0 {
					t.Fatalf("run %d is not due, or was earlier", i)
				}
				r.Note("T", end(began), began, began.Add(time.Minute))
				next := r.Earliest(all)
				if got := next.Sub(began); c.want[i] != 0 && got != c.want[i] {
					t.Errorf("run %d: the next one comes after %v, want %v", i, got, c.want[i])
				}
				began = next
			}
		})
	}
}

// TestRoundsOfTenants holds that a tenant whose quota is spent holds back no other one, and is not run meanwhile.
func TestRoundsOfTenants(t *testing.T) {
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	r, all := main.NewRounds(10*time.Minute), []pipeline.Tenant{{ID: "A"}, {ID: "B"}, {ID: "C"}}
	r.Note("A", &hunting.QuotaError{Until: at.Add(25 * time.Minute)}, at, at.Add(time.Minute))
	r.Note("B", nil, at, at.Add(time.Minute))
	r.Note("C", errors.New("x"), at, at.Add(time.Minute))
	for _, want := range []struct {
		after time.Duration
		due   string
	}{{10 * time.Minute, "BC"}, {20 * time.Minute, "BC"}, {25 * time.Minute, "A"}, {30 * time.Minute, "BC"}, {35 * time.Minute, "A"}} {
		now, due := r.Earliest(all), ""
		for _, tenant := range r.Due(all, now) {
			due += tenant.ID
			r.Note(tenant.ID, nil, now, now.Add(time.Minute))
		}
		if now.Sub(at) != want.after || due != want.due {
			t.Errorf("after %v %s, want after %v %s", now.Sub(at), due, want.after, want.due)
		}
	}
}
