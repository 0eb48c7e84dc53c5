package synth

import (
	"strconv"
	"strings"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/schema"
)

// makerOf returns what makes a column's cells. Columns are known by their names, which mean the same in every table;
// one that is not known gets values of its type.
func (t *Table) makerOf(f schema.Field) maker {
	typ, _ := kql.TypeOf(f.Type)
	salt := t.seed.of(f.Name)
	if f.Name == t.TimeColumn() {
		return maker{make: func(r *row) kql.Value { return kql.OfTime(r.time) }}
	}
	switch typ {
	case kql.String, kql.Guid:
		m, ok := t.textMaker(f.Name, salt)
		if !ok {
			m = wordMaker(f.Name, salt)
		}
		if typ == kql.Guid {
			return maker{m.shared, func(r *row) kql.Value { return kql.OfGuid(r.burst.and(uint64(salt)).guid()) }}
		}
		return m
	case kql.Long:
		return longMaker(f.Name, salt)
	case kql.Int:
		return intMaker(f.Name, salt)
	case kql.DateTime:
		return timeMaker(salt)
	case kql.Bool:
		return sparse(salt, 0.2, maker{true, func(r *row) kql.Value { return kql.OfBool(r.burst.and(uint64(salt)).chance(0.3)) }})
	case kql.Real:
		return sparse(salt, 0.2, maker{false, func(r *row) kql.Value { return kql.OfReal(float64(r.h.and(uint64(salt)).n(200)) / 10) }})
	}
	return sparse(salt, 0.2, dynamicMaker(f.Name, salt))
}

// sparse makes some of the cells null: never, or up to the given share of them, as the column has it.
func sparse(salt hash, most float64, m maker) maker {
	share := most * float64(salt.and(21).n(4)) / 3
	return maker{m.shared, func(r *row) kql.Value {
		if r.pick(m.shared).and(uint64(salt)).and(22).chance(share) {
			return kql.Value{}
		}
		return m.make(r)
	}}
}

// pick returns the hash that a shared or an unshared cell follows from.
func (r *row) pick(shared bool) hash {
	if shared {
		return r.burst
	}
	return r.h
}

// wordMaker makes one of a few words of the column's own, most of them for a whole burst; some columns are mostly empty.
func wordMaker(name string, salt hash) maker {
	words := make([]string, 2+salt.and(31).n(20))
	for i := range words {
		words[i] = salt.and(32).and(uint64(i)).pick(stems()) + " " + strings.ToLower(name[:min(len(name), 6)]) + strconv.Itoa(i)
	}
	empty := []float64{0, 0.3, 0.6, 0.9, 0.98}[salt.and(33).n(5)]
	shared := salt.and(34).n(10) < 8
	return maker{shared, func(r *row) kql.Value {
		h := r.pick(shared).and(uint64(salt))
		if h.chance(empty) {
			return kql.OfString("")
		}
		return kql.OfString(words[h.and(1).skewed(len(words))])
	}}
}

// longMaker makes ids beyond 2^53 for reports on whole devices, a counter for those on events, and small numbers else.
func longMaker(name string, salt hash) maker {
	switch {
	case name == "ReportId" && salt.and(1).n(3) == 0:
		return maker{false, func(r *row) kql.Value {
			return kql.OfLong(639_000_000_000_000_000 + int64(r.h.and(uint64(salt))>>12))
		}}
	case name == "ReportId":
		// The counter starts again now and then, so that an id comes back with another event.
		return maker{false, func(r *row) kql.Value { return kql.OfLong(int64(r.number%60_000) + 17) }}
	case strings.HasSuffix(name, "ClusterId"):
		return maker{false, func(r *row) kql.Value { return kql.OfLong(int64(uint32(r.h.and(uint64(salt))))) }}
	case strings.HasSuffix(name, "FileSize"):
		return maker{true, func(r *row) kql.Value { return kql.OfLong(r.actor.size) }}
	case name == "FileSize":
		return maker{false, func(r *row) kql.Value { return kql.OfLong(r.target.size) }}
	case strings.HasSuffix(name, "ProcessId"):
		return maker{false, func(r *row) kql.Value { return kql.OfLong(int64(4 + r.h.and(uint64(salt)).n(30_000))) }}
	}
	return sparse(salt, 0.6, maker{true, func(r *row) kql.Value { return kql.OfLong(int64(r.burst.and(uint64(salt)).skewed(1 << 40))) }})
}

func intMaker(name string, salt hash) maker {
	switch {
	case strings.HasSuffix(name, "RemotePort"):
		return maker{false, func(r *row) kql.Value {
			return kql.OfInt(int64([]int{443, 443, 443, 80, 53, 445, 3389, 8080}[r.h.and(uint64(salt)).n(8)]))
		}}
	case strings.HasSuffix(name, "Port"):
		return maker{false, func(r *row) kql.Value { return kql.OfInt(int64(49_152 + r.h.and(uint64(salt)).n(16_000))) }}
	}
	most := 1 + salt.and(41).skewed(40_000)
	return sparse(salt, 0.6, maker{true, func(r *row) kql.Value { return kql.OfInt(int64(r.burst.and(uint64(salt)).skewed(most))) }})
}

// timeMaker makes instants some time before the row's arrival, shared by a burst.
func timeMaker(salt hash) maker {
	return sparse(salt, 0.4, maker{true, func(r *row) kql.Value {
		h := r.burst.and(uint64(salt))
		if r.arrived == partition.NoTick {
			return kql.OfTime(638_000_000_000_000_000 + partition.Tick(h.n(1<<50)))
		}
		at := r.arrived - partition.Minute - partition.Tick(h.skewed(int(30*partition.Day)))
		if h.and(1).n(3) == 0 {
			at = at.Floor(partition.Second)
		}
		return kql.OfTime(max(at, 0))
	}})
}
