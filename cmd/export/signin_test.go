package main_test

import (
	gocmp "cmp"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	main "huntlake/cmd/export"
	"huntlake/pipeline/hunting/entratest"
	"huntlake/pipeline/hunting/simulator"
)

const (
	application = "11111111-1111-1111-1111-111111111111"
	noTenant    = "00000000-0000-0000-0000-000000000002"
	secret      = "s3cret~value"
)

// world is a rig whose service and authority stand where Microsoft's do, so that its configuration names neither.
type world struct {
	*rig
	*entratest.Authority
}

// newWorld serves the service at some hosts, to those who come with a token of the authority, at others.
func newWorld(t *testing.T, change ...func(*simulator.Options)) *world {
	t.Helper()
	for _, name := range []string{"AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_TOKEN_CREDENTIALS", "IDENTITY_ENDPOINT", "MSI_ENDPOINT"} {
		t.Setenv(name, "") // which puts it back
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	change = append(change, func(o *simulator.Options) { o.Token = "" })
	w := &world{rig: newRig(t, change...), Authority: &entratest.Authority{Tenants: []string{tenantID}, Now: time.Now}}
	w.Apps = []entratest.App{{ID: application, Secret: secret}}
	for _, host := range []string{"login.microsoftonline.com", "login.microsoftonline.us"} {
		w.at(host, w.Authority)
	}
	for _, host := range []string{"graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us",
		"api.security.microsoft.com", "api-gcc.security.microsoft.us", "api-gov.security.microsoft.us"} {
		w.at(host, http.HandlerFunc(w.serveIssued))
	}
	internet.Asked()
	return w
}

func (w *world) at(host string, handler http.Handler) {
	internet.Serve(host, handler)
	w.t.Cleanup(func() { internet.Serve(host, nil) })
}

func (w *world) serveIssued(rw http.ResponseWriter, r *http.Request) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	audience := "https://" + r.Host + "/.default"
	if !slices.ContainsFunc(w.Issued(), func(i entratest.Issue) bool { return i.Token == token && i.Scope == audience }) {
		http.Error(rw, "not a token for "+audience, http.StatusUnauthorized)
		return
	}
	w.service.ServeHTTP(rw, r)
}

// signIn writes a configuration for an API in a cloud, with lines of auth for a tenant.
func (w *world) signIn(api, cloud, tenant, auth string) {
	w.t.Helper()
	text := fmt.Sprintf("lake: ./lake\nsource: {api: %s, cloud: %s}\ntenants:\n  - id: %s\n    auth: {%s}\nquota: {calls_per_minute: 100000}\ntables: [%s]\n",
		api, cloud, tenant, auth, strings.Join(rigTables, ", "))
	write(w.t, w.config(), text)
}

const bySecret = "method: client-secret, client_id: " + application + ", client_secret: " + secret

// TestClouds goes the whole way from the configuration's cloud to the hosts that are asked, and to the token's scope.
func TestClouds(t *testing.T) {
	for _, c := range []struct{ api, cloud, host, login string }{
		{"graph", "global", "graph.microsoft.com", "login.microsoftonline.com"},
		{"graph", "gcc", "graph.microsoft.com", "login.microsoftonline.com"},
		{"graph", "gcc-high", "graph.microsoft.us", "login.microsoftonline.us"},
		{"graph", "dod", "dod-graph.microsoft.us", "login.microsoftonline.us"},
		{"defender", "global", "api.security.microsoft.com", "login.microsoftonline.com"},
		{"defender", "gcc", "api-gcc.security.microsoft.us", "login.microsoftonline.com"},
		{"defender", "gcc-high", "api-gov.security.microsoft.us", "login.microsoftonline.us"},
		{"defender", "dod", "api-gov.security.microsoft.us", "login.microsoftonline.us"},
	} {
		t.Run(c.api+" "+c.cloud, func(t *testing.T) {
			w := newWorld(t)
			w.signIn(c.api, c.cloud, tenantID, bySecret)
			w.verb("check").want(t, 0, "ok      sign in: by client-secret", "ok      AlertInfo: ", "ok      permission: ", "ok      clock: ")
			if diff := cmp.Diff([]string{c.host, c.login}, internet.Asked()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			issued := w.Issued()
			if len(issued) != 1 || issued[0].Host != c.login || issued[0].Tenant != tenantID || issued[0].Scope != "https://"+c.host+"/.default" {
				t.Errorf("issued %+v", issued)
			}
		})
	}
}

// TestSignInToRun exports with each kind of proof that a file holds, and with what a variable names.
func TestSignInToRun(t *testing.T) {
	path, certificate := newCertificate(t)
	federated := filepath.Join(t.TempDir(), "token")
	write(t, federated, entratest.Assertion("lake"))
	for _, c := range []struct {
		name, auth, by string
		app            entratest.App
	}{
		{"secret", bySecret, "secret", entratest.App{Secret: secret}},
		{"certificate", "method: client-certificate, client_id: " + application + ", certificate: " + path, "certificate", entratest.App{Certificate: certificate}},
		{"workload", "method: workload-identity, client_id: " + application, "federated", entratest.App{Federated: entratest.Assertion("lake")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			c.app.ID = application
			w.Apps = []entratest.App{c.app}
			t.Setenv("AZURE_FEDERATED_TOKEN_FILE", federated)
			w.signIn("graph", "global", tenantID, c.auth)
			w.verb("run").want(t, 0)
			if issued := w.Issued(); len(w.files()) == 0 || len(issued) != 1 || issued[0].By != c.by {
				t.Errorf("%d files, issued %+v", len(w.files()), issued)
			}
		})
	}
}

// newCertificate makes a certificate and a file with it and its key.
func newCertificate(t *testing.T) (path string, c *x509.Certificate) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "app.pem")
	write(t, path, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))+
		string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))
	return path, c
}

// TestSignInFails holds that whoever cannot sign in is told why, and what to do where, by run and by check alike, and
// that nothing which is secret is told.
func TestSignInFails(t *testing.T) {
	path, certificate := newCertificate(t)
	_, other := newCertificate(t)
	byCertificate := "method: client-certificate, client_id: " + application + ", certificate: " + path
	refuse := func(r entratest.Refusal) func(*world) {
		return func(w *world) { w.Refuse(slices.Repeat([]entratest.Refusal{r}, 50)...) }
	}
	for _, c := range []struct {
		name, auth string // auth is bySecret if ""
		tenant     string // tenantID if ""
		spoil      func(*world)
		says, todo string
		check      string // what fails in a check; "sign in" if ""
	}{
		{name: "wrong secret", spoil: func(w *world) { w.Apps[0].Secret = "another" },
			says: "AADSTS7000215: Invalid client secret provided.", todo: "put the Value of a client secret, not its Secret ID, into tenants[].auth.client_secret"},
		{name: "expired secret", spoil: func(w *world) { w.Apps[0].Expired = true }, says: "AADSTS7000222", todo: "make a new client secret (Entra admin center"},
		{name: "wrong certificate", auth: byCertificate, spoil: func(w *world) { w.Apps[0].Certificate = other }, says: "AADSTS700027", todo: "upload the public part of tenants[].auth.certificate"},
		{name: "expired certificate", auth: byCertificate, spoil: func(w *world) { w.Apps[0].Certificate, w.Apps[0].Expired = certificate, true },
			says: "The key used is expired", todo: "one that has expired needs a successor"},
		{name: "clock", auth: byCertificate, spoil: func(w *world) {
			now := w.Now().Add(2 * time.Hour)
			w.Now, w.Apps[0].Certificate = func() time.Time { return now }, certificate
		}, says: "AADSTS700024", todo: "set this machine's clock by a time server", check: "clock"},
		{name: "unknown tenant", tenant: noTenant, says: "AADSTS90002: Tenant '" + noTenant + "' not found", todo: "look at tenants[].id (Entra admin center > Overview > Tenant ID) and at source.cloud"},
		{name: "unknown application", spoil: func(w *world) { w.Apps[0].ID = noTenant }, says: "AADSTS700016", todo: "look at tenants[].auth.client_id"},
		{name: "no consent", spoil: func(w *world) { w.Apps[0].NotConsented = true }, says: "AADSTS65001", todo: "let an administrator grant consent"},
		{name: "conditional access", spoil: refuse(entratest.Blocked()), says: "AADSTS53003", todo: "let this application, from here, through the policy"},
		{name: "claims challenge", spoil: func(w *world) {
			w.at("graph.microsoft.com", http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
				rw.Header().Set("WWW-Authenticate", `Bearer error="insufficient_claims", claims="e30="`)
				rw.WriteHeader(http.StatusUnauthorized)
				w.Refuse(entratest.Blocked())
			}))
		}, says: "AADSTS53003: Access has been blocked by Conditional Access policies. The access policy does not allow token issuance. (trace 0000aaaa-11bb-cccc-dd22-eeeeee333333); the service had refused the last token: status 401", todo: "let this application, from here, through the policy", check: "token"},
		{name: "throttled", spoil: refuse(entratest.Throttled(0)), says: "status 429", todo: "login.microsoftonline.com is asked too often"},
		{name: "down", spoil: refuse(entratest.Down()), says: "login.microsoftonline.com is down or out of reach (attempt 5)", todo: "login.microsoftonline.com is out of order: run it again later"},
		{name: "unreachable", spoil: func(w *world) { w.at("login.microsoftonline.com", nil) }, says: "login.microsoftonline.com is down", todo: "see that login.microsoftonline.com can be reached from here"},
		{name: "proxy's page", spoil: refuse(entratest.Page(200)), says: "the answer is not JSON", todo: "see what proxy stands before login.microsoftonline.com"},
		{name: "no token file", auth: "method: workload-identity, client_id: " + application + ", token_file: nonesuch", says: "nonesuch: no such file", todo: "see that tenants[].auth.token_file"},
	} {
		for _, verb := range []string{"check", "run"} {
			t.Run(c.name+" "+verb, func(t *testing.T) {
				w := newWorld(t)
				w.signIn("graph", "global", gocmp.Or(c.tenant, tenantID), gocmp.Or(c.auth, bySecret))
				synctest.Test(t, func(t *testing.T) {
					now := time.Now() // the authority stands outside the bubble
					w.Now = func() time.Time { return now }
					if c.spoil != nil {
						c.spoil(w)
					}
					got := huntlakeAt(context.Background(), time.Now, verb, "--config", w.config())
					got.want(t, 1, c.says, "what to do: ", c.todo)
					if verb == "check" {
						got.want(t, 1, "FAILED  "+gocmp.Or(c.check, "sign in")+": ", "-       2 tables: not tried")
					}
					for _, hidden := range []string{secret, "eyJ", "Trace ID"} {
						if strings.Contains(got.stdout+got.stderr, hidden) {
							t.Errorf("it says %q:\n%s%s", hidden, got.stdout, got.stderr)
						}
					}
				})
			})
		}
	}
}

// TestNoPermission holds that a token without the role, which is issued all the same, is found out by the first call.
func TestNoPermission(t *testing.T) {
	for _, c := range []struct{ api, role string }{{"graph", "ThreatHunting.Read.All"}, {"defender", "AdvancedHunting.Read.All"}} {
		w := newWorld(t, func(o *simulator.Options) { o.MissingRole = true })
		w.signIn(c.api, "global", tenantID, bySecret)
		w.verb("check").want(t, 1, "ok      sign in: by client-secret", "FAILED  permission: ", c.role, "API permissions: add what the message names", "-       2 tables: not tried: without the permission")
		w.verb("run").want(t, 1, c.role, "what to do: Entra admin center > App registrations > the application > API permissions")
	}
}

// TestSignInIsDocumented holds that the page on operations knows every code that the program knows.
func TestSignInIsDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range main.SignInCodes() {
		if strings.HasPrefix(code, "AADSTS") && !strings.Contains(string(page), code) {
			t.Errorf("docs/operations.md does not name %s", code)
		}
	}
}
