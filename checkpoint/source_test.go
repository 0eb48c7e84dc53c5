package checkpoint_test

import (
	"math/rand/v2"

	"huntlake/partition"
	"huntlake/schema"
)

// retention is how long the simulated source shows a row, by its Timestamp.
const retention = 30 * partition.Day

// event is one row of a simulated source.
type event struct {
	id       uint64
	stream   partition.Stream
	stamp    partition.Tick
	ingested partition.Tick // NoTick on every stream but the stamped one
	shown    partition.Tick // the source's clock from which it can be read
}

// in reports whether a query for s would return e.
func (e event) in(s partition.Slice) bool {
	return e.stream == s.Stream && s.Contains(e.stamp, e.ingested) && (s.Of == 0 || int(e.id)%s.Of == s.Bucket)
}

func (e event) cursor() partition.Tick {
	if e.stream == partition.Stamped {
		return e.ingested
	}
	return e.stamp
}

func (e event) dt() partition.Date { return partition.DT(e.stamp, e.ingested) }

func (e event) digest() schema.Digest {
	h := (e.id + 1) * 0x9e3779b97f4a7c15
	return schema.Digest{Hi: h, Lo: h ^ h>>29}
}

// source is a table that grows, late rows included, and forgets.
type source struct {
	clock  partition.Tick
	events []event
}

// newSource draws the events of so many days of each stream. Some share a tick, some come late, some lie about their
// time.
func newSource(r *rand.Rand, days int, streams ...partition.Stream) *source {
	src := &source{clock: at(12)}
	upTo := func(t partition.Tick) partition.Tick { return partition.Tick(r.Int64N(int64(t))) }
	for _, stream := range streams {
		for i := range days * 3 {
			e := event{stream: stream, ingested: at(0) + upTo(partition.Tick(days)*partition.Day)}
			if n := len(src.events); i > 0 && r.IntN(4) == 0 {
				e.ingested = src.events[n-1].shown.Floor(partition.Hour)
			}
			e.shown, e.stamp = e.ingested, e.ingested-upTo(2*partition.Hour)
			switch r.IntN(12) {
			case 0, 1:
				e.shown += upTo(3 * partition.Day)
			case 2:
				e.stamp -= upTo(40 * partition.Day)
			case 3:
				e.stamp += upTo(100 * partition.Day)
			}
			if stream != partition.Stamped {
				e.stamp, e.ingested = e.ingested, partition.NoTick
			}
			e.id = uint64(len(src.events))
			src.events = append(src.events, e)
		}
	}
	return src
}

func (src *source) edge() partition.Tick { return src.clock - retention }

// read answers a query for s.
func (src *source) read(s partition.Slice) (rows []event) {
	for _, e := range src.events {
		if e.shown <= src.clock && e.stamp >= src.edge() && e.in(s) {
			rows = append(rows, e)
		}
	}
	return rows
}

func (src *source) count(s partition.Slice) int64 { return int64(len(src.read(s))) }
