package schema_test

import (
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"huntlake/schema"
)

// Slots number as a map does, with hashes that collide, before and after a reset.
func TestSlots(t *testing.T) {
	var s schema.Slots
	random := rand.New(rand.NewPCG(1, 1))
	for range 3 {
		want, values := map[uint32]int32{}, []uint32{}
		for range 20_000 {
			v := uint32(random.IntN(5000))
			hash := v % 700 * 0x9e3779b9
			at, id := s.First(hash)
			for ; id >= 0 && values[id] != v; at, id = s.Next(at, hash) {
			}
			if id < 0 {
				values = append(values, v)
				id = s.Put(at, hash)
				want[v] = int32(len(want))
			}
			if id != want[v] {
				t.Fatalf("%d has number %d, want %d", v, id, want[v])
			}
		}
		if s.Len() != len(want) {
			t.Fatalf("%d are numbered, want %d", s.Len(), len(want))
		}
		s.Reset()
	}
}

func TestNumbers(t *testing.T) {
	for _, index := range []arrow.DataType{arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Int64} {
		typ := &arrow.DictionaryType{IndexType: index, ValueType: arrow.BinaryTypes.String}
		b := array.NewDictionaryBuilder(memory.DefaultAllocator, typ).(*array.BinaryDictionaryBuilder)
		for _, text := range []string{"x", "a", "b", "a", "c"} {
			if err := b.AppendString(text); err != nil {
				t.Fatal(err)
			}
		}
		a := array.NewSlice(b.NewArray(), 1, 5).(*array.Dictionary)
		if diff := cmp.Diff([]int32{1, 2, 1, 3}, schema.Numbers(a, make([]int32, 9))); diff != "" {
			t.Errorf("%v: %s", index, diff)
		}
	}
}
