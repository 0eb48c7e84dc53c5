package hunting

import (
	"context"
	"errors"
	"fmt"
	"os"
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
// workload-identity, managed-identity, azure-cli or token. It does not ask for one yet.
func Credential(method string, opts CredentialOptions) (azcore.TokenCredential, error) {
	_, _, authority, err := Endpoint(Graph, opts.Cloud)
	if err != nil {
		return nil, fmt.Errorf("credential: %w", err)
	}
	client := policy.ClientOptions{Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: authority}}
	credential, err := opts.build(method, client)
	if err != nil {
		return nil, fmt.Errorf("credential %s: %w", method, err)
	}
	return credential, nil
}

func (o CredentialOptions) build(method string, client policy.ClientOptions) (azcore.TokenCredential, error) {
	switch method {
	case "default":
		return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: client, TenantID: o.Tenant})
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

func (o CredentialOptions) certificate(client policy.ClientOptions) (azcore.TokenCredential, error) {
	text, err := os.ReadFile(o.Certificate)
	if err != nil {
		return nil, err
	}
	certificates, key, err := azidentity.ParseCertificates(text, []byte(o.Password.Reveal()))
	if err != nil {
		return nil, fmt.Errorf("read certificate %s: %w", o.Certificate, err)
	}
	return azidentity.NewClientCertificateCredential(o.Tenant, o.ClientID, certificates, key,
		&azidentity.ClientCertificateCredentialOptions{ClientOptions: client})
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
