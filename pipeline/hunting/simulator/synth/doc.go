// Package synth makes up hunting rows: any number of them, for every table of the catalog, the same ones every time
// for the same seed. Only when rows happen and arrive is kept in memory, about 14 bytes a row; cells are computed when
// they are read, as a function of seed, table and row.
//
// What is imitated was measured on public captures of single hosts, and nothing of them is copied: arrivals in bursts,
// with office hours and storms; rows of one burst sharing a device, an actor, an arrival and most of their cells;
// equal timestamps; agents that report ticks, milliseconds or whole seconds; lags with a log-normal body of about two
// minutes and a tail of hours, and a day for alerts; ids beyond 2^53; JSON in strings beside real nested JSON; nulls
// beside empty strings; names beyond ASCII.
package synth
