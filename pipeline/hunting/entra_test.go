package hunting_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/entratest"
)

var internet *entratest.Internet

func TestMain(m *testing.M) {
	var err error
	if internet, err = entratest.Connect(); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

const (
	tenantA = "6babcaad-604b-40ac-a9d7-9fd97c0b779f"
	tenantB = "7babcaad-604b-40ac-a9d7-9fd97c0b779f"
	appID   = "11111111-1111-1111-1111-111111111111"
)

// entra is an authority at each cloud's place, and the service at each of its places, which takes what the authority
// has issued.
type entra struct {
	*entratest.Authority
	t *testing.T

	mu     sync.Mutex
	tokens []string // that the service got
}

func newEntra(t *testing.T, app entratest.App) *entra {
	t.Helper()
	for _, name := range []string{"AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_TOKEN_CREDENTIALS",
		"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "AZURE_AUTHORITY_HOST", "AZURE_REGIONAL_AUTHORITY_NAME"} {
		without(t, name)
	}
	app.ID = appID
	e := &entra{t: t, Authority: &entratest.Authority{Tenants: []string{tenantA}, Apps: []entratest.App{app}, Now: time.Now}}
	for _, host := range []string{"login.microsoftonline.com", "login.microsoftonline.us"} {
		e.at(host, e.Authority)
	}
	for _, host := range []string{"graph.microsoft.com", "graph.microsoft.us", "api.security.microsoft.com"} {
		e.at(host, http.HandlerFunc(e.hunt))
	}
	internet.Asked()
	return e
}

// without takes a variable out of the environment for as long as the test lasts.
func without(t *testing.T, name string) {
	t.Helper()
	t.Setenv(name, "") // which puts it back
	if err := os.Unsetenv(name); err != nil {
		t.Fatal(err)
	}
}

func (e *entra) at(host string, handler http.Handler) {
	internet.Serve(host, handler)
	e.t.Cleanup(func() { internet.Serve(host, nil) })
}

func (e *entra) hunt(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	e.tokens = append(e.tokens, token)
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(twoRows))
}

// client signs in by a method.
func (e *entra) client(method string, opts hunting.CredentialOptions, client hunting.Options) *hunting.Client {
	e.t.Helper()
	if opts.Tenant == "" {
		opts.Tenant = tenantA
	}
	if client.Dialect == 0 {
		client.Dialect = hunting.Graph
	}
	opts.Cloud = client.Cloud
	var err error
	if client.Credential, err = hunting.Credential(method, opts); err != nil {
		e.t.Fatal(err)
	}
	client.Now, client.Chance = time.Now, func() float64 { return 0.5 }
	c, err := hunting.New(client)
	if err != nil {
		e.t.Fatal(err)
	}
	return c
}

// run asks once, and returns the token that the authority issued for it.
func (e *entra) run(c *hunting.Client) entratest.Issue {
	e.t.Helper()
	answer, err := c.Run(context.Background(), query)
	if err != nil {
		e.t.Fatal(err)
	}
	answer.Release()
	issued := e.Issued()
	if len(issued) == 0 || e.tokens[len(e.tokens)-1] != issued[len(issued)-1].Token {
		e.t.Fatal("the service did not get the authority's last token")
	}
	last := issued[len(issued)-1]
	last.Token = ""
	return last
}

// parsed reads the certificate of a PEM file.
func parsed(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// azureCLI puts a program called az first on PATH, which says its arguments to a file and runs a script.
func azureCLI(t *testing.T, script string) (said string) {
	t.Helper()
	dir := t.TempDir()
	said = filepath.Join(dir, "said")
	text := fmt.Sprintf("#!/bin/sh\necho \"$@\" >> %s\n%s\n", said, script)
	if err := os.WriteFile(filepath.Join(dir, "az"), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return said
}
