package hunting

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// The pauses between repetitions: 4, 8, 16 and 32 s, each half as long again or half as short by chance, which makes
// about a minute in all.
const (
	firstPause = 4 * time.Second
	longest    = time.Minute
	maxWaits   = 5 // refusals of one call for want of quota that are sat out
)

// ask makes a call, repeatedly if need be.
func (c *Client) ask(ctx context.Context, q Query) (*Answer, error) {
	return repeat(ctx, c, func() (*Answer, error) { return c.admitted(ctx, q) })
}

// SignIn gets a token, as Run does first, and keeps it for Run.
func (c *Client) SignIn(ctx context.Context) error {
	_, err := repeat(ctx, c, func() (string, error) { return c.tokens.get(ctx, "", "") })
	return err
}

// repeat does something for as long as it fails for a passing reason and attempts are left.
func repeat[T any](ctx context.Context, c *Client, do func() (T, error)) (T, error) {
	pace := c.newPace()
	attempts := 0
	tell := func(err error, d time.Duration) {
		c.opts.Pauses(Pause{Until: c.opts.Now().Add(d), Host: c.culprit(err), Err: err})
	}
	result, err := backoff.RetryNotifyWithData(func() (T, error) {
		attempts++
		result, err := do()
		if err != nil && !isPassing(ctx, err) {
			return result, backoff.Permanent(err)
		}
		pace.least = askedFor(err)
		return result, err
	}, backoff.WithContext(pace, ctx), tell)
	if err != nil && isPassing(ctx, err) {
		return result, fmt.Errorf("%s is down or out of reach (attempt %d): %w", c.culprit(err), attempts, err)
	}
	return result, err
}

// askedFor is how long a refusal asks to be left alone.
func askedFor(err error) time.Duration {
	var refusal *Error
	var signIn *SignInError
	switch {
	case errors.As(err, &refusal):
		return refusal.RetryAfter
	case errors.As(err, &signIn):
		return signIn.RetryAfter
	}
	return 0
}

// culprit is the host that an outage is to be blamed on.
func (c *Client) culprit(err error) string {
	var signIn *SignInError
	if errors.As(err, &signIn) && signIn.Host != "" {
		return signIn.Host
	}
	return c.url.Host
}

// isPassing reports whether err is likely to be gone at the next attempt.
func isPassing(ctx context.Context, err error) bool {
	return ctx.Err() == nil && IsOutage(err) && !errors.As(err, new(*SchemaOrderError))
}

// pace is the pauses of one call: exponential, but never shorter than what the service asks for.
type pace struct {
	backoff.BackOff
	chance func() float64
	left   int
	least  time.Duration // asked for with the last refusal
	limits time.Duration // the longest pause that is made at all
}

func (c *Client) newPace() *pace {
	b := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(firstPause), backoff.WithMultiplier(2), backoff.WithMaxInterval(longest),
		backoff.WithMaxElapsedTime(0), backoff.WithRandomizationFactor(0), backoff.WithClockProvider(clock(c.opts.Now)))
	return &pace{BackOff: b, chance: c.opts.Chance, left: max(0, c.opts.Retries), limits: max(c.opts.MaxWait, longest)}
}

// NextBackOff returns the next pause, or backoff.Stop.
func (p *pace) NextBackOff() time.Duration {
	spread := 0.5 + p.chance()
	next := max(time.Duration(float64(p.BackOff.NextBackOff())*spread), p.least)
	p.least = 0
	if p.left == 0 || next > p.limits {
		return backoff.Stop
	}
	p.left--
	return next
}

type clock func() time.Time

func (c clock) Now() time.Time { return c() }

// admitted makes one call when the quota has room for it. A refusal for want of quota is remembered there, for every
// user of the quota, and sat out if it is short; a token that is refused is replaced once. Each of these is a call
// too, and is admitted like one.
func (c *Client) admitted(ctx context.Context, q Query) (*Answer, error) {
	var unauthorized *Error // the first refusal of a token
	var used, claims string
	for waits := 0; ; {
		token, err := c.tokens.get(ctx, used, claims)
		switch {
		case err != nil && unauthorized != nil && ctx.Err() == nil:
			return nil, fmt.Errorf("%w; the service had refused the last token: %v", err, unauthorized)
		case err != nil:
			return nil, err
		}
		if unauthorized != nil && token == used {
			return nil, unauthorized // there is no other token to be had
		}
		release, err := c.opts.Quota.Admit(ctx, c.opts.MaxWait)
		if err != nil {
			return nil, err
		}
		answer, ran, err := c.call(ctx, q, token)
		release(ran)
		var refusal *Error
		switch {
		case !errors.As(err, &refusal):
			return answer, err
		case refusal.effectiveStatus() == http.StatusUnauthorized && unauthorized == nil:
			unauthorized, used, claims = refusal, token, refusal.claims
		case refusal.class() == ErrQuota:
			waits++
			if err := c.sitOut(refusal, waits > maxWaits); err != nil {
				return nil, err
			}
		default:
			if refusal.effectiveStatus() == http.StatusForbidden {
				c.tokens.doubt(token)
			}
			return nil, err
		}
	}
}

// sitOut tells the quota of a refusal. It returns an error if that is longer than the client may wait, or enough have
// been sat out.
func (c *Client) sitOut(refusal *Error, enough bool) error {
	wait := min(max(refusal.RetryAfter, time.Second), longestBlock)
	b := Block{Until: c.opts.Now().Add(wait), Budget: refusal.budget()}
	c.opts.Quota.Block(b)
	if enough || wait > c.opts.MaxWait {
		return &QuotaError{Until: b.Until, Budget: b.Budget, Err: refusal}
	}
	return nil
}
