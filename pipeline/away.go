package pipeline

import (
	"cmp"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"huntlake/checkpoint"
	"huntlake/schema"
)

// A column may be away for a time. Rows that are read meanwhile have null in it for ever; when the source shows it again,
// their values come with it, and none of these rows has changed. So an old row that the source does not show any more as
// it is in the lake is taken for one that it shows with values in such columns where the lake has none.

// awayOnce are the columns that have been away, as far back as the ledger tells.
func awayOnce(s *checkpoint.State) map[string]bool {
	names := map[string]bool{}
	for _, c := range s.Changes {
		if c.Kind == schema.Gone {
			names[c.Column] = true
		}
	}
	return names
}

// steady are the columns that have always been there.
func steady(table schema.Table, away map[string]bool) schema.Table {
	return schema.Table{Columns: slices.DeleteFunc(slices.Clone(table.Columns), func(c schema.Column) bool { return away[c.Name] })}
}

// incomplete is rows of the lake without a value in some column that was away once.
type incomplete struct {
	steady rowHasher
	away   []rowHasher                                         // one a column
	rows   map[schema.Digest]map[schema.Digest][]schema.Digest // cells by hash of the steady columns, then of the whole row
}

// newIncomplete returns nil if no compared column was ever away.
func newIncomplete(compared schema.Table, away map[string]bool) (*incomplete, error) {
	in := &incomplete{rows: map[schema.Digest]map[schema.Digest][]schema.Digest{}}
	var err error
	if in.steady, err = newRowHasher(steady(compared, away)); err != nil {
		return nil, err
	}
	for _, c := range compared.Columns {
		if !away[c.Name] {
			continue
		}
		cell, err := newRowHasher(schema.Table{Columns: []schema.Column{c}})
		if err != nil {
			return nil, err
		}
		in.away = append(in.away, cell)
	}
	if len(in.away) == 0 {
		return nil, nil
	}
	return in, nil
}

// noValue stands for the hash of a cell that is null.
var noValue schema.Digest

// cells hashes the columns that were away of each row of rec.
func (in *incomplete) cells(rec arrow.Record) [][]schema.Digest {
	out := make([][]schema.Digest, rec.NumRows())
	for _, column := range in.away {
		values := rec.Column(rec.Schema().FieldIndices(column.width.Field(0).Name)[0])
		for i, hash := range column.of(rec) {
			if values.IsNull(i) {
				hash = noValue
			}
			out[i] = append(out[i], hash)
		}
	}
	return out
}

// add takes those rows of a record of the lake that lack a value. wanted are the rows that count, whole the hashes over
// all compared columns.
func (in *incomplete) add(rec arrow.Record, whole []schema.Digest, wanted func(row int) bool) {
	cells := in.cells(rec)
	for i, hash := range in.steady.of(rec) {
		if !wanted(i) || !slices.Contains(cells[i], noValue) {
			continue
		}
		if in.rows[hash] == nil {
			in.rows[hash] = map[schema.Digest][]schema.Digest{}
		}
		in.rows[hash][whole[i]] = cells[i]
	}
}

// match finds the row among those left of the lake that a row of the source, by its hash over the steady columns and its
// cells, completes: of several the one with the fewest nulls.
func (in *incomplete) match(steady schema.Digest, cells []schema.Digest, left multiset) (whole schema.Digest, found bool) {
	fewest := 0
	for row, old := range in.rows[steady] {
		nulls, ok := completes(cells, old)
		if !ok || left[row] == 0 {
			continue
		}
		order := cmp.Or(cmp.Compare(nulls, fewest), cmp.Compare(row.Hi, whole.Hi), cmp.Compare(row.Lo, whole.Lo))
		if !found || order < 0 {
			whole, fewest, found = row, nulls, true
		}
	}
	return whole, found
}

// completes reports whether cells are those of an old row but for its nulls, and how many these are.
func completes(cells, old []schema.Digest) (nulls int, ok bool) {
	for k, cell := range old {
		switch cell {
		case noValue:
			nulls++
		case cells[k]:
		default:
			return 0, false
		}
	}
	return nulls, true
}

// rowHasher hashes some columns of the rows of lake records.
type rowHasher struct {
	width  *arrow.Schema
	hasher *schema.Hasher
}

func newRowHasher(table schema.Table) (rowHasher, error) {
	width := table.Arrow()
	hasher, err := schema.NewHasher(width)
	return rowHasher{width, hasher}, err
}

func (h rowHasher) of(rec arrow.Record) []schema.Digest {
	narrow := project(rec, h.width)
	defer narrow.Release()
	return h.hasher.Rows(narrow, nil)
}
