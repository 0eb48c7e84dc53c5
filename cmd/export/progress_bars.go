package main

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"huntlake/configs"
	"huntlake/pipeline"
)

// bars is progress for a terminal: one bar a table, with the rows read of those counted.
type bars struct {
	program *program
	tenants bool // a bar says whose table it is
	all     *mpb.Progress

	waits waits

	mu  sync.Mutex
	one map[string]*bar // by tenant and table
}

type bar struct {
	drawn *mpb.Bar
	began time.Time
	waits *waits

	mu   sync.Mutex
	last pipeline.Event
	at   time.Time // of last
}

func newBars(p *program, tenants bool) *bars {
	return &bars{
		program: p, tenants: tenants, one: map[string]*bar{},
		waits: waits{now: p.now, last: map[string]hold{}},
		all:   mpb.New(mpb.WithOutput(p.stderr), mpb.WithAutoRefresh()),
	}
}

// barWidth leaves room for the longest name and the figures in a usual terminal.
const barWidth = 12

// log writes above the bars; only if a level was asked for, as the bars show what is usually logged.
func (b *bars) log() *slog.Logger {
	if b.program.logLevel == "" {
		return slog.New(slog.DiscardHandler)
	}
	return b.program.logger(b.all)
}

func (b *bars) show(e pipeline.Event) {
	bar := b.of(e)
	bar.mu.Lock()
	bar.last, bar.at = e, b.program.now()
	bar.mu.Unlock()
	bar.drawn.SetTotal(max(e.Planned, e.Rows, 1), false)
	bar.drawn.SetCurrent(e.Rows)
	switch e.Stage {
	case "done":
		bar.drawn.SetTotal(-1, true)
	case "failed":
		bar.drawn.Abort(false)
	}
}

func (b *bars) wait(tenant string, h hold) {
	b.waits.mu.Lock()
	defer b.waits.mu.Unlock()
	b.waits.last[tenant] = h
}

// waits is what calls wait for. It has a lock of its own, as bars are drawn while they are closed.
type waits struct {
	now func() time.Time

	mu   sync.Mutex
	last map[string]hold // by tenant
}

// of says what the calls of a tenant are waiting for, "" if they are not.
func (w *waits) of(tenant string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := w.last[tenant]
	if left := h.until.Sub(w.now()).Round(time.Second); left > 0 {
		return fmt.Sprintf(", waits %s for %s", configs.FormatDuration(left), h.what)
	}
	return ""
}

// of returns the bar of an event's table, a new one at its first.
func (b *bars) of(e pipeline.Event) *bar {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := e.Tenant + "/" + e.Table.Path()
	if known, ok := b.one[key]; ok {
		return known
	}
	name := e.Table.Path()
	if b.tenants {
		name = e.Tenant[:8] + " " + name
	}
	made := &bar{waits: &b.waits, began: b.program.now(), last: e}
	made.drawn = b.all.New(0, mpb.BarStyle().Lbound("").Rbound("").Filler("━").Tip("━").Padding("─"),
		mpb.BarWidth(barWidth),
		mpb.PrependDecorators(decor.Name(name, decor.WCSyncSpaceR)),
		mpb.AppendDecorators(decor.Any(made.figures)),
	)
	b.one[key] = made
	return made
}

// figures is what stands behind a bar: what is known so far.
func (b *bar) figures(decor.Statistics) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, text := b.last, " "
	if e.Planned > 0 || e.Rows > 0 {
		text += fmt.Sprintf("%s of %s rows, ", count(e.Rows), count(max(e.Planned, e.Rows)))
	}
	if took := b.at.Sub(b.began).Seconds(); e.Rows > 0 && took > 0 {
		text += count(int64(float64(e.Rows)/took)) + "/s, "
	}
	if e.Calls > 0 {
		text += plural(e.Calls, "call") + ", "
	}
	text += e.Stage
	if e.Stage == "plan" || e.Stage == "read" || e.Stage == "verify" {
		text += b.waits.of(e.Tenant)
	}
	return text
}

// close leaves the bars as they are: a table that was not done stays where it was.
func (b *bars) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, one := range b.one {
		one.drawn.Abort(false)
	}
	b.all.Wait()
}
