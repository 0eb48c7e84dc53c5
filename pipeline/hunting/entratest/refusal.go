package entratest

import (
	"fmt"
	"net/http"
	"time"
)

// Refusal is what the authority says instead of a token. The functions below make those of
// learn.microsoft.com/entra/identity-platform/reference-error-codes, with the texts in which they were seen in public.
type Refusal struct {
	Status     int
	Error      string // OAuth's word
	Code       int    // AADSTS
	Text       string // follows the code
	RetryAfter time.Duration
	Body       string // sent instead of all that, as a web page
}

func (a *Authority) refuse(w http.ResponseWriter, f Refusal) {
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(f.RetryAfter/time.Second)))
	}
	if f.Body != "" {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(f.Status)
		_, _ = w.Write([]byte(f.Body)) // the client may be gone
		return
	}
	const trace, correlation = "0000aaaa-11bb-cccc-dd22-eeeeee333333", "aaaa0000-bb11-2222-33cc-444444dddddd"
	now := a.Now().UTC().Format("2006-01-02 15:04:05Z")
	a.answer(w, f.Status, map[string]any{
		"error":             f.Error,
		"error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s", f.Code, f.Text, trace, correlation, now),
		"error_codes":       []int{f.Code},
		"timestamp":         now,
		"trace_id":          trace,
		"correlation_id":    correlation,
		"error_uri":         fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", f.Code),
	})
}

// WrongSecret is a secret that the application does not have.
func WrongSecret(app string) Refusal {
	return Refusal{Status: 401, Error: "invalid_client", Code: 7000215, Text: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '" + app + "'."}
}

// ExpiredSecret is a secret that was good once.
func ExpiredSecret(app string) Refusal {
	return Refusal{Status: 401, Error: "invalid_client", Code: 7000222, Text: "The provided client secret keys for app '" + app + "' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds."}
}

// WrongCertificate is one that the application does not have, or one that has run out.
func WrongCertificate(app, thumbprint string, expired bool) Refusal {
	reason := "The key was not found., Thumbprint of key used by client: '" + thumbprint + "'"
	if expired {
		reason = "The key used is expired., Thumbprint of key used by client: '" + thumbprint + "', Found key 'Start=01/01/2024 00:00:00, End=01/01/2025 00:00:00'"
	}
	return Refusal{Status: 401, Error: "invalid_client", Code: 700027, Text: "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - " + reason + ", Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '" + app + "'.]"}
}

// OutOfTime is an assertion that is not good yet or no more.
func OutOfTime(now, from, until time.Time) Refusal {
	const form = "2006-01-02T15:04:05.0000000Z"
	return Refusal{Status: 401, Error: "invalid_client", Code: 700024, Text: fmt.Sprintf("Client assertion is not within its valid time range. Current time: %s, assertion valid from %s, expiry time of assertion %s. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
		now.UTC().Format(form), from.UTC().Format(form), until.UTC().Format(form))}
}

// UnknownTenant is a tenant that is not there, or in another cloud.
func UnknownTenant(tenant string) Refusal {
	return Refusal{Status: 400, Error: "invalid_tenant", Code: 90002, Text: "Tenant '" + tenant + "' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."}
}

// UnknownApp is an application that the tenant does not have.
func UnknownApp(app, tenant string) Refusal {
	return Refusal{Status: 400, Error: "unauthorized_client", Code: 700016, Text: "Application with identifier '" + app + "' was not found in the directory '" + tenant + "'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."}
}

// NoConsent is an application that nobody has allowed anything.
func NoConsent(app string) Refusal {
	return Refusal{Status: 400, Error: "invalid_grant", Code: 65001, Text: "The user or administrator has not consented to use the application with ID '" + app + "' named 'huntlake'. Send an interactive authorization request for this user and resource."}
}

// UnknownAssertion is a federated token that no credential of the application is for.
func UnknownAssertion() Refusal {
	return Refusal{Status: 401, Error: "invalid_client", Code: 700213, Text: "No matching federated identity record found for presented assertion subject 'system:serviceaccount:lake:export'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation"}
}

// Blocked is a conditional access policy that lets no token be issued.
func Blocked() Refusal {
	return Refusal{Status: 400, Error: "invalid_grant", Code: 53003, Text: "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."}
}

// Throttled is too many requests in a short time.
func Throttled(after time.Duration) Refusal {
	return Refusal{Status: 429, Error: "temporarily_unavailable", Code: 90055, Text: "The server or network is too busy, please try again later.", RetryAfter: after}
}

// Down is an authority that is out of order.
func Down() Refusal {
	return Refusal{Status: 503, Error: "temporarily_unavailable", Code: 90033, Text: "A transient error has occurred. Please try again."}
}

// Page is a web page, as a proxy sends one.
func Page(status int) Refusal {
	return Refusal{Status: status, Body: "<html><head><title>Sign in to the network</title></head><body>Blocked by policy.</body></html>"}
}
