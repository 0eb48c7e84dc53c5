package writers_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"

	"huntlake/writers"
	"huntlake/writers/parquet"
)

// otherwise writes records as another version of the program might: in another order, in small row groups, without
// Bloom filters and a declared order, and under another name.
func otherwise(t *testing.T, s *arrow.Schema, recs []arrow.Record) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := parquet.NewWriter(&file, s, parquet.Options{MaxRows: 37, CreatedBy: "another"})
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range slices.Backward(recs) {
		for row := int(rec.NumRows()) - 1; row >= 0; row-- {
			if err := w.Append([]arrow.Record{rec}, []parquet.Run{{To: row + 1, From: row}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// A publish that another version of the program has begun, and whose file it has written in a way of its own, is ended
// with that file if it holds the inputs' rows, and with no other.
func TestPublishOfAnotherVersion(t *testing.T) {
	s := table(t, fields()).Arrow()
	recs := newMaker(1).records(s, 200)
	last := recs[len(recs)-1]
	for name, c := range map[string]struct {
		rows []arrow.Record
		want string
	}{
		"the same rows": {recs, ""},
		"one row fewer": {append(recs[:len(recs)-1:len(recs)-1], last.NewSlice(1, last.NumRows())), "find out who wrote it"},
		"one row twice": {append(recs[:len(recs):len(recs)], last.NewSlice(0, 1)), "find out who wrote it"},
		"another row":   {append(append(recs[:len(recs)-1:len(recs)-1], last.NewSlice(1, last.NumRows())), newMaker(9).records(s, 1)...), "find out who wrote it"},
		"no row at all": {nil, "find out who wrote it"},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, "mem://")
			in := inputs(day, stage(t, b, "staged/1.arrow", recs, writers.StageOptions{}))
			there := otherwise(t, s, c.rows)
			if err := b.Create(t.Context(), fileKey, there); err != nil {
				t.Fatal(err)
			}
			rows, digest := sum(t, recs)
			f, err := b.Publish(t.Context(), in, output(s))
			switch {
			case c.want == "" && (err != nil || f.Rows != rows || f.Digest != digest || f.Bytes != int64(len(there)) || f.Oldest == 0):
				t.Errorf("got %+v and error %v, want the file that was there", f, err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %+v and error %v, want one with %q", f, err, c.want)
			}
		})
	}
}
