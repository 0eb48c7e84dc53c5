package partition_test

import (
	"testing"

	"huntlake/partition"
)

// bins is a histogram of bins of so many rows, a minute apart, each of which begins some seconds after its minute.
func bins(t *testing.T, after partition.Tick, rows ...int64) partition.Histogram {
	t.Helper()
	var bins []partition.Bin
	for i, n := range rows {
		at := partition.Tick(i)*partition.Minute + after
		bins = append(bins, partition.Bin{Start: at, End: at + partition.Second, Rows: n})
	}
	h, err := partition.NewHistogram(0, partition.Tick(len(rows))*partition.Minute, bins)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHead(t *testing.T) {
	even := []int64{40, 40, 40, 40, 40}
	cases := []struct {
		name string
		h    partition.Histogram
		n    int
		want partition.Tick // where the head ends
	}{
		{"one slice", bins(t, 0, even...), 1, 2 * partition.Minute},
		{"two slices", bins(t, 0, even...), 2, 4 * partition.Minute},
		{"as many as there are", bins(t, 0, even...), 3, 5 * partition.Minute},
		{"back to a minute", bins(t, 10*partition.Second, even...), 1, 2 * partition.Minute},
		{"a first slice that ends in its minute", partition.Histogram{End: partition.Hour, Bins: []partition.Bin{
			{Start: 0, End: partition.Second, Rows: 90}, {Start: partition.Second, End: 2 * partition.Second, Rows: 90},
			{Start: partition.Minute, End: partition.Hour, Rows: 90},
		}}, 1, partition.Minute},
		{"no rows", partition.Histogram{End: partition.Hour}, 1, partition.Hour},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			head := c.h.Head(100, c.n)
			if head.Start != c.h.Start || head.End != c.want {
				t.Errorf("got [%v, %v), want it to end at %v", head.Start, head.End, c.want)
			}
			if rest := c.h.Within(head.End, c.h.End); head.Rows()+rest.Rows() != c.h.Rows() {
				t.Errorf("%d rows and %d are not %d", head.Rows(), rest.Rows(), c.h.Rows())
			}
		})
	}
}
