package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// dialect is one of the two ways to speak to the service.
type dialect struct {
	path     string
	role     string
	defender bool
}

var (
	graph    = dialect{path: "/v1.0/security/runHuntingQuery", role: "ThreatHunting.Read.All"}
	defender = dialect{path: "/api/advancedhunting/run", role: "AdvancedHunting.Read.All", defender: true}
)

// reply is an answer that is ready to be sent.
type reply struct {
	status int
	header http.Header
	parts  [][]byte
	pages  *pages // takes the parts back that were sent; nil if they are not its
	fault  Fault  // what happens while the body is sent
}

// newReply returns a reply with the headers that every answer has.
func (s *Service) newReply(r *http.Request, status int, now time.Time) *reply {
	id := s.requestID()
	client := r.Header.Get("client-request-id")
	if client == "" {
		client = id
	}
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Strict-Transport-Security", "max-age=31536000")
	h.Set("request-id", id)
	h.Set("client-request-id", client)
	h.Set("x-ms-ags-diagnostic", `{"ServerInfo":{"DataCenter":"Simulated","Slice":"E","Ring":"1","ScaleUnit":"001","RoleInstance":"SIM000000"}}`)
	h.Set("Date", now.UTC().Format(http.TimeFormat))
	return &reply{status: status, header: h}
}

// fail returns the reply that a fault asks for.
func (s *Service) fail(r *http.Request, d dialect, f Fault, now time.Time) *reply {
	p := s.newReply(r, f.Status, now)
	if !d.defender && f.RetryAfter > 0 {
		p.header.Set("Retry-After", strconv.Itoa(seconds(f.RetryAfter)))
	}
	if f.Status == http.StatusUnauthorized {
		p.header.Set("WWW-Authenticate", `Bearer authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"`)
	}
	body := []byte(f.Body)
	if f.Body == "" && f.ContentType == "" {
		body = errorBody(d, f, p.header, now)
	}
	p.parts = [][]byte{body}
	p.bend(f)
	return p
}

// bend applies what a fault does to any answer, good or bad.
func (p *reply) bend(f Fault) {
	if f.ContentType != "" {
		p.header.Set("Content-Type", f.ContentType)
	}
	for k, v := range f.Header {
		p.header[k] = v
	}
	p.fault = f
}

// errorBody writes an error in the envelope of the dialect.
func errorBody(d dialect, f Fault, h http.Header, now time.Time) []byte {
	code, message := f.Code, strings.ReplaceAll(f.Message, "%s", d.role)
	body := map[string]any{"code": code, "message": message}
	if d.defender {
		body["target"] = "|" + h.Get("request-id")[:8] + "-" + h.Get("request-id")[19:23] + "."
	} else {
		body["code"], body["message"] = graphError(f.Status, code, message)
		body["innerError"] = map[string]any{
			"date":              now.UTC().Format("2006-01-02T15:04:05"),
			"request-id":        h.Get("request-id"),
			"client-request-id": h.Get("client-request-id"),
		}
	}
	b, _ := json.Marshal(map[string]any{"error": body}) // strings only
	return b
}

// graphError gives Graph's words to what only the older API has been seen to say.
func graphError(status int, code, message string) (string, string) {
	switch {
	case status == http.StatusUnauthorized:
		return "InvalidAuthenticationToken", message
	case code == "429":
		return "TooManyRequests", "Please retry again later."
	case code == "InvalidRequestBody":
		return "BadRequest", message
	}
	return code, message
}

// requestID returns a GUID that no other call has.
func (s *Service) requestID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, b := s.rng.Uint64(), s.rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>52, b&0xffffffffffff)
}
