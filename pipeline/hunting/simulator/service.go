package simulator

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"huntlake/partition"
	"huntlake/pipeline/hunting/simulator/kql"
	"huntlake/pipeline/hunting/simulator/wire"
)

// Service is the simulated service. Its methods are safe for concurrent use.
type Service struct {
	opts   Options
	tables map[string]*index
	quota  quota
	pages  pages

	mu     sync.Mutex
	calls  []Call
	next   int                  // the number of the last call
	issued map[string]time.Time // tokens, and when they expire
	rng    *rand.Rand
}

// Call is one call as the service saw it.
type Call struct {
	Number   int // from 1
	At       time.Time
	Defender bool // the dialect
	Query    string
	Status   int
	Code     string        // of the error, if there was one
	Detail   string        // what is wrong with the query, more exactly than the answer says
	Rows     int           // returned
	Total    int           // rows before the cut at the cap
	Bytes    int64         // of JSON, returned or refused for its size
	Scanned  int64         // rows looked at
	RunTime  time.Duration // charged
}

// New returns a service.
func New(opts Options) (*Service, error) {
	if err := opts.Validate(); err != nil {
		return nil, fmt.Errorf("create simulator: %w", err)
	}
	opts = opts.withDefaults()
	s := &Service{
		opts:   opts,
		tables: map[string]*index{},
		quota:  quota{limits: opts.Limits},
		issued: map[string]time.Time{},
		rng:    rand.New(rand.NewPCG(opts.Seed, 1)),
	}
	for _, t := range opts.Tables {
		s.tables[t.Name()] = newIndex(t)
	}
	return s, nil
}

// Calls returns every call so far, in the order of their numbers. Those that found no query or no permission are there
// too; requests for tokens are not.
func (s *Service) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

// SpendCPU takes from the CPU pool what somebody else's queries use.
func (s *Service) SpendCPU(d time.Duration) { s.quota.spend(s.opts.Now(), d) }

// route answers a request, or returns an error if no answer comes at all.
func (s *Service) route(ctx context.Context, r *http.Request) (*reply, error) {
	switch path := r.URL.Path; {
	case path == graph.path:
		return s.call(ctx, r, graph)
	case path == defender.path:
		return s.call(ctx, r, defender)
	case strings.HasSuffix(path, "/oauth2/v2.0/token"):
		return s.token(r), nil
	case strings.HasSuffix(path, "/.well-known/openid-configuration"):
		return s.discovery(r), nil
	default:
		segment := path[strings.LastIndexByte(path, '/')+1:]
		return s.fail(r, graph, FaultNotFound(segment), s.opts.Now()), nil
	}
}

// call answers one hunting query.
func (s *Service) call(ctx context.Context, r *http.Request, d dialect) (*reply, error) {
	request, bad := readRequest(r, d)
	c := Call{At: s.opts.Now(), Defender: d.defender, Query: request.query}
	s.mu.Lock()
	s.next++
	c.Number = s.next
	s.mu.Unlock()
	fault := s.opts.Faults(c.Number, c.Query)
	if fault.Hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	bad = s.refuse(r, bad, c.At)
	if bad.Status == 0 && fault.Status != 0 && !fault.AfterRun {
		bad = fault
	}
	if bad.Status != 0 {
		return s.finish(r, d, &c, bad), nil
	}
	p, bad := s.run(r, d, &c, request, fault)
	s.quota.charge(c.At, c.RunTime)
	if err := s.opts.Wait(ctx, c.RunTime); err != nil {
		return nil, err
	}
	if fault.Status != 0 {
		bad = fault
	}
	if bad.Status != 0 {
		return s.finish(r, d, &c, bad), nil
	}
	p.header.Set("Date", s.opts.Now().UTC().Format(http.TimeFormat))
	p.bend(fault)
	c.Status = p.status
	s.record(c)
	return p, nil
}

// refuse returns why a call may not run, as the first that stands in its way sees it: the gateway, whoever checks
// tokens and roles, the reader of the body (which found bad), the quota.
func (s *Service) refuse(r *http.Request, bad Fault, now time.Time) Fault {
	switch {
	case bad.Status == http.StatusRequestEntityTooLarge:
		return bad
	case !s.authorized(r, now):
		return FaultUnauthorized()
	case s.opts.MissingRole:
		return FaultMissingRole()
	case bad.Status != 0:
		return bad
	}
	f, _ := s.quota.admit(now)
	return f
}

// finish records a call that has failed and returns its answer.
func (s *Service) finish(r *http.Request, d dialect, c *Call, f Fault) *reply {
	c.Status, c.Code, c.Rows = f.Status, f.Code, 0
	s.record(*c)
	return s.fail(r, d, f, s.opts.Now())
}

func (s *Service) record(c Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := len(s.calls)
	for at > 0 && s.calls[at-1].Number > c.Number {
		at--
	}
	s.calls = append(s.calls[:at], append([]Call{c}, s.calls[at:]...)...)
}

// run evaluates the query and writes its answer, or returns why there is none. It sets what the call has cost.
func (s *Service) run(r *http.Request, d dialect, c *Call, q request, f Fault) (*reply, Fault) {
	now := partition.TickOf(c.At)
	var seen *view
	lookup := func(name string) kql.Source {
		x := s.tables[name]
		if x == nil {
			return nil
		}
		seen = x.at(now, q.window(now, partition.Tick(s.opts.Limits.Retention/100)))
		return seen
	}
	res, err := s.evaluate(c, lookup, now)
	if err != nil {
		c.RunTime = s.opts.Cost.Fixed
		return nil, err.fault(c)
	}
	style := s.style(d, f)
	rows, size, ok := s.encode(res, style, uint64(c.Number))
	if seen != nil {
		c.Scanned = seen.scanned
	}
	c.Rows, c.Total, c.Bytes = res.Len(), res.Total, size
	c.RunTime = s.opts.Cost.runTime(c.Scanned, c.Bytes)
	switch {
	case c.RunTime > s.opts.Limits.Timeout:
		c.RunTime = s.opts.Limits.Timeout
		return nil, FaultTimeout()
	case !ok:
		return nil, FaultResultSize()
	}
	p := s.newReply(r, http.StatusOK, c.At)
	p.pages = &s.pages
	stats := wire.Stats{Elapsed: c.RunTime, Rows: int64(res.Len()), Bytes: c.Bytes}
	p.parts = wire.Envelope{Style: style, Fields: res.Fields, RowsFirst: f.RowsFirst, Stats: stats}.Parts(rows)
	return p, Fault{}
}

// queryError is a query that cannot be run.
type queryError struct{ *kql.Error }

func (e *queryError) fault(c *Call) Fault {
	c.Detail = e.Detail
	return FaultQuery(e.Message)
}

func (s *Service) evaluate(c *Call, lookup func(string) kql.Source, now partition.Tick) (*kql.Result, *queryError) {
	query, err := kql.Parse(c.Query)
	var res *kql.Result
	if err == nil {
		res, err = query.Run(lookup, kql.Options{Now: now, Seed: s.opts.Seed<<20 + uint64(c.Number), MaxRows: s.opts.Limits.MaxRows})
	}
	if err != nil {
		refused, ok := err.(*kql.Error)
		if !ok {
			refused = &kql.Error{Message: err.Error(), Detail: err.Error()}
		}
		return nil, &queryError{refused}
	}
	return res, nil
}

func (s *Service) style(d dialect, f Fault) wire.Style {
	style := s.opts.Style
	style.Defender = d.defender
	style.ShuffleKeys = style.ShuffleKeys || f.ShuffleKeys
	style.OmitNulls = style.OmitNulls || f.OmitNulls
	style.Spaces = style.Spaces || f.Spaces
	return style
}

// encode writes the rows, in pages. It returns false when they go beyond the size cap, with the size so far.
func (s *Service) encode(res *kql.Result, style wire.Style, seed uint64) (pages [][]byte, size int64, ok bool) {
	e := wire.NewEncoder(res.Fields, style, seed)
	page := s.pages.get()
	full := int64(0) // size of the pages that are full
	for row := range res.Rows() {
		if size > 0 {
			page = append(page, ',')
		}
		page = e.AppendRow(page, row)
		if size = full + int64(len(page)); size > s.opts.Limits.MaxBytes {
			s.pages.put(append(pages, page)...)
			return nil, size, false
		}
		if len(page) > pageSize-pageSize/16 {
			pages, full = append(pages, page), size
			page = s.pages.get()
		}
	}
	return append(pages, page), size, true
}
