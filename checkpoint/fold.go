package checkpoint

import (
	"errors"
	"fmt"
)

// ErrRejected says that a commit is not valid on the state it meets. Such a record is inert: it takes its number and
// changes nothing else, so that a writer that was asleep can do no harm.
var ErrRejected = errors.New("commit rejected")

// Fold adds c to s. Validity is decided here and nowhere else: it depends on s and c alone, so every process agrees
// on it. A commit whose number does not follow is an error of the caller and changes nothing; one that is not valid
// is counted and otherwise inert, and the error matches ErrRejected.
func Fold(s *State, c *Commit) error {
	if c.Number != s.Number+1 {
		return fmt.Errorf("fold commit %d: the state is at %d", c.Number, s.Number)
	}
	err := Check(s, c)
	s.Number = c.Number
	if err != nil {
		s.Totals.Rejected++
		return err
	}
	c.Body.apply(s, c)
	return nil
}

// Check reports why c would be inert on s.
func Check(s *State, c *Commit) error {
	if err := c.Body.check(s, c); err != nil {
		return fmt.Errorf("%w: %s %d: %w", ErrRejected, c.Body.Kind(), c.Number, err)
	}
	return nil
}
