package writers

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"huntlake/partition"
	"huntlake/schema"
)

// clock is a Timestamp column of a lake schema with its companion.
type clock struct{ micros, digits int }

// clockOf returns the column of that name, or false if there is none: its rows have no such time.
func clockOf(s *arrow.Schema, name string) (clock, bool) {
	micros, digits := s.FieldIndices(name), s.FieldIndices(name+schema.CompanionSuffix)
	if len(micros) != 1 || len(digits) != 1 {
		return clock{}, false
	}
	ok := arrow.TypeEqual(s.Field(micros[0]).Type, arrow.FixedWidthTypes.Timestamp_us) &&
		arrow.TypeEqual(s.Field(digits[0]).Type, arrow.PrimitiveTypes.Int32)
	return clock{micros[0], digits[0]}, ok
}

// timeColumn returns the clock that rows are sorted by. An empty name is none, and that is no error.
func timeColumn(s *arrow.Schema, name string) (c clock, ok bool, err error) {
	if name == "" {
		return c, false, nil
	}
	if c, ok = clockOf(s, name); !ok {
		err = fmt.Errorf("there is no time column %q", name)
	}
	return c, ok, err
}

// at returns the times of rec's rows in dst; null is NoTick.
func (c clock) at(rec arrow.Record, dst []partition.Tick) []partition.Tick {
	micros, digits := rec.Column(c.micros).(*array.Timestamp), rec.Column(c.digits).(*array.Int32)
	dst = dst[:0]
	for i := range micros.Len() {
		if micros.IsNull(i) {
			dst = append(dst, partition.NoTick)
			continue
		}
		digit := int32(0)
		if digits.IsValid(i) {
			digit = digits.Value(i)
		}
		dst = append(dst, partition.TickOfMicros(int64(micros.Value(i)), digit))
	}
	return dst
}

// span is the smallest and the largest time of some rows; both are NoTick at first.
type span struct{ oldest, newest partition.Tick }

func newSpan() span { return span{partition.NoTick, partition.NoTick} }

func (s *span) add(ticks []partition.Tick) {
	for _, t := range ticks {
		if t == partition.NoTick {
			continue
		}
		if s.oldest == partition.NoTick || t < s.oldest {
			s.oldest = t
		}
		s.newest = max(s.newest, t)
	}
}
