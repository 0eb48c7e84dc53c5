package schema

// Slots is an open-addressing hash table that numbers distinct values from 0, in the order they come in. It does not
// hold the values: whoever looks one up compares it with what the candidates stand for.
//
//	at, id := s.First(hash)
//	for ; id >= 0; at, id = s.Next(at, hash) {
//		if values[id] == value {
//			return id
//		}
//	}
//	values = append(values, value)
//	return s.Put(at, hash)
//
// The zero Slots is empty.
type Slots struct {
	table []uint64 // its length is a power of two; an entry is 0, or a value's hash above its number plus one
	used  int
}

const minSlots = 1 << 8

// First makes room for one more value, and returns the number of the first candidate, or -1 and where to Put the value.
func (s *Slots) First(hash uint32) (at uint32, id int32) {
	if 2*s.used >= len(s.table) {
		s.grow()
	}
	return s.find(hash&s.mask(), hash)
}

// Next returns the candidate after the one at at.
func (s *Slots) Next(at, hash uint32) (uint32, int32) { return s.find((at+1)&s.mask(), hash) }

// find goes on from at to an entry of the hash, or to an empty one.
func (s *Slots) find(at, hash uint32) (uint32, int32) {
	for {
		e := s.table[at]
		if e == 0 {
			return at, -1
		}
		if uint32(e>>32) == hash {
			return at, int32(uint32(e) - 1)
		}
		at = (at + 1) & s.mask()
	}
}

// Put numbers a value, at the place that First or Next has returned.
func (s *Slots) Put(at, hash uint32) int32 {
	s.table[at] = uint64(hash)<<32 | uint64(s.used+1)
	s.used++
	return int32(s.used - 1)
}

// Len returns how many values are numbered.
func (s *Slots) Len() int { return s.used }

// Reset forgets all values, and keeps the room.
func (s *Slots) Reset() {
	clear(s.table)
	s.used = 0
}

// mask turns a hash into the place to look at first.
func (s *Slots) mask() uint32 { return uint32(len(s.table) - 1) }

func (s *Slots) grow() {
	old := s.table
	s.table = make([]uint64, max(minSlots, 2*len(old)))
	for _, e := range old {
		if e == 0 {
			continue
		}
		at := uint32(e>>32) & s.mask()
		for s.table[at] != 0 {
			at = (at + 1) & s.mask()
		}
		s.table[at] = e
	}
}
