// Package pipeline is the Exporter: it plans, queries, stages, publishes and verifies the tables of one or many tenants.
//
// The road of a row is histogram, plan, query, decode, stage, commit; later, per dt, merge, publish, commit; and
// verify. Durable state lives in the lake's ledgers alone (package checkpoint), so a run begins by opening them and
// may end at any instant: what has no commit has not happened.
//
// Within a tenant one goroutine hands out the work (dispatch.go), a table at a time tells what it wants next
// (track.go), and a few calls are under way at once. Work that will expire first goes first. Nothing here retries:
// an answer that is too big is split, a table that cannot go on is left with its error, and the others go on.
package pipeline
