package writers

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob"
	"gocloud.dev/blob/azureblob"
)

// azureRetries is how often a request to Azure is repeated, over some 20 s: by itself the client gives up after half of
// them, and see amazonAttempts.
const azureRetries = 4

// openAzure is azureblob's own opener with a client that sends checksums and is more patient. Options and environment
// variables are the same.
func openAzure(ctx context.Context, u *url.URL) (*blob.Bucket, error) {
	opener := azureblob.URLOpener{ServiceURLOptions: *azureblob.NewDefaultServiceURLOptions()}
	account := u.Query().Get("storage_account")
	if account == "" {
		account = opener.ServiceURLOptions.AccountName
	}
	if account == "" {
		return nil, errors.New("nothing says which storage account it is in: set AZURE_STORAGE_ACCOUNT, or write ?storage_account=NAME behind the container")
	}
	opener.MakeClient = func(service azureblob.ServiceURL, name azureblob.ContainerName) (*container.Client, error) {
		return azureClient(service, account, string(name))
	}
	return opener.OpenBucketURL(ctx, u)
}

// azureClient signs in with the first that the environment has of an account's key, a SAS token, a connection string,
// and what DefaultAzureCredential finds.
func azureClient(service azureblob.ServiceURL, account, name string) (*container.Client, error) {
	opts := &container.ClientOptions{}
	opts.PerCallPolicies = []policy.Policy{contentMD5{}}
	opts.Retry.MaxRetries = azureRetries
	address, err := url.JoinPath(string(service), name)
	if err != nil {
		return nil, errors.New("the service's URL does not parse") // and may hold a SAS token
	}
	keyOf, key := os.Getenv("AZURE_STORAGE_ACCOUNT"), os.Getenv("AZURE_STORAGE_KEY")
	connection := os.Getenv("AZURE_STORAGE_CONNECTION_STRING")
	if connection == "" {
		connection = os.Getenv("AZURE_STORAGEBLOB_CONNECTIONSTRING")
	}
	switch {
	case keyOf != "" && key != "":
		credential, err := container.NewSharedKeyCredential(keyOf, key)
		if err != nil {
			return nil, err
		}
		return container.NewClientWithSharedKeyCredential(address, credential, opts)
	case os.Getenv("AZURE_STORAGE_SAS_TOKEN") != "":
		if !meant(service) {
			return nil, errors.New("with AZURE_STORAGE_SAS_TOKEN, AZURE_STORAGE_DOMAIN and AZURE_STORAGE_PROTOCOL name the service, not the URL")
		}
		return container.NewClientWithNoCredential(address, opts)
	case connection != "":
		if of := accountOf(connection); of != "" && of != account {
			return nil, fmt.Errorf("it is in the storage account %q, and AZURE_STORAGE_CONNECTION_STRING is that of %q", account, of)
		}
		return container.NewClientFromConnectionString(connection, name, opts)
	}
	if !microsofts(service) && !meant(service) {
		return nil, errors.New("a sign-in is for Microsoft's storage alone: if another domain is meant, AZURE_STORAGE_DOMAIN names it, not the URL")
	}
	credential, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		return nil, err
	}
	return container.NewClient(address, credential, opts)
}

// meant reports whether service is where the environment says. A token of the environment is sent nowhere else: a lake's
// URL must not lead it elsewhere.
func meant(service azureblob.ServiceURL) bool {
	byEnvironment, err := azureblob.NewServiceURL(azureblob.NewDefaultServiceURLOptions())
	if err != nil {
		return false
	}
	want, wantErr := url.Parse(string(byEnvironment))
	got, gotErr := url.Parse(string(service))
	return wantErr == nil && gotErr == nil && got.Scheme == want.Scheme && got.Host == want.Host
}

// microsofts reports whether service is a storage account in one of Microsoft's clouds, over TLS.
func microsofts(service azureblob.ServiceURL) bool {
	u, err := url.Parse(string(service))
	return err == nil && u.Scheme == "https" && azureHost.MatchString(u.Host)
}

// azureHost matches the host of an account: https://learn.microsoft.com/azure/storage/common/storage-account-overview.
var azureHost = regexp.MustCompile(`^([a-z0-9]+)\.(z[0-9]+\.blob\.storage\.azure\.net|blob\.core\.(windows\.net|usgovcloudapi\.net|chinacloudapi\.cn))$`)

// accountOf is the account that a connection string is of, or "" where it does not tell.
func accountOf(connection string) string {
	endpoint := ""
	for field := range strings.SplitSeq(connection, ";") {
		switch name, value, _ := strings.Cut(field, "="); name {
		case "AccountName":
			return value
		case "BlobEndpoint":
			endpoint = value
		}
	}
	if u, err := url.Parse(endpoint); err == nil {
		if host := azureHost.FindStringSubmatch(u.Host); host != nil {
			return host[1]
		}
	}
	return ""
}

// contentMD5 adds the MD5 of its body to each request that has one. Azure verifies it, and stores nothing where it does
// not match. It comes before the request is signed, which signs it too.
type contentMD5 struct{}

// Do implements policy.Policy.
func (contentMD5) Do(req *policy.Request) (*http.Response, error) {
	if body := req.Body(); body != nil {
		sum := md5.New()
		if _, err := io.Copy(sum, body); err != nil {
			return nil, err
		}
		if err := req.RewindBody(); err != nil {
			return nil, err
		}
		// Spelled as what signs looks for it, which is not how Header.Set would.
		req.Raw().Header["Content-MD5"] = []string{base64.StdEncoding.EncodeToString(sum.Sum(nil))}
	}
	return req.Next()
}
