package entratest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

var raw = base64.RawURLEncoding

// jwt is a token, with a signature that nobody checks.
func jwt(claims map[string]any) string {
	body, _ := json.Marshal(claims) // strings and numbers only
	return raw.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + raw.EncodeToString(body) + "." + raw.EncodeToString([]byte("signature"))
}

// Assertion is a federated token, as an issuer that the application trusts would make it.
func Assertion(subject string) string { return jwt(map[string]any{"sub": subject}) }

// check returns what an application has proved itself with, or why it has not.
func (a *Authority) check(r *http.Request, tenant string) (by string, f Refusal) {
	form := r.PostForm
	id, assertion := form.Get("client_id"), form.Get("client_assertion")
	at := slices.IndexFunc(a.Apps, func(app App) bool { return app.ID == id })
	switch {
	case !slices.Contains(a.Tenants, tenant):
		return "", UnknownTenant(tenant)
	case at < 0:
		return "", UnknownApp(id, tenant)
	case form.Get("grant_type") != "client_credentials":
		return "", Refusal{Status: 400, Error: "unsupported_grant_type", Code: 70003, Text: "The app requested an unsupported grant type."}
	case scope(form.Get("scope")) == "":
		return "", Refusal{Status: 400, Error: "invalid_scope", Code: 1002012, Text: "The provided value for scope is not valid."}
	}
	app := a.Apps[at]
	switch {
	case assertion == "":
		by, f = "secret", app.checkSecret(form.Get("client_secret"))
	case app.Federated != "":
		by = "federated"
		if assertion != app.Federated {
			f = UnknownAssertion()
		}
	default:
		by, f = "certificate", app.checkCertificate(assertion, "https://"+r.Host+r.URL.Path, a.Now())
	}
	if f.Status == 0 && app.NotConsented {
		f = NoConsent(id)
	}
	return by, f
}

// scope returns the resource that is asked for, in the form that applications have to use: the SDK adds those of OpenID.
func scope(text string) string {
	for s := range strings.FieldsSeq(text) {
		if strings.HasPrefix(s, "https://") && strings.HasSuffix(s, "/.default") {
			return s
		}
	}
	return ""
}

func (app App) checkSecret(secret string) Refusal {
	switch {
	case secret == "" || secret != app.Secret:
		return WrongSecret(app.ID)
	case app.Expired:
		return ExpiredSecret(app.ID)
	}
	return Refusal{}
}

// checkCertificate checks an assertion that the application has signed with the key of its certificate.
func (app App) checkCertificate(assertion, audience string, now time.Time) Refusal {
	var header struct {
		X5tS2 string `json:"x5t#S256"`
	}
	var claims struct {
		Aud, Iss, Sub string
		Nbf, Exp      int64
	}
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 || !decode(parts[0], &header) || !decode(parts[1], &claims) || claims.Aud != audience || claims.Iss != app.ID || claims.Sub != app.ID {
		return Refusal{Status: 401, Error: "invalid_client", Code: 50027, Text: "JWT token is invalid or malformed."}
	}
	thumbprint := sha256.Sum256(app.Certificate.Raw)
	if header.X5tS2 != base64.StdEncoding.EncodeToString(thumbprint[:]) || app.Expired {
		return WrongCertificate(app.ID, header.X5tS2, app.Expired)
	}
	if from, until := time.Unix(claims.Nbf, 0), time.Unix(claims.Exp, 0); now.Add(5*time.Minute).Before(from) || now.After(until.Add(5*time.Minute)) {
		return OutOfTime(now, from, until)
	}
	signature, err := raw.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || rsa.VerifyPSS(app.Certificate.PublicKey.(*rsa.PublicKey), crypto.SHA256, sum[:], signature, nil) != nil {
		return Refusal{Status: 401, Error: "invalid_client", Code: 50013, Text: "Assertion failed signature validation."}
	}
	return Refusal{}
}

func decode(part string, to any) bool {
	text, err := raw.DecodeString(part)
	return err == nil && json.Unmarshal(text, to) == nil
}
