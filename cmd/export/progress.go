package main

import (
	"log/slog"
	"sync"
	"time"

	"huntlake/pipeline"
)

// progress shows how tables are getting on: as bars, or as log lines. It is safe for concurrent use.
type progress interface {
	// show takes note of an event.
	show(pipeline.Event)
	// wait takes note of a tenant's call that waits.
	wait(tenant string, h hold)
	// log is where log lines may go meanwhile.
	log() *slog.Logger
	// close ends the display; what it shows last stays.
	close()
}

// hold is what a call waits for.
type hold struct {
	until time.Time
	what  string
	err   error // that the last attempt has met
}

// watch sends the events and the log of j's Exporter to a progress, which the caller closes.
func (j *job) watch() progress {
	if j.program.bars() {
		j.progress = newBars(j.program, len(j.config.Tenants) > 1)
	} else {
		j.progress = newLines(j.program)
	}
	j.opts.Progress, j.opts.Logger = j.progress.show, j.progress.log()
	return j.progress
}

// lines is progress for logs: a line when a table changes its stage, and one now and then while it reads.
type lines struct {
	logger *slog.Logger
	now    func() time.Time

	mu   sync.Mutex
	last map[string]lineState // by tenant and table, and of waits by tenant
}

func newLines(p *program) *lines {
	return &lines{logger: p.logger(p.stderr), now: p.now, last: map[string]lineState{}}
}

type lineState struct {
	stage string
	at    time.Time
}

// linePause is the time between two lines about a table that stays in its stage. A call that waits for less than
// shortWait is not worth one.
const (
	linePause = 10 * time.Second
	shortWait = 5 * time.Second
)

func (l *lines) show(e pipeline.Event) {
	if e.Err != nil {
		return // the Exporter logs errors itself
	}
	if !l.due(e.Tenant+"/"+e.Table.Path(), e.Stage) {
		return
	}
	logger := l.logger.With("tenant", e.Tenant, "table", e.Table.Path())
	if e.Rows > 0 || e.Planned > 0 || e.Calls > 0 { // a verify reads nothing, and has no figures
		logger = logger.With("rows", e.Rows, "of", e.Planned, "calls", e.Calls)
	}
	logger.Info(e.Stage)
}

func (l *lines) wait(tenant string, h hold) {
	if h.until.Sub(l.now()) < shortWait || !l.due(tenant, h.what) {
		return
	}
	logger := l.logger.With("tenant", tenant, "until", h.until.UTC())
	if h.err != nil {
		logger = logger.With("error", h.err)
	}
	logger.Info("waiting for " + h.what)
}

func (l *lines) due(key, stage string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if last, ok := l.last[key]; ok && last.stage == stage && now.Sub(last.at) < linePause {
		return false
	}
	l.last[key] = lineState{stage, now}
	return true
}

func (l *lines) log() *slog.Logger { return l.logger }

func (l *lines) close() {}
