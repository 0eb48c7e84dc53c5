package hunting

import "math"

// above is the row above the one being read, as it stands in the window. Rows of a burst differ from the one above in
// few of their cells, so what is read first of a row is how far its bytes are those of the row above.
//
//   - A cell lasts from behind the one before it to behind the comma or brace that ends it: annotations and white space
//     before its key belong to it, and those behind the last to the last. So cells whose bytes are equal are equal, and
//     follow each other as they did above.
//   - A column whose cell is equal is left as it is: its rows lag behind until it gets a value of its own, or the record
//     ends, when its last value is repeated as often as that takes.
//   - As long as a row has the columns of the row above in their order, it cannot name one twice, and lacks those that
//     the row above lacks, whose last value is a null.
type above struct {
	at    int64 // of the row's opening brace in the body
	cells []cell
}

// cell is where a cell lies in its row, in bytes from its opening brace.
type cell struct {
	column, value, end int32
}

// add notes a cell by its column and the offset of its value in the body.
func (a *above) add(column int, value int64) {
	a.cells = append(a.cells, cell{column: int32(column), value: a.place(value)})
}

// end notes where the last cell ends.
func (a *above) end(offset int64) {
	if n := len(a.cells); n > 0 {
		a.cells[n-1].end = a.place(offset)
	}
}

func (a *above) place(offset int64) int32 { return int32(min(offset-a.at, math.MaxInt32)) }

// forget makes the next row be read as if there were none above it.
func (a *above) forget() { a.cells = a.cells[:0] }

// readAlike reads a row for as long as it has the columns of the row above. It returns how many cells those are, and
// whether the row has ended.
func (d *decoder) readAlike() (alike int, ended bool, err error) {
	s, a := d.scan, &d.above
	old, begun, n := a.at, s.offset(), len(a.cells)
	a.at = begun
	s.pos++
	if n == 0 {
		return 0, false, nil
	}
	s.keep(old)
	from, until := int32(1), a.cells[n-1].end // in the row above
	for alike < n && !ended {
		differs := from + int32(s.agree(old+int64(from), int(until-from)))
		shift := int32(s.offset()-begun) - from
		next := from
		for ; alike < n && a.cells[alike].end <= differs; alike++ {
			next = a.cells[alike].end
			a.cells[alike].value += shift
			a.cells[alike].end += shift
		}
		s.pos += int(next - from)
		if alike == n {
			return n, true, nil
		}
		c := &a.cells[alike]
		if differs < c.value {
			return alike, false, nil
		}
		s.pos += int(c.value - next)
		from = c.end
		if err := d.readCell(int(c.column)); err != nil {
			return 0, false, err
		}
		if ended, err = s.itemEnd('}'); err != nil {
			return 0, false, err
		}
		c.value += shift
		c.end = a.place(s.offset())
		alike++
	}
	return alike, ended, nil
}
