package writers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"

	"cloud.google.com/go/storage"
	"github.com/googleapis/gax-go/v2"
	"gocloud.dev/blob"
	"gocloud.dev/gcp"
)

// googleAttempts is how often a request to Google is made at most, up to retryPause apart: some 20 s, as with the other
// stores. By itself the client would go on for ever, and an address at which there is nothing never be told.
const googleAttempts = 8

// openGoogle opens a bucket as gocloud.dev does, with a client that gives up, and that repeats also deletions and what a
// server has hung up on, which is io.EOF on a connection that was in use before. Repeating is safe: every object is
// created under the condition that it is not there, and may be deleted twice.
func openGoogle(ctx context.Context, u *url.URL) (*blob.Bucket, error) {
	if err := findGoogle(ctx, u); err != nil {
		return nil, err
	}
	b, err := blob.OpenBucket(ctx, u.String())
	if err != nil {
		return nil, err
	}
	var client *storage.Client
	if !b.As(&client) {
		return nil, errClient
	}
	client.SetRetry(
		storage.WithPolicy(storage.RetryAlways),
		storage.WithMaxAttempts(googleAttempts),
		storage.WithBackoff(gax.Backoff{Max: retryPause}),
		storage.WithErrorFunc(func(err error) bool { return storage.ShouldRetry(err) || errors.Is(err, io.EOF) }),
	)
	return b, nil
}

// findGoogle refuses to open a bucket without credentials. The driver would print a warning to standard output, where
// others read results, and go on with credentials that cannot be used.
func findGoogle(ctx context.Context, u *url.URL) error {
	anonymous, _ := strconv.ParseBool(u.Query().Get("anonymous")) // the driver refuses what is no bool
	if anonymous || os.Getenv("STORAGE_EMULATOR_HOST") != "" || os.Getenv("STORAGE_EMULATOR_HOST_GRPC") != "" {
		return nil
	}
	if _, err := gcp.DefaultCredentials(ctx); err != nil {
		return fmt.Errorf("no credentials of Google's can be had: set GOOGLE_APPLICATION_CREDENTIALS to a file of them, "+
			"run gcloud auth application-default login, or run where a service account is attached (%w)", err)
	}
	return nil
}
