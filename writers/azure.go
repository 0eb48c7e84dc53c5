package writers

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob"
	"gocloud.dev/blob/azureblob"
)

// azureRetries is how often a request to Azure is repeated, over some 20 s: by itself the client gives up after half of
// them, and see amazonAttempts.
const azureRetries = 4

// openAzure is azureblob's own opener with a client that sends checksums and is more patient. Options and environment variables are the
// same.
func openAzure(ctx context.Context, u *url.URL) (*blob.Bucket, error) {
	opener := azureblob.URLOpener{MakeClient: azureClient, ServiceURLOptions: *azureblob.NewDefaultServiceURLOptions()}
	if opener.ServiceURLOptions.AccountName == "" && u.Query().Get("storage_account") == "" {
		return nil, errors.New("nothing says which storage account it is in: set AZURE_STORAGE_ACCOUNT, or write ?storage_account=NAME behind the container")
	}
	return opener.OpenBucketURL(ctx, u)
}

// azureClient signs in with the first that the environment has of an account's key, a SAS token, a connection string,
// and what DefaultAzureCredential finds.
func azureClient(service azureblob.ServiceURL, name azureblob.ContainerName) (*container.Client, error) {
	opts := &container.ClientOptions{}
	opts.PerCallPolicies = []policy.Policy{contentMD5{}}
	opts.Retry.MaxRetries = azureRetries
	address, err := url.JoinPath(string(service), string(name))
	if err != nil {
		return nil, errors.New("the service's URL does not parse") // and may hold a SAS token
	}
	account, key := os.Getenv("AZURE_STORAGE_ACCOUNT"), os.Getenv("AZURE_STORAGE_KEY")
	connection := os.Getenv("AZURE_STORAGE_CONNECTION_STRING")
	if connection == "" {
		connection = os.Getenv("AZURE_STORAGEBLOB_CONNECTIONSTRING")
	}
	switch {
	case account != "" && key != "":
		credential, err := container.NewSharedKeyCredential(account, key)
		if err != nil {
			return nil, err
		}
		return container.NewClientWithSharedKeyCredential(address, credential, opts)
	case os.Getenv("AZURE_STORAGE_SAS_TOKEN") != "":
		if err := tokenStays(service); err != nil {
			return nil, err
		}
		return container.NewClientWithNoCredential(address, opts)
	case connection != "":
		return container.NewClientFromConnectionString(connection, string(name), opts)
	}
	credential, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		return nil, err
	}
	return container.NewClient(address, credential, opts)
}

// tokenStays refuses to send the SAS token of the environment, which is part of the service's URL, anywhere but where
// the environment says: a lake's URL must not lead it elsewhere.
func tokenStays(service azureblob.ServiceURL) error {
	meant, err := azureblob.NewServiceURL(azureblob.NewDefaultServiceURLOptions())
	if err != nil {
		return err
	}
	want, wantErr := url.Parse(string(meant))
	got, gotErr := url.Parse(string(service))
	if wantErr != nil || gotErr != nil || got.Scheme != want.Scheme || got.Host != want.Host {
		return errors.New("with AZURE_STORAGE_SAS_TOKEN, AZURE_STORAGE_DOMAIN and AZURE_STORAGE_PROTOCOL name the service, not the URL")
	}
	return nil
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
