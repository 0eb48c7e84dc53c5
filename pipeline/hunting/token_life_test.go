package hunting_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/entratest"
)

// A token that the service refuses is not sent for as long as the SDK would keep it, which is a day: at once where it is
// none any more, a minute later where it lacks a permission that may have been granted meanwhile.
func TestRefusedTokenIsReplaced(t *testing.T) {
	for status, within := range map[int]time.Duration{401: 0, 403: 2 * time.Minute} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			e := newEntra(t, entratest.App{Secret: "hunter2"})
			e.Life = 24 * time.Hour
			var refused string
			e.at("graph.microsoft.com", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				token := r.Header.Get("Authorization")
				if refused == "" {
					refused = token
				}
				if token != refused {
					e.hunt(w, r)
					return
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				fmt.Fprint(w, `{"error":{"code":"Forbidden","message":"Missing application roles. API required roles: ThreatHunting.Read.All, application roles: "}}`)
			}))
			synctest.Test(t, func(t *testing.T) {
				c := e.client("client-secret", hunting.CredentialOptions{ClientID: appID, ClientSecret: hunting.NewSecret("hunter2")}, hunting.Options{})
				for began := time.Now(); ; time.Sleep(30 * time.Second) {
					answer, err := c.Run(t.Context(), query)
					if err == nil {
						answer.Release()
						return
					}
					if took := time.Since(began); took >= within {
						t.Fatalf("after %v and %d tokens: %v", took, len(e.Issued()), err)
					}
				}
			})
		})
	}
}

// While the authority hangs, a token that is good is used, and not every call waits for another.
func TestHangingAuthority(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := func(ctx context.Context) (azcore.AccessToken, error) {
			<-ctx.Done()
			return azcore.AccessToken{}, ctx.Err()
		}
		credential := &obtaining{func(context.Context) (azcore.AccessToken, error) {
			return azcore.AccessToken{Token: "s3cret-token-1", ExpiresOn: time.Now().Add(10 * time.Minute)}, nil
		}, hangs, hangs, hangs, hangs, hangs, hangs}
		c := newClient(t, &scripted{replies: []reply{good}}, hunting.Options{Credential: credential})
		waited, began := 0, time.Now()
		for time.Since(began) < 9*time.Minute {
			called := time.Now()
			answer, err := c.Run(t.Context(), query)
			if err != nil {
				t.Fatal(err)
			}
			answer.Release()
			if time.Since(called) > 0 {
				waited++
			}
			time.Sleep(5 * time.Second)
		}
		if waited == 0 || waited > 4 {
			t.Errorf("%d calls have waited for the authority", waited)
		}
	})
}

// What answers for the authority may send a bomb: a GB of blanks in a megabyte of gzip.
func TestSignInAnswersAreBounded(t *testing.T) {
	e := newEntra(t, entratest.App{Secret: "hunter2"})
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for range 64 {
		if _, err := z.Write(bytes.Repeat([]byte(" "), 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	e.at("login.microsoftonline.com", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes()) // who reads it hangs up
	}))
	c := e.client("client-secret", hunting.CredentialOptions{ClientID: appID, ClientSecret: hunting.NewSecret("hunter2")}, hunting.Options{Retries: -1})
	if err := c.SignIn(t.Context()); err == nil || !strings.Contains(err.Error(), "the answer is longer than 1048576 bytes") {
		t.Errorf("got %v", err)
	}
}
