package hunting

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// call makes one call and reads the answer while it arrives. ran is how long the service worked on it: what it says
// itself, or else the time until it began to answer, which it does when it has the whole result.
func (c *Client) call(ctx context.Context, q Query, token string) (answer *Answer, ran time.Duration, err error) {
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	timer := time.AfterFunc(c.opts.Timeout, cancel)
	defer timer.Stop()
	req, err := c.request(limited, q, token)
	if err != nil {
		return nil, 0, err
	}
	begun := c.opts.Now()
	resp, err := c.opts.Transport.RoundTrip(req)
	ran = c.opts.Now().Sub(begun)
	var waited time.Duration
	var giveBack func()
	if err == nil {
		defer resp.Body.Close()
		if resp.StatusCode == http.StatusOK && q.Ready != nil && timer.Stop() { // the wait is ours, not the service's
			giveBack, err = q.Ready(ctx)
			waited = c.opts.Now().Sub(begun) - ran
			timer.Reset(max(c.opts.Timeout-ran, time.Second))
		}
	}
	if err == nil {
		answer, err = c.read(resp, q)
	}
	if err != nil {
		if giveBack != nil {
			giveBack()
		}
		return nil, ran, withhold(c.meaning(ctx, limited, err), token)
	}
	answer.Elapsed = c.opts.Now().Sub(begun) - waited
	answer.Date, _ = http.ParseTime(resp.Header.Get("Date")) // a date that is no date is as good as none
	if said := answer.Stats.Execution; said > 0 {
		ran = min(said, c.opts.Timeout) // it cannot have been more, in whatever unit it may come
	}
	return answer, ran, nil
}

// request writes q down as the service reads it: member names are case-sensitive, and a line end inside the text
// would be refused as a missing query. Graph looks back 30 days unless told, and is told.
func (c *Client) request(ctx context.Context, q Query, token string) (*http.Request, error) {
	if q.Text == "" || strings.ContainsAny(q.Text, "\r\n;") {
		return nil, &fault{ErrPermanent, errors.New("the query is not one line of the vocabulary")}
	}
	body := struct {
		Query    string
		Timespan string `json:",omitempty"`
	}{Query: q.Text}
	if c.opts.Dialect == Graph {
		body.Timespan = "P30D"
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url.String(), bytes.NewReader(bytes.TrimSpace(text.Bytes())))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json; charset=utf-8") // without it, letters beyond ASCII find nothing
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Accept-Encoding", "gzip")
	req.Header.Set("User-Agent", c.opts.Program)
	return req, nil
}

// read makes an answer or an error of a response. Redirects are refused, not followed: the token is for one host.
func (c *Client) read(resp *http.Response, q Query) (*Answer, error) {
	body, err := newWire(resp, c.opts.MaxBytes)
	if resp.StatusCode != http.StatusOK {
		return nil, c.refusal(resp, body, q)
	}
	if err != nil {
		return nil, err
	}
	if kind := resp.Header.Get("Content-Type"); !isJSON(kind) {
		e := c.refusal(resp, body, q)
		return nil, &fault{ErrPermanent, fmt.Errorf("the answer is %q, not JSON, and may come from a proxy: %w", oneLine(kind), e)}
	}
	answer, err := Decode(body, DecodeOptions{Dialect: c.opts.Dialect, Table: q.Table, Want: q.Want, Allocator: c.opts.Allocator})
	var refusal *Error
	var order *SchemaOrderError
	switch {
	case err == nil:
		return answer, nil
	case errors.As(err, &refusal):
		refusal.Status = resp.StatusCode
		refusal.complete(q.Text, resp.Header, c.opts.Now())
		return nil, err
	case body.broken != nil:
		return nil, fmt.Errorf("read answer: %w", body.broken)
	case errors.As(err, &order), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, err
	}
	return nil, &fault{ErrPermanent, err}
}

func (c *Client) refusal(resp *http.Response, body io.Reader, q Query) *Error {
	e := readRefusal(resp, body)
	e.complete(q.Text, resp.Header, c.opts.Now())
	if target, err := c.url.Parse(resp.Header.Get("Location")); err == nil && resp.StatusCode/100 == 3 {
		e.Message = oneLine("redirects to " + target.Scheme + "://" + target.Host) // the rest may be secret
	}
	return e
}

// isJSON reports whether a Content-Type, or the lack of one, may stand before an answer.
func isJSON(contentType string) bool {
	if contentType == "" {
		return true
	}
	kind, _, _ := strings.Cut(contentType, ";") // parameters are often not what they should be
	kind = strings.ToLower(strings.TrimSpace(kind))
	return (kind == "application/json" || kind == "text/json" || strings.HasSuffix(kind, "+json"))
}

// meaning says what an error of a call means that is known by its context only: the caller's has ended, or the
// call's own time is up, which is how the service behaves when it is asked for too much.
func (c *Client) meaning(ctx, limited context.Context, err error) error {
	var refusal *Error
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil && !errors.As(err, &refusal):
		return &fault{ErrTooBig, fmt.Errorf("no whole answer within %v", c.opts.Timeout)}
	}
	return err
}

// withhold takes the token out of an error that holds it, because something on the way has echoed it.
func withhold(err error, token string) error {
	var refusal *Error
	if errors.As(err, &refusal) {
		for _, text := range []*string{&refusal.Code, &refusal.Message, &refusal.RequestID} {
			*text = without(*text, token)
		}
	}
	clean := without(err.Error(), token)
	if clean == err.Error() {
		return err
	}
	for _, class := range classes() {
		if errors.Is(err, class) {
			return &fault{class, errors.New(clean)}
		}
	}
	return errors.New(clean)
}

// telltale is how much of a token gives it away. Texts are cut short, and the cut may go through a token.
const telltale = 16

// without is text without the token and without any part of it that is long enough to be told from chance.
func without(text, token string) string {
	n := min(telltale, len(token))
	if n == 0 {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		end := i + n
		if end > len(text) || !strings.Contains(token, text[i:end]) {
			b.WriteByte(text[i])
			i++
			continue
		}
		for end < len(text) && strings.Contains(token, text[i:end+1]) {
			end++
		}
		b.WriteString(redacted)
		i = end
	}
	return b.String()
}
