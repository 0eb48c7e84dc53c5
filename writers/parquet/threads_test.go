package parquet_test

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"huntlake/writers/parquet"
)

// What a file holds does not depend on how many threads write it, and all of them read the same.
func TestThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	rec := rows(memory.DefaultAllocator, lake(t), 0, 60_000)
	defer rec.Release()
	opts := parquet.Options{MaxRows: 25_000, LookUp: []string{"DeviceId", "Unique"}, SortedBy: []string{"Timestamp"}}
	want := file(t, opts, 4_000, rec)
	for _, threads := range []int{2, 16} {
		runtime.GOMAXPROCS(threads)
		got := file(t, opts, 4_000, rec)
		if !bytes.Equal(got, want) {
			t.Errorf("on %d threads: another file than on one", threads)
		}
		wantRows(t, got, rec)
	}
}
