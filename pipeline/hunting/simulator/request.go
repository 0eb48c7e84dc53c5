package simulator

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/kql"
)

// maxRequest is where the gateway before the service gives up reading.
const maxRequest = 1 << 20

// request is the body of a call.
type request struct {
	query    string
	timespan string // Graph only
}

// readRequest reads a call's body, or returns why the service would not.
func readRequest(r *http.Request, d dialect) (request, Fault) {
	if r.Method != http.MethodPost {
		return request{}, Fault{Status: http.StatusMethodNotAllowed, Code: "MethodNotAllowed", Message: "The requested resource only supports POST."}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	if err != nil || len(body) > maxRequest {
		return request{}, FaultTooLarge()
	}
	fields := map[string]json.RawMessage{}
	if json.Unmarshal([]byte(decodeCharset(body, r.Header)), &fields) != nil {
		// A raw line break in a string is no JSON; the older API reports it as a query that is not there.
		if d.defender {
			return request{}, FaultMissingQuery()
		}
		return request{}, Fault{Status: 400, Code: "BadRequest", Message: "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."}
	}
	var q request
	// Keys are case-sensitive; Graph has been seen to take both spellings.
	if text(fields["Query"], &q.query); q.query == "" && !d.defender {
		text(fields["query"], &q.query)
	}
	if q.query == "" {
		return request{}, FaultMissingQuery()
	}
	if !d.defender {
		text(fields["Timespan"], &q.timespan)
		if q.timespan != "" && !validTimespan(q.timespan) {
			return q, Fault{Status: 400, Code: "BadRequest", Message: "Invalid timespan."}
		}
	}
	return q, Fault{}
}

func text(raw json.RawMessage, to *string) {
	if json.Unmarshal(raw, to) != nil {
		*to = ""
	}
}

// decodeCharset reads a body that does not say charset=utf-8 as Latin-1, which is how queries beyond ASCII come to
// match nothing.
func decodeCharset(body []byte, h http.Header) string {
	_, params, _ := mime.ParseMediaType(h.Get("Content-Type"))
	if strings.EqualFold(params["charset"], "utf-8") || !utf8.Valid(body) {
		return string(body)
	}
	var b strings.Builder
	for _, c := range body {
		b.WriteRune(rune(c))
	}
	return b.String()
}

func validTimespan(text string) bool {
	_, _, ok := parseTimespan(text, 0)
	return ok
}

// window returns the times of the rows that the call can see: the Timespan, 30 days if there is none, but never more
// than is kept.
func (q request) window(now, retention partition.Tick) kql.Interval {
	kept := kql.Interval{From: max(now-retention, partition.MinTick), To: partition.MaxTick + 1, Bounded: true}
	if q.timespan == "" {
		return kept
	}
	from, to, _ := parseTimespan(q.timespan, now)
	return kept.And(from, to)
}

// parseTimespan reads P30D, start/end, P30D/end, start/P30D and a start alone.
func parseTimespan(text string, now partition.Tick) (from, to partition.Tick, ok bool) {
	const open = partition.MaxTick + 1
	first, second, both := strings.Cut(text, "/")
	start, isTime := kql.ParseTime(first)
	length, isLength := parseDuration(first)
	if !both {
		if isLength {
			return max(now-length, 0), open, true
		}
		return start, open, isTime
	}
	end, endIsTime := kql.ParseTime(second)
	after, endIsLength := parseDuration(second)
	switch {
	case isTime && endIsTime:
		return start, end, true
	case isLength && endIsTime:
		return max(end-length, 0), end, true
	case isTime && endIsLength:
		return start, start + after, true
	}
	return 0, 0, false
}

// parseDuration reads an ISO 8601 duration of days, hours, minutes and seconds: P30D, PT12H, P1DT6H30M.
func parseDuration(text string) (partition.Tick, bool) {
	rest, ok := strings.CutPrefix(text, "P")
	if !ok || rest == "" {
		return 0, false
	}
	total, inTime := partition.Tick(0), false
	for rest != "" {
		if rest[0] == 'T' && !inTime {
			inTime, rest = true, rest[1:]
			continue
		}
		n := 0
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		count, err := strconv.ParseUint(rest[:n], 10, 24)
		if err != nil || n == len(rest) {
			return 0, false
		}
		unit, ok := durationUnit(rest[n], inTime)
		if !ok {
			return 0, false
		}
		total, rest = total+partition.Tick(count)*unit, rest[n+1:]
	}
	return total, true
}

func durationUnit(c byte, inTime bool) (partition.Tick, bool) {
	switch {
	case c == 'D' && !inTime:
		return partition.Day, true
	case c == 'W' && !inTime:
		return 7 * partition.Day, true
	case c == 'H' && inTime:
		return partition.Hour, true
	case c == 'M' && inTime:
		return partition.Minute, true
	case c == 'S' && inTime:
		return partition.Second, true
	}
	return 0, false
}
