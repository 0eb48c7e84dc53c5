package buckettest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/zeebo/xxh3"
)

// Process is a process as far as others can tell: its operations, on a store or on any other service, take time, fail
// and end with it. It is meant for the virtual time of testing/synctest: every operation takes a time of its own, which
// follows from what it is and not from when the scheduler came to it, so that no two processes, or goroutines of one,
// ever do anything at the same instant, and a run is the same each time.
type Process struct {
	opts ProcessOptions

	mu     sync.Mutex
	seen   map[string]int // operations, by what they are
	steps  int
	frozen time.Time // no operation goes on before
	dead   bool
	end    context.CancelCauseFunc
}

// ProcessOptions say how a process fares.
type ProcessOptions struct {
	Name string
	Seed uint64
	Now  func() time.Time
	// Least and Most bound the time that an operation takes. Without Most, none takes any.
	Least, Most time.Duration
	// Name of an operation's object without what is drawn anew by every attempt; nil leaves it as it is.
	Strip func(key string) string
	// Fate is asked about every operation, at the instant of its effect; nil is kind to all.
	Fate func(Step) Fate
	// Trace is told of every operation that has ended, except those of a dead process; nil is not.
	Trace func(Step, error)
}

// Step is an operation of a process.
type Step struct {
	Process string
	Number  int    // within the process, from 1, in the order of their effects
	Kind    string // of a store: upload (begin one), create (end it), read, stat, list, delete
	Key     string // stripped
	Times   int    // how often the process has done this before
	At      time.Time
	Luck    uint64 // a number that follows from the seed and from what the operation is
}

// Fate is what becomes of an operation. The zero Fate is that it succeeds.
type Fate struct {
	Fault Fault
	Crash bool          // the process ends with it
	Pause time.Duration // the whole process sleeps so long, before
}

// Fault is a way to fail.
type Fault uint8

// The ways to fail.
const (
	None   Fault = iota
	Before       // nothing has happened
	After        // it has happened, and the answer is lost
	Echo         // it has happened, and a store that repeats what got no answer was told that the object is there
	Half         // an upload or a download breaks off half-way; any other operation succeeds
)

// ErrFault is what an operation says that has failed, ErrCrashed what one says of a process that has ended.
var (
	ErrFault   = errors.New("injected fault")
	ErrCrashed = errors.New("the process has ended")
)

// NewProcess returns a process that runs, and a context that ends with it.
func NewProcess(ctx context.Context, opts ProcessOptions) (*Process, context.Context) {
	if opts.Strip == nil {
		opts.Strip = func(key string) string { return key }
	}
	if opts.Fate == nil {
		opts.Fate = func(Step) Fate { return Fate{} }
	}
	if opts.Trace == nil {
		opts.Trace = func(Step, error) {}
	}
	p := &Process{opts: opts, seen: map[string]int{}}
	ctx, p.end = context.WithCancelCause(ctx)
	return p, ctx
}

// Crash ends the process.
func (p *Process) Crash() {
	p.mu.Lock()
	p.dead = true
	p.mu.Unlock()
	p.end(ErrCrashed)
}

// Dead reports whether the process has ended.
func (p *Process) Dead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// Do performs one operation: its effect happens, whole, at one instant of the time that it takes, or not at all.
// Where the effect breaks off half-way, half says so. One that is under way when ctx ends may happen all the same.
func (p *Process) Do(ctx context.Context, kind, key string, effect func(half bool) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx) // not even begun
	}
	s := p.begin(kind, key)
	if err := p.spend(ctx, s.Luck); err != nil {
		if s.Luck>>32%2 == 0 && !errors.Is(err, ErrCrashed) {
			_ = effect(false) // nobody is told
		}
		return p.ended(s, err)
	}
	fate := p.fate(&s)
	if fate.Pause > 0 {
		p.freeze(fate.Pause)
		if err := p.spend(ctx, s.Luck>>8); err != nil {
			return p.ended(s, err)
		}
	}
	var err error
	switch {
	case p.Dead():
		return ErrCrashed
	case fate.Fault == Before:
		err = fmt.Errorf("%s %s: %w", kind, key, ErrFault)
	default:
		err = effect(fate.Fault == Half)
	}
	switch {
	case err != nil:
	case fate.Fault == After:
		err = fmt.Errorf("%s %s, answer lost: %w", kind, key, ErrFault)
	case fate.Fault == Echo && kind == "create":
		err = fs.ErrExist
	}
	if fate.Crash {
		p.Crash()
	}
	return p.ended(s, err)
}

// ended tells of an operation.
func (p *Process) ended(s Step, err error) error {
	if p.Dead() {
		return ErrCrashed
	}
	p.opts.Trace(s, err)
	return err
}

// begin tells an operation from all others of its process.
func (p *Process) begin(kind, key string) Step {
	s := Step{Process: p.opts.Name, Kind: kind, Key: p.opts.Strip(key)}
	name := s.Kind + " " + s.Key
	p.mu.Lock()
	defer p.mu.Unlock()
	s.Times = p.seen[name]
	p.seen[name]++
	s.Luck = xxh3.HashStringSeed(fmt.Sprintf("%s %s %d", p.opts.Name, name, s.Times), p.opts.Seed)
	return s
}

// fate numbers an operation, now that its instant has come, and returns what becomes of it.
func (p *Process) fate(s *Step) Fate {
	p.mu.Lock()
	p.steps++
	s.Number, s.At = p.steps, p.opts.Now()
	p.mu.Unlock()
	return p.opts.Fate(*s)
}

func (p *Process) freeze(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen = p.opts.Now().Add(d)
}

// spend waits for as long as an operation takes, and for as long as the process is frozen.
func (p *Process) spend(ctx context.Context, luck uint64) error {
	d := p.opts.Least
	if span := p.opts.Most - p.opts.Least; span > 0 {
		d += time.Duration(luck % uint64(span))
	}
	for {
		p.mu.Lock()
		dead, thaw := p.dead, p.frozen.Sub(p.opts.Now())
		p.mu.Unlock()
		if dead {
			return ErrCrashed
		}
		if thaw <= 0 && d <= 0 {
			return ctx.Err()
		}
		if err := sleep(ctx, max(thaw, 0)+d); err != nil {
			return err
		}
		d = 0
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
