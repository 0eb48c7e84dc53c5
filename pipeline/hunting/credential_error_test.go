package hunting_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/entratest"
)

// forever is a refusal as often as anybody asks.
func forever(r entratest.Refusal) []entratest.Refusal {
	return slices.Repeat([]entratest.Refusal{r}, 20)
}

// What an authority refuses is said with its code and in its words, and not asked again; what may pass is.
func TestSignInRefused(t *testing.T) {
	cert := certificate(t)
	app := entratest.App{Secret: "hunter2", Certificate: parsed(t, cert)}
	other := func(a *entratest.App) { a.Certificate = parsed(t, certificate(t)) }
	secret := hunting.CredentialOptions{ClientID: appID, ClientSecret: hunting.NewSecret("hunter2")}
	wrong := hunting.CredentialOptions{ClientID: appID, ClientSecret: hunting.NewSecret("hunter2 no more")}
	signed := hunting.CredentialOptions{ClientID: appID, Certificate: cert}
	busy, down, slow := entratest.Throttled(50*time.Second), entratest.Down(), entratest.Throttled(time.Hour)
	for _, tt := range []struct {
		name     string
		opts     hunting.CredentialOptions
		spoil    func(*entratest.App)
		refused  []entratest.Refusal
		ahead    time.Duration // of the authority's clock
		code     string        // "" for a token
		meaning  string
		text     string
		calls    int
		min, max time.Duration
	}{
		{name: "wrong secret", opts: wrong, code: "AADSTS7000215", meaning: "denied", text: "client-secret at login.microsoftonline.com: status 401 Unauthorized: AADSTS7000215: Invalid client secret provided. Ensure", calls: 1},
		{name: "expired secret", opts: secret, spoil: func(a *entratest.App) { a.Expired = true }, code: "AADSTS7000222", meaning: "denied", text: "are expired", calls: 1},
		{name: "wrong certificate", opts: signed, spoil: other, code: "AADSTS700027", meaning: "denied", text: "The key was not found", calls: 1},
		{name: "expired certificate", opts: signed, spoil: func(a *entratest.App) { a.Expired = true }, code: "AADSTS700027", meaning: "denied", text: "The key used is expired", calls: 1},
		{name: "clock ahead", opts: signed, ahead: -time.Hour, code: "AADSTS700024", meaning: "denied", text: "not within its valid time range", calls: 1},
		{name: "clock behind", opts: signed, ahead: time.Hour, code: "AADSTS700024", meaning: "denied", text: "not within its valid time range", calls: 1},
		{name: "unknown tenant", opts: hunting.CredentialOptions{Tenant: tenantB, ClientID: appID, ClientSecret: hunting.NewSecret("hunter2")},
			code: "AADSTS90002", meaning: "denied", text: "Tenant '" + tenantB + "' not found", calls: 0},
		{name: "unknown application", opts: hunting.CredentialOptions{ClientID: tenantB, ClientSecret: hunting.NewSecret("hunter2")},
			code: "AADSTS700016", meaning: "denied", text: "was not found in the directory", calls: 1},
		{name: "no consent", opts: secret, spoil: func(a *entratest.App) { a.NotConsented = true }, code: "AADSTS65001", meaning: "denied", text: "has not consented", calls: 1},
		{name: "conditional access", opts: secret, refused: forever(entratest.Blocked()), code: "AADSTS53003", meaning: "denied", text: "blocked by Conditional Access", calls: 1},
		{name: "throttled once", opts: secret, refused: []entratest.Refusal{busy}, calls: 2, min: 50 * time.Second, max: 50 * time.Second},
		{name: "throttled for ever", opts: secret, refused: forever(entratest.Throttled(0)), code: "AADSTS90055", meaning: outage,
			text: "login.microsoftonline.com is down or out of reach (attempt 5): get token: client-secret at login.microsoftonline.com: status 429", calls: 5, min: 30 * time.Second, max: 90 * time.Second},
		{name: "throttled for long", opts: secret, refused: forever(slow), code: "AADSTS90055", meaning: outage, text: "(attempt 1)", calls: 1},
		{name: "down twice", opts: secret, refused: []entratest.Refusal{down, down}, calls: 3, min: 4 * time.Second, max: 30 * time.Second},
		{name: "down", opts: secret, refused: forever(down), code: "AADSTS90033", meaning: outage, text: "status 503", calls: 5, min: 30 * time.Second, max: 90 * time.Second},
		{name: "bad gateway", opts: secret, refused: forever(entratest.Page(502)), meaning: outage, text: "status 502 Bad Gateway: Sign in to the network Blocked by policy.", code: "-", calls: 5, max: 90 * time.Second},
		{name: "page of a proxy", opts: secret, refused: forever(entratest.Page(403)), code: "-", meaning: "permanent", text: "status 403 Forbidden: Sign in to the network Blocked by policy.", calls: 1},
		{name: "page that says all is well", opts: secret, refused: forever(entratest.Page(200)), code: "-", meaning: "permanent", text: "status 200 OK: the answer is not JSON, and may come from a proxy", calls: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEntra(t, app)
			if tt.spoil != nil {
				tt.spoil(&e.Apps[0])
			}
			e.Refuse(tt.refused...)
			synctest.Test(t, func(t *testing.T) {
				now := time.Now().Add(tt.ahead) // the authority stands outside the bubble
				e.Now = func() time.Time { return now }
				method := "client-secret"
				if tt.opts.Certificate != "" {
					method = "client-certificate"
				}
				c, start := e.client(method, tt.opts, hunting.Options{}), time.Now()
				err := c.SignIn(t.Context())
				if took := time.Since(start); took < tt.min || took > tt.max {
					t.Errorf("took %v, want %v to %v", took, tt.min, tt.max)
				}
				if e.Calls() != tt.calls {
					t.Errorf("%d calls, want %d", e.Calls(), tt.calls)
				}
				if tt.code == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				holds(t, err, tt.meaning, tt.text)
				var said *hunting.SignInError
				if !errors.As(err, &said) || said.Code != strings.Trim(tt.code, "-") || !said.Date.Equal(now) {
					t.Errorf("got %+v, want code %s and the authority's date", said, tt.code)
				}
			})
		})
	}
}

// holds fails the test unless err means what it should, says what it should, on one line, and gives nothing away.
func holds(t *testing.T, err error, meaning, text string) {
	t.Helper()
	if err == nil || meanings(err) != meaning || !strings.Contains(err.Error(), text) || errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want %s with %q", err, meaning, text)
	}
	for _, secret := range []string{"hunter2", "eyJ", "s1te", "\n", "Trace ID"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("it says %q: %v", secret, err)
		}
	}
}

// What keeps a sign-in from the authority is told from what the authority says.
func TestSignInWithout(t *testing.T) {
	dead := func(e *entra) { e.at("login.microsoftonline.com", nil) }
	workload := hunting.CredentialOptions{ClientID: appID, TokenFile: "/nonesuch/token"}
	secret := hunting.CredentialOptions{ClientID: appID, ClientSecret: hunting.NewSecret("hunter2")}
	for _, tt := range []struct {
		name, method  string
		opts          hunting.CredentialOptions
		spoil         func(*entra)
		meaning, text string
	}{
		{"unreachable", "client-secret", secret, dead, outage, "login.microsoftonline.com is down or out of reach (attempt 5): get token: client-secret at login.microsoftonline.com: "},
		{"no token file", "workload-identity", workload, nil, "denied", "/nonesuch/token: no such file"},
		{"no variables", "workload-identity", hunting.CredentialOptions{}, nil, "", "no client ID specified"},
		{"no machine of Azure's", "managed-identity", hunting.CredentialOptions{}, nil, outage, "169.254.169.254 is down or out of reach"},
		{"nothing at all", "default", hunting.CredentialOptions{}, nil, "denied", "failed to acquire a token. Attempted credentials: EnvironmentCredential"},
		{"wrong secret in the environment", "default", hunting.CredentialOptions{}, func(e *entra) {
			e.t.Setenv("AZURE_CLIENT_ID", appID)
			e.t.Setenv("AZURE_CLIENT_SECRET", "hunter2 no more")
			e.t.Setenv("AZURE_TENANT_ID", tenantA)
		}, "denied", "default at login.microsoftonline.com: status 401 Unauthorized: AADSTS7000215"},
		{"az not logged in", "azure-cli", hunting.CredentialOptions{}, nil, "denied", "Please run 'az login' to setup account."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEntra(t, entratest.App{Secret: "hunter2", Federated: "x"})
			azureCLI(t, `echo "ERROR: Please run 'az login' to setup account." >&2; exit 1`)
			for _, name := range []string{"azd", "pwsh"} { // the next in the chain of the default
				if err := os.WriteFile(strings.SplitN(os.Getenv("PATH"), ":", 2)[0]+"/"+name, []byte("#!/bin/sh\nexit 127\n"), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			if tt.spoil != nil {
				tt.spoil(e)
			}
			if tt.meaning == "" {
				if _, err := hunting.Credential(tt.method, tt.opts); err == nil || !strings.Contains(err.Error(), tt.text) {
					t.Errorf("got %v, want %q", err, tt.text)
				}
				return
			}
			synctest.Test(t, func(t *testing.T) {
				holds(t, e.client(tt.method, tt.opts, hunting.Options{}).SignIn(t.Context()), tt.meaning, tt.text)
			})
		})
	}
}

// An authority, or what stands before it, that repeats what it was sent is not repeated.
func TestSignInEchoed(t *testing.T) {
	assertion := entratest.Assertion("lake")
	for _, tt := range []struct {
		method string
		opts   hunting.CredentialOptions
		status int
		form   string // of the answer
	}{
		{"client-secret", hunting.CredentialOptions{ClientID: appID, ClientSecret: hunting.NewSecret("hunter2&=%+ ")}, 400, `<p>%s</p><p>%s</p>`},
		{"client-secret", hunting.CredentialOptions{ClientID: appID, ClientSecret: hunting.NewSecret("hunter2&=%+ ")}, 401, `{"error": "invalid_client", "error_description": "AADSTS1: %s or %s"}`},
		{"client-secret", hunting.CredentialOptions{ClientID: appID, ClientSecret: hunting.NewSecret("hunter2&=%+ ")}, 200, `{"access_token": "eyJ.%s.%s", `},
		{"client-secret", hunting.CredentialOptions{ClientID: appID, ClientSecret: hunting.NewSecret("hunter2&=%+ ")}, 200, `{"access_tokens": "eyJ.%s.%s"}`},
		{"workload-identity", hunting.CredentialOptions{ClientID: appID, TokenFile: write(t, "federated", assertion)}, 400, `<p>%s</p><p>%s</p>`},
		{"client-certificate", hunting.CredentialOptions{ClientID: appID, Certificate: certificate(t)}, 403, `{"error": "%s", "error_description": "%s"}`},
	} {
		t.Run(fmt.Sprint(tt.method, " ", tt.status), func(t *testing.T) {
			e := newEntra(t, entratest.App{})
			e.at("login.microsoftonline.com", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodPost {
					e.Authority.ServeHTTP(w, r)
					return
				}
				_ = r.ParseForm()
				proof := r.PostForm.Get("client_secret") + r.PostForm.Get("client_assertion")
				w.WriteHeader(tt.status)
				_, _ = fmt.Fprintf(w, tt.form, proof, r.PostForm.Encode())
			}))
			err := e.client(tt.method, tt.opts, hunting.Options{}).SignIn(t.Context())
			meaning := "denied"
			if tt.status == 200 || strings.HasPrefix(tt.form, "<") {
				meaning = "permanent"
			}
			holds(t, err, meaning, fmt.Sprintf("status %d", tt.status))
		})
	}
}

// Nor is the secret of App Service, or a secret of the environment.
func TestSignInEchoesEnvironment(t *testing.T) {
	e := newEntra(t, entratest.App{})
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, `{"statusCode": 400, "message": "no such header: `+r.Header.Get("X-IDENTITY-HEADER")+`"}`, 400)
	}))
	defer site.Close()
	t.Setenv("IDENTITY_ENDPOINT", site.URL+"/msi/token")
	t.Setenv("IDENTITY_HEADER", "s1te-secret")
	holds(t, e.client("managed-identity", hunting.CredentialOptions{}, hunting.Options{}).SignIn(t.Context()), "denied", "status 400 Bad Request: no such header: [redacted]")
	t.Setenv("AZURE_CLIENT_ID", appID)
	t.Setenv("AZURE_CLIENT_SECRET", "hunter2&=%+ ")
	t.Setenv("AZURE_TENANT_ID", tenantA)
	e.at("login.microsoftonline.com", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			e.Authority.ServeHTTP(w, r)
			return
		}
		_ = r.ParseForm()
		http.Error(w, r.PostForm.Get("client_secret")+r.PostForm.Encode(), 400)
	}))
	holds(t, e.client("default", hunting.CredentialOptions{}, hunting.Options{}).SignIn(t.Context()), "permanent", "status 400 Bad Request: [redacted]")
}

// A certificate's file that cannot be used says what would do.
func TestCertificateFiles(t *testing.T) {
	for _, tt := range []struct{ path, password, want string }{
		{"testdata/app.pfx", "", "; set certificate_password to the file's password"},
		{"testdata/app.pfx", "hunter2", "; set certificate_password to the file's password"},
		{"testdata/app-aes.pfx", "pfx-passw0rd", "; turn it into PEM without a password (openssl pkcs12"},
		{certificate(t), "hunter2", "and remove certificate_password"},
		{write(t, "only.pem", pfxCertificate), "", "; want a PEM or PKCS#12 file with the certificate and its RSA key"},
	} {
		_, err := hunting.Credential("client-certificate", hunting.CredentialOptions{
			Tenant: tenantA, ClientID: appID, Certificate: tt.path, Password: hunting.NewSecret(tt.password)})
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v, want %q", tt.path, err, tt.want)
		}
	}
}
