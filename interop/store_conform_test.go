package interop

import (
	"fmt"
	"strconv"
	"testing"

	"huntlake/writers"
	"huntlake/writers/buckettest"
)

// TestStores holds real servers to the contract of a bucket, with an object of 128 MB.
func TestStores(t *testing.T) {
	for _, kind := range []store{minio(), fakeGCS("memory"), azurite()} {
		t.Run(kind.name, func(t *testing.T) {
			s := startStore(t, kind)
			t.Setenv(buckettest.LargeEnv, strconv.Itoa(128<<20))
			lakes := 0
			buckettest.Run(t, func(t *testing.T) *writers.Bucket {
				lakes++
				return s.open(t, fmt.Sprintf("lake-%d", lakes))
			})
		})
	}
}
