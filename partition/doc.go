// Package partition holds the pure values that say which rows one API call asks for and where they end up: instants
// of the service's clock, slices of a stream, histograms and the packing of their bins into slices, partition dates
// and the keys of everything in the lake.
//
// Nothing here takes a context, reads a clock or does I/O, and every value is comparable with ==.
package partition
