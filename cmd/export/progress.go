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
	// log is where log lines may go meanwhile.
	log() *slog.Logger
	// close ends the display; what it shows last stays.
	close()
}

// watch sends the events and the log of j's Exporter to a progress, which the caller closes.
func (j *job) watch() progress {
	var shown progress
	if j.program.bars() {
		shown = newBars(j.program, len(j.config.Tenants) > 1)
	} else {
		shown = &lines{logger: j.program.logger(j.program.stderr), now: j.program.now, last: map[string]lineState{}}
	}
	j.opts.Progress, j.opts.Logger = shown.show, shown.log()
	return shown
}

// lines is progress for logs: a line when a table changes its stage, and one now and then while it reads.
type lines struct {
	logger *slog.Logger
	now    func() time.Time

	mu   sync.Mutex
	last map[string]lineState // by tenant and table
}

type lineState struct {
	stage string
	at    time.Time
}

// linePause is the time between two lines about a table that stays in its stage.
const linePause = 10 * time.Second

func (l *lines) show(e pipeline.Event) {
	if e.Err != nil {
		return // the Exporter logs errors itself
	}
	if l.due(e) {
		l.logger.Info(e.Stage, "tenant", e.Tenant, "table", e.Table.Path(), "rows", e.Rows, "of", e.Planned, "calls", e.Calls)
	}
}

func (l *lines) due(e pipeline.Event) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	key, now := e.Tenant+"/"+e.Table.Path(), l.now()
	if last, ok := l.last[key]; ok && last.stage == e.Stage && now.Sub(last.at) < linePause {
		return false
	}
	l.last[key] = lineState{e.Stage, now}
	return true
}

func (l *lines) log() *slog.Logger { return l.logger }

func (l *lines) close() {}
