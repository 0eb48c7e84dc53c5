package hunting

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"huntlake/schema"
)

const (
	// firstRows is what the first record has room for at first; it doubles from there up to BatchRows.
	firstRows = 256
	// batchBytes of JSON end a record, however few its rows.
	batchBytes = 32 << 20
)

// Decode reads the body of an answer, plain JSON, in one pass, and turns its rows into records. It holds a window of
// the body, never the whole of it. The caller releases the Answer.
//
// Values arrive exactly: integers beyond 2^53, the seventh digit of a second, null apart from the empty string. A key
// that a row lacks is null. On Graph, `{}` is null as well, and annotations are skipped. Half a surrogate pair, which a
// string column cannot hold, becomes U+FFFD.
//
// Errors: *DecodeError for a body that ends early, is not an answer or holds a value that does not fit its column;
// *SchemaOrderError, after a whole body, if rows came before a schema that is not opts.Want; *Error if the service
// reports one within the body. Everything that was decoded has been released then.
func Decode(r io.Reader, opts DecodeOptions) (*Answer, error) {
	opts = opts.withDefaults()
	d := &decoder{opts: opts, scan: newScanner(r, opts.MaxValueBytes), row: -1, column: noColumn}
	defer d.release()
	if err := d.body(); err != nil {
		d.answer.Release()
		return nil, d.explain(err)
	}
	d.answer.Bytes = d.scan.offset()
	return &d.answer, nil
}

// noColumn is the column outside of values.
const noColumn = -1

// decoder turns one body into an Answer.
type decoder struct {
	opts    DecodeOptions
	scan    *scanner
	answer  Answer
	scratch []byte

	seen    map[string]bool // keys of the envelope
	fields  []schema.Field  // of the schema, once it has come
	layout  *arrow.Schema   // of the records
	columns []column        // of the rows; nil: they are only counted
	names   map[string]int  // index into columns

	early bool  // the rows came before the schema, so their columns are those of opts.Want
	doubt error // the first row that did not fit such columns: from it on, rows are only counted

	row    int64 // the one being read, or -1
	column int   // the one being read, or noColumn
	begun  int64 // offset at which the record in the making begins
	rows   int   // of that record
	room   int   // rows that its columns have room for
	above  above // of the row being read
}

// column is one column of the rows.
type column struct {
	*cells
	name  string
	key   []byte // as it stands in most rows: quoted, colon and all
	loose bool   // text that may come as a bare number
}

// explain puts the place into an error that has none.
func (d *decoder) explain(err error) error {
	switch err.(type) {
	case *SchemaOrderError, *DecodeError, *Error:
		return err
	}
	return d.place(err)
}

func (d *decoder) place(err error) *DecodeError {
	e := &DecodeError{Table: d.opts.Table, Row: d.row, Offset: d.scan.offset(), Err: err}
	if d.column != noColumn {
		e.Column = d.columns[d.column].name
	}
	return e
}

// body reads the envelope, and what must follow it: nothing.
func (d *decoder) body() error {
	d.seen = make(map[string]bool)
	if err := d.scan.members(d.member); err != nil {
		return err
	}
	if d.scan.peek() != 0 || d.scan.pos < d.scan.end {
		return d.scan.unexpected("the end")
	}
	if d.scan.err != io.EOF {
		return d.scan.err
	}
	return d.finish()
}

// finish judges a body that was read whole.
func (d *decoder) finish() error {
	switch {
	case d.fields == nil:
		return errors.New("answer has no schema")
	case !d.seen["results"]:
		return errors.New("answer has no results")
	case d.early && d.answer.Rows > 0 && !slices.Equal(d.fields, d.opts.Want):
		return &SchemaOrderError{Fields: d.fields}
	case d.doubt != nil:
		return d.doubt
	}
	d.answer.Fields = d.fields
	return nil
}

// use makes rows be decoded by the given fields.
func (d *decoder) use(fields []schema.Field) error {
	layout, err := schema.ResponseArrow(fields)
	if err != nil {
		return err
	}
	d.layout = schema.NumberedArrow(layout)
	d.columns = make([]column, len(fields))
	d.names = make(map[string]int, len(fields))
	for i, f := range fields {
		kind, err := schema.KindOf(f.Type)
		if err != nil {
			return err
		}
		d.columns[i] = column{
			cells: newCells(kind, d.opts.Allocator),
			name:  f.Name,
			key:   plainKey(f.Name),
			loose: schema.TextOfNumber(f.Type),
		}
		d.names[f.Name] = i
	}
	return nil
}

// plainKey is how rows write the key of a column, colon and all; nil if JSON has several ways to write it, or another
// key could look like it.
func plainKey(name string) []byte {
	for _, r := range name {
		if r < ' ' || r == '"' || r == '\\' || r == utf8.RuneError {
			return nil
		}
	}
	return fmt.Appendf(nil, `"%s":`, name)
}

// reserve makes room for another row.
func (d *decoder) reserve() {
	if d.rows < d.room {
		return
	}
	d.room = min(max(2*d.room, firstRows), d.opts.BatchRows)
	if len(d.answer.Records) > 0 {
		d.room = d.opts.BatchRows
	}
	for i := range d.columns {
		d.columns[i].reserve(d.room)
	}
}

// flush adds the rows so far to the answer, as a record.
func (d *decoder) flush() {
	if d.rows == 0 {
		return
	}
	arrays := make([]arrow.Array, 0, d.layout.NumFields())
	for i := range d.columns {
		c := &d.columns[i]
		c.repeatTo(d.rows)
		arrays = c.appendArrays(arrays)
	}
	d.above.forget()
	d.answer.Records = append(d.answer.Records, array.NewRecord(d.layout, arrays, int64(d.rows)))
	for _, a := range arrays {
		a.Release()
	}
	d.rows, d.room, d.begun = 0, 0, d.scan.offset()
}

func (d *decoder) release() {
	for i := range d.columns {
		d.columns[i].release()
	}
}
