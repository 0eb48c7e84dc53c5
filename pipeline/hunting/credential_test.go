package hunting_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"huntlake/pipeline/hunting"
)

// certificate writes a self-signed certificate and its key.
func certificate(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "app.pem")
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCredential(t *testing.T) {
	const tenant, app = "6babcaad-604b-40ac-a9d7-9fd97c0b779f", "00000000-0000-0000-0000-000000000001"
	secret := hunting.NewSecret("hunter2")
	cert := certificate(t)
	for _, tt := range []struct {
		method string
		opts   hunting.CredentialOptions
		want   string // of the error; "" for none
	}{
		{"default", hunting.CredentialOptions{Tenant: tenant}, ""},
		{"client-secret", hunting.CredentialOptions{Tenant: tenant, ClientID: app, ClientSecret: secret}, ""},
		{"client-secret", hunting.CredentialOptions{Tenant: tenant, ClientID: app}, "credential client-secret: no client secret"},
		{"client-secret", hunting.CredentialOptions{Tenant: "../x", ClientID: app, ClientSecret: secret}, "tenant"},
		{"client-certificate", hunting.CredentialOptions{Tenant: tenant, ClientID: app, Certificate: cert, Cloud: hunting.DoD}, ""},
		{"client-certificate", hunting.CredentialOptions{Tenant: tenant, ClientID: app, Certificate: cert + "x"}, "no such file"},
		{"client-certificate", hunting.CredentialOptions{Tenant: tenant, ClientID: app, Certificate: "credential_test.go"}, "read certificate credential_test.go"},
		{"workload-identity", hunting.CredentialOptions{Tenant: tenant, ClientID: app, TokenFile: "/var/run/token"}, ""},
		{"managed-identity", hunting.CredentialOptions{}, ""},
		{"managed-identity", hunting.CredentialOptions{ClientID: app}, ""},
		{"azure-cli", hunting.CredentialOptions{Tenant: tenant}, ""},
		{"token", hunting.CredentialOptions{Token: secret}, ""},
		{"token", hunting.CredentialOptions{}, "no token"},
		{"password", hunting.CredentialOptions{}, "credential password: want default, client-secret"},
		{"token", hunting.CredentialOptions{Token: secret, Cloud: 7}, "no cloud(7)"},
	} {
		t.Run(tt.method+" "+tt.want, func(t *testing.T) {
			credential, err := hunting.Credential(tt.method, tt.opts)
			if tt.want == "" {
				if err != nil || credential == nil {
					t.Errorf("got %v, %v", credential, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestFixedToken(t *testing.T) {
	credential, err := hunting.Credential("token", hunting.CredentialOptions{Token: hunting.NewSecret("hunter2")})
	if err != nil {
		t.Fatal(err)
	}
	token, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{})
	if err != nil || token.Token != "hunter2" {
		t.Errorf("got %v, %v", token, err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", credential, credential, credential, credential); strings.Contains(text, "hunter2") {
		t.Error(text)
	}
}

func TestSecretIsNeverShown(t *testing.T) {
	secret := hunting.NewSecret("hunter2")
	type around struct{ hidden hunting.Secret }
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "a", secret, "b", around{secret})
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "a", secret, "b", []hunting.Secret{secret})
	texts := []string{log.String(), secret.String(), secret.GoString()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%T", "%w"} {
		texts = append(texts, fmt.Sprintf(verb, secret), fmt.Sprintf(verb, &secret), fmt.Sprintf(verb, around{secret}),
			fmt.Sprintf(verb, []hunting.Secret{secret}), fmt.Sprintf(verb, hunting.CredentialOptions{ClientSecret: secret}))
	}
	text, err := json.Marshal(map[string]any{"a": secret, "b": hunting.CredentialOptions{Token: secret}})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range append(texts, string(text)) {
		if strings.Contains(text, "hunter2") || strings.Contains(text, "68756e74657232") || strings.Contains(text, "68756E74657232") {
			t.Error(text)
		}
	}
	if text, err := secret.MarshalText(); err != nil || string(text) != "[redacted]" {
		t.Errorf("got %s, %v", text, err)
	}
	if secret.Reveal() != "hunter2" || secret.IsZero() {
		t.Error("the secret is lost")
	}
	if none := hunting.NewSecret(""); !none.IsZero() || none.String() != "" || none.Reveal() != "" {
		t.Error("no secret is one")
	}
}

// A key of another kind than the authority takes is refused before it is sent anywhere.
func TestCertificateWithAnotherKey(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := hunting.Credential("client-certificate", hunting.CredentialOptions{Tenant: "t", ClientID: "a", Certificate: path}); err == nil {
		t.Error("accepted")
	}
}
