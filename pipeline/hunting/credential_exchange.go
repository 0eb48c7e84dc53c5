package hunting

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// exchange is the last request of a sign-in and what came of it, of which the SDK's errors keep a text at most.
type exchange struct {
	method, host, path string
	status             int // 0 if no answer came
	header             http.Header
	refusal            []byte // the body, unless the status says that all is well
	isJSON             bool
	err                error // why no answer came
}

type exchangeKey struct{}

// watch notes each exchange, and keeps secrets at home: what is posted goes to the authority and its regional
// branches, whatever a discovery document says, or stays on this machine, where some managed identities are asked.
type watch struct{ authority string }

// Do implements policy.Policy.
func (w watch) Do(req *policy.Request) (*http.Response, error) {
	raw := req.Raw()
	host := raw.URL.Hostname()
	x, _ := raw.Context().Value(exchangeKey{}).(*exchange)
	if raw.Method == http.MethodPost && !w.trusts(host) && !isLoopback(host) {
		return nil, fmt.Errorf("the authority names %s to send credentials to, which is refused", oneLine(host))
	}
	if err := ownBodies(req); err != nil {
		return nil, err
	}
	resp, err := req.Next()
	if x != nil {
		x.note(raw, resp, err)
	}
	return resp, err
}

// ownBodies gives each sending of a request a reader of its own. The SDK rewinds the one reader that there is, and
// net/http asks for that at a redirect, even one that is not followed, while the first sending may still be reading.
func ownBodies(req *policy.Request) error {
	if req.Body() == nil {
		return nil
	}
	body, err := io.ReadAll(req.Body())
	if err != nil {
		return err
	}
	req.Raw().GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return req.RewindBody()
}

// trusts reports whether host is the authority or one of the regional branches that AZURE_REGIONAL_AUTHORITY_NAME names.
func (w watch) trusts(host string) bool {
	branch := strings.Replace(w.authority, "login.microsoftonline.com", "login.microsoft.com", 1)
	return host == w.authority || strings.HasSuffix(host, "."+branch)
}

func (x *exchange) note(req *http.Request, resp *http.Response, err error) {
	*x = exchange{method: req.Method, host: req.URL.Host, path: req.URL.Path, err: err}
	if err != nil {
		return
	}
	x.status, x.header = resp.StatusCode, resp.Header
	body, err := runtime.Payload(resp) // stays readable
	if x.err = err; err != nil {
		return
	}
	x.isJSON = json.Valid(body)
	if x.failed() {
		x.refusal = body[:min(len(body), maxRefusal)]
	}
}

func (x *exchange) failed() bool { return x.status != 0 && x.status/100 != 2 }

// isToken reports whether a token was asked for, and not only where to ask for one.
func (x *exchange) isToken() bool { return x.status != 0 && strings.HasSuffix(x.path, "/token") }

// describe fills e with what the exchange says.
func (x *exchange) describe(e *SignInError) {
	e.Host, e.Status = x.host, x.status
	e.Date, _ = http.ParseTime(x.header.Get("Date")) // a date that is no date is as good as none
	if x.err != nil || !x.failed() {
		return
	}
	e.RetryAfter = retryAfter(x.header.Get("Retry-After"), e.Date)
	e.read(x.refusal)
	e.class = ErrDenied
	switch {
	case x.status/100 == 3:
		e.Message = "redirects elsewhere" // where to may be secret
		e.class = ErrPermanent
	case !x.isJSON && x.status/100 == 4:
		e.class = ErrPermanent
	}
	if isBusy(x.status) || x.host == metadata && (x.status == http.StatusNotFound || x.status == http.StatusGone) {
		e.class = nil
	}
}

// metadata is where an Azure machine is told who it is; 404 and 410 pass there, by its documentation.
const metadata = "169.254.169.254"

func isBusy(status int) bool {
	return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
}
