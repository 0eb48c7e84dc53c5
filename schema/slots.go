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
	// Its length is a power of two. An entry is 0, or, in the low bits, which suffice to tell places, a value's number
	// plus one, and above them those bits of its hash.
	table  []uint32
	hashes []uint32 // of the values
}

const minSlots = 1 << 8

// First makes room for one more value, and returns the number of the first candidate, or -1 and where to Put the value.
func (s *Slots) First(hash uint32) (at uint32, id int32) {
	if 2*len(s.hashes) >= len(s.table) {
		s.grow()
	}
	return s.find(hash&s.mask(), hash)
}

// Next returns the candidate after the one at at.
func (s *Slots) Next(at, hash uint32) (uint32, int32) { return s.find((at+1)&s.mask(), hash) }

// find goes on from at to an entry that may be of the hash, or to an empty one.
func (s *Slots) find(at, hash uint32) (uint32, int32) {
	for mask := s.mask(); ; at = (at + 1) & mask {
		e := s.table[at]
		if e == 0 {
			return at, -1
		}
		if (e^hash)&^mask == 0 {
			return at, int32(e&mask) - 1
		}
	}
}

// Put numbers a value, at the place that First or Next has returned.
func (s *Slots) Put(at, hash uint32) int32 {
	s.hashes = append(s.hashes, hash)
	s.table[at] = s.entry(hash, len(s.hashes))
	return int32(len(s.hashes) - 1)
}

// Len returns how many values are numbered.
func (s *Slots) Len() int { return len(s.hashes) }

// Reset forgets all values, and keeps the room.
func (s *Slots) Reset() {
	clear(s.table)
	s.hashes = s.hashes[:0]
}

// mask turns a hash into the place to look at first. At most half of the places are taken, so that numbers fit it too.
func (s *Slots) mask() uint32 { return uint32(len(s.table) - 1) }

func (s *Slots) entry(hash uint32, number int) uint32 { return hash&^s.mask() | uint32(number) }

func (s *Slots) grow() {
	s.table = make([]uint32, max(minSlots, 2*len(s.table)))
	for i, hash := range s.hashes {
		at := hash & s.mask()
		for s.table[at] != 0 {
			at = (at + 1) & s.mask()
		}
		s.table[at] = s.entry(hash, i+1)
	}
}
