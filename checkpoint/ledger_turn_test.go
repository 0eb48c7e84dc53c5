package checkpoint_test

import (
	"context"
	"errors"
	"testing"

	"huntlake/checkpoint"
)

// While a commit is on its way to the bucket, the state can be looked at, and who waits for the turn waits no longer
// than its ctx lasts.
func TestViewDoesNotWait(t *testing.T) {
	b := newBucket()
	l := open(t, b)
	ended, end := context.WithCancelCause(t.Context())
	why := errors.New("interrupted")
	end(why)
	looked := false
	b.hook = func(verb, _ string) {
		if verb != "create" {
			return
		}
		l.View(func(s *checkpoint.State) { looked = s.Number == 0 })
		if _, err := l.Append(ended, body(note("late"))); !errors.Is(err, why) {
			t.Errorf("Append that waits for its turn = %v, want %v", err, why)
		}
		if err := l.Refresh(ended); !errors.Is(err, why) {
			t.Errorf("Refresh that waits for its turn = %v, want %v", err, why)
		}
	}
	if _, err := l.Append(t.Context(), body(note("first"))); err != nil {
		t.Fatal(err)
	}
	if !looked {
		t.Error("View did not show the state before the commit")
	}
}
