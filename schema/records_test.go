package schema_test

import (
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// checked returns an allocator that fails the test if anything is left in it at the end.
func checked(t *testing.T) memory.Allocator {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return mem
}

// record builds a record from JSON rows; the test releases it.
func record(t *testing.T, mem memory.Allocator, s *arrow.Schema, rows ...string) arrow.Record {
	t.Helper()
	rec, _, err := array.RecordFromJSON(mem, s, strings.NewReader("["+strings.Join(rows, ",")+"]"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(rec.Release)
	return rec
}

// text prints a record as JSON rows.
func text(t *testing.T, rec arrow.Record) string {
	t.Helper()
	b, err := rec.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
