package partition

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Slice is the unit of one API call: the rows of a stream whose cursor lies in [Start, End) and whose Timestamp is
// at or above Floor. A slice that is too big for a call at one tick is narrowed on the other clock (Timestamp below
// Ceiling, and a higher Floor) and, as a last resort, to one of Of hash buckets.
//
// The zero Ceiling means none; the zero Of means all buckets. A snapshot slice has neither times nor floor.
type Slice struct {
	Stream     Stream
	Start, End Tick
	Floor      Tick
	Ceiling    Tick
	Bucket, Of int
}

// MaxBuckets bounds Slice.Of.
const MaxBuckets = 1 << 20

// Validate names everything about s that no slice may be.
func (s Slice) Validate() error {
	var errs []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	fault(!s.Stream.Valid(), "%v", s.Stream)
	timed := s.Stream.Cursor() != NoCursor
	fault(timed && (s.Start < MinTick || s.End > MaxTick || s.Start >= s.End), "range [%v, %v) is empty or out of bounds", s.Start, s.End)
	fault(!timed && (s.Start|s.End|s.Floor|s.Ceiling) != 0, "a snapshot has no times")
	fault(s.Floor < 0, "floor %d is negative", s.Floor)
	fault(s.Ceiling != 0 && s.Stream != Stamped, "a %v slice has no other clock to be narrowed on", s.Stream)
	fault(s.Ceiling != 0 && s.Ceiling <= s.Floor, "ceiling %v is not above floor %v", s.Ceiling, s.Floor)
	fault(s.Of < 0 || s.Of > MaxBuckets || s.Bucket < 0 || s.Bucket >= max(s.Of, 1), "bucket %d of %d", s.Bucket, s.Of)
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("slice: %w", err)
	}
	return nil
}

// String prints s in a form that ParseSlice reads back, that is safe in a key and that sorts by stream, then time:
//
//	stamped_20261122T0000000000000_20261122T0100000000000_f20261023T0000000000000[_c<ceiling>][_b3of8]
func (s Slice) String() string {
	var b strings.Builder
	b.WriteString(s.Stream.String())
	if s.Stream.Cursor() != NoCursor {
		fmt.Fprintf(&b, "_%s_%s_f%s", s.Start.compact(), s.End.compact(), s.Floor.compact())
	}
	if s.Ceiling != 0 {
		b.WriteString("_c" + s.Ceiling.compact())
	}
	if s.Of != 0 {
		fmt.Fprintf(&b, "_b%dof%d", s.Bucket, s.Of)
	}
	return b.String()
}

// ParseSlice reads what String prints, and nothing else.
func ParseSlice(text string) (Slice, error) {
	s, err := parseSlice(strings.Split(text, "_"))
	if err == nil {
		err = s.Validate()
	}
	if err == nil && s.String() != text {
		err = errors.New("not in canonical form")
	}
	if err != nil {
		return Slice{}, fmt.Errorf("parse slice %q: %w", text, err)
	}
	return s, nil
}

func parseSlice(parts []string) (s Slice, err error) {
	if s.Stream, err = ParseStream(parts[0]); err != nil {
		return s, err
	}
	parts = parts[1:]
	if s.Stream.Cursor() != NoCursor {
		if len(parts) < 3 || !strings.HasPrefix(parts[2], "f") {
			return s, errors.New("want start, end and floor")
		}
		var e1, e2, e3 error
		s.Start, e1 = parseCompact(parts[0])
		s.End, e2 = parseCompact(parts[1])
		s.Floor, e3 = parseCompact(parts[2][1:])
		if err := errors.Join(e1, e2, e3); err != nil {
			return s, err
		}
		parts = parts[3:]
	}
	for _, p := range parts {
		if err := s.parseOption(p); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s *Slice) parseOption(p string) (err error) {
	switch {
	case strings.HasPrefix(p, "c"):
		s.Ceiling, err = parseCompact(p[1:])
	case strings.HasPrefix(p, "b"):
		k, n, _ := strings.Cut(p[1:], "of")
		var e1, e2 error
		s.Bucket, e1 = strconv.Atoi(k)
		s.Of, e2 = strconv.Atoi(n)
		err = errors.Join(e1, e2)
	default:
		err = fmt.Errorf("unknown part %q", p)
	}
	return err
}

// MarshalText prints s as String does.
func (s Slice) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what ParseSlice reads.
func (s *Slice) UnmarshalText(b []byte) error {
	v, err := ParseSlice(string(b))
	if err == nil {
		*s = v
	}
	return err
}

// Compare orders slices by stream, start, end, floor and bucket.
func (s Slice) Compare(t Slice) int {
	return cmp.Or(cmp.Compare(s.Stream, t.Stream), cmp.Compare(s.Start, t.Start), cmp.Compare(s.End, t.End),
		cmp.Compare(s.Floor, t.Floor), cmp.Compare(s.Bucket, t.Bucket), cmp.Compare(s.Of, t.Of))
}

// Contains reports whether s holds a row of its stream with these instants; the bucket is not looked at.
// ingested is NoTick for a row without ingestion time.
func (s Slice) Contains(timestamp, ingested Tick) bool {
	c := timestamp
	switch s.Stream {
	case Stamped:
		c = ingested
	case Unstamped:
		if ingested != NoTick {
			return false
		}
	case Snapshot:
		return true
	}
	return c >= s.Start && c < s.End && timestamp >= s.Floor && (s.Ceiling == 0 || timestamp < s.Ceiling)
}

// SplitAt cuts s along its cursor. It returns false if at is not strictly inside or s is narrowed already.
func (s Slice) SplitAt(at Tick) ([]Slice, bool) {
	if at <= s.Start || at >= s.End || s.Ceiling != 0 || s.Of != 0 {
		return nil, false
	}
	lo, hi := s, s
	lo.End, hi.Start = at, at
	return []Slice{lo, hi}, true
}

// SplitOther cuts a stamped slice along Timestamp at the given instants, in order; the last child keeps s's ceiling.
// It returns false if they are not strictly inside and ascending.
func (s Slice) SplitOther(at ...Tick) ([]Slice, bool) {
	if s.Stream != Stamped || s.Of != 0 {
		return nil, false
	}
	children := make([]Slice, 0, len(at)+1)
	rest := s
	for _, t := range at {
		if t <= rest.Floor || (s.Ceiling != 0 && t >= s.Ceiling) {
			return nil, false
		}
		lo := rest
		lo.Ceiling, rest.Floor = t, t
		children = append(children, lo)
	}
	return append(children, rest), true
}

// SplitBuckets cuts s into n hash buckets. It returns false if s is a bucket already or n is not in 2..MaxBuckets.
func (s Slice) SplitBuckets(n int) ([]Slice, bool) {
	if s.Of != 0 || n < 2 || n > MaxBuckets {
		return nil, false
	}
	children := make([]Slice, n)
	for k := range children {
		children[k] = s
		children[k].Bucket, children[k].Of = k, n
	}
	return children, true
}

// Tile reports whether children are exactly one of the ways to cut s: along its cursor, along the other clock, or
// into buckets, without a hole and without an overlap. It says what is wrong otherwise.
func (s Slice) Tile(children []Slice) error {
	if len(children) < 2 {
		return fmt.Errorf("tile %v: %d children", s, len(children))
	}
	for _, cut := range []func() ([]Slice, bool){
		func() ([]Slice, bool) { return s.SplitBuckets(len(children)) },
		func() ([]Slice, bool) { return s.cutLike(children, Slice.start, Slice.SplitAt) },
		func() ([]Slice, bool) {
			return s.cutLike(children, Slice.floor, func(r Slice, at Tick) ([]Slice, bool) { return r.SplitOther(at) })
		},
	} {
		if want, ok := cut(); ok && equal(want, children) {
			return nil
		}
	}
	return fmt.Errorf("tile %v: the %d children leave a hole or overlap", s, len(children))
}

func (s Slice) start() Tick { return s.Start }
func (s Slice) floor() Tick { return s.Floor }

// cutLike cuts s where the children after the first begin.
func (s Slice) cutLike(children []Slice, begin func(Slice) Tick, cut func(Slice, Tick) ([]Slice, bool)) ([]Slice, bool) {
	var out []Slice
	rest := s
	for _, c := range children[1:] {
		parts, ok := cut(rest, begin(c))
		if !ok {
			return nil, false
		}
		out, rest = append(out, parts[0]), parts[1]
	}
	return append(out, rest), true
}

func equal(a, b []Slice) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
