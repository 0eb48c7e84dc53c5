package hunting

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// signIn is a credential that says why it has no token in its own words: the SDK's repeat whole answers, and with them
// what nobody may read. It also refuses a token of another tenant, whose rows would be taken for this one's.
type signIn struct {
	method string
	opts   CredentialOptions
	inner  azcore.TokenCredential
}

// GetToken returns a token, ctx's error or a SignInError.
func (s *signIn) GetToken(ctx context.Context, opts policy.TokenRequestOptions) (azcore.AccessToken, error) {
	if s.method == "default" {
		opts.TenantID = s.opts.Tenant // else that of AZURE_TENANT_ID
	}
	last := &exchange{}
	token, err := s.inner.GetToken(context.WithValue(ctx, exchangeKey{}, last), opts)
	if errors.Is(ctx.Err(), context.Canceled) {
		return azcore.AccessToken{}, ctx.Err()
	}
	if err != nil {
		return azcore.AccessToken{}, s.explain(err, last)
	}
	if other := tenantOf(token.Token); isGUID.MatchString(s.opts.Tenant) && other != "" && !strings.EqualFold(other, s.opts.Tenant) {
		return azcore.AccessToken{}, &SignInError{Method: s.method, Code: WrongTenant, class: ErrDenied,
			Message: fmt.Sprintf("the token is for tenant %s, not for %s", oneLine(other), s.opts.Tenant)}
	}
	return token, nil
}

var isGUID = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// tenantOf returns the tenant that a token is for, "" if the token does not say: only its service is sure to be able
// to read it.
func tenantOf(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	var claims struct{ Tid string }
	if text, err := base64.RawURLEncoding.DecodeString(parts[1]); err != nil || json.Unmarshal(text, &claims) != nil {
		return ""
	}
	return claims.Tid
}

// explain makes a SignInError of the SDK's error and of the last exchange with whoever issues tokens.
func (s *signIn) explain(err error, last *exchange) error {
	e := &SignInError{Method: s.method}
	last.refusal = []byte(s.withhold(string(last.refusal)))
	var failed *azidentity.AuthenticationFailedError
	tried := errors.As(err, &failed) // else the SDK has found nothing to sign in with
	switch {
	case tried && errors.Is(last.err, context.DeadlineExceeded):
		last.describe(e)
		e.Message = fmt.Sprintf("no answer within %v", tokenTimeout)
	case tried && last.err != nil:
		last.describe(e)
		e.err = last.err
	case tried && last.failed():
		last.describe(e)
	case tried && !last.isJSON && last.status != 0:
		last.describe(e)
		e.class, e.Message = ErrPermanent, "the answer is not JSON, and may come from a proxy"
	case tried && last.isToken():
		last.describe(e)
		e.class, e.Message = ErrPermanent, "the answer holds no token"
	default:
		e.class, e.Message = ErrDenied, oneLine(err.Error())
	}
	for _, text := range []*string{&e.Code, &e.Message, &e.Trace} {
		*text = s.withhold(*text)
	}
	return e
}

// aToken is what tokens and assertions look like.
var aToken = regexp.MustCompile(`eyJ[\w-]+[\w.-]*`)

// withhold takes out of a text what the sign-in has sent in secret, because something on the way has echoed it.
func (s *signIn) withhold(text string) string {
	text = aToken.ReplaceAllString(text, redacted)
	hidden := []string{s.opts.ClientSecret.Reveal(), s.opts.Password.Reveal(), s.opts.Token.Reveal()}
	for _, name := range []string{"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "AZURE_PASSWORD", "IDENTITY_HEADER", "MSI_SECRET"} {
		hidden = append(hidden, os.Getenv(name)) // the SDK reads these
	}
	for _, secret := range hidden {
		if secret != "" {
			text = strings.NewReplacer(secret, redacted, url.QueryEscape(secret), redacted, url.PathEscape(secret), redacted,
				html.EscapeString(secret), redacted).Replace(text)
		}
	}
	return text
}
