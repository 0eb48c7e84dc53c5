package pipeline

import (
	"context"

	"golang.org/x/sync/semaphore"

	"huntlake/pipeline/hunting"
)

// room is the memory for answers, of all tenants together: without a bound, what a run takes would grow with how many
// of them are behind. An answer takes its share when it begins to come and gives it back when its rows are durable, so
// that the time in which the service works on it, or in which the client waits to ask again, costs the others nothing.
// What calls that are under way may bring is bounded as well, since an answer that waits for its share is kept waiting
// by the network, which loses patience in a minute or two.
type room struct {
	asked, held *semaphore.Weighted // bytes of JSON, as expected
}

// The bounds: three answers as large as they come, which is what one tenant reads at once, or as many smaller ones as
// are expected to be no larger together; and sixteen that are asked for. An answer counts for a little at least, whatever
// is expected of it.
const (
	roomAsked = 16 * defaultBytes
	roomHeld  = 3 * defaultBytes
	leastRoom = defaultBytes / 16
	wideRow   = 5000 // bytes of JSON of a row of a table of which no answer is known yet
)

func newRoom() *room {
	return &room{asked: semaphore.NewWeighted(roomAsked), held: semaphore.NewWeighted(roomHeld)}
}

// askRows makes a call for so many rows. release gives back the memory of the answer.
func (t *track) askRows(ctx context.Context, query string, rows int64) (a *hunting.Answer, release func(), err error) {
	r, share := t.tenant.exporter.room, t.share(rows)
	if err := r.asked.Acquire(ctx, share); err != nil {
		return nil, nil, err
	}
	defer r.asked.Release(share)
	var held int64
	leave := func() {
		r.held.Release(held)
		held = 0
	}
	q := hunting.Query{Text: query, Want: t.fields(), Ready: func(ctx context.Context) (func(), error) {
		err := r.held.Acquire(ctx, share)
		if err == nil {
			held = share
		}
		return leave, err
	}}
	if a, err = t.ask(ctx, reading, q); err != nil {
		leave() // of an answer that came, and is not to be used
		return nil, nil, err
	}
	return a, func() {
		a.Release()
		leave()
	}, nil
}

// share is how much room an answer of so many rows is given.
func (t *track) share(rows int64) int64 {
	cost := t.cost()
	expected := cost.Bytes(rows)
	if cost.Answers == 0 {
		expected = rows * wideRow
	}
	return min(max(expected, leastRoom), defaultBytes)
}
