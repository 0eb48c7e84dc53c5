package configs

import (
	"path/filepath"
	"slices"
	"strings"
)

// Method is a way to sign in.
type Method string

// The methods. What each needs stands in methods.
const (
	AuthDefault           Method = "default"            // whatever the Azure SDK finds: environment, workload, managed identity, CLI
	AuthClientSecret      Method = "client-secret"      // an app registration and its secret
	AuthClientCertificate Method = "client-certificate" // an app registration and its certificate
	AuthWorkloadIdentity  Method = "workload-identity"  // a federated token, as in Kubernetes
	AuthManagedIdentity   Method = "managed-identity"   // the identity of the Azure machine this runs on
	AuthAzureCLI          Method = "azure-cli"          // whoever ran az login
	AuthToken             Method = "token"              // a bearer token, as it is
)

// Auth is how to sign in to one tenant. A field that the method has no use for is empty.
type Auth struct {
	Method              Method
	ClientID            string // a GUID in lower case; "" is AZURE_CLIENT_ID with a workload identity
	ClientSecret        Secret
	Certificate         string // path of a PEM or PKCS#12 file with the private key
	CertificatePassword Secret
	TokenFile           string // path; "" is what AZURE_FEDERATED_TOKEN_FILE names
	Token               Secret
}

// methods lists what a method cannot do without and what it also understands.
var methods = []struct {
	name           Method
	needs, mayHave []string
}{
	{AuthDefault, nil, nil},
	{AuthClientSecret, []string{"client_id", "client_secret"}, nil},
	{AuthClientCertificate, []string{"client_id", "certificate"}, []string{"certificate_password"}},
	{AuthWorkloadIdentity, nil, []string{"client_id", "token_file"}},
	{AuthManagedIdentity, nil, []string{"client_id"}},
	{AuthAzureCLI, nil, nil},
	{AuthToken, []string{"token"}, nil},
}

func (a *Auth) keys(r *reader) read {
	return r.mapping(keys{
		"method":               text(r, &a.Method),
		"client_id":            text(r, &a.ClientID),
		"client_secret":        parsed(r, &a.ClientSecret, parseSecret),
		"certificate":          text(r, &a.Certificate),
		"certificate_password": parsed(r, &a.CertificatePassword, parseSecret),
		"token_file":           text(r, &a.TokenFile),
		"token":                parsed(r, &a.Token, parseSecret),
	})
}

func (a *Auth) complete(folder string) {
	a.ClientID = strings.ToLower(a.ClientID)
	for _, p := range []*string{&a.Certificate, &a.TokenFile} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(folder, *p)
		}
	}
}

// given lists the fields of a that are set, in the order of the struct.
func (a *Auth) given() []string {
	var names []string
	for _, field := range []struct {
		name  string
		given bool
	}{
		{"client_id", a.ClientID != ""},
		{"client_secret", a.ClientSecret.Reveal() != ""},
		{"certificate", a.Certificate != ""},
		{"certificate_password", a.CertificatePassword.Reveal() != ""},
		{"token_file", a.TokenFile != ""},
		{"token", a.Token.Reveal() != ""},
	} {
		if field.given {
			names = append(names, field.name)
		}
	}
	return names
}

func (a *Auth) validate(f *faults, path string) {
	names := make([]Method, 0, len(methods))
	for _, m := range methods {
		names = append(names, m.name)
	}
	at := slices.Index(names, a.Method)
	if at < 0 {
		oneOf(f, path+".method", a.Method, names...)
		return
	}
	m, given := methods[at], a.given()
	for _, name := range m.needs {
		f.check(slices.Contains(given, name), path+"."+name, "method %s needs it", m.name)
	}
	for _, name := range given {
		used := slices.Contains(m.needs, name) || slices.Contains(m.mayHave, name)
		f.check(used, path+"."+name, "method %s does not use it: remove it, or set the method that does", m.name)
	}
	f.check(a.ClientID == "" || guid.MatchString(a.ClientID), path+".client_id", "not a GUID, nor shown: it may be the secret")
}
