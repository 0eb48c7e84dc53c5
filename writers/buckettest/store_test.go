package buckettest_test

import (
	"testing"
	"time"

	"huntlake/writers"
	"huntlake/writers/buckettest"
)

// The store that the tests of the program are made with is held to what real ones are.
func TestStore(t *testing.T) {
	buckettest.Run(t, func(t *testing.T) *writers.Bucket {
		p, _ := buckettest.NewProcess(t.Context(), buckettest.ProcessOptions{Name: "p", Now: time.Now})
		return buckettest.NewStore(nil).Open(p)
	})
}
