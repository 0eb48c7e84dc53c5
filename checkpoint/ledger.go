package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"huntlake/partition"
)

// Ledger is the open ledger of one table of one tenant. It is safe for concurrent use; any number of processes may
// have the same ledger open.
type Ledger struct {
	bucket Bucket
	opts   Options
	turn   turn // taken while a commit is made or read, so that this process races with others only
	kept   kept // belongs to whoever has the turn

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
	s, kept, err := latest(ctx, b, opts.Ledger)
	if err != nil {
		return nil, fmt.Errorf("open ledger of %v: %w", opts.Ledger.Table, err)
	}
	l := &Ledger{bucket: b, opts: opts, turn: make(turn, 1), state: s, kept: kept}
	if err := l.catchUp(ctx, fewCommits); err != nil {
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
	return l.catchUp(ctx, 1)
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

// Commits are read some at a time, since each is a request and takes as long as that: at an opening a few, so that few
// are asked for in vain, and many once it shows that there are many. Otherwise there is none as a rule, and one is asked for.
const (
	fewCommits  = 4
	manyCommits = 16
)

// catchUp folds the commits that follow, window of them at a time at first.
func (l *Ledger) catchUp(ctx context.Context, window int) error {
	for folded := 0; ; {
		whole, err := l.foldNext(ctx, window)
		if err != nil || !whole {
			return err
		}
		folded += window
		window = fewCommits
		if folded >= manyCommits {
			window = manyCommits
		}
	}
}

// foldNext reads the next n commits at once, folds those before the first that is not there, and reports whether all
// were. What comes behind one that is not there yet says nothing.
func (l *Ledger) foldNext(ctx context.Context, n int) (whole bool, err error) {
	commits, errs := make([]*Commit, n), make([]error, n)
	var g errgroup.Group
	for i := range n {
		number := l.state.Number + 1 + int64(i)
		g.Go(func() error {
			commits[i], errs[i] = l.read(ctx, number)
			return nil
		})
	}
	_ = g.Wait()
	for i, c := range commits {
		if errors.Is(errs[i], fs.ErrNotExist) {
			return false, nil
		}
		if errs[i] != nil {
			return false, errs[i]
		}
		if err := l.fold(c); err != nil {
			return false, err
		}
	}
	return true, nil
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
		if err := l.catchUp(ctx, 1); err != nil {
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

// snapshot writes the state every so many commits, and deletes the oldest of the snapshots that are known. It is an aid
// for readers: if it cannot be written, or another process has written it, the ledger is no worse.
func (l *Ledger) snapshot(ctx context.Context) error {
	if l.state.Number%l.kept.spacing() != 0 {
		return nil
	}
	text, err := EncodeSnapshot(l.state)
	if err != nil {
		return err
	}
	key := l.opts.Ledger.SnapshotKey(l.state.Number)
	if l.bucket.Create(ctx, key, text) == nil {
		for _, old := range l.kept.add(key, len(text)) {
			_ = l.bucket.Delete(ctx, old) // who finds it at its next opening tries again
		}
	}
	return nil
}
