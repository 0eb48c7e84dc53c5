package pipeline

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"huntlake/pipeline/hunting"
)

// outage tells a service that is down from a table that cannot be asked. It is shared by the calls of a tenant.
//
// A call that has failed as an outage has been repeated for about a minute. It is held against the service only if no
// other call has been answered in all that time, so that tables that always fail do not stop those that do not; and two
// tables have to say so.
type outage struct {
	mu       sync.Mutex
	answered int             // calls that the service has answered
	down     map[string]bool // tables whose calls have failed since the last answer
	heavy    int             // calls since the last answer that were refused by a gateway, or ran out of time
	err      error           // why no more calls are made
}

// What it takes for an outage: tables whose calls have failed, or calls that a gateway has refused as if they were too
// heavy. Of these it takes more, since the calls that follow a heavy one ask for less.
const (
	downTables = 2
	heavyCalls = 8
)

// begin returns what end is to be called with when a call has ended, or why there may be none.
func (o *outage) begin() (answered int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.answered, o.err
}

// end takes note of how a call of a table ended that had begun when so many had been answered.
func (o *outage) end(ctx context.Context, table string, answered int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case ctx.Err() != nil, errors.Is(err, hunting.ErrQuota):
	case hunting.IsOutage(err):
		if o.answered == answered {
			o.down[table] = true
		}
	case isHeavy(err):
		o.heavy++
	default:
		o.answered++
		o.heavy = 0
		clear(o.down)
	}
	if o.err == nil && (len(o.down) >= downTables || o.heavy >= heavyCalls) {
		o.err = &unasked{err}
	}
}

// unasked is the error of a call that was not made, because others had failed. It is of no class, as nobody has answered
// it; what the others failed by can be looked at.
type unasked struct{ why error }

// Error says so.
func (e *unasked) Error() string {
	return fmt.Sprintf("not asked, because the service does not answer: %v", e.why)
}

// As looks at what the others failed by.
func (e *unasked) As(target any) bool { return errors.As(e.why, target) }

// over is why no more calls are made, nil if they are.
func (o *outage) over() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// isHeavy reports whether a call was refused as too big by something that cannot know: a gateway, or our own clock. The
// service itself says 400.
func isHeavy(err error) bool {
	var refusal *hunting.Error
	return errors.Is(err, hunting.ErrTooBig) && !(errors.As(err, &refusal) && refusal.Status < http.StatusInternalServerError)
}
