// Package simulator is the hunting service itself, faithful enough to rehearse on: both dialects over HTTP, the
// queries that exporters and analysts send, row and size caps, quotas that are revealed only by the refusal, run time,
// rows that arrive late, columns that come and go, and every failure of the service that is publicly known, on demand.
//
// A Service answers from Tables. Rows come from files (LoadFolder) or are made up (Generate); either way Rows
// enumerates what an export of them must hold. It serves real connections as an http.Handler and, without any network,
// goroutine or clock of its own, through Transport.
//
// Where the service is silent about itself, the unkind reading is taken: answers are cut at the row cap without a
// word, unordered rows come in an order of their own at every call, and so does the choice of which rows take returns.
package simulator
