// Package schema holds the pure values that say what a table's columns are and what its values mean: the types a
// response names, the columns of the lake they are pinned to, how those change, the canonical text of dynamic values,
// exact datetimes, and the digest that shows that rows arrived unchanged.
//
// Nothing here takes a context, reads a clock or does I/O.
package schema
