package pipeline

import (
	"context"

	"golang.org/x/sync/semaphore"

	"huntlake/pipeline/hunting"
)

// room is the memory for answers, of all tenants together: without a bound, what a run takes would grow with how many
// of them are behind. An answer takes its share when it begins to come and gives it back when its rows are durable, so
// that the time in which the service works on it costs the others nothing. How many calls may be under way is bounded as
// well, since an answer that waits for its share is kept waiting by the network, which loses patience in a minute or two.
type room struct {
	calls, bytes *semaphore.Weighted
}

// The bounds: three answers as large as they come, which is what one tenant reads at once, or as many smaller ones as
// are expected to be no larger together. An answer counts for a little at least, whatever is expected of it.
const (
	roomCalls = 16
	roomBytes = 3 * defaultBytes
	leastRoom = defaultBytes / 16
	wideRow   = 5000 // bytes of JSON of a row of a table of which no answer is known yet
)

func newRoom() *room {
	return &room{calls: semaphore.NewWeighted(roomCalls), bytes: semaphore.NewWeighted(roomBytes)}
}

// askRows makes a call for so many rows. release gives back the memory of the answer.
func (t *track) askRows(ctx context.Context, query string, rows int64) (a *hunting.Answer, release func(), err error) {
	r := t.tenant.exporter.room
	if err := r.calls.Acquire(ctx, 1); err != nil {
		return nil, nil, err
	}
	defer r.calls.Release(1)
	var share int64
	leave := func() { r.bytes.Release(share) }
	q := hunting.Query{Text: query, Want: t.fields(), Ready: func(ctx context.Context) error {
		if share > 0 {
			return nil // of an attempt that has failed
		}
		cost := t.cost()
		expected := cost.Bytes(rows)
		if cost.Answers == 0 {
			expected = rows * wideRow
		}
		n := min(max(expected, leastRoom), defaultBytes)
		err := r.bytes.Acquire(ctx, n)
		if err == nil {
			share = n
		}
		return err
	}}
	if a, err = t.ask(ctx, reading, q); err != nil {
		leave()
		return nil, nil, err
	}
	return a, func() {
		a.Release()
		leave()
	}, nil
}
