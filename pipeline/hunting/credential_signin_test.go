package hunting_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/entratest"
)

const (
	graphScope    = "https://graph.microsoft.com/.default"
	defenderScope = "https://api.security.microsoft.com/.default"
)

// Every method that asks an authority gets a token of the tenant, for the API and its cloud, and nobody else is asked.
func TestSignIn(t *testing.T) {
	cert := certificate(t)
	file := write(t, "federated", entratest.Assertion("lake"))
	secret := hunting.NewSecret("hunter2")
	pfx := entratest.App{Certificate: parsed(t, write(t, "pfx.pem", pfxCertificate))}
	for _, tt := range []struct {
		name, method string
		app          entratest.App
		opts         hunting.CredentialOptions
		by           string
	}{
		{"secret", "client-secret", entratest.App{Secret: "hunter2"}, hunting.CredentialOptions{ClientID: appID, ClientSecret: secret}, "secret"},
		{"certificate", "client-certificate", entratest.App{Certificate: parsed(t, cert)}, hunting.CredentialOptions{ClientID: appID, Certificate: cert}, "certificate"},
		{"PKCS#12", "client-certificate", pfx, hunting.CredentialOptions{ClientID: appID, Certificate: "testdata/app.pfx", Password: hunting.NewSecret("pfx-passw0rd")}, "certificate"},
		{"workload", "workload-identity", entratest.App{Federated: entratest.Assertion("lake")}, hunting.CredentialOptions{ClientID: appID, TokenFile: file}, "federated"},
	} {
		for _, place := range []struct {
			dialect      hunting.Dialect
			cloud        hunting.Cloud
			scope, login string
			hosts        []string
		}{
			{hunting.Graph, hunting.Global, graphScope, "login.microsoftonline.com", []string{"graph.microsoft.com", "login.microsoftonline.com"}},
			{hunting.Defender, hunting.Global, defenderScope, "login.microsoftonline.com", []string{"api.security.microsoft.com", "login.microsoftonline.com"}},
			{hunting.Graph, hunting.GCCHigh, "https://graph.microsoft.us/.default", "login.microsoftonline.us", []string{"graph.microsoft.us", "login.microsoftonline.us"}},
		} {
			t.Run(fmt.Sprint(tt.name, " ", place.dialect, " ", place.cloud), func(t *testing.T) {
				e := newEntra(t, tt.app)
				t.Setenv("AZURE_AUTHORITY_HOST", "https://elsewhere.test/") // has no say
				got := e.run(e.client(tt.method, tt.opts, hunting.Options{Dialect: place.dialect, Cloud: place.cloud}))
				if !strings.Contains(got.Claims, "CP1") {
					t.Errorf("it does not say that it understands claims challenges: %q", got.Claims)
				}
				got.Claims = ""
				want := entratest.Issue{Host: place.login, Tenant: tenantA, App: appID, Scope: place.scope, By: tt.by}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
				if diff := cmp.Diff(place.hosts, internet.Asked()); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			})
		}
	}
}

// pfxCertificate is that of testdata/app.pfx.
const pfxCertificate = `-----BEGIN CERTIFICATE-----
MIIDEzCCAfugAwIBAgIUEaHC1HcJygLkEFdzBwHA+umDcu0wDQYJKoZIhvcNAQEL
BQAwGDEWMBQGA1UEAwwNaHVudGxha2UtdGVzdDAgFw0yNjExMjUyMzMwMjVaGA8y
MTI2MTEwMTIzMzAyNVowGDEWMBQGA1UEAwwNaHVudGxha2UtdGVzdDCCASIwDQYJ
KoZIhvcNAQEBBQADggEPADCCAQoCggEBANiZe4THq3pieQfybncZorWj/UH21oZ8
fc4IZ4PcdZehX+PgwMUKzY0v1YMbqglwN8+jLKac4KKDCTAOi03gpxfTD4GMfxNk
/md1U4vIDnBQb16glXjZH3sAq3Rq+gASlyK8dUAHoTBKJxQnuZuOXxLuoDuLigM/
CzhMWRhmr+lfBHFgrUy+k+98J/F9ucE/lqMEKkebtVve109D+GthD+DTfuEGwcxw
l1ZjAQ20xnwxBc0lJw8WY1NNYbVgOLf0e8f4dmtkxF7ZgpulUI19Ef05z2jHw3FQ
7o60OGX2WPZXfmS5Qk4zqK7FT57u3y/FWWtgkvahxL3g+2qsuaYmtNMCAwEAAaNT
MFEwHQYDVR0OBBYEFGzydG+QkyuqlnMgoZrVUT09QkTsMB8GA1UdIwQYMBaAFGzy
dG+QkyuqlnMgoZrVUT09QkTsMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQEL
BQADggEBAIbqRBBLuA+bunBFgZ89VaWWQGE9Fn/rTIPs5dLPTohNCX7U3GSgfg2h
0UrpyOCdEQgQmF5uWrr8JixfYGhjSpykuDQjJCCUpl28zPKCLWt6PRyF9saLYIqv
liZdqswLoGUXm17wE9fGyjToyO3568cF8gx8+GpoCHaBrlJNgT/4P/zF+RPeFtUg
yroGTeXlab1LZ4gkPd5Ezu+twH0lLxe6a+HhD2NoDlKJRk+/KQSaq7NftS9KUgjF
q+hlK+90Ay/JKlx0yf3/6qcGTDrs+5QlfJBwdjGMQsp6L4e53HiVNb7TZQ2Y3dtO
yPo0PRcFhzGQxmH1MtPQiO5zf3AYrB0=
-----END CERTIFICATE-----`

// write makes a file and returns its path.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestManagedIdentity(t *testing.T) {
	const identity = "22222222-2222-2222-2222-222222222222"
	for _, tt := range []struct {
		name, id string
		dialect  hunting.Dialect
		site     bool // App Service, with a place and a secret of its own; else the metadata service
	}{
		{"metadata service", "", hunting.Graph, false},
		{"metadata service, user-assigned", identity, hunting.Defender, false},
		{"App Service", "", hunting.Defender, true},
		{"App Service, user-assigned", identity, hunting.Graph, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEntra(t, entratest.App{})
			e.Identity = entratest.Identity{Tenant: tenantA, ID: tt.id}
			e.Life = 4 * time.Minute // too short for the SDK to keep
			want := entratest.Issue{Host: "169.254.169.254", Tenant: tenantA, App: tt.id, Scope: "https://graph.microsoft.com", By: "identity"}
			if tt.dialect == hunting.Defender {
				want.Scope = "https://api.security.microsoft.com"
			}
			if tt.site {
				e.Identity.Header = "s1te-secret"
				server := httptest.NewServer(e.Authority)
				defer server.Close()
				t.Setenv("IDENTITY_ENDPOINT", server.URL+"/msi/token")
				t.Setenv("IDENTITY_HEADER", "s1te-secret")
				want.Host = strings.TrimPrefix(server.URL, "http://")
			} else {
				e.at("169.254.169.254", e.Authority)
			}
			got := e.run(e.client("managed-identity", hunting.CredentialOptions{ClientID: tt.id}, hunting.Options{Dialect: tt.dialect}))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestAzureCLI(t *testing.T) {
	for dialect, resource := range map[hunting.Dialect]string{hunting.Graph: "https://graph.microsoft.com", hunting.Defender: "https://api.security.microsoft.com"} {
		t.Run(dialect.String(), func(t *testing.T) {
			e := newEntra(t, entratest.App{})
			said := azureCLI(t, fmt.Sprintf(`echo '{"accessToken": "from-az", "expires_on": %d, "tokenType": "Bearer"}'`, time.Now().Add(time.Hour).Unix()))
			c := e.client("azure-cli", hunting.CredentialOptions{}, hunting.Options{Dialect: dialect})
			for range 2 {
				answer, err := c.Run(t.Context(), query)
				if err != nil {
					t.Fatal(err)
				}
				answer.Release()
			}
			text, err := os.ReadFile(said)
			if want := "account get-access-token -o json --resource " + resource + " --tenant " + tenantA + "\n"; err != nil || string(text) != want {
				t.Errorf("az was called with\n%swant once\n%s%v", text, want, err)
			}
			if diff := cmp.Diff([]string{"from-az", "from-az"}, e.tokens); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// The default goes on from what is not there to what is: environment, workload, managed identity, Azure CLI.
func TestDefault(t *testing.T) {
	environment := map[string]string{"AZURE_CLIENT_ID": appID, "AZURE_CLIENT_SECRET": "hunter2", "AZURE_TENANT_ID": tenantB}
	workload := map[string]string{"AZURE_CLIENT_ID": appID, "AZURE_TENANT_ID": tenantA, "AZURE_FEDERATED_TOKEN_FILE": write(t, "federated", "assertion")}
	for _, tt := range []struct {
		name     string
		env      map[string]string
		metadata bool
		want     string // how the token was got
	}{
		{"environment of another tenant", environment, true, "secret"},
		{"workload", workload, true, "federated"},
		{"metadata service", nil, true, "identity"},
		{"az", nil, false, "az"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEntra(t, entratest.App{Secret: "hunter2"})
			if tt.want == "federated" {
				e.Apps[0].Federated = "assertion"
			}
			for name, value := range tt.env {
				t.Setenv(name, value)
			}
			if tt.metadata {
				e.Identity.Tenant, e.Life = tenantA, 4*time.Minute
				e.at("169.254.169.254", e.Authority)
			}
			azureCLI(t, fmt.Sprintf(`echo '{"accessToken": "from-az", "expires_on": %d}'`, time.Now().Add(time.Hour).Unix()))
			c := e.client("default", hunting.CredentialOptions{}, hunting.Options{})
			if tt.want == "az" {
				if err := c.SignIn(t.Context()); err != nil || len(e.Issued()) > 0 {
					t.Errorf("got %v, and %v was issued", err, e.Issued())
				}
			} else if got := e.run(c); got.By != tt.want || got.Tenant != tenantA {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// A token is renewed before it ends, and a workload's file is read anew by then.
func TestSignInAgain(t *testing.T) {
	e := newEntra(t, entratest.App{Federated: "first"})
	file := write(t, "federated", "first")
	synctest.Test(t, func(t *testing.T) {
		c := e.client("workload-identity", hunting.CredentialOptions{ClientID: appID, TokenFile: file}, hunting.Options{})
		e.run(c)
		if err := os.WriteFile(file, []byte("second"), 0o600); err != nil {
			t.Fatal(err)
		}
		e.Change(func(a *entratest.Authority) { a.Apps[0].Federated = "second" })
		for _, step := range []struct {
			wait   time.Duration
			issued int
		}{{54 * time.Minute, 1}, {time.Minute, 2}, {54 * time.Minute, 2}, {5 * time.Minute, 3}} {
			time.Sleep(step.wait)
			e.run(c)
			if n := len(e.Issued()); n != step.issued {
				t.Fatalf("%d tokens issued after %v more, want %d", n, step.wait, step.issued)
			}
		}
	})
}

// While the authority is down, a token is used to its end; what is refused is not asked for by everybody.
func TestSignInOutage(t *testing.T) {
	e := newEntra(t, entratest.App{Secret: "hunter2"})
	synctest.Test(t, func(t *testing.T) {
		c := e.client("client-secret", hunting.CredentialOptions{ClientID: appID, ClientSecret: hunting.NewSecret("hunter2")}, hunting.Options{})
		e.run(c)
		e.Refuse(forever(entratest.Down())...)
		time.Sleep(57 * time.Minute)
		e.run(c)
		if n := len(e.Issued()); n != 1 || e.Calls() != 2 {
			t.Errorf("%d tokens of %d calls", n, e.Calls())
		}
		time.Sleep(3 * time.Minute)
		if err := c.SignIn(t.Context()); err == nil {
			t.Error("a token that has ended is used")
		}
		e.Refuse(forever(entratest.WrongSecret(appID))...)
		calls := e.Calls()
		for range 5 {
			if err := c.SignIn(t.Context()); !errors.Is(err, hunting.ErrDenied) {
				t.Errorf("got %v", err)
			}
		}
		if n := e.Calls() - calls; n != 1 {
			t.Errorf("asked %d times", n)
		}
		e.Refuse()
		time.Sleep(time.Minute)
		e.run(c)
	})
}

// A regional branch of the authority gets what the authority would.
func TestSignInRegion(t *testing.T) {
	e := newEntra(t, entratest.App{Secret: "hunter2"})
	t.Setenv("AZURE_REGIONAL_AUTHORITY_NAME", "westeurope")
	e.at("westeurope.login.microsoft.com", e.Authority)
	got := e.run(e.client("client-secret", hunting.CredentialOptions{ClientID: appID, ClientSecret: hunting.NewSecret("hunter2")}, hunting.Options{}))
	if got.Host != "westeurope.login.microsoft.com" {
		t.Errorf("got %+v", got)
	}
}

// A service that wants more of a token (conditional access) gets one that was asked for with its claims.
func TestSignInWithClaims(t *testing.T) {
	e := newEntra(t, entratest.App{Secret: "hunter2"})
	first := true
	e.at("graph.microsoft.com", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if first {
			first = false
			w.Header().Set("WWW-Authenticate", `Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNjA0MTA2NjUxIn19fQ=="`)
			w.WriteHeader(401)
			return
		}
		e.hunt(w, r)
	}))
	got := e.run(e.client("client-secret", hunting.CredentialOptions{ClientID: appID, ClientSecret: hunting.NewSecret("hunter2")}, hunting.Options{}))
	if !strings.Contains(got.Claims, "1604106651") || len(e.Issued()) != 2 {
		t.Errorf("got %+v after %d", got, len(e.Issued()))
	}
}

// Secrets are posted to the authority, not to where it, or somebody in its name, points.
func TestSignInKeepsSecretsAtHome(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"redirect", "redirects elsewhere"},
		{"discovery", "names elsewhere.test to send credentials to, which is refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEntra(t, entratest.App{Secret: "hunter2"})
			e.at("elsewhere.test", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("it is asked: %s %s", r.Method, r.URL) }))
			e.at("login.microsoftonline.com", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case tt.name == "redirect" && r.Method == http.MethodPost:
					http.Redirect(w, r, "https://elsewhere.test/stolen", http.StatusTemporaryRedirect)
				case tt.name == "discovery" && strings.HasSuffix(r.URL.Path, "/openid-configuration"):
					_, _ = fmt.Fprintf(w, `{"token_endpoint": "https://elsewhere.test/token", "authorization_endpoint": "https://elsewhere.test/a", "issuer": "https://login.microsoftonline.com/x/v2.0"}`)
				default:
					e.Authority.ServeHTTP(w, r)
				}
			}))
			err := e.client("client-secret", hunting.CredentialOptions{ClientID: appID, ClientSecret: hunting.NewSecret("hunter2")}, hunting.Options{}).SignIn(t.Context())
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if slices.Contains(internet.Asked(), "elsewhere.test") {
				t.Error("it was asked")
			}
		})
	}
}

// A token of another tenant is refused: its rows would be exported as this one's.
func TestSignInToAnotherTenant(t *testing.T) {
	e := newEntra(t, entratest.App{})
	e.Identity.Tenant, e.Life = tenantB, 4*time.Minute
	e.at("169.254.169.254", e.Authority)
	_, err := e.client("managed-identity", hunting.CredentialOptions{}, hunting.Options{}).Run(t.Context(), query)
	var said *hunting.SignInError
	if !errors.Is(err, hunting.ErrDenied) || !errors.As(err, &said) || said.Code != hunting.WrongTenant || !strings.Contains(err.Error(), "the token is for tenant "+tenantB) {
		t.Errorf("got %v", err)
	}
	if len(e.tokens) > 0 {
		t.Error("the service was asked")
	}
}
