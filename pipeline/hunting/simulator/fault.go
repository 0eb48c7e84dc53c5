package simulator

import (
	"fmt"
	"net/http"
	"time"
)

// Fault is what goes wrong with one call. The zero Fault is nothing. The functions of this file make the failures that
// are publicly known, with the texts in which they were seen.
type Fault struct {
	Status     int           // answered instead of the call; 0 answers it
	Code       string        // of the error, in the envelope of the call's dialect
	Message    string        // a %s in it stands for the role that the dialect asks for
	RetryAfter time.Duration // sent as a header by Graph only; 0 sends none
	AfterRun   bool          // the query is run, waited for and charged before it fails

	Body        string // sent instead of an envelope, if it or ContentType is set
	ContentType string // of the answer, good or bad; "" is application/json
	Header      http.Header

	Cut  int64         // the connection is cut after so many bytes of the body as sent; negative: before the first
	Drip time.Duration // waited for before every 4 kB of the body as sent
	Hang bool          // nothing comes until the caller gives up

	RowsFirst   bool // the rows come before the schema
	ShuffleKeys bool // the keys of each row come in an order of their own
	OmitNulls   bool // the keys of nulls are left out
	Spaces      bool // white space stands wherever JSON allows it
}

const nginx = "<html>\r\n<head><title>%[1]s</title></head>\r\n<body>\r\n<center><h1>%[1]s</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"

// FaultResultSize is an answer above the size cap.
func FaultResultSize() Fault {
	return Fault{Status: 400, Code: "BadRequest", AfterRun: true,
		Message: "Query execution has exceeded the allowed result size. Optimize your query by limiting the number of results and try again"}
}

// FaultPreempted is a query that took too much CPU or memory.
func FaultPreempted() Fault {
	return Fault{Status: 400, Code: "BadRequest", AfterRun: true,
		Message: "Query execution has exceeded the allowed limits. The query execution was preempted. This could possibly be due to high CPU and/or memory resource consumption. Optimize your query by following best practices and try again."}
}

// FaultQuery is a query that cannot be run, in the words of kql.Error.
func FaultQuery(message string) Fault {
	return Fault{Status: 400, Code: "BadRequest", Message: message}
}

// FaultMissingQuery is a body in which the service finds no query, be it for a raw line break.
func FaultMissingQuery() Fault {
	return Fault{Status: 400, Code: "InvalidRequestBody", Message: "Missing query."}
}

// FaultUnauthorized is a token that is missing, unknown or out of date.
func FaultUnauthorized() Fault {
	return Fault{Status: 401, Code: "Unauthorized", Message: "Lifetime validation failed, the token is expired."}
}

// FaultMissingRole is an application without the permission to hunt.
func FaultMissingRole() Fault {
	return Fault{Status: 403, Code: "Forbidden", Message: "Missing application roles. API required roles: %s, application roles: "}
}

// FaultNotProvisioned is a tenant without Defender.
func FaultNotProvisioned() Fault {
	return Fault{Status: 403, Code: "Forbidden", Message: "Unauthorized request - Account is not provisioned."}
}

// FaultNotFound is a path that the API does not have.
func FaultNotFound(segment string) Fault {
	return Fault{Status: 404, Code: "ResourceNotFound", Message: fmt.Sprintf("Resource not found for the segment '%s'.", segment)}
}

// FaultTooLarge is a query that the gateway finds too long.
func FaultTooLarge() Fault {
	return Fault{Status: 413, Body: fmt.Sprintf(nginx, "413 Request Entity Too Large"), ContentType: "text/html"}
}

// FaultCallQuota is a call too many within a minute or an hour. Only Graph sends Retry-After and, then, its own text.
func FaultCallQuota(most int, span, retryAfter time.Duration) Fault {
	return Fault{Status: 429, Code: "429", RetryAfter: retryAfter,
		Message: fmt.Sprintf("API calls quota exceeded! maximum allowed %d per %s", most, clockFace(span))}
}

// FaultKeyedCallQuota is the newer wording of FaultCallQuota, which says how long to wait.
func FaultKeyedCallQuota(most int, span, retryAfter time.Duration) Fault {
	return Fault{Status: 429, Code: "429", RetryAfter: retryAfter,
		Message: fmt.Sprintf("API calls quota exceeded! Maximum allowed %d per %s for the key Destination+TenantID+AppID. You can send requests again in %d seconds.",
			most, clockFace(span), seconds(retryAfter))}
}

// FaultCPUQuota is a tenant whose CPU pool is empty.
func FaultCPUQuota(retryAfter time.Duration) Fault {
	return Fault{Status: 429, Code: "CpuQuotaExceeded", RetryAfter: retryAfter,
		Message: fmt.Sprintf("You have exceeded processing resources allocated to this tenant. You can run queries again in %d seconds", seconds(retryAfter))}
}

// FaultThrottled is Graph's general throttling.
func FaultThrottled(retryAfter time.Duration) Fault {
	return Fault{Status: 429, Code: "TooManyRequests", Message: "Please retry again later.", RetryAfter: retryAfter}
}

// FaultThrottledHTML is a refusal by the gateway, which does not speak JSON.
func FaultThrottledHTML() Fault {
	return Fault{Status: 429, Body: fmt.Sprintf(nginx, "429 Too Many Requests"), ContentType: "text/html"}
}

// FaultInternal is an error without a message.
func FaultInternal() Fault { return Fault{Status: 500, Code: "UnknownError"} }

// FaultBadGateway is an answer too large for the gateway.
func FaultBadGateway() Fault {
	return Fault{Status: 502, Body: fmt.Sprintf(nginx, "502 Bad Gateway"), ContentType: "text/html", AfterRun: true}
}

// FaultUnavailable is a service that is down for a while.
func FaultUnavailable(retryAfter time.Duration) Fault {
	return Fault{Status: 503, Code: "ServiceUnavailable", Message: "The service is temporarily unavailable.", RetryAfter: retryAfter}
}

// FaultTimeout is a query that ran too long; it says nothing of the cause.
func FaultTimeout() Fault { return Fault{Status: 504, Code: "UnknownError", AfterRun: true} }

// FaultErrorInBody is an error under a status that says all is well.
func FaultErrorInBody() Fault {
	f := FaultPreempted()
	f.Status = 200
	return f
}

// FaultHTML is a web page under a status that says all is well.
func FaultHTML() Fault {
	return Fault{Status: 200, Body: fmt.Sprintf(nginx, "Sign in to your account"), ContentType: "text/html; charset=utf-8"}
}

// FaultCut is an answer that ends after n bytes as sent, as if the connection was lost.
func FaultCut(n int64) Fault {
	if n <= 0 {
		n = -1
	}
	return Fault{Cut: n}
}
