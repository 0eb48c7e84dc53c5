package parquet

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/parquet-go/parquet-go/format"
)

// values encodes the values of one column, page by page and row group by row group. Nulls are not its business, except
// that it skips them.
type values interface {
	// add takes values of rows [from, to) of a, which is the column of the slot-th record, and returns the row that it
	// stopped before: to, or an earlier one if the page has its share of bytes.
	add(a arrow.Array, from, to, slot int) int
	// size returns the size in PLAIN encoding of what was added since the last page.
	size() int
	// page ends the page and returns its values, which are valid until the next add.
	page() page
	// chunk ends the row group. It returns the column's dictionary in PLAIN encoding and its length, if any page needs
	// it, and the filter that holds every value, if one is wanted. The bytes are valid until the next add.
	chunk() (dictionary []byte, words int, filter []byte)
}

const (
	// pageBytes is the share of a page in PLAIN encoding.
	pageBytes = 1 << 20
	// bigDictionary is a size in PLAIN encoding from which a dictionary must pay: a reader holds it for the whole row
	// group, and so does the writer.
	bigDictionary = 8 << 20
)

// repeats reports whether values of a first page, which take all bytes, but only distinct bytes where each counts once,
// repeat at all. Columns of unique values need no dictionary.
func repeats(all, distinct int) bool { return 20*distinct <= 19*all }

// pays reports whether a dictionary of distinct bytes is worth having for values that take all bytes without one.
func pays(all, distinct int) bool { return distinct <= bigDictionary || 2*distinct <= all }

// page is the values of a page: in PLAIN encoding, or by their numbers in the dictionary. A page without values is PLAIN,
// because its column may have no dictionary in the end.
type page struct {
	plain  []byte
	ids    []int32
	bounds bounds
}

func (p page) encoding() format.Encoding {
	if len(p.ids) > 0 {
		return format.RLEDictionary
	}
	return format.Plain
}

// appendTo appends the values to dst as they lie in a data page.
func (p page) appendTo(dst []byte) []byte {
	if len(p.ids) == 0 {
		return append(dst, p.plain...)
	}
	return appendHybrid(dst, p.ids)
}
