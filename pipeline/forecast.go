package pipeline

import (
	"math"
	"slices"
	"time"

	"huntlake/checkpoint"
	"huntlake/partition"
)

// Outlook is what becomes of a tenant's rows if reading goes on at its pace.
type Outlook string

// The outlooks.
const (
	UpToDate   Outlook = "up to date"
	CatchingUp Outlook = "catching up"
	KeepingUp  Outlook = "in time" // not catching up, but nothing expires within the horizon
	Losing     Outlook = "losing rows"
	NotBegun   Outlook = "not begun" // nothing has been planned, so nothing is known
	Unknown    Outlook = "unknown"   // nothing was learned, for ledgers cannot be read
)

// Forecast says whether what a tenant's source holds will be read before it expires. It follows from the ledgers alone:
// from how much was read in the last day, by the clock on the wall, and from how many rows came to each table lately.
// Figures are bytes of JSON, expected from the tables' rows.
type Forecast struct {
	Tenant   string         `json:"tenant"`
	Outlook  Outlook        `json:"outlook"`
	Pace     int64          `json:"bytes_per_hour"`              // read
	Arriving int64          `json:"arriving_bytes_per_hour"`     // come in
	Backlog  int64          `json:"backlog_bytes"`               // at the source and not read
	CaughtUp partition.Tick `json:"caught_up,omitzero"`          // when all of it has been read
	LostFrom partition.Tick `json:"lost_from,omitzero"`          // rows that came from this hour on will expire unread,
	LostBy   partition.Tick `json:"lost_by,omitzero"`            // the first of them at this instant
	Needed   int64          `json:"needed_bytes_per_hour"`       // the least pace at which nothing more expires
	Unknown  []string       `json:"unknown_tables,omitempty"`    // not reckoned with: nothing was planned of them,
	Closed   []string       `json:"unreadable_tables,omitempty"` // or their ledgers cannot be read
}

const (
	paceSpan    = partition.Day     // over which the pace of reading is measured
	arrivalSpan = 7 * partition.Day // over which rows are counted that come in
	foreseen    = 60 * partition.Day
)

// inflow is a stream as a forecast sees it.
type inflow struct {
	read partition.Tick // the watermark
	rate float64        // bytes an hour that come in
}

// prospect gathers what the ledgers of one tenant say.
type prospect struct {
	streams []inflow
	pace    []checkpoint.PaceHour
	unknown []string // tables of which nothing was planned,
	closed  []string // and whose ledgers cannot be read
}

func (p *prospect) add(table string, s *checkpoint.State) {
	p.pace = append(p.pace, s.Pace...)
	if len(s.Streams) == 0 {
		p.unknown = append(p.unknown, table)
	}
	for stream, r := range s.Streams {
		if stream.Cursor() == partition.NoCursor {
			continue // a snapshot does not expire
		}
		at, _ := s.Watermark(stream)
		p.streams = append(p.streams, inflow{at, arrivals(s, stream, r) * width(s)})
	}
}

// width is the bytes of a row as the pace counts them, or as a sample has shown.
func width(s *checkpoint.State) float64 {
	var rows, bytes int64
	for _, p := range s.Pace {
		rows, bytes = rows+p.Rows, bytes+p.Bytes
	}
	if rows == 0 {
		return s.Cost.BytesPerRow
	}
	return float64(bytes) / float64(rows)
}

// arrivals is how many rows an hour came to a stream lately, by the counts of what has been planned, read or not.
func arrivals(s *checkpoint.State, stream partition.Stream, r checkpoint.Range) float64 {
	from := max(r.Start, r.End-arrivalSpan)
	if days := (r.End - from).Floor(partition.Day); days > 0 {
		from = r.End - days // whole days: nights bring less
	}
	if from >= r.End {
		return 0
	}
	var rows float64
	for slice, leaf := range s.Leaves {
		if slice.Stream == stream && !leaf.Again && slice.End > from {
			part := float64(slice.End-max(slice.Start, from)) / float64(slice.End-slice.Start)
			rows += part * float64(leaf.Counted)
		}
	}
	return rows / hours(r.End-from)
}

func hours(d partition.Tick) float64 { return float64(d) / float64(partition.Hour) }

// forecast looks ahead from now.
func (p *prospect) forecast(tenant string, now partition.Tick, settle time.Duration) Forecast {
	slices.Sort(p.unknown)
	slices.Sort(p.closed)
	pace := paceOf(p.pace, now)
	f := Forecast{Tenant: tenant, Outlook: UpToDate, Pace: int64(pace), Unknown: p.unknown, Closed: p.closed}
	ready := now.Add(-settle) // what is younger is not read yet
	late := false
	for _, s := range p.streams {
		f.Arriving += int64(s.rate)
		f.Backlog += int64(s.rate * hours(max(0, ready-max(s.read, now-retention))))
		late = late || s.read < ready-partition.Hour
	}
	f.look(p.streams, pace, now, settle)
	if !late {
		f.Outlook, f.CaughtUp, f.LostFrom, f.LostBy = UpToDate, 0, 0, 0
	}
	switch {
	case len(p.streams) > 0:
	case len(p.closed) > 0:
		f.Outlook = Unknown
	case len(p.unknown) > 0:
		f.Outlook = NotBegun
	}
	return f
}

// paceOf is the bytes an hour that were read in the last day, since the first of them: a process that was started an
// hour ago is not judged by the day. An hour is the least that is judged by, since budgets come by the hour.
func paceOf(pace []checkpoint.PaceHour, now partition.Tick) float64 {
	var bytes float64
	since := now
	for _, p := range pace {
		if p.Hour >= now-paceSpan && p.Since <= now {
			bytes += float64(p.Bytes)
			since = min(since, p.Since)
		}
	}
	return bytes / hours(max(now-since, partition.Hour))
}

// look reads on at a pace, hour by hour of the source, what expires first: all streams' rows of an hour before those of
// the next. An hour that has expired when its turn comes is lost, and the forecast ends there.
//
// The pace that is needed is the steepest that any hour asks for: all that is to be read up to it, by the time that it
// expires; and no less than what comes in.
func (f *Forecast) look(streams []inflow, pace float64, now partition.Tick, settle time.Duration) {
	start := now
	for _, s := range streams {
		start = min(start, s.read)
	}
	var backlog, needed float64
	clock := 0.0 // hours from now
	f.Outlook = KeepingUp
	for h := start.Floor(partition.Hour); h < now+foreseen; h += partition.Hour {
		work, end := comingIn(streams, h), h+partition.Hour
		expiry := max(h, start) + retention
		if work > 0 && expiry <= now {
			f.lose(max(h, start), expiry)
			continue
		}
		backlog += work
		needed = max(needed, backlog/hours(max(expiry-now, partition.Hour)))
		clock = max(clock, hours(end.Add(settle)-now))
		if work > 0 {
			clock += work / pace
		}
		switch {
		case clock > hours(expiry-now):
			f.lose(max(h, start), expiry)
		case f.Outlook == KeepingUp && end.Add(settle) > now && clock <= hours(end.Add(settle)-now)+1:
			f.Outlook, f.CaughtUp = CatchingUp, now+partition.Tick(clock*float64(partition.Hour))
		}
	}
	f.Needed = max(f.Arriving, int64(math.Ceil(needed)))
}

// lose takes note of the first hour that is lost.
func (f *Forecast) lose(from, by partition.Tick) {
	if f.Outlook != Losing {
		f.Outlook, f.LostFrom, f.LostBy, f.CaughtUp = Losing, from, by, 0
	}
}

// comingIn is the bytes of an hour of the source that were not read.
func comingIn(streams []inflow, hour partition.Tick) (bytes float64) {
	for _, s := range streams {
		if left := hour + partition.Hour - max(hour, s.read); left > 0 {
			bytes += s.rate * hours(left)
		}
	}
	return bytes
}
