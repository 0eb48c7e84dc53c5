package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"huntlake/partition"
)

// Ledger is the open ledger of one table of one tenant. It is safe for concurrent use; any number of processes may
// have the same ledger open.
type Ledger struct {
	bucket Bucket
	opts   Options
	turn   turn // taken while a commit is made or read, so that this process races with others only

	mu    sync.Mutex // never held while the bucket is asked, so that View does not wait for it
	state *State     // changed by whoever has the turn, with mu held; so it may be read with either
}

// Options are what a ledger needs besides its bucket. All are required.
type Options struct {
	Ledger  partition.Ledger
	Now     func() time.Time
	Nonce   func() string // unique among all writers, ever; not empty
	Program string        // name and version, for the record
}

// maxCommit bounds what is written and read as a commit.
const maxCommit = 256 << 20

// Open folds the newest snapshot and every commit after it. Nothing is written: a ledger without commits is empty.
func Open(ctx context.Context, b Bucket, opts Options) (*Ledger, error) {
	s, err := latest(ctx, b, opts.Ledger)
	if err != nil {
		return nil, fmt.Errorf("open ledger of %v: %w", opts.Ledger.Table, err)
	}
	l := &Ledger{bucket: b, opts: opts, turn: make(turn, 1), state: s}
	if err := l.Refresh(ctx); err != nil {
		return nil, fmt.Errorf("open ledger of %v: %w", opts.Ledger.Table, err)
	}
	return l, nil
}

// Refresh folds what other processes have committed.
func (l *Ledger) Refresh(ctx context.Context) error {
	if err := l.turn.take(ctx); err != nil {
		return err
	}
	defer l.turn.pass()
	return l.catchUp(ctx)
}

// turn is what goroutines that use the bucket wait for in order, and no longer than their ctx lasts.
type turn chan struct{}

func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t turn) pass() { <-t }

func (l *Ledger) catchUp(ctx context.Context) error {
	for {
		c, err := l.read(ctx, l.state.Number+1)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := l.fold(c); err != nil {
			return err
		}
	}
}

// View calls look with the state, which must not be kept or changed. It does not wait for the bucket.
func (l *Ledger) View(look func(*State)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	look(l.state)
}

// Key is the ledger's place in the lake.
func (l *Ledger) Key() partition.Ledger { return l.opts.Ledger }

// Append commits the body that build makes for the state it is shown and the number the commit will have. When
// another process was faster, build is called again on the newer state; it must not append. An error of build
// ends Append and is returned as it is; a body that Fold would reject is returned as ErrRejected and never written.
//
// Append returns once the commit is durable. After an error the commit may still turn out to have happened, even much
// later: the next commit folds it, and nothing is lost by that as long as what the commit names is left in place.
func (l *Ledger) Append(ctx context.Context, build func(s *State, number int64) (Body, error)) (*Commit, error) {
	if err := l.turn.take(ctx); err != nil {
		return nil, err
	}
	defer l.turn.pass()
	for {
		body, err := build(l.state, l.state.Number+1)
		if err != nil {
			return nil, err
		}
		c := &Commit{
			Number: l.state.Number + 1, Nonce: l.opts.Nonce(), Program: l.opts.Program,
			Time: partition.TickOf(l.opts.Now()), Body: body,
		}
		text, read, err := asRead(c)
		if err != nil {
			return nil, err
		}
		if err := Check(l.state, read); err != nil {
			return nil, err
		}
		won, err := l.create(ctx, read, text)
		if err != nil {
			return nil, err
		}
		if won {
			return c, l.snapshot(ctx)
		}
		if err := l.catchUp(ctx); err != nil {
			return nil, err
		}
	}
}

// asRead returns c's text, and c as every process will read it. That is what is checked and folded here, too: a record
// that nobody could read would stop the ledger for ever, and the state must share nothing with build's body.
func asRead(c *Commit) (text []byte, read *Commit, err error) {
	if text, err = c.Encode(); err != nil {
		return nil, nil, err
	}
	if len(text) > maxCommit {
		return nil, nil, fmt.Errorf("commit %d: its %d bytes are over the limit of %d", c.Number, len(text), maxCommit)
	}
	read, err = DecodeCommit(text)
	return text, read, err
}

// create writes c, or finds out who has its number, and folds the winner.
//
// This is the commit point. A crash before the object exists leaves nothing; after it, everything: the next reader
// folds it, whether or not this process learned that the write succeeded. After a refusal or an unknown error the
// record with c's number is read and nonces are compared, since the refusal may be the echo of this very write.
func (l *Ledger) create(ctx context.Context, c *Commit, text []byte) (won bool, err error) {
	wrote := l.bucket.Create(ctx, l.opts.Ledger.LogKey(c.Number), text)
	if wrote == nil {
		return true, l.fold(c)
	}
	there, err := l.read(ctx, c.Number)
	if errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("commit %d: %w", c.Number, wrote)
	}
	if err != nil {
		return false, errors.Join(fmt.Errorf("commit %d: %w", c.Number, wrote), err)
	}
	return there.Nonce == c.Nonce, l.fold(there)
}

func (l *Ledger) read(ctx context.Context, number int64) (*Commit, error) {
	key := l.opts.Ledger.LogKey(number)
	text, err := l.bucket.Read(ctx, key, maxCommit)
	if err != nil {
		return nil, fmt.Errorf("read commit %d: %w", number, err)
	}
	c, err := DecodeCommit(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	if c.Number != number {
		return nil, fmt.Errorf("%s: it holds commit %d", key, c.Number)
	}
	return c, nil
}

// fold takes an inert record as what it is: no error.
func (l *Ledger) fold(c *Commit) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := Fold(l.state, c); err != nil && !errors.Is(err, ErrRejected) {
		return err
	}
	return nil
}

// snapshot writes the state every so many commits. It is an aid for readers: if it cannot be written, or another
// process has written it, the ledger is no worse.
func (l *Ledger) snapshot(ctx context.Context) error {
	if l.state.Number%snapshotEvery != 0 {
		return nil
	}
	text, err := EncodeSnapshot(l.state)
	if err != nil {
		return err
	}
	_ = l.bucket.Create(ctx, l.opts.Ledger.SnapshotKey(l.state.Number), text)
	return nil
}
