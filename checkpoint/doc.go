// Package checkpoint is the one place where progress becomes durable: the commits of a table's ledger, the rules by
// which they add up to a state, the ledger itself, and its snapshots.
//
// A ledger is a gapless sequence of create-only records, one to a commit. What has no commit has not happened. State is
// Fold of the commits in order, a pure function: a record that is not valid on the state it meets is inert, so that a
// writer that was asleep can do no harm, and every process agrees on what happened without a lock.
//
// # Record
//
// A record is one line of JSON at <ledger>/log/<number, 20 digits>.json, and never changes once it is there:
//
//	format   int      Format, 1. A reader refuses what is newer.
//	number   int      1, 2, 3, … without a gap; that of the key
//	nonce    string   of the attempt that wrote it, unique for ever: compared after a write whose outcome is unknown
//	time     instant  the writer's clock; orders nothing
//	program  string   name and version of the writer
//	kind     string   one of the nine below; the list is closed
//	body     object   what it says
//
// A reader refuses unknown kinds and unknown fields: a record that is not understood whole must not be half understood.
// Such a record ends the reading of its ledger with an error. Values that are objects elsewhere are text here:
//
//	instant  2026-11-22T00:00:00.0000000Z, always seven digits; "" for none
//	date     2026-11-22
//	stream   stamped, unstamped, whole, snapshot
//	slice    <stream>_<start>_<end>_f<floor>[_c<ceiling>][_b<bucket>of<of>], instants as 20261122T0000000000000
//	reading  <slice>-<generation>
//	cell     <hour>/<date>
//	digest   32 hex digits
//
// Fields marked ? are left out where they are zero or unknown.
//
// # schema
//
// Pins the columns of the table, and says which streams a probe has found, which it repeats daily while a table has one
// alone. Valid if every column that was pinned keeps its place, source, name and kind, the names of all and of their
// companions are unique when lower-cased, and streams that were found before are found again: stamped and unstamped ones
// go together, whole ones and snapshots alone. It may lack columns before any are pinned, if it has streams.
//
//	table.columns[]  source, type, name, kind, gone?
//	changes[]?       kind, column, from?, to?: for people to read
//	streams[]?       that have been found, ascending; left out where nobody has looked
//
// # plan
//
// Extends a stream, before the first call for its rows, and opens ranges behind it that are to be read again. Valid if
// start is the stream's frontier, the slices tile [start, end) in order at the plan's floor, and no other stream shares
// the rows: stamped and unstamped ones go together, whole ones and snapshots alone. The ranges of again are in order and apart, inside what was planned before and clear of every open slice, at the
// generation after the ledger's newest; they lie over the slices that tile the stream, and are gone once they are read.
//
//	stream, start, end, floor
//	slices[]?        slice, rows: counted; a slice of zero rows is proved by that, and never asked; oldest?: the smallest
//	                 Timestamp among them, which orders the reading and tells when some have expired
//	again[]?         slice, rows: counted now, not zero; oldest?
//	generation?      of the slices of again, or of a snapshot
//	sample?          rows, bytes, run_time_ns: of an answer that was asked for its width alone
//	dt?, keys[]?     of a snapshot
//
// Of stream snapshot it opens a generation of the whole table for one dt, which is read, settled and published whole.
// Valid if generation follows the ledger's newest; dt is later than every one that was settled or given up, and not
// before that of the newest generation; start, end and floor are zero; and slices are the whole table, or all of 2 to
// 4096 buckets in order, by the hash of the columns keys, or none: a try that could not be counted. What is left of an
// earlier generation that was not settled is dropped, what it staged included; no publish can have claimed it.
//
// # split
//
// Replaces an open slice, at its generation, by children. Valid if they tile it: along its cursor, along the other
// clock, or into buckets. A snapshot is not split but planned anew.
//
//	slice, why
//	children[]       slice, rows, oldest?
//	keys[]?          of children that are buckets: the columns whose values choose a row's, in order
//
// # stage
//
// Records slices whose rows are durable in a staged object. Valid if every reading is an open slice at its generation
// and every receipt proves its count: what was received is what was planned, or a recount, or two recounts differ and
// it says moved; it stays below the cap of 100,000; and sections inside the object, and cells, add up to the rows that
// no earlier generation held and that did not change in place. A snapshot's slice is received as it was planned, and
// has one section, of the plan's dt, and no cells.
//
//	receipts[]       one to a reading:
//	  reading, query, called, answered
//	  counted[]      the plan's count, then at most two recounts
//	  received       rows of the answer
//	  held?          of those, rows that earlier generations had staged
//	  moved?         the source kept changing
//	  changed[]?     hour, rows, over?: by ascending hour of the cursor in which the lake holds rows that the source no
//	                 longer shows: rows it shows in their place, which are not staged (0: they were deleted), and by how
//	                 much its rows outnumber the lake's, which may be negative
//	  answer_bytes   JSON, decoded
//	  run_time_ns
//	  schema         fingerprint of the table's columns
//	  columns        how many were pinned
//	  object?        key; object_bytes? its size
//	  sections[]?    dt, offset, length, rows, digest: the rows of one dt, by ascending dt
//	  cells[]?       cell, rows: by hour of the cursor and day of Timestamp, at most two days after the hour's: rows of
//	                 later days, which a forged clock makes, are counted there
//
// # gap
//
// Records rows that can no longer be read: those of a stream whose cursor lies in [start, end) and whose Timestamp is
// below below. With a slice, which must be open and of that range, the slice's floor rises to below; it is closed if
// nothing is left.
//
// Of stream snapshot, without a slice, it gives up the snapshot of the dt that [start, end) is. Valid if a plan for that
// dt could follow; what was read for it is dropped.
//
//	stream, start, end, below, why
//	rows?            how many, where known
//	slice?
//	left?            rows still counted in the slice
//
// # settled
//
// Lets a day of a stream on the timestamp cursor be published. Valid once the stream has been read past its end. Of
// stream snapshot it accepts the newest generation, once the source, counted again, holds in each slice what was
// counted before. Valid once every slice has been read, if dt is the generation's and rows the sum.
//
//	stream, dt
//	rows             counted again, after the day's end
//
// # publish-begin
//
// Claims the rows of one dt in 1 to 32 readings for one file. Its number is the publish number. Valid if each reading
// has staged rows of dt that are not claimed and whose day is settled, and key is the one that dt and number give. Of a
// snapshot the readings are all that have rows, up to 4096 of them, so that readers see it whole or not at all.
//
//	dt, key
//	inputs[]         readings, in the order of the merge
//
// # publish-end
//
// Records that file as it was read back. Valid if the publish has begun and not ended, and rows and digest are the sums
// of its inputs' sections. The staged rows are the file's from here on.
//
//	file             number, key, rows, bytes, digest, oldest, newest, time
//
// # verify
//
// Records a comparison of source, ledger and files. Always valid.
//
//	floor            Timestamps from there on were compared with the source
//	source_rows, ledger_rows, file_rows, files
//	differences[]?   for people to read
//
// # Snapshot
//
// After every 16th commit the State is written to <ledger>/snapshot/<2^63-1 minus number, 20 digits>.json, so that the
// first key listed is the newest: format, number, the sha256 of the text of state, and state. For each doubling of the
// newest snapshot beyond 1 MiB they lie twice as far apart, up to 256 commits: what is written is at most 64 KiB a commit
// below 16 MiB, and an opening is bounded. A snapshot saves reading the commits before it and proves nothing. One that
// cannot be read, or is of another format, is passed over. All but the newest three are deleted by whoever writes the
// next; who has listed one that is gone when he comes to read it lists again.
//
// # Order of writes
//
// What must be, and what a crash right after each write leaves to whom:
//
//	plan           before query    slices to read; the next run reads them
//	staged object  before stage    an object that no commit names: the slice is read again under another nonce, and the
//	                               sweep takes the orphan once the slice is closed
//	stage          before publish  rows that readers do not see yet; the next publish takes them
//	publish-begin  before file     a publish without an end; whoever opens the ledger next finishes it, from the inputs
//	file           before end      a file that readers see and that is whole; whoever finishes the publish finds it and
//	                               takes it if its rows and digest are the inputs' sums
//	publish-end    before sweep    staged objects without sections; the next sweep takes them
//	commit         before snapshot nothing that matters: the next snapshot comes some commits later
//	snapshot       before old ones are deleted: one more than needed; the next snapshot takes it
//
// Who deletes goes the other way: a sweep lists the staged objects first and folds the ledger to its newest afterwards,
// so that the plan of every object it has seen is in the state by which it judges.
//
// After an error of Append its commit may still happen. Nothing that the commit names may be taken back.
//
// # What must not change
//
// Ledgers outlive programs, and programs of several versions may share one. So for Format 1 these stay as they are,
// because otherwise two programs would fold one log to two states: the fields and text forms above, what check refuses
// and what apply does, RowCap, MaxInputs, MaxParts, the number of recounts, the 35 days after which a state forgets, the
// 72 after which it adds up files, the layout of keys, the digest of rows. Any change to them, a field or kind that is
// added included, is a new Format; its reader folds records of older formats by their own rules. State.Cost,
// State.Pace and State.Changes alone may be reckoned otherwise: they are advice, and no rule looks at them. testdata holds a record of
// every kind, and a log with the snapshot that it adds up to, byte for byte.
//
// Owner records are no part of a ledger: they save quota, and nothing is lost with them.
package checkpoint
