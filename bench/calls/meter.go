package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"huntlake/pipeline/hunting"
)

// call is one call as the service saw it.
type call struct {
	data  bool // it asked for rows
	void  bool // and brought none that can be used: it was refused, or cut
	rows  int64
	bytes int64
	ran   time.Duration
}

// meter is the API of a tenant. It admits calls by a quota, charges them, and keeps what they were.
type meter struct {
	model *model
	quota *hunting.Quota
	now   func() time.Time
	wait  time.Duration // for a spent quota, at most

	mu    sync.Mutex
	calls []call
	ended time.Time // the last of them
}

// Run implements pipeline.API.
func (m *meter) Run(ctx context.Context, query hunting.Query) (*hunting.Answer, error) {
	q, err := parse(query.Text)
	if err != nil {
		return nil, err
	}
	release, err := m.quota.Admit(ctx, m.wait)
	if err != nil {
		return nil, err
	}
	a, ran, err := m.model.ask(q)
	slept := hunting.Sleep(ctx, ran)
	release(ran)
	m.keep(q, a, ran, err)
	if slept != nil {
		return nil, slept
	}
	if a != nil {
		a.Date = m.now()
	}
	return a, err
}

func (m *meter) keep(q question, a *hunting.Answer, ran time.Duration, err error) {
	c := call{ran: ran, data: q.what == "rows" || q.what == "read" && q.take < 0}
	if a != nil && c.data {
		c.rows, c.bytes = a.Rows, a.Bytes
	}
	c.void = c.data && (errors.Is(err, hunting.ErrTooBig) || c.rows >= int64(capRows/m.model.scale))
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, c)
	m.ended = m.now()
}
