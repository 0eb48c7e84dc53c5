package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"huntlake/configs"
	"huntlake/pipeline/hunting"
)

// registration is where Microsoft's portal keeps an application.
const registration = "Entra admin center > App registrations > the application > "

// Remedies by the code of Microsoft Entra's refusal: learn.microsoft.com/entra/identity-platform/reference-error-codes,
// which asks programs not to act on the codes. Advice is all they are used for.
var signInRemedies = map[string]string{
	"AADSTS7000215": "put the Value of a client secret, not its Secret ID, into tenants[].auth.client_secret; where the value is lost, make a new one (" + registration + "Certificates & secrets)",
	"AADSTS7000222": "make a new client secret (" + registration + "Certificates & secrets) and put its Value into tenants[].auth.client_secret",

	"AADSTS700027":  unlisted,
	"AADSTS1000502": unlisted,
	"AADSTS700024":  lateAssertion,
	"AADSTS50012":   lateAssertion,

	"AADSTS90002":  wrongTenant,
	"AADSTS900023": wrongTenant,
	"AADSTS900382": wrongTenant,
	"AADSTS900432": wrongTenant,
	"AADSTS700016": "look at tenants[].auth.client_id (" + registration + "Overview > Application (client) ID) and at tenants[].id; an application of another tenant needs an administrator's consent in this one first",

	"AADSTS65001":   unconsented,
	"AADSTS7000229": unconsented,
	"AADSTS500011":  "the tenant does not know the API that source.api and source.cloud name: add its permission (" + registration + "API permissions) and grant admin consent; a tenant without Defender has no defender API",
	"AADSTS7000112": "the application is disabled: Entra admin center > Enterprise applications > the application > Properties > Enabled for users to sign-in",

	"AADSTS53003":  blocked,
	"AADSTS53000":  blocked,
	"AADSTS700211": federation,
	"AADSTS700212": federation,
	"AADSTS700213": federation,
	"AADSTS70021":  federation,

	hunting.WrongTenant: "look at tenants[].id, or sign in to that tenant: a managed identity has its own tenant only, and a token that of whoever got it",
}

const (
	unlisted      = "upload the public part of tenants[].auth.certificate (" + registration + "Certificates & secrets > Certificates), or name the certificate that is there; one that has expired needs a successor"
	lateAssertion = "set this machine's clock by a time server; with workload-identity, see that the token file is being renewed"
	wrongTenant   = "look at tenants[].id (Entra admin center > Overview > Tenant ID) and at source.cloud"
	unconsented   = "let an administrator grant consent: " + registration + "API permissions > Grant admin consent"
	blocked       = "let this application, from here, through the policy: Entra admin center > Conditional Access; its sign-in logs > Service principal sign-ins name the policy"
	federation    = "make issuer, subject and audience those of the token: " + registration + "Certificates & secrets > Federated credentials"
)

// methodRemedies are for refusals that carry no code that is known.
var methodRemedies = map[configs.Method]string{
	configs.AuthDefault:           "nothing that the Azure SDK looks for is here, or it is not let in: set tenants[].auth.method to the way to sign in",
	configs.AuthAzureCLI:          "install the Azure CLI and run az login --tenant with the tenant's ID; for a government cloud az cloud set --name AzureUSGovernment first",
	configs.AuthManagedIdentity:   "give this machine a managed identity (Azure portal > the machine > Identity); tenants[].auth.client_id is for a user-assigned one only, and has to be its own",
	configs.AuthWorkloadIdentity:  "see that tenants[].auth.token_file, or what AZURE_FEDERATED_TOKEN_FILE names, is there and can be read",
	configs.AuthClientSecret:      "look up the code on login.microsoftonline.com/error, and tenants[].auth in the configuration",
	configs.AuthClientCertificate: "look up the code on login.microsoftonline.com/error, and tenants[].auth in the configuration",
}

// signInRemedy is what to do about having no token.
func signInRemedy(e *hunting.SignInError) string {
	var untrusted *tls.CertificateVerificationError
	switch known := signInRemedies[e.Code]; {
	case known != "":
		return known
	case errors.As(e, &untrusted):
		return fmt.Sprintf("what answers for %s is not trusted: if a proxy looks into TLS, let this machine trust the proxy's CA", e.Host)
	case errors.Is(e, hunting.ErrPermanent):
		return fmt.Sprintf("see what proxy stands before %s, and let it pass what is sent there", e.Host)
	case errors.Is(e, hunting.ErrDenied):
		return methodRemedies[configs.Method(e.Method)]
	case e.Status == http.StatusTooManyRequests:
		return fmt.Sprintf("%s is asked too often, perhaps by others of this application: run it again later", e.Host)
	case e.Status != 0:
		return fmt.Sprintf("%s is out of order: run it again later", e.Host)
	case configs.Method(e.Method) == configs.AuthManagedIdentity:
		return "only a machine of Azure's has a managed identity: run it there, or set another tenants[].auth.method"
	}
	return fmt.Sprintf("see that %s can be reached from here (proxy, firewall), then run again", e.Host)
}

// refusedRemedy is what to do about a token that the service does not take.
func refusedRemedy(e *hunting.Error) string {
	if strings.Contains(strings.ToLower(e.Message), "not provisioned") {
		return "set Defender XDR up for the tenant (security.microsoft.com), or look at tenants[].id"
	}
	if e.Status == http.StatusForbidden {
		return registration + "API permissions: add what the message names as an application permission, and grant admin consent; it may take some minutes to tell"
	}
	return "look at tenants[].auth in the configuration: method token needs a new token every hour; then at source.api, source.cloud, this machine's clock, and what Conditional Access asks for"
}
