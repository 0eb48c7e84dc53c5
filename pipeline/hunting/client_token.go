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

	turn    chan struct{} // full while somebody looks at or gets current
	current azcore.AccessToken
}

// A token is renewed tokenMargin before it ends, so that it lasts for the call; getting one takes at most
// tokenTimeout.
const (
	tokenMargin  = 5 * time.Minute
	tokenTimeout = time.Minute
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
	if t.current.Token != "" && t.current.Token != refused && t.now().Before(t.current.ExpiresOn.Add(-tokenMargin)) {
		return t.current.Token, nil
	}
	limited, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	token, err := t.credential.GetToken(limited, policy.TokenRequestOptions{Scopes: []string{t.scope}, Claims: claims, EnableCAE: true})
	var said *SignInError
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil && !errors.As(err, &said) && isFinal(err):
		return "", &fault{ErrDenied, fmt.Errorf("get token: %w", onOneLine{err})}
	case err != nil:
		return "", fmt.Errorf("get token: %w", onOneLine{err})
	}
	t.current = token
	return token.Token, nil
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
