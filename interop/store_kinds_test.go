package interop

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

// What the servers' owners sign in with. Azurite's account and key are those that its documentation gives.
const (
	minioUser, minioPassword = "owner-of-the-tests", "password-of-the-tests"
	azureAccount             = "devstoreaccount1"
	azureKey                 = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

func minio() store {
	return store{
		name: "MinIO",
		program: func(dir string, port int, _ string) (string, []string, []string) {
			return "minio", []string{"server", dir, "--address", fmt.Sprintf("127.0.0.1:%d", port), "--quiet"},
				[]string{"MINIO_ROOT_USER=" + minioUser, "MINIO_ROOT_PASSWORD=" + minioPassword, "MINIO_BROWSER=off", "MINIO_UPDATE=off"}
		},
		address: func(public string) string {
			return "s3://" + bucketName + "?region=us-east-1&use_path_style=true&endpoint=http://" + public
		},
		client: func(string) []string { return amazonKeys(minioUser, minioPassword) },
		create: func(s *server) error { return os.Mkdir(filepath.Join(s.dir, bucketName), 0o755) },
		busy: func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>")
		},
	}
}

func amazonKeys(id, secret string) []string {
	return []string{"AWS_ACCESS_KEY_ID=" + id, "AWS_SECRET_ACCESS_KEY=" + secret}
}

// fakeGCS keeps objects in memory or in a filesystem, of which only the second lasts, and the first is quick.
func fakeGCS(backend string) store {
	return store{
		name: "fake-gcs-server",
		program: func(dir string, port int, public string) (string, []string, []string) {
			return "fake-gcs-server", []string{"-scheme", "http", "-host", "127.0.0.1", "-port", strconv.Itoa(port),
				"-backend", backend, "-filesystem-root", dir, "-public-host", public, "-external-url", "http://" + public, "-log-level", "warn"}, nil
		},
		address: func(string) string { return "gs://" + bucketName },
		client:  func(public string) []string { return []string{"STORAGE_EMULATOR_HOST=" + public} },
		create: func(s *server) error {
			answer, err := http.Post("http://"+s.front.host()+"/storage/v1/b?project=p", "application/json", strings.NewReader(`{"name":"`+bucketName+`"}`))
			if err != nil {
				return err
			}
			defer answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				return fmt.Errorf("status %s", answer.Status)
			}
			return nil
		},
		busy: func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `{"error":{"code":503,"message":"We encountered an internal error. Please try again.","errors":[{"reason":"backendError"}]}}`)
		},
	}
}

func azurite() store {
	return store{
		name: "Azurite",
		// It writes its list of blobs every five seconds: a kill would lose what it has acknowledged, which no store that
		// a lake may lie in does.
		stop: os.Interrupt,
		program: func(dir string, port int, _ string) (string, []string, []string) {
			return "azurite-blob", []string{"--blobHost", "127.0.0.1", "--blobPort", strconv.Itoa(port), "-l", dir,
				"--skipApiVersionCheck", "--disableTelemetry", "--silent"}, nil
		},
		address: azureAddress,
		client: func(string) []string {
			return []string{"AZURE_STORAGE_ACCOUNT=" + azureAccount, "AZURE_STORAGE_KEY=" + azureKey}
		},
		create: func(s *server) error {
			c, err := azureContainer(s.front.host(), bucketName)
			if err != nil {
				return err
			}
			_, err = c.Create(context.Background(), nil)
			return err
		},
		busy: func(w http.ResponseWriter) {
			w.Header().Set("x-ms-error-code", "ServerBusy")
			w.WriteHeader(http.StatusServiceUnavailable)
		},
	}
}

func azureAddress(public string) string {
	return "azblob://" + bucketName + "?protocol=http&localemu=true&domain=" + public
}

func azureContainer(public, name string) (*container.Client, error) {
	key, err := container.NewSharedKeyCredential(azureAccount, azureKey)
	if err != nil {
		return nil, err
	}
	return container.NewClientWithSharedKeyCredential(fmt.Sprintf("http://%s/%s/%s", public, azureAccount, name), key, nil)
}
