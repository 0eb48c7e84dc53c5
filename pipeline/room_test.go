package pipeline_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
)

// bulky is an API whose rows are half a megabyte each, and take a while to be read.
type bulky struct {
	pipeline.API
	mu    sync.Mutex
	asked []*bulk // answers, each where its call began and where it ended
	held  []*bulk // and each where it began to come and where it was there
}

type bulk struct{ bytes int64 }

func (b *bulky) Run(ctx context.Context, q hunting.Query) (*hunting.Answer, error) {
	ready := q.Ready
	if ready == nil {
		return b.widen(b.API.Run(ctx, q))
	}
	this := &bulk{}
	b.note(&b.asked, this)
	q.Ready = func(ctx context.Context) (func(), error) {
		giveBack, err := ready(ctx)
		if err == nil {
			b.note(&b.held, this)
			time.Sleep(5 * time.Millisecond)
		}
		return giveBack, err
	}
	a, err := b.widen(b.API.Run(ctx, q))
	if err == nil {
		this.bytes = a.Bytes
		b.note(&b.held, this)
	}
	b.note(&b.asked, this)
	return a, err
}

func (b *bulky) widen(a *hunting.Answer, err error) (*hunting.Answer, error) {
	if err == nil {
		a.Bytes = a.Rows * 500_000
	}
	return a, err
}

func (b *bulky) note(events *[]*bulk, event *bulk) {
	b.mu.Lock()
	defer b.mu.Unlock()
	*events = append(*events, event)
}

// mostBytes is the largest size of the answers that were under way together.
func mostBytes(events []*bulk) (most int64) {
	var now int64
	open := map[*bulk]bool{}
	for _, e := range events {
		if open[e] {
			now -= e.bytes
		} else {
			now += e.bytes
		}
		open[e] = true
		most = max(most, now)
	}
	return most
}

// What a run holds in memory does not grow with how many tenants are behind.
func TestRoom(t *testing.T) {
	tables, err := simulator.Generate(simulator.GenerateOptions{
		Seed: 3, Tables: []string{"AlertInfo"}, Rows: 800, Start: start.AddDate(0, 0, -5), End: start.AddDate(0, 0, 5),
	})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, tables)
	client, err := hunting.New(hunting.Options{
		Dialect: w.dialect, Credential: &issuing{}, Transport: w.service.Transport(), Now: w.now, Tenant: tenantID,
	})
	if err != nil {
		t.Fatal(err)
	}
	api := &bulky{API: client}
	opts := w.opts
	for i := range 10 {
		opts.Tenants = append(opts.Tenants, pipeline.Tenant{ID: strings.TrimSuffix(tenantID, "1") + fmt.Sprint(i), API: api})
	}
	run := func() int64 {
		e, err := pipeline.New(opts)
		if err != nil {
			t.Fatal(err)
		}
		r, err := e.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return r.Total().Rows
	}
	run() // learns how wide rows are
	api.asked, api.held = nil, nil
	w.pass(10 * 24 * time.Hour)
	if n := run(); n < 10*300 {
		t.Fatalf("%d rows", n)
	}
	if n := mostBytes(api.held); n < 100e6 || n > 200e6 { // three as large as they come
		t.Errorf("%d bytes of answers in memory at once", n)
	}
	if n := mostBytes(api.asked); n < 300e6 || n > 900e6 { // sixteen of them, of the thirty that all tenants would ask for
		t.Errorf("%d bytes of answers asked for at once", n)
	}
}
