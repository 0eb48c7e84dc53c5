// Package kql reads and answers queries in the part of the Kusto Query Language that exporters and the analysts'
// saved queries use: one table, or print, and a pipe of where, extend, project (and -away, -keep, -rename, -reorder),
// summarize, sort, top, take, count, distinct and getschema.
//
// A query is parsed, bound to the columns of its table with static types, and run over a Source. Conditions on the
// table's time column and on ingestion_time() become a Range that the source answers from an index; everything else is
// compiled to closures that read only the cells they need. Semantics follow the Kusto documentation
// (learn.microsoft.com/kusto/query): strings are never null, other nulls are not ordered and equal nothing, where
// drops what is not true, bin() counts from the first tick, and the order of rows means nothing after any operator but
// sort and top.
//
// What is refused is refused in the words of the hunting service; see Error.
package kql
