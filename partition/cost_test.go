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
		{"a sample, settled", sample.Settled(caps), caps, 19_029},
		{"a sample, settled, of small answers", sample.Settled(partition.Caps{Rows: 100}), partition.Caps{Bytes: 250_000}, 94},
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
