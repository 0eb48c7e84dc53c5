package simulator

import "sync"

// pageSize is how much of an answer is written to one piece of memory.
const pageSize = 1 << 20

// pages keeps memory that has been sent for the next answer: fifty megabytes a call would otherwise be most of the
// garbage of a rehearsal, and of the memory that is measured in it.
type pages struct{ pool sync.Pool }

// get returns an empty page.
func (p *pages) get() []byte {
	if page, ok := p.pool.Get().(*[pageSize]byte); ok {
		return page[:0]
	}
	return make([]byte, 0, pageSize)
}

// put takes back those of the parts that are pages. A nil p takes none.
func (p *pages) put(parts ...[]byte) {
	for _, part := range parts {
		if p != nil && cap(part) == pageSize {
			p.pool.Put((*[pageSize]byte)(part[:pageSize]))
		}
	}
}
