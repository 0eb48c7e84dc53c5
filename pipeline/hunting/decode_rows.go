package hunting

import (
	"bytes"
	"errors"
	"fmt"
)

// misfit is an error of a row that is well-formed, but does not fit its columns: another schema could explain it. The
// scanner stands before the value at fault.
type misfit struct{ error }

// Unwrap returns what does not fit.
func (m misfit) Unwrap() error { return m.error }

func misfitf(format string, args ...any) error { return misfit{fmt.Errorf(format, args...)} }

// results reads the rows.
func (d *decoder) results() error {
	d.early = d.fields == nil
	if d.early && len(d.opts.Want) > 0 {
		if err := d.use(d.opts.Want); err != nil {
			return err
		}
	}
	d.begun = d.scan.offset()
	if err := d.scan.items("an array", '[', ']', d.result); err != nil {
		return err
	}
	d.row = -1
	d.flush()
	return nil
}

// maxCells bounds the values of an answer, those that its rows leave out included: a row of three bytes takes up as
// much memory as any other. It is a full answer of 300 columns. No answer has maxRows: the service stops far below.
const (
	maxCells = 30_000_000
	maxRows  = 1_000_000
)

// result reads one row.
func (d *decoder) result() error {
	d.row = d.answer.Rows
	d.answer.Rows++
	if d.columns == nil {
		_, _, err := d.readAny(false)
		return err
	}
	if d.answer.Rows > maxRows {
		return fmt.Errorf("more than %d rows", maxRows)
	}
	if d.answer.Rows*int64(len(d.columns)) > maxCells {
		return fmt.Errorf("more than %d values, most of which are not there", maxCells)
	}
	if err := d.readRow(); err != nil {
		if d.early && errors.As(err, new(misfit)) {
			return d.giveUp(err)
		}
		return err
	}
	if d.rows == d.opts.BatchRows || d.scan.offset()-d.begun >= batchBytes {
		d.flush()
	}
	return nil
}

// giveUp drops all rows: the one at hand cannot be read by the assumed columns. The schema, when it comes, tells
// whether that is the row's fault. What is left of the row is skipped.
func (d *decoder) giveUp(err error) error {
	d.doubt = d.place(err)
	d.release()
	d.answer.Release()
	d.columns, d.column, d.rows = nil, noColumn, 0
	for {
		if _, _, err := d.readAny(false); err != nil {
			return err
		}
		if ended, err := d.scan.itemEnd('}'); ended || err != nil {
			return err
		}
		if _, err := d.scan.key(); err != nil {
			return err
		}
	}
}

// readRow reads one row into the columns.
func (d *decoder) readRow() error {
	if d.scan.peek() != '{' {
		return d.scan.unexpected("a row")
	}
	d.reserve()
	alike, ended, err := d.readAlike()
	if err == nil && (!ended || alike < len(d.above.cells)) {
		err = d.readRest(alike, ended)
	}
	if err == nil {
		d.rows++
	}
	return err
}

// readRest reads the rest of a row whose first cells have been read. Keys mostly are the columns in their order, so each
// is first held against the column after the one before it.
func (d *decoder) readRest(alike int, ended bool) error {
	s, a := d.scan, &d.above
	a.cells = a.cells[:alike]
	next := 0
	for _, cell := range a.cells {
		d.columns[cell.column].repeatTo(d.rows + 1)
		next = int(cell.column) + 1
	}
	ended = ended || alike == 0 && s.skip('}')
	for !ended {
		at, err := d.readKey(next)
		if err != nil {
			return err
		}
		value := s.offset()
		if at == noColumn {
			_, _, err = d.readAny(false)
		} else {
			err = d.readCell(at)
		}
		if err != nil {
			return err
		}
		if ended, err = s.itemEnd('}'); err != nil {
			return err
		}
		if at != noColumn {
			a.add(at, value)
			next = at + 1
		}
		if at != noColumn || ended {
			a.end(s.offset())
		}
	}
	if len(a.cells) < len(d.columns) {
		d.fill()
	}
	return nil
}

// fill makes columns null that the row did not name.
func (d *decoder) fill() {
	for i := range d.columns {
		if c := &d.columns[i]; c.rows <= d.rows {
			c.repeatTo(d.rows)
			c.null()
		}
	}
}

// readKey reads a key and returns its column, which is likely to be the given one, or noColumn if its value is none.
func (d *decoder) readKey(likely int) (int, error) {
	s := d.scan
	if s.peek() == '"' && likely < len(d.columns) {
		if key := d.columns[likely].key; key != nil && bytes.HasPrefix(s.buf[s.pos:s.end], key) {
			s.pos += len(key)
			return likely, nil
		}
	}
	key, err := s.key()
	if err != nil {
		return noColumn, err
	}
	if i, ok := d.names[string(key)]; ok {
		return i, nil
	}
	if d.opts.Dialect == Graph && isAnnotation(key) {
		return noColumn, nil
	}
	return noColumn, misfitf("key %q is not in the schema", key)
}

// isAnnotation tells OData's own keys, such as `Flag@odata.type`. They say nothing that the schema does not say.
func isAnnotation(key []byte) bool { return bytes.Contains(key, []byte("@odata.")) }

// readCell reads the value of a column.
func (d *decoder) readCell(at int) error {
	d.column = at
	c := &d.columns[at]
	if c.rows > d.rows {
		return misfitf("key appears twice in the row")
	}
	c.repeatTo(d.rows)
	if err := d.readValue(c); err != nil {
		return err
	}
	d.column = noColumn
	return nil
}
