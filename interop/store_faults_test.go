package interop

import (
	"net/http"
	"strings"
	"sync"
	"testing"
)

// TestStoreFaults lets each store have a bad spell: for a while it says that it is busy, all the time and then now and
// then, and uploads break off half-way. A run goes on, or ends and says what the store said; once the spell is over, a
// run ends well, and every row is there once.
func TestStoreFaults(t *testing.T) {
	tables := narrowTable(t, 20_000)
	for _, kind := range stores() {
		t.Run(kind.name, func(t *testing.T) {
			j := newJob(t, startStore(t, kind), tables)
			spell := &badSpell{front: j.store.front, busy: kind.busy, out: 5, shaky: 16}
			j.store.front.set(spell.harm)
			for runs := 0; !spell.over() && runs < 10; runs++ {
				err := j.during("", 0, nil)
				if err != nil && !saysBusy(err) {
					t.Errorf("a run ended without a word of the store's: %v", err)
				}
				t.Logf("run %d, %d requests harmed so far: %v", runs+1, spell.harmed(), err)
			}
			if !spell.over() {
				t.Errorf("only %d requests were harmed", spell.harmed())
			}
			j.store.front.set(nil)
			j.finish()
			j.prove()
		})
	}
}

// saysBusy reports whether an error tells of a store that is busy, or of a connection that broke off.
func saysBusy(err error) bool {
	for _, words := range []string{"503", "SlowDown", "ServerBusy", "EOF", "connection reset", "broken pipe", "RequestTimeout"} {
		if strings.Contains(err.Error(), words) {
			return true
		}
	}
	return false
}

// badSpell refuses the first out requests; of the next ones it harms each third, until it has harmed shaky of them: of
// those, every other upload breaks off half-way.
type badSpell struct {
	front *front
	busy  func(http.ResponseWriter)

	mu          sync.Mutex
	out, shaky  int
	seen, count int
}

func (b *badSpell) over() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.shaky == 0
}

func (b *badSpell) harmed() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.count
}

// next decides about a request.
func (b *badSpell) next(upload bool) (busy, cut bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen++
	switch {
	case b.out > 0:
		b.out--
		busy = true
	case b.shaky > 0 && b.seen%3 == 0:
		b.shaky--
		cut = upload && b.shaky%2 == 0
		busy = !cut
	default:
		return false, false
	}
	b.count++
	return busy, cut
}

func (b *badSpell) harm(w http.ResponseWriter, r *http.Request) bool {
	busy, cut := b.next(writes(r))
	switch {
	case busy:
		b.busy(w)
	case cut:
		b.front.cut(w, r)
	}
	return busy || cut
}
