package main

import (
	"context"
	"errors"
	"fmt"

	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
)

// strategy exports a month. All of them deliver every row: where its users would lose what an answer does not hold,
// a strategy goes on with halves.
type strategy struct {
	name string
	run  func(ctx context.Context, api pipeline.API, m *month, most int64) error
}

// others are what is in use elsewhere.
var others = []strategy{
	{"hourly slices", hourly},
	{"halving from 24 h", halving},
	{"hash buckets", bucketed},
}

// hourly asks for an hour of Timestamp at a time, as schedulers do that run a query every hour.
func hourly(ctx context.Context, api pipeline.API, m *month, most int64) error {
	return sliced(ctx, api, m, most, partition.Hour)
}

// halving asks for a day at a time and, where the answer is refused or full, for its halves, as goosetool does.
func halving(ctx context.Context, api pipeline.API, m *month, most int64) error {
	return sliced(ctx, api, m, most, partition.Day)
}

func sliced(ctx context.Context, api pipeline.API, m *month, most int64, width partition.Tick) error {
	for at := m.start; at < m.end; {
		next := min((at + width).Floor(width), m.end)
		if err := halve(ctx, api, at, next, most); err != nil {
			return err
		}
		at = next
	}
	return nil
}

func halve(ctx context.Context, api pipeline.API, from, to partition.Tick, most int64) error {
	whole, err := asks(ctx, api, fmt.Sprintf("Events | where Timestamp >= datetime(%v) and Timestamp < datetime(%v)", from, to), most)
	if err != nil || whole {
		return err
	}
	middle := from + (to-from)/2
	if middle == from {
		return fmt.Errorf("the tick %v is too big", from)
	}
	if err := halve(ctx, api, from, middle, most); err != nil {
		return err
	}
	return halve(ctx, api, middle, to, most)
}

// asks asks for rows and reports whether they came whole.
func asks(ctx context.Context, api pipeline.API, text string, most int64) (bool, error) {
	a, err := api.Run(ctx, hunting.Query{Table: "Events", Text: text})
	if errors.Is(err, hunting.ErrTooBig) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer a.Release()
	return a.Rows < most, nil
}

// bucketRows is what tableDumper has a bucket hold.
const bucketRows = 30_000

// bucketed counts the window and asks for one hash bucket of it after the other, as tableDumper does. A bucket that is
// too big for an answer is halved: of k of n, the parts are k and k+n of 2n.
func bucketed(ctx context.Context, api pipeline.API, m *month, most int64) error {
	window := fmt.Sprintf("Events | where Timestamp >= datetime(%v) and Timestamp < datetime(%v)", m.start, m.end)
	a, err := api.Run(ctx, hunting.Query{Table: "Events", Text: window + " | count"})
	if err != nil {
		return err
	}
	a.Release()
	lo, hi := m.between(m.along(false), m.start, m.end) // what the count says
	n := (int64(hi-lo) + bucketRows*most/capRows - 1) / (bucketRows * most / capRows)
	for k := range n {
		if err := bucket(ctx, api, window, k, n, most); err != nil {
			return err
		}
	}
	return nil
}

func bucket(ctx context.Context, api pipeline.API, window string, k, n, most int64) error {
	whole, err := asks(ctx, api, fmt.Sprintf("%s | where %s %% %d == %d", window, hashed, n, k), most)
	if err != nil || whole {
		return err
	}
	if err := bucket(ctx, api, window, k, 2*n, most); err != nil {
		return err
	}
	return bucket(ctx, api, window, k+n, 2*n, most)
}

const hashed = "tolong(strcat('0x', substring(hash_sha256(strcat_array(pack_array(tostring(ReportId)), '|')), 0, 15)))"
