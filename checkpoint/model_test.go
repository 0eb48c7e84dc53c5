package checkpoint_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/schema"
)

// lake is what really happened, event by event, kept beside the state that Fold makes of it.
type lake struct {
	streams   []partition.Stream
	nonces    int
	objects   map[string][]event // by key, whether or not a commit names them
	staged    map[uint64]placed  // by event
	published map[uint64]int64   // by event, the publish
	roots     []partition.Slice  // as planned
	gaps      []*checkpoint.Gap  // of tiles
	settled   map[partition.Date]bool
	inputs    map[inputKey]int64 // the publish that took a reading's dt
	texts     [][]byte           // the log
	rejected  int
}

// placed is where the ledger has an event.
type placed struct {
	number  int64 // of the stage commit
	reading checkpoint.Reading
}

type inputKey struct {
	reading checkpoint.Reading
	dt      partition.Date
}

// horizon is how long a state remembers what it will not be asked about again.
const horizon = 35 * partition.Day

// model is one history.
type model struct {
	*testing.T
	seed    uint64
	r       *rand.Rand
	src     *source
	lake    *lake
	head    *checkpoint.State
	writers []*writer
}

func newModel(t *testing.T, seed uint64) *model {
	r := rand.New(rand.NewPCG(seed, 1))
	streams := pick(r, [][]partition.Stream{
		{partition.Stamped}, {partition.Stamped, partition.Unstamped}, {partition.Whole},
	})
	m := &model{T: t, seed: seed, r: r, src: newSource(r, 5+r.IntN(40), streams...), head: checkpoint.NewState(ours), lake: &lake{
		streams: streams, objects: map[string][]event{}, staged: map[uint64]placed{}, published: map[uint64]int64{},
		inputs: map[inputKey]int64{}, settled: map[partition.Date]bool{},
	}}
	for range 3 {
		m.writers = append(m.writers, &writer{r: r, src: m.src, view: checkpoint.NewState(ours), lake: m.lake})
	}
	return m
}

// Random histories by writers that do not look before they commit: whatever they do, Fold keeps every row once.
func TestModel(t *testing.T) {
	var accepted, rejected int
	for seed := range uint64(8) {
		m := history(t, seed)
		accepted, rejected = accepted+int(m.head.Number)-m.lake.rejected, rejected+m.lake.rejected
	}
	if rejected*20 < accepted || accepted < rejected {
		t.Errorf("%d commits accepted, %d rejected: the histories say little", accepted, rejected)
	}
}

// FuzzModel goes on where TestModel ends: go test -fuzz FuzzModel ./checkpoint
func FuzzModel(f *testing.F) {
	f.Add(uint64(8))
	f.Fuzz(func(t *testing.T, seed uint64) { history(t, seed) })
}

func history(t *testing.T, seed uint64) *model {
	m := newModel(t, seed)
	for range 120 {
		if m.r.IntN(4) == 0 {
			m.src.clock += partition.Tick(m.r.Int64N(int64(2 * partition.Day)))
		}
		m.step(pick(m.r, m.writers))
	}
	m.drain()
	m.judge()
	return m
}

// step lets a writer wake up, learn some of what it missed, and commit; or send an old commit again.
func (m *model) step(w *writer) {
	switch m.r.IntN(4) {
	case 0:
		m.catchUp(w, w.view.Number+int64(m.r.IntN(int(m.head.Number-w.view.Number)+1)))
	case 1, 2:
		m.catchUp(w, m.head.Number)
	}
	if n := len(m.lake.texts); n > 0 && m.r.IntN(16) == 0 {
		m.commit(m.decode(pick(m.r, m.lake.texts)).Body)
		return
	}
	if body := w.propose(m.head.Number + 1); body != nil {
		m.commit(body)
	}
}

func (m *model) catchUp(w *writer, to int64) {
	for w.view.Number < to {
		err := checkpoint.Fold(w.view, m.decode(m.lake.texts[w.view.Number]))
		if err != nil && !errors.Is(err, checkpoint.ErrRejected) {
			m.Fatal(err)
		}
	}
}

func (m *model) decode(text []byte) *checkpoint.Commit {
	c, err := checkpoint.DecodeCommit(text)
	if err != nil {
		m.Fatal(err)
	}
	return c
}

// commit puts a body at the head of the log, whatever view it was made for, and checks what must always hold.
func (m *model) commit(body checkpoint.Body) bool {
	c := commit(m.head, body)
	text := encoded(m.T, c)
	m.lake.texts = append(m.lake.texts, text)
	if checkpoint.Check(m.head, m.decode(text)) != nil {
		m.lake.rejected++
		m.inert(m.decode(text))
		return false
	}
	if g, ok := body.(*checkpoint.Gap); ok && !m.head.Leaves[*g.Slice].Again {
		m.lake.gaps = append(m.lake.gaps, g)
	}
	marks := m.watermarks()
	if err := checkpoint.Fold(m.head, m.decode(text)); err != nil {
		m.Fatal(err)
	}
	m.record(c)
	m.marksRose(marks, body)
	m.conserved()
	if m.r.IntN(12) == 0 {
		m.roundTrips()
	}
	switch body.(type) {
	case *checkpoint.Plan, *checkpoint.Split, *checkpoint.Gap:
		m.tiled()
	}
	return true
}

// record keeps what an accepted commit did, and fails if it doubled a row.
func (m *model) record(c *checkpoint.Commit) {
	switch b := c.Body.(type) {
	case *checkpoint.Plan:
		for _, s := range b.Slices {
			m.lake.roots = append(m.lake.roots, s.Slice)
		}
	case *checkpoint.Stage:
		for _, r := range b.Receipts {
			for _, e := range m.lake.objects[r.Object] {
				if p, twice := m.lake.staged[e.id]; twice {
					m.Fatalf("seed %d, commit %d stages event %d, which %v has staged", m.seed, c.Number, e.id, p.reading)
				}
				m.lake.staged[e.id] = placed{c.Number, r.Reading}
			}
		}
	case *checkpoint.Settled:
		m.lake.settled[b.DT] = true
		if open := m.head.Open(); len(open) > 0 && open[0].Slice.Stream == b.Stream && open[0].Slice.Start < b.DT.End() {
			m.Fatalf("seed %d, commit %d settles %v, and %v is open", m.seed, c.Number, b.DT, open[0])
		}
	case *checkpoint.PublishBegin:
		for _, in := range b.Inputs {
			day := checkpoint.SettleDay(in.Slice, b.DT)
			old := day.End() < m.head.Streams[in.Slice.Stream].End-horizon
			if in.Slice.Stream.Cursor() == partition.TimestampCursor && !m.lake.settled[day] && !old {
				m.Fatalf("seed %d, commit %d claims rows of %v, which is not settled", m.seed, c.Number, day)
			}
		}
	case *checkpoint.PublishEnd:
		begun := m.decode(m.lake.texts[b.File.Number-1]).Body.(*checkpoint.PublishBegin)
		for _, in := range begun.Inputs {
			if by, twice := m.lake.inputs[inputKey{in, begun.DT}]; twice {
				m.Fatalf("seed %d, publish %d takes %v of %v, which publish %d took", m.seed, b.File.Number, begun.DT, in, by)
			}
			m.lake.inputs[inputKey{in, begun.DT}] = b.File.Number
		}
		for id, p := range m.lake.staged {
			if slices.Contains(begun.Inputs, p.reading) && m.src.events[id].dt() == begun.DT {
				m.lake.published[id] = b.File.Number
			}
		}
	}
}

func (m *model) encode(s *checkpoint.State) []byte {
	text, err := checkpoint.EncodeSnapshot(s)
	if err != nil {
		m.Fatal(err)
	}
	return text
}

// inert folds a commit that is rejected, and holds it to the number and the count that it may change.
func (m *model) inert(c *checkpoint.Commit) {
	before := m.encode(m.head)
	if err := checkpoint.Fold(m.head, c); !errors.Is(err, checkpoint.ErrRejected) {
		m.Fatalf("seed %d, Check rejects commit %d, Fold says %v", m.seed, c.Number, err)
	}
	s := *m.head
	s.Number--
	s.Totals.Rejected--
	if after := m.encode(&s); !bytes.Equal(before, after) {
		m.Fatalf("seed %d, rejected commit %d changed the state: %s", m.seed, c.Number, cmp.Diff(string(before), string(after)))
	}
}

// roundTrips holds a snapshot to the state that it was made of.
func (m *model) roundTrips() {
	text := m.encode(m.head)
	back, err := checkpoint.DecodeSnapshot(ours, text)
	if err != nil || !reflect.DeepEqual(back, m.head) || !bytes.Equal(text, m.encode(back)) {
		m.Fatalf("seed %d, snapshot %d reads back as another state: %v %s", m.seed, m.head.Number, err, cmp.Diff(m.head, back))
	}
	m.head = back // and the history goes on from there
}

func (m *model) watermarks() map[partition.Stream]partition.Tick {
	out := map[partition.Stream]partition.Tick{}
	for _, stream := range m.lake.streams {
		if at, ok := m.head.Watermark(stream); ok {
			out[stream] = at
		}
	}
	return out
}

// marksRose holds every watermark to its promise: it goes back only to what a plan has opened again.
func (m *model) marksRose(before map[partition.Stream]partition.Tick, body checkpoint.Body) {
	after := m.watermarks()
	for stream, low := range before {
		if p, ok := body.(*checkpoint.Plan); ok && p.Stream == stream {
			for _, a := range p.Again {
				low = min(low, a.Slice.Start)
			}
		}
		if at, ok := after[stream]; !ok || at < low {
			m.Fatalf("seed %d, commit %d, %s: the watermark of %v falls from %v to %v", m.seed, m.head.Number, body.Kind(), stream, low, at)
		}
	}
}

// tiled holds the leaves to the plan: every event that was planned, and is neither given up nor forgotten, lies in
// one tile, and in no other. What is read again lies over them, and no event is being read twice.
func (m *model) tiled() {
	for _, e := range m.src.events {
		tiles, open := 0, 0
		for s, leaf := range m.head.Leaves {
			if !e.in(s) {
				continue
			}
			if !leaf.Again {
				tiles++
			}
			if leaf.Open {
				open++
			}
			if leaf.Again && !leaf.Open {
				m.Fatalf("seed %d, commit %d: %v lies over the tiles, and has been read", m.seed, m.head.Number, s)
			}
		}
		want := 0
		if slices.ContainsFunc(m.lake.roots, e.in) && !m.givenUp(e) {
			want = 1
		}
		forgotten := tiles == 0 && e.cursor() < m.head.Streams[e.stream].End-horizon
		if tiles != want && !forgotten || open > 1 {
			m.Fatalf("seed %d, commit %d: event %d lies in %d tiles, want %d, and in %d open slices", m.seed, m.head.Number, e.id, tiles, want, open)
		}
	}
}

func (m *model) givenUp(e event) bool {
	return slices.ContainsFunc(m.lake.gaps, func(g *checkpoint.Gap) bool { return e.in(*g.Slice) && e.stamp < g.Below })
}

// conserved holds the state to the events: every staged one is unclaimed, claimed by a begun publish, or published,
// and every sum agrees.
func (m *model) conserved() {
	type sum struct {
		rows   int64
		digest schema.Digest
	}
	sections, days := map[inputKey]sum{}, map[partition.Date]sum{}
	for id, p := range m.lake.staged {
		e := m.src.events[id]
		if _, out := m.lake.published[id]; out {
			days[e.dt()] = sum{days[e.dt()].rows + 1, days[e.dt()].digest.Add(e.digest())}
			continue
		}
		k := inputKey{p.reading, e.dt()}
		sections[k] = sum{sections[k].rows + 1, sections[k].digest.Add(e.digest())}
	}
	var staged, published int64
	for r, st := range m.head.Staged {
		for _, sec := range st.Sections {
			if want := sections[inputKey{r, sec.DT}]; want != (sum{sec.Rows, sec.Digest}) {
				m.Fatalf("seed %d, commit %d: %v has %d rows of %v staged, want %d", m.seed, m.head.Number, r, sec.Rows, sec.DT, want.rows)
			}
			begun, ok := m.head.Begun[sec.Publish]
			if claimed := ok && begun.DT == sec.DT && slices.Contains(begun.Inputs, r); claimed != (sec.Publish != 0) {
				m.Fatalf("seed %d, commit %d: %v of %v says that publish %d has claimed it", m.seed, m.head.Number, sec.DT, r, sec.Publish)
			}
			delete(sections, inputKey{r, sec.DT})
			staged += sec.Rows
		}
	}
	for dt, day := range m.head.Days {
		if want := days[dt]; want != (sum{day.Rows(), day.Digest()}) {
			m.Fatalf("seed %d, commit %d: %v has %d rows published, want %d", m.seed, m.head.Number, dt, day.Rows(), want.rows)
		}
		published += day.Rows()
	}
	t := m.head.Totals
	if len(sections) > 0 || published+staged != t.Rows || published != t.Published || t.Rows != int64(len(m.lake.staged)) {
		m.Fatalf("seed %d, commit %d: %d rows staged, %d published, totals %+v, sections lost %v", m.seed, m.head.Number, staged, published, t, sections)
	}
}
