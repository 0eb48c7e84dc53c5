package hunting

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// WrongTenant is the Code of a SignInError for a token of another tenant than the one that was meant.
const WrongTenant = "wrong tenant"

// SignInError says why there is no token. It matches ErrDenied if the authority refuses or there is nothing to sign in
// with, ErrPermanent if what answers is no authority, and none if the cause is likely to pass. No part of it holds a
// secret, an assertion or a token.
type SignInError struct {
	Method     string        // as Credential takes it
	Host       string        // that was asked; "" if none was
	Status     int           // of its answer; 0 if there was none
	Code       string        // AADSTS and a number, or OAuth's word, such as invalid_client; "" if it gave none
	Message    string        // on one line; "" if there was no answer
	Trace      string        // what Microsoft's support asks for; often ""
	RetryAfter time.Duration // how long the host asks to be left alone; 0 if it does not say
	Date       time.Time     // the host's clock; zero if not known

	class error // a sentinel or nil
	err   error // why there was no answer
}

// Error names the method, the host, the status, the code, the message and the trace.
func (e *SignInError) Error() string {
	var b strings.Builder
	b.WriteString(e.Method)
	if e.Host != "" {
		b.WriteString(" at " + e.Host)
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, ": status %d %s", e.Status, http.StatusText(e.Status))
	}
	if e.Code != "" && e.Code != WrongTenant && !strings.HasPrefix(e.Message, e.Code) {
		b.WriteString(": " + e.Code)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.err != nil {
		b.WriteString(": " + oneLine(e.err.Error()))
	}
	if e.Trace != "" {
		b.WriteString(" (trace " + e.Trace + ")")
	}
	return b.String()
}

// Unwrap returns the sentinel that e matches, if any, and why no answer came.
func (e *SignInError) Unwrap() []error {
	var out []error
	for _, err := range []error{e.class, e.err} {
		if err != nil {
			out = append(out, err)
		}
	}
	return out
}

var (
	entraCode = regexp.MustCompile(`\bAADSTS\d+\b`)
	entraTail = regexp.MustCompile(`(?i)\s*(Trace ID|Correlation ID|Timestamp): .*`)
)

// read takes in a refusal: the authority's, which is that of OAuth with more to it; that of App Service; or a page.
func (e *SignInError) read(body []byte) {
	var said struct {
		Error       looseText
		Description looseText `json:"error_description"`
		Trace       looseText `json:"trace_id"`
		Message     looseText
	}
	if json.Unmarshal(body, &said); said.Error == "" && said.Description == "" && said.Message == "" {
		e.Message = oneLine(tag.ReplaceAllString(string(body), " "))
		return
	}
	text := string(said.Description)
	if text == "" {
		text = string(said.Message)
	}
	first, _, _ := strings.Cut(text, "\r\n") // ids and the time follow
	e.Code, e.Message = oneLine(string(said.Error)), oneLine(entraTail.ReplaceAllString(first, ""))
	if code := entraCode.FindString(text); code != "" {
		e.Code = code
	}
	e.Trace = oneLine(string(said.Trace))
}
