package hunting

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// CredentialOptions say who asks for a token. Which fields are needed depends on the method.
type CredentialOptions struct {
	Cloud        Cloud
	Tenant       string // id or domain name of the tenant; "" for the method's own
	ClientID     string // of the application, or of a user-assigned managed identity
	ClientSecret Secret // client-secret
	Certificate  string // client-certificate: path of a PEM or PKCS#12 file with the certificate and its key
	Password     Secret // client-certificate: of the file, if it has one
	TokenFile    string // workload-identity: path of the federated token; "" for AZURE_FEDERATED_TOKEN_FILE
	Token        Secret // token: an access token, as it is
}

// Credential returns what gets tokens by the given method: default, client-secret, client-certificate,
// workload-identity, managed-identity, azure-cli or token. It does not ask for one yet. What it sends in secret goes to
// the cloud's authority and nowhere else, over TLS; AZURE_AUTHORITY_HOST has no say. Why it has no token, it tells with a
// SignInError.
func Credential(method string, opts CredentialOptions) (azcore.TokenCredential, error) {
	_, _, authority, err := Endpoint(Graph, opts.Cloud)
	if err != nil {
		return nil, fmt.Errorf("credential: %w", err)
	}
	credential, err := opts.build(method, clientOptions(authority))
	if err != nil {
		return nil, fmt.Errorf("credential %s: %w", method, err)
	}
	return &signIn{method: method, opts: opts, inner: credential}, nil
}

// brief bounds answers, unpacked: the SDK reads them whole before anybody looks at them.
type brief struct{ http.RoundTripper }

func (b brief) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(req)
	if err == nil {
		resp.Body = &bounded{ReadCloser: resp.Body, left: maxSignIn}
	}
	return resp, err
}

// bounded is a body of which no more is read than that.
type bounded struct {
	io.ReadCloser
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, fmt.Errorf("the answer is longer than %d bytes", maxSignIn)
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// clientOptions are for the SDK: it follows no redirect, which might lead a secret astray, and repeats nothing, because
// the client does.
func clientOptions(authority string) policy.ClientOptions {
	return policy.ClientOptions{
		Cloud:            cloud.Configuration{ActiveDirectoryAuthorityHost: authority},
		Retry:            policy.RetryOptions{MaxRetries: -1},
		PerRetryPolicies: []policy.Policy{watch{strings.Trim(strings.TrimPrefix(authority, "https:"), "/")}},
		Transport: &http.Client{
			Transport:     brief{newTransport()},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

func (o CredentialOptions) build(method string, client policy.ClientOptions) (azcore.TokenCredential, error) {
	switch method {
	case "default":
		return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
			ClientOptions: client, TenantID: o.Tenant, AdditionallyAllowedTenants: o.allowed()})
	case "client-secret":
		if o.ClientSecret.IsZero() {
			return nil, errors.New("no client secret")
		}
		return azidentity.NewClientSecretCredential(o.Tenant, o.ClientID, o.ClientSecret.Reveal(),
			&azidentity.ClientSecretCredentialOptions{ClientOptions: client})
	case "client-certificate":
		return o.certificate(client)
	case "workload-identity":
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: client, TenantID: o.Tenant, ClientID: o.ClientID, TokenFilePath: o.TokenFile})
	case "managed-identity":
		return o.managedIdentity(client)
	case "azure-cli":
		return azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{TenantID: o.Tenant})
	case "token":
		if o.Token.IsZero() {
			return nil, errors.New("no token")
		}
		return fixedToken{o.Token}, nil
	}
	return nil, errors.New("want default, client-secret, client-certificate, workload-identity, managed-identity, azure-cli or token")
}

// allowed lists the tenant, which need not be that of the environment's variables.
func (o CredentialOptions) allowed() []string {
	if o.Tenant == "" {
		return nil
	}
	return []string{o.Tenant}
}

func (o CredentialOptions) certificate(client policy.ClientOptions) (azcore.TokenCredential, error) {
	text, err := os.ReadFile(o.Certificate)
	if err != nil {
		return nil, err
	}
	certificates, key, err := azidentity.ParseCertificates(text, []byte(o.Password.Reveal()))
	if err != nil {
		return nil, fmt.Errorf("read certificate %s: %w%s", o.Certificate, err, o.certificateRemedy(err))
	}
	return azidentity.NewClientCertificateCredential(o.Tenant, o.ClientID, certificates, key,
		&azidentity.ClientCertificateCredentialOptions{ClientOptions: client})
}

// certificateRemedy is what can be done about a certificate's file that does not read. The SDK knows PKCS#12 with the
// ciphers of old only, and takes a file with a password for nothing else.
func (o CredentialOptions) certificateRemedy(err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "password incorrect"):
		return "; set certificate_password to the file's password"
	case strings.Contains(text, "pkcs12") && !o.Password.IsZero():
		return "; turn it into PEM without a password (openssl pkcs12 -in FILE -out app.pem -nodes), which only its owner may read, and remove certificate_password"
	}
	return "; want a PEM or PKCS#12 file with the certificate and its RSA key"
}

func (o CredentialOptions) managedIdentity(client policy.ClientOptions) (azcore.TokenCredential, error) {
	opts := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: client}
	if o.ClientID != "" {
		opts.ID = azidentity.ClientID(o.ClientID)
	}
	return azidentity.NewManagedIdentityCredential(opts)
}

// fixedToken is a token that somebody else got. How long it lasts only the service knows.
type fixedToken struct{ token Secret }

// GetToken returns the token.
func (f fixedToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: f.token.Reveal(), ExpiresOn: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)}, nil
}
