package simulator

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// authorized checks the bearer token of a call.
func (s *Service) authorized(r *http.Request, now time.Time) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || token == "" {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if expires, ok := s.issued[token]; ok {
		return now.Before(expires)
	}
	return s.opts.Token == "" || token == s.opts.Token
}

// token answers a request for a token by client secret. An application without its role gets one too.
func (s *Service) token(r *http.Request) *reply {
	now := s.opts.Now()
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	form, errForm := url.ParseQuery(string(body))
	tenant, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case err != nil || errForm != nil || form.Get("grant_type") != "client_credentials":
		return s.tokenReply(r, now, 400, map[string]any{"error": "unsupported_grant_type", "error_description": "AADSTS70003: The app requested an unsupported grant type."})
	case !strings.HasSuffix(form.Get("scope"), "/.default"):
		return s.tokenReply(r, now, 400, map[string]any{"error": "invalid_scope", "error_description": "AADSTS1002012: The provided value for scope is not valid."})
	case s.opts.Secret != "" && form.Get("client_secret") != s.opts.Secret:
		return s.tokenReply(r, now, 401, map[string]any{"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."})
	}
	s.mu.Lock()
	token := fmt.Sprintf("simulated.%s.%d", tenant, len(s.issued)+1)
	s.issued[token] = now.Add(s.opts.TokenLife)
	s.mu.Unlock()
	life := seconds(s.opts.TokenLife)
	return s.tokenReply(r, now, 200, map[string]any{"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token})
}

// discovery answers with the endpoints of a tenant, which token libraries ask for first.
func (s *Service) discovery(r *http.Request) *reply {
	tenant, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	base := "https://" + r.Host + "/" + tenant
	return s.tokenReply(r, s.opts.Now(), 200, map[string]any{
		"issuer":                 base + "/v2.0",
		"authorization_endpoint": base + "/oauth2/v2.0/authorize",
		"token_endpoint":         base + "/oauth2/v2.0/token",
	})
}

func (s *Service) tokenReply(r *http.Request, now time.Time, status int, body map[string]any) *reply {
	p := s.newReply(r, status, now)
	b, _ := json.Marshal(body) // strings and numbers only
	p.parts = [][]byte{b}
	return p
}
