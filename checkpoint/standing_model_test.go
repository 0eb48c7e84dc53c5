package checkpoint_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/schema"
)

// stateModel is a history of a table without a time column: its rows come and go, and several writers, who do not look
// before they commit, take snapshots of it.
type stateModel struct {
	*testing.T
	seed  uint64
	r     *rand.Rand
	day   int
	rows  map[uint64]bool // that the source shows now
	head  *checkpoint.State
	views []*checkpoint.State
	texts [][]byte

	nonces   int
	objects  map[string][]uint64
	opened   map[int]*checkpoint.Plan        // by generation
	staged   map[checkpoint.Reading][]uint64 // by the readings that were ever accepted
	accepted map[partition.Date]int          // the generation that was settled
	begun    map[partition.Date]int64        // the publish of a dt
	files    map[partition.Date]*checkpoint.File
	rejected int
}

// Random histories of snapshots: whatever the writers do, a dt has at most one file, and it holds every row of one
// generation that was read whole and settled.
func TestSnapshotModel(t *testing.T) {
	var accepted, rejected, files int
	for seed := range uint64(12) {
		m := snapshotHistory(t, seed)
		accepted, rejected, files = accepted+int(m.head.Number)-m.rejected, rejected+m.rejected, files+len(m.files)
	}
	if rejected*20 < accepted || accepted*4 < rejected || files < 24 {
		t.Errorf("%d commits accepted, %d rejected, %d files: the histories say little", accepted, rejected, files)
	}
}

// FuzzSnapshotModel goes on where TestSnapshotModel ends.
func FuzzSnapshotModel(f *testing.F) {
	f.Add(uint64(12))
	f.Fuzz(func(t *testing.T, seed uint64) { snapshotHistory(t, seed) })
}

func snapshotHistory(t *testing.T, seed uint64) *stateModel {
	m := &stateModel{
		T: t, seed: seed, r: rand.New(rand.NewPCG(seed, 2)), rows: map[uint64]bool{}, head: checkpoint.NewState(ours),
		objects: map[string][]uint64{}, opened: map[int]*checkpoint.Plan{}, staged: map[checkpoint.Reading][]uint64{},
		accepted: map[partition.Date]int{}, begun: map[partition.Date]int64{}, files: map[partition.Date]*checkpoint.File{},
	}
	for range 3 {
		m.views = append(m.views, checkpoint.NewState(ours))
	}
	for range 300 {
		if m.r.IntN(40) == 0 {
			m.day++
		}
		if m.r.IntN(12) == 0 {
			id := m.r.Uint64N(12)
			if m.rows[id] = !m.rows[id]; !m.rows[id] {
				delete(m.rows, id)
			}
		}
		m.step(pick(m.r, m.views))
	}
	m.drain()
	return m
}

func (m *stateModel) step(view *checkpoint.State) {
	to := m.head.Number
	switch m.r.IntN(4) {
	case 0:
		to = view.Number + m.r.Int64N(m.head.Number-view.Number+1)
	case 1:
		to = view.Number
	}
	for view.Number < to {
		if err := checkpoint.Fold(view, m.decode(m.texts[view.Number])); err != nil && !errors.Is(err, checkpoint.ErrRejected) {
			m.Fatal(err)
		}
	}
	if len(m.texts) > 0 && m.r.IntN(16) == 0 {
		m.commit(m.decode(pick(m.r, m.texts)).Body)
		return
	}
	if body := m.propose(view); body != nil {
		m.commit(body)
	}
}

func (m *stateModel) decode(text []byte) *checkpoint.Commit {
	c, err := checkpoint.DecodeCommit(text)
	if err != nil {
		m.Fatal(err)
	}
	return c
}

// propose draws what a writer with that view would commit, or nil.
func (m *stateModel) propose(view *checkpoint.State) checkpoint.Body {
	switch m.r.IntN(24) {
	case 0:
		return m.plan(view, m.day-m.r.IntN(2), m.r.IntN(5))
	case 1:
		return snapshotGap(m.day - m.r.IntN(2))
	case 2, 3, 4, 5:
		return m.begin(view, m.r.IntN(4) == 0)
	case 6, 7, 8, 9:
		return m.end(view)
	case 10, 11, 12, 13:
		return m.settle(view)
	}
	if len(view.Open()) == 0 && dayZero+partition.Date(m.day) > view.Snapshot.Done && len(view.Leaves) == 0 {
		return m.plan(view, m.day, 1+m.r.IntN(4))
	}
	return m.read(view)
}

// in is the rows that the source shows of a slice, in order.
func (m *stateModel) in(s partition.Slice) (ids []uint64) {
	for _, id := range slices.Sorted(maps.Keys(m.rows)) {
		if s.Of == 0 || int(id)%s.Of == s.Bucket {
			ids = append(ids, id)
		}
	}
	return ids
}

func (m *stateModel) plan(view *checkpoint.State, day, n int) checkpoint.Body {
	rows := make([]int64, n)
	for k := range rows {
		rows[k] = int64(len(m.in(shard(k, n))))
	}
	return snapshotPlan(view.Generation+1, day, rows...)
}

func (m *stateModel) read(view *checkpoint.State) checkpoint.Body {
	open := view.Open()
	if len(open) == 0 {
		return nil
	}
	r := pick(m.r, open)
	ids := m.in(r.Slice)
	if int64(len(ids)) != view.Leaves[r.Slice].Counted {
		return m.plan(view, m.day, 1+m.r.IntN(4))
	}
	m.nonces++
	key := ours.StagedKey(r.Slice, r.Generation, fmt.Sprintf("n%d", m.nonces))
	m.objects[key] = ids
	out := checkpoint.Receipt{
		Reading: r, Query: "test", Counted: []int64{int64(len(ids))}, Received: int64(len(ids)), Object: key, Bytes: 9,
		Sections: []checkpoint.Section{{DT: view.Snapshot.DT, Length: 9, Rows: int64(len(ids)), Digest: sumOf(ids)}},
	}
	return stage(out)
}

func sumOf(ids []uint64) (sum schema.Digest) {
	for _, id := range ids {
		sum = sum.Add(event{id: id}.digest())
	}
	return sum
}

// settle counts again; or, one time in eight, does not.
func (m *stateModel) settle(view *checkpoint.State) checkpoint.Body {
	var rows int64
	for s, leaf := range view.Leaves {
		if rows += leaf.Counted; int64(len(m.in(s))) != leaf.Counted && m.r.IntN(8) > 0 {
			return nil
		}
	}
	return &checkpoint.Settled{Stream: partition.Snapshot, DT: view.Snapshot.DT, Rows: rows}
}

func (m *stateModel) begin(view *checkpoint.State, careless bool) checkpoint.Body {
	staged := view.Unpublished()
	if len(staged) == 0 {
		return nil
	}
	dt := pick(m.r, slices.Sorted(maps.Keys(staged)))
	inputs := staged[dt]
	if careless {
		inputs = inputs[:1+m.r.IntN(len(inputs))]
	}
	return &checkpoint.PublishBegin{DT: dt, Inputs: inputs, Key: view.FileKey(dt, m.head.Number+1)}
}

func (m *stateModel) end(view *checkpoint.State) checkpoint.Body {
	if len(view.Begun) == 0 {
		return nil
	}
	number := pick(m.r, slices.Sorted(maps.Keys(view.Begun)))
	rows, digest := view.InputSums(view.Begun[number])
	return &checkpoint.PublishEnd{File: checkpoint.File{Number: number, Key: view.Begun[number].Key, Rows: rows, Digest: digest}}
}

// commit puts a body at the head of the log and checks what must always hold.
func (m *stateModel) commit(body checkpoint.Body) bool {
	c := commit(m.head, body)
	m.texts = append(m.texts, encoded(m.T, c))
	err := checkpoint.Fold(m.head, reread(m.T, c))
	if errors.Is(err, checkpoint.ErrRejected) {
		m.rejected++
		return false
	}
	if err != nil {
		m.Fatal(err)
	}
	m.record(c)
	m.conserved()
	if m.r.IntN(12) == 0 {
		m.roundTrips()
	}
	return true
}

func (m *stateModel) failf(format string, args ...any) {
	m.Helper()
	m.Fatalf("seed %d, commit %d: %s", m.seed, m.head.Number, fmt.Sprintf(format, args...))
}

func (m *stateModel) record(c *checkpoint.Commit) {
	switch b := c.Body.(type) {
	case *checkpoint.Plan:
		if m.opened[b.Generation] != nil || m.accepted[b.DT] != 0 {
			m.failf("generation %d of %v follows one that was settled, or is there twice", b.Generation, b.DT)
		}
		m.opened[b.Generation] = b
	case *checkpoint.Stage:
		for _, r := range b.Receipts {
			if _, twice := m.staged[r.Reading]; twice {
				m.failf("%v is staged twice", r.Reading)
			}
			m.staged[r.Reading] = m.objects[r.Object]
		}
	case *checkpoint.Settled:
		if m.accepted[b.DT] != 0 {
			m.failf("%v is settled twice", b.DT)
		}
		m.accepted[b.DT] = m.head.Generation
		if p := m.opened[m.head.Generation]; p.DT != b.DT || int64(len(m.settledRows(b.DT))) != b.Rows {
			m.failf("%v is settled with %d rows, by a generation of %v with %d", b.DT, b.Rows, p.DT, len(m.settledRows(b.DT)))
		}
	case *checkpoint.PublishBegin:
		if by, twice := m.begun[b.DT]; twice || m.accepted[b.DT] == 0 {
			m.failf("%v is published by %d before, or not settled", b.DT, by)
		}
		m.begun[b.DT] = c.Number
	case *checkpoint.PublishEnd:
		begun := m.decode(m.texts[b.File.Number-1]).Body.(*checkpoint.PublishBegin)
		var ids []uint64
		for _, in := range begun.Inputs {
			ids = append(ids, m.staged[in]...)
		}
		slices.Sort(ids)
		if want := m.settledRows(begun.DT); !slices.Equal(ids, want) || b.File.Digest != sumOf(want) {
			m.failf("the file of %v holds %v, want %v", begun.DT, ids, want)
		}
		m.files[begun.DT] = &b.File
	}
}

// settledRows are the rows that were staged of the generation that was settled for a dt, in order: of every slice.
func (m *stateModel) settledRows(dt partition.Date) (ids []uint64) {
	generation := m.accepted[dt]
	for _, ps := range m.opened[generation].Slices {
		got := m.staged[reading(ps.Slice, generation)]
		if int64(len(got)) != ps.Rows {
			m.failf("%v of %v has %d rows, %d counted", ps.Slice, dt, len(got), ps.Rows)
		}
		ids = append(ids, got...)
	}
	slices.Sort(ids)
	return ids
}

// conserved holds the totals to what is there, and what is staged to the newest generation or one that was settled.
func (m *stateModel) conserved() {
	var staged int64
	for r, st := range m.head.Staged {
		dt := st.Sections[0].DT
		if r.Generation != m.head.Generation && r.Generation != m.accepted[dt] {
			m.failf("%v of %v is staged, the newest generation is %d", r, dt, m.head.Generation)
		}
		staged += st.Sections[0].Rows
	}
	if t := m.head.Totals; t.Rows != staged+t.Published+t.Dropped {
		m.failf("%d rows staged now, totals %+v", staged, t)
	}
}

func (m *stateModel) roundTrips() {
	text, err := checkpoint.EncodeSnapshot(m.head)
	if err != nil {
		m.Fatal(err)
	}
	back, err := checkpoint.DecodeSnapshot(ours, text)
	if err != nil || !reflect.DeepEqual(back, m.head) {
		m.failf("the state reads back as another one: %v", err)
	}
	if again, err := checkpoint.EncodeSnapshot(back); err != nil || !bytes.Equal(text, again) {
		m.failf("the state reads back as another one: %v", err)
	}
	m.head = back
}

// drain lets one writer that is awake take a last snapshot and publish everything.
func (m *stateModel) drain() {
	m.day++
	m.rows[99] = true
	do := func(body checkpoint.Body) {
		if !m.commit(body) {
			m.failf("%s of the only writer is rejected", body.Kind())
		}
	}
	do(m.plan(m.head, m.day, 3))
	for len(m.head.Open()) > 0 {
		do(m.read(m.head))
	}
	do(m.settle(m.head))
	for len(m.head.Staged) > 0 {
		if len(m.head.Begun) > 0 {
			do(m.end(m.head))
			continue
		}
		do(m.begin(m.head, false))
	}
	for dt := range m.accepted {
		if rows := m.settledRows(dt); len(rows) > 0 && m.files[dt] == nil || len(m.head.Days[dt].Files) > 1 {
			m.failf("%v is settled with %d rows and has the files %+v", dt, len(rows), m.head.Days[dt].Files)
		}
	}
}
