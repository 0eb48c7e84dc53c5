// Command calls counts what exports cost: huntlake and the strategies in use elsewhere, on the same rows, under the same
// caps and the same quota, in virtual time. It prints a table.
package main

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"huntlake/bench"
	"huntlake/partition"
	"huntlake/pipeline/hunting"
)

// drift is by how much the mean width of rows differs from one hour to the next, either way.
const drift = 0.01

// width is bytes of a row, and rows how many make the month cost 100 calls.
var widths = []struct{ bytes, rows int }{{500, 9_950_000}, {2500, 2_000_000}, {5000, 1_000_000}}

// usualBytes is what the exporter plans an answer for.
const usualBytes = 49_900_000

// budgets are those of the text that the project began with.
var budgets = hunting.QuotaOptions{CallsPerMinute: 10, RunTimePerHour: 10 * time.Minute, RunTimePerDay: 4 * time.Hour}

// result is what an export came to.
type result struct {
	strategy string
	calls    int
	planning int // of them
	void     int
	needed   int // what the caps make necessary
	rows     int64
	charged  time.Duration
	took     time.Duration
}

// need is the fewest answers that hold so many rows and bytes: an answer of 100,000 rows may have been cut, so 99,999
// is the most that proves itself, and 50 MB is the most that comes.
func need(rows, bytes int64, scale int) int {
	byRows := math.Ceil(float64(rows) / float64(capRows/scale-1))
	byBytes := math.Ceil(float64(bytes) / float64(capBytes/scale))
	return int(max(byRows, byBytes))
}

// exporter exports what an API has.
type exporter func(ctx context.Context, api *meter, now func() time.Time) error

// measure runs one strategy on a model, in virtual time.
func measure(t *testing.T, name string, m *model, run exporter) (r result) {
	t.Helper()
	bench.Bubble(t, func(ctx context.Context) {
		clock := bench.Clock(now)
		quota := bench.Quota(t, budgets, clock)
		api := &meter{model: m, quota: quota, now: clock, wait: 2 * time.Minute}
		if err := run(ctx, api, clock); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		r = api.result(name)
	})
	return r
}

func (m *meter) result(name string) result {
	r := result{strategy: name, calls: len(m.calls), took: m.ended.Sub(now)}
	var bytes int64
	for _, c := range m.calls {
		r.charged += c.ran
		switch {
		case c.void:
			r.void++
		case c.data:
			r.rows, bytes = r.rows+c.rows, bytes+c.bytes
		default:
			r.planning++
		}
	}
	r.needed = need(r.rows, bytes, m.model.scale)
	return r
}

// ratio is calls to calls needed.
func (r result) ratio() float64 { return float64(r.calls) / float64(r.needed) }

// perSecond is rows to a second of run time.
func (r result) perSecond() float64 { return float64(r.rows) / r.charged.Seconds() }

// measureHuntlake runs huntlake on a month, scale times as small as it stands for.
func measureHuntlake(t *testing.T, m *month, scale int) result {
	t.Helper()
	caps := partition.Caps{}
	if scale > 1 {
		caps = partition.Caps{Rows: int64(capRows/scale - 1), Bytes: usualBytes / int64(scale)}
	}
	return measure(t, "huntlake", &model{month: m, scale: scale}, func(ctx context.Context, api *meter, now func() time.Time) error {
		return huntlake(ctx, api, api.quota, now, caps)
	})
}

// measureAll runs every strategy on one month, huntlake first.
func measureAll(t *testing.T, m *month, scale int) []result {
	t.Helper()
	out := []result{measureHuntlake(t, m, scale)}
	for _, s := range others {
		out = append(out, measure(t, s.name, &model{month: m, scale: scale}, func(ctx context.Context, api *meter, _ func() time.Time) error {
			api.wait = 365 * 24 * time.Hour
			return s.run(ctx, api, m, int64(capRows/scale))
		}))
	}
	return out
}

// main runs as a test does, since only tests have virtual time.
func main() {
	all := func(_, _ string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{{Name: "calls", F: func(t *testing.T) {
		table(t)
		real(t)
		lengths(t)
		drifts(t)
	}}}, nil, nil)
}

// table is every strategy on every month.
func table(t *testing.T) {
	header()
	for _, s := range shapes {
		for _, w := range widths {
			for _, r := range measureAll(t, newMonth(s, w.rows, w.bytes, drift), 1) {
				r.print(s.name, w.bytes)
			}
		}
	}
}

func header() {
	fmt.Printf("%-7s %5s  %-20s %6s %6s %6s %5s %5s %9s %7s %10s\n",
		"rows", "bytes", "strategy", "calls", "needed", "ratio", "plan", "void", "run time", "rows/s", "done after")
}

func (r result) print(shape string, bytes int) {
	fmt.Printf("%-7s %5d  %-20s %6d %6d %6.3f %5d %5d %9v %7.0f %10v\n", shape, bytes, r.strategy,
		r.calls, r.needed, r.ratio(), r.planning, r.void, r.charged.Round(time.Second), r.perSecond(), r.took.Round(time.Minute))
}

// real is the hardest of the months, 5 GB of JSON that are written, sent, decoded and staged, beside the model of it.
func real(t *testing.T) {
	fmt.Println("\non the whole simulator:")
	header()
	m := newMonth(shapes[2], 1_000_000, 5000, drift)
	measureHuntlake(t, m, 1).print("storm", 5000)
	confirm(t, m).print("storm", 5000)
}

// lengths is what the first calls weigh in backfills of other lengths.
func lengths(t *testing.T) {
	fmt.Println("\nshorter and longer backfills:")
	header()
	for _, s := range shapes {
		for _, rows := range []int{250_000, 500_000, 1_000_000, 2_000_000, 4_000_000} {
			measureHuntlake(t, newMonth(s, rows, 5000, drift), 1).print(s.name, 5000)
		}
	}
}

// drifts is what it costs if hours differ more, or not at all.
func drifts(t *testing.T) {
	fmt.Println("\nrows that are wider in some hours than in others, by up to")
	header()
	for _, d := range []float64{0, 0.01, 0.02, 0.05, 0.1} {
		r := measureHuntlake(t, newMonth(shapes[1], 2_000_000, 5000, d), 1)
		r.strategy = fmt.Sprintf("huntlake, %.0f %%", 100*d)
		r.print("office", 5000)
	}
}
