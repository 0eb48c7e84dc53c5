package partition_test

import (
	"testing"
	"time"

	"huntlake/partition"
)

// What a sample says of the width of rows is taken with a grain of salt at first, with less once answers are expected
// to have come, and as it is once they have.
func TestSettled(t *testing.T) {
	caps := partition.Caps{Rows: 100_000, Bytes: 49_000_000, Time: time.Minute}
	sample := partition.Cost{}.Observe(200, 500_000, 0)
	learned := sample
	for range 8 {
		learned = learned.Observe(16_000, 40_000_000, 0)
	}
	cases := []struct {
		name string
		cost partition.Cost
		caps partition.Caps
		want int64
	}{
		{"a sample", sample, caps, 17_818},
		{"a sample, settled", sample.Settled(caps), caps, 19_291},
		{"a sample, settled, of small answers", sample.Settled(partition.Caps{Rows: 100}), partition.Caps{Bytes: 250_000}, 92},
		{"answers", learned.Settled(caps), caps, learned.RowsPerCall(caps)},
		{"nothing", partition.Cost{}.Settled(caps), caps, 100_000},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := c.cost.RowsPerCall(c.caps); got != c.want {
				t.Errorf("got %d rows a call, want %d", got, c.want)
			}
		})
	}
}

// A sample that was off says little once answers have come, and nothing of how much answers differ.
func TestSampleFades(t *testing.T) {
	caps := partition.Caps{Rows: 99_999, Bytes: 50_000_000}
	c := partition.Cost{}.Observe(200, 200*2800, 0)
	fills := []float64{}
	for range 12 {
		fills = append(fills, float64(c.RowsPerCall(caps))*2500/float64(caps.Bytes))
		c = c.Observe(18_000, 18_000*2500, 0)
	}
	for answers, least := range map[int]float64{0: 0.8, 1: 0.95, 6: 0.975, 11: 0.98} {
		if got := fills[answers]; got < least || got > 1 {
			t.Errorf("after %d answers a call fills %.3f of the cap, want at least %.3f", answers, got, least)
		}
	}
}

// What is expected to be over a cap may just as well come; what is over it by more than answers differ will not.
func TestLeastBytes(t *testing.T) {
	c := partition.Cost{}
	for i := range 40 {
		c = c.Observe(20_000, 20_000*int64(2500+25*(i%3-1)), 0)
	}
	if got := c.LeastBytes(20_000); got >= 50_000_000 || got < 48_000_000 {
		t.Errorf("got %d bytes, want a little less than the 50,000,000 that are expected", got)
	}
}
