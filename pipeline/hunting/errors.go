package hunting

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// What a failed call means to its caller; every error of Run matches at most one of these with errors.Is. One that
// matches none, and is not the context's, is an outage: the call was repeated, and the service still did not answer.
var (
	ErrTooBig    = errors.New("the query is too big for one call")
	ErrNoTable   = errors.New("the tenant does not have the table")
	ErrDenied    = errors.New("access is denied")
	ErrQuota     = errors.New("the quota is spent")
	ErrPermanent = errors.New("the call cannot succeed")
)

func classes() []error { return []error{ErrTooBig, ErrNoTable, ErrDenied, ErrQuota, ErrPermanent} }

// IsOutage reports whether a call has failed because no answer came, however often it was repeated. It is not for errors
// of a context that has ended.
func IsOutage(err error) bool {
	return err != nil && !slices.ContainsFunc(classes(), func(class error) bool { return errors.Is(err, class) })
}

// Error is a refusal, by the service or by something on the way to it. It matches one of the sentinels above, or
// none if the refusal is likely to pass.
type Error struct {
	Table      string        // the table asked for; "" if not known
	Status     int           // HTTP status; 200 if the refusal came in the body of an answer
	Code       string        // the service's own word, such as BadRequest; often ""
	Message    string        // the service's own text, on one line; often ""
	RequestID  string        // what the service's support asks for; "" if it sent none
	RetryAfter time.Duration // how long the service asks to be left alone; 0 if it does not say
	Date       time.Time     // the clock of whoever refused; zero if not known

	claims string // what a 401 asks a new token to carry
}

// Error prints the status, the code, the message and the request id.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "status %d", e.Status)
	if text := http.StatusText(e.Status); text != "" {
		b.WriteString(" " + text)
	}
	if e.Code != "" {
		b.WriteString(", code " + e.Code)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.RequestID != "" {
		b.WriteString(" (request " + e.RequestID + ")")
	}
	return b.String()
}

// Is reports whether target is what e means.
func (e *Error) Is(target error) bool {
	class := e.class()
	return class != nil && class == target
}

// class returns the sentinel that e matches, nil for a refusal that is likely to pass. The statuses are those that
// the service and its gateways have been seen to send; 502 and 504 come, every time anew, for a query that is too
// heavy or an answer that is too large to be passed on, so they are no reason to repeat the call.
func (e *Error) class() error {
	switch status := e.effectiveStatus(); {
	case status == http.StatusBadRequest:
		return e.classOfBadRequest()
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return ErrDenied
	case status == http.StatusTooManyRequests:
		return ErrQuota
	case status == http.StatusBadGateway, status == http.StatusGatewayTimeout:
		return ErrTooBig
	case status == http.StatusRequestTimeout, status >= 500:
		return nil
	}
	return ErrPermanent
}

// The service gives every one of these the code BadRequest, so the message is all there is to tell them apart.
var (
	tooBig       = regexp.MustCompile(`(?i)exceeded the allowed (result size|limits)|was preempted`)
	missingTable = regexp.MustCompile(`(?i)failed to resolve table or column expression named '([^']*)'`)
)

func (e *Error) classOfBadRequest() error {
	if tooBig.MatchString(e.Message) {
		return ErrTooBig
	}
	if m := missingTable.FindStringSubmatch(e.Message); m != nil && (e.Table == "" || e.Table == m[1]) {
		return ErrNoTable
	}
	return ErrPermanent
}

// effectiveStatus is the status that the code of a refusal inside a 200 stands for: the query had been started when
// it failed. A code that nobody has seen there is taken for a fault of the service.
func (e *Error) effectiveStatus() int {
	if e.Status != http.StatusOK && e.Status != 0 {
		return e.Status
	}
	switch e.Code {
	case "BadRequest":
		return http.StatusBadRequest
	case "429", "TooManyRequests", "CpuQuotaExceeded":
		return http.StatusTooManyRequests
	case "Unauthorized", "InvalidAuthenticationToken":
		return http.StatusUnauthorized
	case "Forbidden", "Authorization_RequestDenied":
		return http.StatusForbidden
	}
	return http.StatusInternalServerError
}

// QuotaError says that a budget is spent for longer than the client was told to wait. It matches ErrQuota.
type QuotaError struct {
	Until  time.Time // the earliest instant at which another call may pass
	Budget string    // which one: "calls per minute", "cpu", …
	Err    error     // the service's refusal; nil if the budget is our own
}

// Error names the budget and the instant.
func (e *QuotaError) Error() string {
	text := fmt.Sprintf("the budget of %s is spent until %s", e.Budget, e.Until.UTC().Format(time.RFC3339))
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Is reports whether target is ErrQuota.
func (e *QuotaError) Is(target error) bool { return target == ErrQuota }

// Unwrap returns the service's refusal, if there was one.
func (e *QuotaError) Unwrap() error { return e.Err }

// fault is an error that did not come from the service, with what it means.
type fault struct {
	class error
	err   error
}

func (f *fault) Error() string   { return f.err.Error() }
func (f *fault) Unwrap() []error { return []error{f.class, f.err} }
