package writers

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/aws/smithy-go"
	"gocloud.dev/gcerrors"
	"google.golang.org/api/googleapi"
)

// ErrNoBucket says that the bucket, or container, itself is not there.
var ErrNoBucket = errors.New("there is no such bucket")

// ErrNoCredentials says that there is nothing here to sign in to Amazon's store with. For Google's, Open says so.
var ErrNoCredentials = errors.New("no credentials of Amazon's can be had: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and " +
	"AWS_SECRET_ACCESS_KEY, or run where a role is attached")

// ErrDamaged says that a staged object is there and does not hold what its receipt says.
var ErrDamaged = errors.New("the staged object is damaged")

// storeError is what a store answered, translated once.
type storeError struct {
	verb, place string
	kind        error // fs.ErrExist, fs.ErrNotExist, fs.ErrPermission, ErrNoBucket, ErrNoCredentials or nil
	err         error // as it came
}

// Error implements error.
func (e *storeError) Error() string {
	switch e.kind {
	case nil, fs.ErrPermission:
		return fmt.Sprintf("%s %s: %s", e.verb, e.place, detail(e.err))
	case ErrNoCredentials:
		return fmt.Sprintf("%s %s: %v (%s)", e.verb, e.place, e.kind, detail(e.err))
	}
	return fmt.Sprintf("%s %s: %v", e.verb, e.place, e.kind)
}

// Unwrap implements errors.Is and errors.As.
func (e *storeError) Unwrap() []error { return []error{e.kind, e.err} }

// translate names what was done where, and gives err the identity that callers act on.
func (b *Bucket) translate(verb, key string, err error) error {
	if err == nil {
		return nil
	}
	place := b.at(key)
	kind := b.kind(err)
	if kind == fs.ErrNotExist && (verb == "create" || verb == "list") {
		kind = ErrNoBucket // it takes no more than the bucket to create an object, or to list none
	}
	return &storeError{verb: verb, place: place, kind: kind, err: err}
}

// noAmazonCredentials is how Amazon's client begins to say that none of its ways to credentials led anywhere; the rest is
// about the last of them, which need not be the one that the user had in mind.
const noAmazonCredentials = "get identity: get credentials: "

// kind is the meaning of err that callers act on. Google's 403 and Azure's come as other things from the driver.
func (b *Bucket) kind(err error) error {
	var amazon smithy.APIError
	var google *googleapi.Error
	var azure *azcore.ResponseError
	switch {
	case errors.As(err, &amazon) && amazon.ErrorCode() == "NoSuchBucket",
		b.blob.ErrorAs(err, &azure) && azure.ErrorCode == "ContainerNotFound":
		return ErrNoBucket
	case errors.As(err, &amazon) && amazon.ErrorCode() == "AccessDenied",
		b.blob.ErrorAs(err, &google) && google.Code == http.StatusForbidden,
		b.blob.ErrorAs(err, &azure) && azure.StatusCode == http.StatusForbidden:
		return fs.ErrPermission
	case strings.Contains(err.Error(), noAmazonCredentials):
		return ErrNoCredentials
	}
	switch gcerrors.Code(err) {
	case gcerrors.FailedPrecondition, gcerrors.AlreadyExists:
		return fs.ErrExist
	case gcerrors.NotFound:
		return fs.ErrNotExist
	case gcerrors.PermissionDenied:
		return fs.ErrPermission
	}
	return nil
}

// options matches the query of a URL, which may hold a signature or a token.
var options = regexp.MustCompile(`(https?://[^\s"?]*)\?[^\s"]*`)

// detail says what the store said, on one line, without its library's preamble and without the options of URLs.
func detail(err error) string {
	var azure *azcore.ResponseError
	if errors.As(err, &azure) {
		return fmt.Sprintf("%d %s", azure.StatusCode, azure.ErrorCode)
	}
	text := err.Error()
	if _, rest, ok := strings.Cut(text, "): "); ok && strings.HasPrefix(text, "blob (") {
		text = rest
	}
	return options.ReplaceAllString(strings.Join(strings.Fields(text), " "), "$1")
}
