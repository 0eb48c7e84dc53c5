package writers

import (
	"context"
	"errors"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"
)

// amazonAttempts is how often a request to S3 is made at most, the last ones retryPause apart. By itself the client gives up
// after three in as many seconds, which is less than it takes a server to be started again, where a run has hours of
// a tenant's quota to lose. This is 16 s at least and 23 s on average: no longer, since an address at which there is
// nothing is told no sooner.
const amazonAttempts = 6

// openAmazon is s3blob's own opener with a client that is more patient. Options and environment variables are the same.
func openAmazon(ctx context.Context, u *url.URL) (*blob.Bucket, error) {
	opener := &s3blob.URLOpener{}
	b, err := opener.OpenBucketURL(ctx, u)
	if err != nil {
		return nil, err
	}
	var client *s3.Client
	if !b.As(&client) {
		return nil, errClient
	}
	if client.Options().Region == "" {
		return nil, errors.New("nothing says which region it is in: set AWS_REGION, or write ?region=NAME behind the bucket")
	}
	patient := s3.New(client.Options(), func(o *s3.Options) {
		o.RetryMaxAttempts = amazonAttempts
		o.Retryer = retry.AddWithMaxBackoffDelay(o.Retryer, retryPause)
		o.Logger = logging.Nop{} // it would write to standard error, about answers without checksums and the like
		o.DisableLogOutputChecksumValidationSkipped = true
	})
	// The opener has put the URL's options of the bucket into its own.
	return s3blob.OpenBucket(ctx, patient, u.Host, &opener.Options)
}
