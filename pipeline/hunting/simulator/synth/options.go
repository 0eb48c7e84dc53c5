package synth

import (
	"errors"
	"fmt"
	"time"

	"huntlake/schema/catalog"
)

// Shape says how rows are spread over time.
type Shape uint8

// The shapes.
const (
	Office Shape = iota // busy in office hours, quiet at night and at weekends
	Even                // the same at all times, but still in bursts
	Storm               // Office, with minutes of a hundred times the usual traffic
)

// Options says which rows to make. The same Options make the same rows.
type Options struct {
	Seed    uint64
	Tables  []string       // names in the catalog; nil: DeviceProcessEvents, DeviceNetworkEvents, CloudAppEvents, EmailEvents, AlertInfo
	Rows    int            // rows of each table; 0 means 1,000
	RowsOf  map[string]int // rows of single tables, instead of Rows
	Start   time.Time      // of the events; needed, as is End
	End     time.Time
	Devices int // 0 means 200
	Shape   Shape

	MedianLag time.Duration // between an event and its arrival; 0 means 110 seconds. Alerts take a day longer.
	Late      float64       // share of the rows that take hours instead; 0 means 1 %, negative none
	Unstamped float64       // share of the rows without ingestion time
}

func (o Options) withDefaults() Options {
	if o.Tables == nil {
		o.Tables = []string{"DeviceProcessEvents", "DeviceNetworkEvents", "CloudAppEvents", "EmailEvents", "AlertInfo"}
	}
	if o.Rows == 0 {
		o.Rows = 1000
	}
	if o.Devices == 0 {
		o.Devices = 200
	}
	if o.MedianLag == 0 {
		o.MedianLag = 110 * time.Second
	}
	if o.Late == 0 {
		o.Late = 0.01
	}
	return o
}

// maxRows bounds a table, so that rows can be numbered in 32 bits.
const maxRows = 1 << 31

// Validate names everything that is wrong with o.
func (o Options) Validate() error {
	var errs []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	for _, name := range o.Tables {
		_, ok := catalog.Lookup(name)
		fault(!ok, "table %q is not in the catalog", name)
	}
	for name, n := range o.RowsOf {
		fault(n < 0 || n > maxRows, "%d rows of %s", n, name)
	}
	fault(!o.Start.Before(o.End), "start %v is not before end %v", o.Start, o.End)
	fault(o.Start.Year() < 2, "start %v is too early for rows to have a past", o.Start)
	fault(o.Rows < 0 || o.Rows > maxRows, "%d rows", o.Rows)
	fault(o.Devices < 0, "%d devices", o.Devices)
	fault(o.Shape > Storm, "unknown shape %d", o.Shape)
	fault(o.Unstamped < 0 || o.Unstamped > 1 || o.Late > 1, "shares are between 0 and 1")
	return errors.Join(errs...)
}
