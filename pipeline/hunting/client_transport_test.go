package hunting_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"huntlake/pipeline/hunting"
)

// The client's own transport, on a real connection: gzip is undone once, a redirect is reported, and the place it
// points to is never asked, let alone with the token.
func TestOwnTransport(t *testing.T) {
	var elsewhere []*http.Request
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { elsewhere = append(elsewhere, r) }))
	defer other.Close()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/advancedhunting/run" {
			http.Redirect(w, r, other.URL+"/stolen", http.StatusTemporaryRedirect)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", r.Header.Get("Accept-Encoding"))
		_, _ = w.Write([]byte(zip(twoRows)))
	}))
	defer service.Close()

	credential := &issued{}
	graph, err := hunting.New(hunting.Options{Dialect: hunting.Graph, Endpoint: service.URL, Credential: credential, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := graph.Run(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Release()
	if answer.Rows != 2 || time.Since(answer.Date) > time.Minute {
		t.Errorf("got %+v", answer)
	}
	defender, err := hunting.New(hunting.Options{Dialect: hunting.Defender, Endpoint: service.URL, Credential: credential, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	_, err = defender.Run(t.Context(), query)
	if !errors.Is(err, hunting.ErrPermanent) || !strings.Contains(err.Error(), "redirects to "+other.URL+"; check the endpoint") {
		t.Errorf("got %v", err)
	}
	if len(elsewhere) > 0 {
		t.Errorf("the redirect was followed: %v", elsewhere[0].Header)
	}
	service.Close()
	closed, err := hunting.New(hunting.Options{Dialect: hunting.Graph, Endpoint: service.URL, Credential: credential, Now: time.Now, Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := closed.Run(t.Context(), query); meanings(err) != outage || !strings.Contains(err.Error(), "is down") {
		t.Errorf("got %v", err)
	}
}
