package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"huntlake/partition"
)

// Format is the version of everything this package writes. A reader refuses what is newer.
const Format = 1

// Kind names what a commit does. The list is closed.
type Kind string

// The kinds.
const (
	KindSchema       Kind = "schema"
	KindPlan         Kind = "plan"
	KindSplit        Kind = "split"
	KindStage        Kind = "stage"
	KindGap          Kind = "gap"
	KindSettled      Kind = "settled"
	KindPublishBegin Kind = "publish-begin"
	KindPublishEnd   Kind = "publish-end"
	KindVerify       Kind = "verify"
)

// Body is what a commit of one kind says. check must leave the state alone and name the reason why the body is not
// valid on it; apply follows a check that passed, and cannot fail.
type Body interface {
	Kind() Kind
	check(s *State, c *Commit) error
	apply(s *State, c *Commit)
}

// Commit is one create-only record of a ledger.
type Commit struct {
	Number  int64          // 1, 2, 3, … without a gap
	Nonce   string         // who wrote it: compared after a write whose outcome is unknown
	Time    partition.Tick // the writer's clock; orders nothing
	Program string         // name and version of the writer
	Body    Body
}

// envelope is a commit's form on disk.
type envelope struct {
	Format  int             `json:"format"`
	Number  int64           `json:"number"`
	Nonce   string          `json:"nonce"`
	Time    partition.Tick  `json:"time"`
	Program string          `json:"program"`
	Kind    Kind            `json:"kind"`
	Body    json.RawMessage `json:"body"`
}

// Encode prints c as one JSON object and a newline.
func (c *Commit) Encode() ([]byte, error) {
	body, err := encode(c.Body)
	if err != nil {
		return nil, fmt.Errorf("encode commit %d: %w", c.Number, err)
	}
	text, err := encode(envelope{Format, c.Number, c.Nonce, c.Time, c.Program, c.Body.Kind(), body})
	if err != nil {
		return nil, fmt.Errorf("encode commit %d: %w", c.Number, err)
	}
	return text, nil
}

// DecodeCommit reads what Encode printed. It refuses a newer format, an unknown kind and unknown fields: a record
// that is not understood whole must not be half understood.
func DecodeCommit(text []byte) (*Commit, error) {
	var e envelope
	if err := decode(text, &e); err != nil {
		return nil, fmt.Errorf("decode commit: %w", err)
	}
	if e.Number < 1 || e.Nonce == "" || !bytes.HasPrefix(e.Body, []byte("{")) {
		return nil, fmt.Errorf("decode commit %d: it has no number, no nonce or no body", e.Number)
	}
	body, err := newBody(e.Kind)
	if err == nil {
		err = strict(e.Body, body)
	}
	if err != nil {
		return nil, fmt.Errorf("decode commit %d: %w", e.Number, err)
	}
	return &Commit{e.Number, e.Nonce, e.Time, e.Program, body}, nil
}

// encode prints v as one line of JSON, with the comparisons of a query left legible.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// decode reads the one JSON object that text is. Where that fails, its format is looked at: what else a newer one may
// hold is not this program's to judge.
func decode(text []byte, into interface{ format() int }) error {
	err := strict(text, into)
	format := into.format()
	if err != nil {
		var v struct {
			Format int `json:"format"`
		}
		if err := json.Unmarshal(text, &v); err != nil {
			return err
		}
		format = v.Format
	}
	if format > Format {
		return fmt.Errorf("format %d is newer than this program's %d: upgrade huntlake", format, Format)
	}
	if format < 1 {
		return fmt.Errorf("format %d", format)
	}
	return err
}

func (e *envelope) format() int { return e.Format }

func (s *snapshot) format() int { return s.Format }

func strict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

func newBody(k Kind) (Body, error) {
	switch k {
	case KindSchema:
		return new(Schema), nil
	case KindPlan:
		return new(Plan), nil
	case KindSplit:
		return new(Split), nil
	case KindStage:
		return new(Stage), nil
	case KindGap:
		return new(Gap), nil
	case KindSettled:
		return new(Settled), nil
	case KindPublishBegin:
		return new(PublishBegin), nil
	case KindPublishEnd:
		return new(PublishEnd), nil
	case KindVerify:
		return new(Verify), nil
	}
	return nil, fmt.Errorf("unknown kind %q", k)
}
