package interop

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
)

// held is a change of the service: its first call for rows lasts until wait returns.
func held(wait func()) func(*simulator.Options) {
	var once atomic.Bool
	return func(o *simulator.Options) {
		o.Faults = func(_ int, query string) simulator.Fault {
			if isData(query) && once.CompareAndSwap(false, true) {
				wait()
			}
			return simulator.Fault{}
		}
	}
}

// TestCredentialsRenewed runs with credentials that end during the run, and that whoever issued them renews. MinIO gives
// none for less than a quarter of an hour: it is the front that refuses the first ones once their time is over.
func TestCredentialsRenewed(t *testing.T) {
	expired := make(chan struct{})
	j := newJob(t, startStore(t, minio()), narrowTable(t, 20_000), held(func() { <-expired }))
	first, second := j.store.assume(examplePolicy(t)), j.store.assume(examplePolicy(t))
	var issued, refused, renewed atomic.Int64
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, life := second, time.Hour
		if issued.Add(1) == 1 {
			c, life = first, 2*time.Second
			time.AfterFunc(2*life, func() { close(expired) })
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"AccessKeyId": c.AccessKeyId, "SecretAccessKey": c.SecretAccessKey,
			"Token": c.SessionToken, "Expiration": time.Now().Add(life).UTC().Format(time.RFC3339)})
	}))
	defer issuer.Close()
	j.store.front.set(func(w http.ResponseWriter, r *http.Request) bool {
		signer := r.Header.Get("Authorization")
		if strings.Contains(signer, *second.AccessKeyId) {
			renewed.Add(1)
		}
		select {
		case <-expired:
		default:
			return false
		}
		if !strings.Contains(signer, *first.AccessKeyId) {
			return false
		}
		refused.Add(1)
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>")
		return true
	})
	t.Run("renewed", func(t *testing.T) {
		become(t, &ststypes.Credentials{AccessKeyId: new(string), SecretAccessKey: new(string), SessionToken: new(string)})
		t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", issuer.URL)
		j.verb("run")
		if renewed.Load() == 0 || refused.Load() > 0 {
			t.Errorf("%d requests with the second credentials, %d refused ones with the first", renewed.Load(), refused.Load())
		}
		j.prove()
	})
	t.Run("not renewed", func(t *testing.T) {
		become(t, first)
		if code, failed := j.check(); code != 1 || len(failed) != 1 || !strings.Contains(failed[0].Detail, "ExpiredToken") {
			t.Errorf("check: exit code %d, %+v", code, failed)
		}
	})
}

// TestTokenEnds runs with a SAS token that ends during the run. Nobody can renew it: the run says what the store said,
// and one with a new token goes on.
func TestTokenEnds(t *testing.T) {
	const life = 5 * time.Second
	var ends time.Time
	s := startStore(t, azurite())
	j := newJob(t, s, narrowTable(t, 20_000), held(func() { _ = hunting.Sleep(t.Context(), time.Until(ends.Add(2*time.Second))) }))
	for _, pair := range []string{"KEY=", "DOMAIN=" + s.front.host(), "PROTOCOL=http", "IS_LOCAL_EMULATOR=true"} {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv("AZURE_STORAGE_"+name, value)
	}
	j.setLake("azblob://" + bucketName + "/job")
	ends = time.Now().Add(life)
	t.Setenv("AZURE_STORAGE_SAS_TOKEN", token(t, ends))
	_, stderr, code := j.try("run")
	if code != 1 || !strings.Contains(string(stderr), "403 AuthenticationFailed") && !strings.Contains(string(stderr), "403 AuthorizationFailure") {
		t.Errorf("run: exit code %d, want 1 and a 403:\n%s", code, stderr)
	}
	t.Setenv("AZURE_STORAGE_SAS_TOKEN", token(t, time.Now().Add(time.Hour)))
	j.verb("run")
	j.prove()
}

// token may do in the container what huntlake does.
func token(t *testing.T, ends time.Time) string {
	t.Helper()
	key, err := container.NewSharedKeyCredential(azureAccount, azureKey)
	if err != nil {
		t.Fatal(err)
	}
	permissions := sas.ContainerPermissions{Read: true, Write: true, Delete: true, List: true}
	signed, err := sas.BlobSignatureValues{
		Protocol: sas.ProtocolHTTPSandHTTP, ExpiryTime: ends.UTC(), Permissions: permissions.String(), ContainerName: bucketName,
	}.SignWithSharedKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed.Encode()
}
