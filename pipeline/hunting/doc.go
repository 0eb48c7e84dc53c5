// Package hunting is the client of the advanced hunting API, in its two dialects: Microsoft Graph's runHuntingQuery
// and the older Defender XDR API. It owns everything that is peculiar to that service: the queries it is sent, who
// asks, what a refusal means, which of them to sit out, what may be spent, and how an answer is read.
//
// A Source builds the text of a query, Client.Run asks it and returns an Answer: Arrow records, decoded in one pass
// while they arrive. Run repeats a call that failed for a passing reason, waits where the service asks for a short
// wait, and returns every other failure with its meaning, as one of this package's sentinels. It never decides what
// to ask instead: a query that is too big is the caller's to split.
package hunting
