package simulator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/pipeline/hunting/simulator/wire"
)

// Options says what a Service serves and how unkind it is. Tables and Now are needed; of everything else the zero
// value is what the real service does.
type Options struct {
	Tables []Table
	Now    func() time.Time // the service's clock
	Limits Limits
	Cost   CostModel
	Style  wire.Style // how rows are written where that varies; the dialect follows from the path

	// Wait is called with the time that a call takes to run, before it is answered; nil takes no time at all. An error
	// ends the call like a cut connection.
	Wait func(ctx context.Context, d time.Duration) error

	// Faults is asked before each call, numbered from 1, and says what goes wrong; the zero Fault is nothing. It is
	// called from many goroutines.
	Faults func(call int, query string) Fault

	Token       string        // the bearer token to ask for; "" takes any token that has not expired
	Secret      string        // the client secret that the token endpoint asks for; "" takes any
	TokenLife   time.Duration // how long issued tokens live; 0 means an hour, less a second, as usual
	MissingRole bool          // the application lacks its role: tokens are issued, and every call is 403
	Seed        uint64        // decides what the service leaves open: which rows, in which order
}

// Limits bounds calls. Zero means the service's usual limit, a negative number none.
type Limits struct {
	MaxRows   int           // rows of an answer; more are cut off without a word (100,000)
	MaxBytes  int64         // JSON of an answer (50 MB; 124 MB until 2023)
	Retention time.Duration // age by the time column beyond which rows are gone (30 days)
	Timeout   time.Duration // longest run of a query (3 minutes)

	CallsPerMinute int           // (45)
	CallsPerHour   int           // (1,500)
	RunTimePerHour time.Duration // (10 minutes)
	RunTimePerDay  time.Duration // (3 hours)

	// CPU is the run time that the tenant has in each quarter of an hour, which is shared with everybody who hunts (see
	// Service.SpendCPU) and shows only in the refusal. Its size is nowhere documented, so the usual one is none.
	CPU time.Duration
}

func (l Limits) withDefaults() Limits {
	l.MaxRows = limit(l.MaxRows, 100_000)
	l.MaxBytes = limit(l.MaxBytes, 50<<20)
	l.Retention = limit(l.Retention, 30*24*time.Hour)
	l.Timeout = limit(l.Timeout, 3*time.Minute)
	l.CallsPerMinute = limit(l.CallsPerMinute, 45)
	l.CallsPerHour = limit(l.CallsPerHour, 1500)
	l.RunTimePerHour = limit(l.RunTimePerHour, 10*time.Minute)
	l.RunTimePerDay = limit(l.RunTimePerDay, 3*time.Hour)
	l.CPU = limit(l.CPU, -1)
	return l
}

// limit turns 0 into the usual limit and a negative one into one that is never reached.
func limit[T int | int64 | time.Duration](v, usual T) T {
	if v == 0 {
		v = usual
	}
	if v < 0 {
		const never = 1<<63 - 1
		v = T(never)
	}
	return v
}

// CostModel says how long a query runs. The zero CostModel stands for a quarter of a second, plus a second for every
// million rows looked at, plus a tenth of a second for every megabyte returned.
type CostModel struct {
	Fixed          time.Duration
	PerMillionRows time.Duration
	PerMegabyte    time.Duration
}

func (c CostModel) withDefaults() CostModel {
	if c == (CostModel{}) {
		return CostModel{Fixed: 250 * time.Millisecond, PerMillionRows: time.Second, PerMegabyte: 100 * time.Millisecond}
	}
	return c
}

// runTime is the time that a query takes that looks at some rows and returns some bytes.
func (c CostModel) runTime(rows, bytes int64) time.Duration {
	return c.Fixed + time.Duration(float64(c.PerMillionRows)*float64(rows)/1e6+float64(c.PerMegabyte)*float64(bytes)/(1<<20))
}

func (o Options) withDefaults() Options {
	o.Limits = o.Limits.withDefaults()
	o.Cost = o.Cost.withDefaults()
	if o.TokenLife == 0 {
		o.TokenLife = time.Hour - time.Second
	}
	if o.Faults == nil {
		o.Faults = func(int, string) Fault { return Fault{} }
	}
	if o.Wait == nil {
		o.Wait = func(context.Context, time.Duration) error { return nil }
	}
	return o
}

// Validate names everything that is wrong with o.
func (o Options) Validate() error {
	var errs []error
	if o.Now == nil {
		errs = append(errs, errors.New("options: Now is needed"))
	}
	seen := map[string]bool{}
	for _, t := range o.Tables {
		if seen[t.Name()] {
			errs = append(errs, fmt.Errorf("options: table %s is there twice", t.Name()))
		}
		seen[t.Name()] = true
		for _, f := range t.Columns(0) {
			if _, ok := kql.TypeOf(f.Type); !ok {
				errs = append(errs, fmt.Errorf("options: column %s.%s has the unknown type %q", t.Name(), f.Name, f.Type))
			}
		}
	}
	return errors.Join(errs...)
}
