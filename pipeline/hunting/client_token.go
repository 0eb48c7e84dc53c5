package hunting

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// tokens keeps the current token: not every credential does, and some run a program to get one.
type tokens struct {
	credential azcore.TokenCredential
	scope      string
	now        func() time.Time

	turn    chan struct{} // full while somebody looks at or gets what follows
	current azcore.AccessToken
	failed  error     // why there was no other, when it was last asked for
	again   time.Time // when to ask again
	rest    time.Time // when to, if the current one is good for as long
	doubted string    // a token that the service has taken for one without permission
	since   time.Time // when it did so first
}

// A token is renewed tokenMargin before it ends, and used on until lastMargin before that where no other is to be had:
// it is looked at when a call begins. Getting one takes at most tokenTimeout. What will not pass is told to all who ask
// within refusalLife: each table does, and an authority takes many requests of one kind for a loop.
const (
	tokenMargin  = 5 * time.Minute
	lastMargin   = 30 * time.Second
	outagePause  = 30 * time.Second // between tries to get another token while the one at hand is good
	tokenTimeout = time.Minute
	refusalLife  = time.Minute
)

func newTokens(credential azcore.TokenCredential, scope string, now func() time.Time) *tokens {
	return &tokens{credential: credential, scope: scope, now: now, turn: make(chan struct{}, 1)}
}

// get returns a token that is good for a while. refused is one that the service would not take, "" if there is none,
// and claims what it asked for when it refused.
func (t *tokens) get(ctx context.Context, refused, claims string) (string, error) {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if t.current.Token == t.doubted && t.doubted != "" && t.now().Sub(t.since) >= refusalLife {
		refused, t.doubted = t.doubted, "" // a permission may have been granted meanwhile
	}
	good := time.Duration(0) // for so long
	switch {
	case t.current.Token == "":
	case t.current.Token != refused:
		good = t.current.ExpiresOn.Sub(t.now())
	case claims == "":
		claims = newerThan(t.now())
	}
	if good > tokenMargin {
		return t.current.Token, nil
	}
	wait := t.again
	if good > lastMargin {
		wait = t.rest
	}
	if t.failed == nil || claims != "" || !t.now().Before(wait) {
		if err := t.renew(ctx, claims); err != nil {
			return "", err
		}
	}
	if t.failed != nil && good <= lastMargin {
		return "", t.failed
	}
	return t.current.Token, nil
}

// renew gets another token, or learns why there is none. Its error is ctx's, which is this caller's matter alone.
func (t *tokens) renew(ctx context.Context, claims string) error {
	limited, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	token, err := t.credential.GetToken(limited, policy.TokenRequestOptions{Scopes: []string{t.scope}, Claims: claims, EnableCAE: true})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil {
		t.current, t.failed = token, nil
		return nil
	}
	var said *SignInError
	if !errors.As(err, &said) {
		err = onOneLine{err}
	}
	err = fmt.Errorf("get token: %w", err)
	if said == nil && isFinal(err) {
		err = &fault{ErrDenied, err}
	}
	t.again, t.rest = t.now(), t.now().Add(outagePause)
	if errors.Is(err, ErrDenied) || errors.Is(err, ErrPermanent) {
		t.again = t.now().Add(refusalLife)
		t.rest = t.again
	}
	t.failed = err
	return nil
}

// isFinal reports whether asking for a token again would be in vain: the authority has refused, or the credential has
// nothing to ask with.
func isFinal(err error) bool {
	var failed *azidentity.AuthenticationFailedError
	if errors.As(err, &failed) {
		resp := failed.RawResponse
		return resp != nil && resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusRequestTimeout
	}
	var final interface{ NonRetriable() }
	return errors.As(err, &final)
}

// newerThan is the claim of a token that is not valid before an instant: without it, whoever keeps tokens for a credential
// would give the refused one back, for as long as it lives.
func newerThan(at time.Time) string {
	return fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, at.Unix())
}

// doubt takes note of a token that the service has refused for want of a permission. What is in a token does not change
// when the permission is granted.
func (t *tokens) doubt(token string) {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	default:
		return // the next refusal says so again
	}
	if t.doubted != token {
		t.doubted, t.since = token, t.now()
	}
}

var challenge = regexp.MustCompile(`\bclaims="([^"]+)"`)

// claimsIn returns what a 401 asks a new token to carry (continuous access evaluation), "" if nothing.
func claimsIn(header http.Header) string {
	for _, h := range header.Values("WWW-Authenticate") {
		if m := challenge.FindStringSubmatch(h); m != nil {
			if claims, err := base64.StdEncoding.DecodeString(m[1]); err == nil {
				return string(claims)
			}
		}
	}
	return ""
}
