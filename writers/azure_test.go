package writers_test

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"huntlake/writers"
)

// TestAzureChecksums holds that every request that carries anything to Azure carries its MD5, where the key signs it
// too: an object that goes in one request, and each block and the list of one that does not.
func TestAzureChecksums(t *testing.T) {
	var bodies atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		sum := md5.Sum(body)
		if got, want := r.Header.Get("Content-MD5"), base64.StdEncoding.EncodeToString(sum[:]); err != nil || len(body) > 0 && got != want {
			t.Errorf("%s: Content-MD5 %q of %d bytes, want %q; %v", r.URL, got, len(body), want, err)
		}
		bodies.Add(int64(len(body)))
		w.WriteHeader(http.StatusCreated)
	}))
	defer server.Close()
	t.Setenv("AZURE_STORAGE_ACCOUNT", "account")
	t.Setenv("AZURE_STORAGE_KEY", base64.StdEncoding.EncodeToString([]byte("key")))
	b := open(t, "azblob://lake?protocol=http&domain="+strings.TrimPrefix(server.URL, "http://"))
	for _, size := range []int{0, 1, 9 << 20} {
		before := bodies.Load()
		if err := b.Create(t.Context(), "x", bytes.Repeat([]byte{'x'}, size)); err != nil {
			t.Error(err)
		}
		if got := bodies.Load() - before; got < int64(size) {
			t.Errorf("%d bytes arrived of %d", got, size)
		}
	}
}

// TestTokenStays holds that a lake's URL cannot send the SAS token of the environment elsewhere.
func TestTokenStays(t *testing.T) {
	const secret = "sv=1&sig=hunter2"
	t.Setenv("AZURE_STORAGE_ACCOUNT", "account")
	t.Setenv("AZURE_STORAGE_SAS_TOKEN", secret)
	for address, ok := range map[string]bool{
		"azblob://lake":                         true,
		"azblob://lake?domain=evil.example":     false,
		"azblob://lake?protocol=http":           false,
		"azblob://lake?storage_account=another": false,
	} {
		opens(t, address, ok)
	}
}

// TestSignInStays holds the same of what DefaultAzureCredential finds, but for the domains of Microsoft's clouds.
func TestSignInStays(t *testing.T) {
	t.Setenv("AZURE_STORAGE_ACCOUNT", "account")
	t.Setenv("AZURE_TENANT_ID", "00000000-0000-0000-0000-000000000001")
	t.Setenv("AZURE_CLIENT_ID", "00000000-0000-0000-0000-000000000002")
	t.Setenv("AZURE_CLIENT_SECRET", "hunter2")
	for address, ok := range map[string]bool{
		"azblob://lake":                                               true,
		"azblob://lake?storage_account=another":                       true,
		"azblob://lake?domain=blob.core.usgovcloudapi.net":            true,
		"azblob://lake?domain=z12.blob.storage.azure.net":             true,
		"azblob://lake?domain=evil.example":                           false,
		"azblob://lake?domain=evil.example/blob.core.windows.net":     false,
		"azblob://lake?domain=evil.example%3Fx.blob.core.windows.net": false,
		"azblob://lake?domain=core.windows.net":                       false,
		"azblob://lake?storage_account=evil.example/x":                false,
		"azblob://lake?protocol=http":                                 false,
	} {
		opens(t, address, ok)
	}
	t.Setenv("AZURE_STORAGE_DOMAIN", "storage.example")
	_ = open(t, "azblob://lake?domain=storage.example")
}

// TestConnectionString holds that a lake is not looked for in another account than it is said to be in.
func TestConnectionString(t *testing.T) {
	t.Setenv("AZURE_STORAGE_ACCOUNT", "prod")
	for connection, ok := range map[string]bool{
		"DefaultEndpointsProtocol=https;AccountName=prod;AccountKey=a2V5;EndpointSuffix=core.windows.net": true,
		"DefaultEndpointsProtocol=https;AccountName=dev;AccountKey=a2V5;EndpointSuffix=core.windows.net":  false,
		"BlobEndpoint=https://prod.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=hunter2":         true,
		"BlobEndpoint=https://dev.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=hunter2":          false,
		"BlobEndpoint=https://lake.example/;SharedAccessSignature=sv=1&sig=hunter2":                       true,
		"DefaultEndpointsProtocol=https;AccountKey=a2V5;EndpointSuffix=core.windows.net;AccountName=prod": true,
	} {
		t.Setenv("AZURE_STORAGE_CONNECTION_STRING", connection)
		t.Log(connection)
		opens(t, "azblob://lake", ok)
	}
}

// opens holds that an address is taken, or is not, and that no secret is told.
func opens(t *testing.T, address string, ok bool) {
	t.Helper()
	b, err := writers.Open(t.Context(), address)
	if ok != (err == nil) || err != nil && strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%s: %v, want success: %v", address, err, ok)
	}
	if err == nil {
		_ = b.Close()
	}
}

// A container without an account lies nowhere, and the user is told what to add.
func TestAzureWantsAccount(t *testing.T) {
	t.Setenv("AZURE_STORAGE_ACCOUNT", "")
	if _, err := writers.Open(t.Context(), "azblob://lake"); err == nil || !strings.Contains(err.Error(), "?storage_account=NAME") {
		t.Errorf("without an account: %v", err)
	}
}
