package checkpoint_test

import (
	"math/rand/v2"

	"huntlake/checkpoint"
	"huntlake/partition"
)

// drain stops the source's growth and lets one writer that is awake finish everything: plan to the end, read, read
// again what has grown, settle and publish.
func (m *model) drain() {
	for i := range m.src.events {
		if e := &m.src.events[i]; e.shown > m.src.clock {
			e.shown = partition.MaxTick
		}
	}
	m.src.clock += 3 * partition.Day // so that the last day with rows is over
	w := &writer{r: rand.New(rand.NewPCG(9, 9)), src: m.src, view: m.head, lake: m.lake}
	do := func(body checkpoint.Body) {
		if !m.commit(body) {
			m.Fatalf("seed %d, commit %d of the only writer, %s, is rejected", m.seed, m.head.Number, body.Kind())
		}
		w.view = m.head
	}
	for _, stream := range m.lake.streams {
		for body := checkpoint.Body(&checkpoint.Verify{}); body != nil; body = w.plan(stream, true) {
			do(body)
			for len(m.head.Open()) > 0 {
				do(w.read(8))
			}
		}
		r := m.head.Streams[stream]
		for day := partition.DateOf(r.Start); stream.Cursor() == partition.TimestampCursor && day.End() <= r.End; day++ {
			if !m.head.Settled[stream][day] {
				do(&checkpoint.Settled{Stream: stream, DT: day})
			}
		}
	}
	for len(m.head.Staged) > 0 {
		if len(m.head.Begun) > 0 {
			do(w.end())
			continue
		}
		do(w.begin(m.head.Number + 1))
	}
}

// judge compares the files with the source, event by event.
func (m *model) judge() {
	for _, e := range m.src.events {
		_, staged := m.lake.staged[e.id]
		_, published := m.lake.published[e.id]
		if staged != published {
			m.Errorf("seed %d, event %d: staged %v, published %v", m.seed, e.id, staged, published)
		}
		due := false
		for s := range m.head.Leaves {
			due = due || e.in(s)
		}
		if due && !published && e.shown <= m.src.clock && e.stamp >= m.src.edge() {
			m.Errorf("seed %d, event %d is shown by the source and in no file", m.seed, e.id)
		}
	}
}
