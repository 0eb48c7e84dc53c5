package entratest

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Authority issues tokens to the applications it knows.
type Authority struct {
	Tenants  []string
	Apps     []App
	Life     time.Duration    // of tokens; 0 is an hour, less a second
	Now      func() time.Time // the authority's clock
	Identity Identity         // who the machine is, for those who ask as a managed identity does

	mu      sync.Mutex
	refused []Refusal
	issued  []Issue
	calls   int
}

// App is an application, and what it may sign in with.
type App struct {
	ID           string
	Secret       string
	Certificate  *x509.Certificate // with an RSA key
	Expired      bool              // the secret, or the certificate
	Federated    string            // the assertion that is good at present
	NotConsented bool              // to the resource
}

// Identity is a managed identity.
type Identity struct {
	Tenant, ID string // ID is that of a user-assigned one; "" takes any
	Header     string // App Service's secret
}

// Issue is a token that was issued.
type Issue struct {
	Host, Tenant, App, Scope, By string // By is secret, certificate, federated or identity
	Claims                       string // asked for
	Token                        string
}

// Refuse lets the next requests for tokens fail, one after the other.
func (a *Authority) Refuse(refusals ...Refusal) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refused = refusals
}

// Change changes the authority while it may be asked.
func (a *Authority) Change(how func(*Authority)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	how(a)
}

// Issued returns the tokens issued so far.
func (a *Authority) Issued() []Issue {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.issued)
}

// Calls returns how many times a token was asked for.
func (a *Authority) Calls() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.calls
}

// ServeHTTP implements http.Handler.
func (a *Authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w.Header().Set("Date", a.Now().UTC().Format(http.TimeFormat))
	tenant, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	base := "https://" + r.Host + "/" + tenant
	switch rest {
	case "discovery/instance":
		alias := map[string]any{"preferred_network": r.Host, "preferred_cache": r.Host, "aliases": []string{r.Host}}
		a.answer(w, 200, map[string]any{"tenant_discovery_endpoint": base + "/v2.0/.well-known/openid-configuration", "api-version": "1.1", "metadata": []any{alias}})
	case "v2.0/.well-known/openid-configuration":
		if slices.Contains(a.Tenants, tenant) {
			a.answer(w, 200, map[string]any{"token_endpoint": base + "/oauth2/v2.0/token", "authorization_endpoint": base + "/oauth2/v2.0/authorize", "issuer": base + "/v2.0"})
			return
		}
		a.refuse(w, UnknownTenant(tenant))
	case "oauth2/v2.0/token":
		a.calls++
		a.token(w, r, tenant)
	case "identity/oauth2/token", "token": // of IMDS, and of App Service
		a.calls++
		a.identity(w, r)
	default:
		http.NotFound(w, r)
	}
}

// next returns what was ordered to go wrong with this request.
func (a *Authority) next() (Refusal, bool) {
	if len(a.refused) == 0 {
		return Refusal{}, false
	}
	first := a.refused[0]
	a.refused = a.refused[1:]
	return first, true
}

// token answers a request by an application.
func (a *Authority) token(w http.ResponseWriter, r *http.Request, tenant string) {
	if err := r.ParseForm(); err != nil {
		a.refuse(w, Refusal{Status: 400, Error: "invalid_request", Code: 900144, Text: "The request body is not a form."})
		return
	}
	if f, ok := a.next(); ok {
		a.refuse(w, f)
		return
	}
	by, f := a.check(r, tenant)
	if f.Status != 0 {
		a.refuse(w, f)
		return
	}
	token, life := a.issue(Issue{Host: r.Host, Tenant: tenant, App: r.PostForm.Get("client_id"), Scope: scope(r.PostForm.Get("scope")), By: by, Claims: r.PostForm.Get("claims")})
	a.answer(w, 200, map[string]any{"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token})
}

// issue makes a token and returns how many seconds it lasts.
func (a *Authority) issue(i Issue) (token string, life int64) {
	d := a.Life
	if d == 0 {
		d = time.Hour - time.Second
	}
	i.Token = jwt(map[string]any{
		"tid": i.Tenant, "aud": strings.TrimSuffix(i.Scope, "/.default"), "appid": i.App,
		"exp": a.Now().Add(d).Unix(), "jti": fmt.Sprint(len(a.issued) + 1),
	})
	a.issued = append(a.issued, i)
	return i.Token, int64(d / time.Second)
}

// identity answers a machine that asks for a token of its own.
func (a *Authority) identity(w http.ResponseWriter, r *http.Request) {
	if f, ok := a.next(); ok {
		a.refuse(w, f)
		return
	}
	query := r.URL.Query()
	id := query.Get("client_id")
	switch {
	case a.Identity.Header != "" && r.Header.Get("X-IDENTITY-HEADER") != a.Identity.Header:
		a.answer(w, 401, map[string]any{"statusCode": 401, "message": "The identity header is not this site's."})
		return
	case a.Identity.Header == "" && r.Header.Get("Metadata") != "true":
		a.answer(w, 400, map[string]any{"error": "bad_request_102", "error_description": "Required metadata header not specified"})
		return
	case a.Identity.ID != id:
		a.answer(w, 400, map[string]any{"error": "invalid_request", "error_description": "Identity not found"})
		return
	}
	token, life := a.issue(Issue{Host: r.Host, Tenant: a.Identity.Tenant, App: id, Scope: query.Get("resource"), By: "identity"})
	expires := a.Now().Add(time.Duration(life) * time.Second).Unix()
	a.answer(w, 200, map[string]any{
		"token_type": "Bearer", "access_token": token, "resource": query.Get("resource"), "expires_in": fmt.Sprint(life), "expires_on": fmt.Sprint(expires),
	})
}

func (a *Authority) answer(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}
