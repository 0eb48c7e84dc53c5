package writers

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// GiveUp begins an upload of the object key in parts and gives it up, as the client does with that of a large object
// that has failed. Nothing becomes visible. It returns false where that takes no right of its own: elsewhere than on S3,
// what was uploaded of an object goes by itself.
func (b *Bucket) GiveUp(ctx context.Context, key string) (tried bool, err error) {
	var client *s3.Client
	if !b.blob.As(&client) {
		return false, nil
	}
	name, prefix, _ := strings.Cut(strings.TrimPrefix(b.place, "s3://"), "/")
	path := aws.String(strings.TrimPrefix(prefix+"/"+key, "/"))
	begun, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &name, Key: path})
	if err != nil {
		return true, b.translate("create", key, err)
	}
	_, err = client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &name, Key: path, UploadId: begun.UploadId})
	return true, b.translate("give up the upload of", key, err)
}
