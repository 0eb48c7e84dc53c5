package hunting

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"huntlake/schema"
)

// Options configure a Client. Credential and Now are needed; the zero value of every other field means its default.
type Options struct {
	Dialect    Dialect
	Cloud      Cloud
	Endpoint   string                 // instead of the cloud's: https://host[:port]; plain http for this machine only
	Tenant     string                 // for messages
	Credential azcore.TokenCredential // its tokens are sent to the endpoint and to nowhere else
	Transport  http.RoundTripper      // default: one of the client's own
	Quota      *Quota                 // default: one that counts nothing, but remembers the service's refusals
	Now        func() time.Time       // must advance with the timers of the runtime
	Timeout    time.Duration          // of one call, from request to the last byte; default 200 s, the service's own
	MaxWait    time.Duration          // the longest time to sit out a spent quota within Run; default 2 min
	MaxBytes   int64                  // of JSON in one answer; default 256 MiB
	Retries    int                    // of a call that failed for a passing reason; default 4, negative for none
	Chance     func() float64         // in [0, 1): spreads the pauses before them; default math/rand, and as safe for concurrent use
	Allocator  memory.Allocator       // of answers; default: Go's heap
	Program    string                 // name and version, for the User-Agent header
	Pauses     func(Pause)            // told whenever a call is about to be repeated; must be as safe for concurrent use; may be nil
}

// Pause is what a call that failed for a passing reason makes before it is repeated.
type Pause struct {
	Until time.Time
	Host  string // that did not answer, or said that it was in trouble
	Err   error
}

// The defaults of Options.
const (
	defaultTimeout = 200 * time.Second
	defaultMaxWait = 2 * time.Minute
	defaultRetries = 4
	// The service stops at 50 MB of its own counting, at 124 MB in earlier years, and the same rows are up to twice as
	// long in JSON.
	defaultMaxBytes = 256 << 20
	defaultProgram  = "huntlake"
)

// Query is one call.
type Query struct {
	Table string         // what is exported, for messages: the table or the named query
	Text  string         // of the vocabulary
	Want  []schema.Field // the columns to expect, in case the rows come before them; nil if not known

	// Ready is called when the service has begun to answer with rows, before any are kept, and may wait until there is
	// memory for them; nil: there always is. It is called once for each attempt, and if that comes to nothing so is
	// giveBack, before the next.
	Ready func(context.Context) (giveBack func(), err error)
}

// Client asks one tenant's hunting API. It is safe for concurrent use; how many calls run at once is up to its users
// and the quota.
type Client struct {
	opts   Options
	url    *url.URL
	tokens *tokens
}

// New returns a client. It makes no call.
func New(opts Options) (*Client, error) {
	opts = opts.withDefaults()
	base, scope, _, err := Endpoint(opts.Dialect, opts.Cloud)
	if opts.Endpoint != "" {
		base = opts.Endpoint
	}
	target, urlErr := parseEndpoint(base)
	if err := errors.Join(err, urlErr, opts.validate()); err != nil {
		return nil, fmt.Errorf("hunting client: %w", err)
	}
	if opts.Quota == nil {
		if opts.Quota, err = NewQuota(QuotaOptions{Now: opts.Now}); err != nil {
			return nil, err
		}
	}
	target.Path = opts.Dialect.path()
	return &Client{opts: opts, url: target, tokens: newTokens(opts.Credential, scope, opts.Now)}, nil
}

func (o Options) withDefaults() Options {
	if o.Transport == nil {
		o.Transport = newTransport()
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxWait == 0 {
		o.MaxWait = defaultMaxWait
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if o.Retries == 0 {
		o.Retries = defaultRetries
	}
	if o.Chance == nil {
		o.Chance = rand.Float64
	}
	if o.Allocator == nil {
		o.Allocator = memory.DefaultAllocator
	}
	if o.Program == "" {
		o.Program = defaultProgram
	}
	if o.Pauses == nil {
		o.Pauses = func(Pause) {}
	}
	return o
}

func (o Options) validate() error {
	var errs []error
	if o.Credential == nil {
		errs = append(errs, errors.New("no credential"))
	}
	if o.Now == nil {
		errs = append(errs, errors.New("no clock"))
	}
	if o.Timeout < 0 || o.MaxWait < 0 || o.MaxBytes < 0 {
		errs = append(errs, errors.New("a limit is negative"))
	}
	return errors.Join(errs...)
}

// parseEndpoint reads the place that tokens may be sent to: a host, over TLS unless it is this machine.
func parseEndpoint(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("endpoint: want https://host or https://host:port") // the text may hold a password
	}
	if u.Scheme == "https" || (u.Scheme == "http" && isLoopback(u.Hostname())) {
		return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
	}
	return nil, fmt.Errorf("endpoint %s://%s: want https; http is for localhost only", u.Scheme, u.Host)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// newTransport returns a transport that notices a connection that has gone dead well before a call's time is up: a
// call that runs out of time is taken for a query that is too big.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout: 15 * time.Second,
		IdleConnTimeout:     90 * time.Second,
		MaxIdleConnsPerHost: 8,
		ForceAttemptHTTP2:   true,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second},
	}
}

// Run asks q and returns the whole answer, which the caller releases.
//
// It waits for the quota, repeats what failed for a passing reason, with growing pauses, gets a new token once if the
// service asks for it, and asks once more if the rows came before columns that q.Want does not foresee. An error says
// what the service said and what to do about it, and matches one of the sentinels, ctx's error, or none after the
// last repetition.
func (c *Client) Run(ctx context.Context, q Query) (*Answer, error) {
	answer, err := c.ask(ctx, q)
	var order *SchemaOrderError
	if errors.As(err, &order) {
		q.Want = order.Fields
		if answer, err = c.ask(ctx, q); errors.As(err, &order) {
			err = &fault{ErrPermanent, err} // the columns change faster than they can be asked for
		}
	}
	if err != nil {
		return nil, fmt.Errorf("query %s: %w%s", q.Table, err, c.remedy(q, err))
	}
	return answer, nil
}

var notProvisioned = regexp.MustCompile(`(?i)account is not provisioned`)

// remedy is what the user can do about the error of a query.
func (c *Client) remedy(q Query, err error) string {
	var tenant string
	if c.opts.Tenant != "" {
		tenant = " in tenant " + c.opts.Tenant
	}
	var refusal *Error
	refused := errors.As(err, &refusal)
	var signIn *SignInError
	switch {
	case errors.As(err, &signIn):
		return "" // depends on how the credential was come by
	case errors.Is(err, ErrDenied) && (!refused || refusal.effectiveStatus() == http.StatusUnauthorized):
		return "; check the credential" + tenant
	case errors.Is(err, ErrDenied) && notProvisioned.MatchString(refusal.Message):
		return "; the tenant has no Defender to hunt in"
	case errors.Is(err, ErrDenied):
		return fmt.Sprintf("; grant the application %s%s, with the consent of an administrator", c.opts.Dialect.Permission(), tenant)
	case errors.Is(err, ErrNoTable):
		return fmt.Sprintf("; the name is wrong, or no licence%s brings the table, or the application lacks %s", tenant, c.opts.Dialect.Permission())
	case refused && (refusal.Status == http.StatusNotFound || refusal.Status == http.StatusGone || refusal.Status/100 == 3):
		return fmt.Sprintf("; check the endpoint %s, and whether the %v API is still offered there", c.url, c.opts.Dialect)
	}
	return c.remedyOfRest(q, err)
}

// remedyOfRest is the remedy for what is neither about access nor about the place.
func (c *Client) remedyOfRest(q Query, err error) string {
	var refusal *Error
	var broken *DecodeError
	refused := errors.As(err, &refusal)
	switch {
	case refused && refusal.Status == http.StatusRequestEntityTooLarge:
		return "; shorten the named query"
	case refused && refusal.class() == ErrPermanent && refusal.effectiveStatus() == http.StatusBadRequest:
		return "; the query was: " + oneLine(q.Text)
	case refused && refusal.Status == http.StatusOK && errors.Is(err, ErrPermanent):
		return fmt.Sprintf("; see what proxy stands before %s, and what it wants", c.url)
	case errors.As(err, &broken) && errors.Is(err, ErrPermanent):
		return "; this version cannot read what the service sends: see whether there is a newer one"
	}
	return ""
}
