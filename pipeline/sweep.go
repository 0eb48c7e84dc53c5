package pipeline

import (
	"context"
	"fmt"

	"huntlake/checkpoint"
)

// sweep deletes the staged objects that nobody will read: those whose every dt is published, and those of attempts
// that another attempt's commit has beaten. An object of a slice that is still open at its generation stays, however
// old it is: its writer may only be asleep between the upload and the commit.
//
// A crash half-way leaves objects for the next sweep. publish-end came before, so nothing that is deleted is needed.
func (t *track) sweep(ctx context.Context) error {
	l := t.ledger.Key()
	objects, err := t.opts().Bucket.List(ctx, l.StagedPrefix(), 0)
	if err != nil {
		return fmt.Errorf("sweep %v: %w", l.Table, err)
	}
	// The state must be younger than the listing: the slice of an object that was listed has been planned by then, so a
	// slice that the state does not know, or knows to be read, is one whose commit can no longer be valid.
	if err := t.ledger.Refresh(ctx); err != nil {
		return err
	}
	for _, o := range objects {
		if !t.sweepable(o.Key) {
			continue
		}
		if err := t.opts().Bucket.Delete(ctx, o.Key); err != nil {
			return fmt.Errorf("sweep %v: %w", l.Table, err)
		}
	}
	return nil
}

// sweepable reports whether no commit names a listed object, or will.
func (t *track) sweepable(key string) bool {
	r, err := checkpoint.ParseObject(t.ledger.Key(), key)
	if err != nil {
		return false // not one of ours
	}
	free := false
	t.ledger.View(func(s *checkpoint.State) {
		leaf, known := s.Leaves[r.Slice]
		open := known && leaf.Open && leaf.Generation <= r.Generation
		free = !open && s.Staged[r].Object != key
	})
	return free
}
