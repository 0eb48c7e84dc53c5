package hunting

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// maxRefusal bounds what is read of a refusal, maxSignIn of an authority's answer, and maxMessage what is kept of a text.
const (
	maxRefusal = 64 << 10
	maxSignIn  = 1 << 20
	maxMessage = 1000
)

// readRefusal makes an Error of a response that is not an answer. The body may be either dialect's envelope, a
// gateway's page, or nothing; what cannot be read of it is left out.
func readRefusal(resp *http.Response, body io.Reader) *Error {
	text, _ := io.ReadAll(io.LimitReader(body, maxRefusal)) // half a refusal says more than why the rest is missing
	e := &Error{Status: resp.StatusCode}
	var outer struct {
		Error *struct {
			Code, Message, Target looseText
			InnerError            struct {
				RequestID looseText `json:"request-id"`
			}
		}
	}
	_ = json.Unmarshal(text, &outer) // a member of an unexpected type is left empty, and the rest is read all the same
	if outer.Error == nil {
		e.Message = oneLine(tag.ReplaceAllString(string(text), " "))
		return e
	}
	e.Code, e.Message = oneLine(string(outer.Error.Code)), oneLine(string(outer.Error.Message))
	e.RequestID = oneLine(cmp.Or(string(outer.Error.InnerError.RequestID), string(outer.Error.Target)))
	return e
}

// looseText is a JSON string, or a number as it is written.
type looseText string

// UnmarshalJSON reads b, and leaves t empty if it is neither.
func (t *looseText) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*t = looseText(s)
	} else if n := json.Number(bytes.TrimSpace(b)); n != "" {
		if _, err := n.Float64(); err == nil {
			*t = looseText(n)
		}
	}
	return nil
}

var tag = regexp.MustCompile(`<[^>]*>`)

// oneLine makes text fit for a log: white space is folded, what does not print is dropped, and the end is cut off.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > maxMessage {
		text = string(runes[:maxMessage]) + "…"
	}
	return text
}

// onOneLine is an error whose text comes from elsewhere, and is made fit for a log.
type onOneLine struct{ error }

// Error prints the error as oneLine does.
func (e onOneLine) Error() string { return oneLine(e.error.Error()) }

// Unwrap returns the error as it came.
func (e onOneLine) Unwrap() error { return e.error }

// complete adds to e what the response's headers say, and the table that the query begins with. now is the local
// time, for responses without a date of their own.
func (e *Error) complete(query string, header http.Header, now time.Time) {
	e.Table = query[:lengthOf(query, isNameRune)]
	if id := oneLine(header.Get("request-id")); id != "" {
		e.RequestID = id
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now, e.Date = date, date
	}
	e.claims = claimsIn(header)
	e.RetryAfter = retryAfter(header.Get("Retry-After"), now)
	if e.RetryAfter == 0 && e.class() == ErrQuota {
		e.RetryAfter = e.quotaWait(now)
	}
}

// retryAfter reads a Retry-After header, seconds or a date; 0 if it says nothing.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if date, err := http.ParseTime(text); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}

var (
	waitText   = regexp.MustCompile(`(?i)\bin (\d{1,6}) (second|minute|hour)`)
	periodText = regexp.MustCompile(`(?i)\bper (\d\d):(\d\d):(\d\d)`)
	units      = map[string]time.Duration{"second": time.Second, "minute": time.Minute, "hour": time.Hour}
)

// The service's own cycles, for refusals that do not say how long they last.
const (
	cpuCycle     = 15 * time.Minute
	defaultCycle = time.Minute
)

// quotaWait is how long a refusal for want of quota lasts, by its text: so many seconds, or until the next minute or
// hour begins.
func (e *Error) quotaWait(now time.Time) time.Duration {
	if m := waitText.FindStringSubmatch(e.Message); m != nil {
		n, _ := strconv.Atoi(m[1]) // at most six digits
		return time.Duration(n) * units[strings.ToLower(m[2])]
	}
	cycle := defaultCycle
	if e.Code == "CpuQuotaExceeded" {
		cycle = cpuCycle
	}
	if p := e.period(); p > 0 {
		cycle = p
	}
	return now.Truncate(cycle).Add(cycle).Sub(now)
}

// period is the span that the exceeded number of calls is counted over, 0 if the message does not say.
func (e *Error) period() time.Duration {
	m := periodText.FindStringSubmatch(e.Message)
	if m == nil {
		return 0
	}
	var d time.Duration
	for i, unit := range []time.Duration{time.Hour, time.Minute, time.Second} {
		n, _ := strconv.Atoi(m[i+1]) // two digits
		d += time.Duration(n) * unit
	}
	return d
}

// budget names what a refusal for want of quota is about.
func (e *Error) budget() string {
	switch {
	case e.Code == "CpuQuotaExceeded":
		return "cpu"
	case e.period() == time.Minute:
		return "calls per minute"
	case e.period() == time.Hour:
		return "calls per hour"
	}
	return "calls"
}
