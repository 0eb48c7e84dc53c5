package partition

import "fmt"

// Cursor is the clock that a stream is read along.
type Cursor uint8

// The cursors.
const (
	NoCursor        Cursor = iota // a snapshot has no clock
	IngestionCursor               // ingestion_time()
	TimestampCursor               // the table's time column
)

// String prints the cursor's word.
func (c Cursor) String() string {
	switch c {
	case IngestionCursor:
		return "ingestion"
	case TimestampCursor:
		return "timestamp"
	}
	return "none"
}

// Stream names the rows of a table that share a cursor. Stamped and Unstamped together are every row of a table,
// each once; Whole is every row, for a table that is read along its time column only.
type Stream uint8

// The streams.
const (
	Stamped   Stream = iota + 1 // rows with an ingestion time, along it
	Unstamped                   // rows without one, along the time column
	Whole                       // every row, along the time column
	Snapshot                    // every row of a table without a time column, as it is now
)

var streamNames = [...]string{Stamped: "stamped", Unstamped: "unstamped", Whole: "whole", Snapshot: "snapshot"}

// Cursor returns the clock the stream is read along.
func (s Stream) Cursor() Cursor {
	switch s {
	case Stamped:
		return IngestionCursor
	case Unstamped, Whole:
		return TimestampCursor
	}
	return NoCursor
}

// Valid reports whether s is one of the streams.
func (s Stream) Valid() bool { return s >= Stamped && s <= Snapshot }

// String prints the stream's word.
func (s Stream) String() string {
	if !s.Valid() {
		return fmt.Sprintf("stream(%d)", uint8(s))
	}
	return streamNames[s]
}

// ParseStream reads what String prints.
func ParseStream(text string) (Stream, error) {
	for s := Stamped; s <= Snapshot; s++ {
		if streamNames[s] == text {
			return s, nil
		}
	}
	return 0, fmt.Errorf("parse stream %q: want stamped, unstamped, whole or snapshot", text)
}

// MarshalText prints s as String does.
func (s Stream) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what ParseStream reads.
func (s *Stream) UnmarshalText(b []byte) error {
	v, err := ParseStream(string(b))
	if err == nil {
		*s = v
	}
	return err
}
