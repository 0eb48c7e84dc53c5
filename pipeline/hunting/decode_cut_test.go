package hunting_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"huntlake/pipeline/hunting"
)

// everything is an answer with every type, every kind of token and every part of the envelope.
func everything(dialect hunting.Dialect) string {
	null, mark, start := "null", "", `"Note":{"a":1.5},`
	if dialect == hunting.Graph {
		null, mark, start = "{ }", `"F@odata.type":"#SByte",`, `"@odata.context":"x\u0041",`
	}
	text := body(dialect, "T DateTime, S String, I Int64, D Double, F SByte, N Decimal, O Object",
		`{"T":"2026-11-22T01:02:03.1234567Z","S":"C:\\Windows\\\u00e9\ud83d\ude00 `+"\u00ae"+`","I":-639199803770463703,"D":1.5e-7,`+mark+`"F":true,"N":12.50,"O":{"a":[1,"\"",{"b":null}],"c":"]"}}`,
		`{ "S" : "" , "T" : `+null+` , "O" : [ "x" , -1.5 , false ] , "F" : 0, "N":"7", "D":"INF" , "I":"1" }`,
		`{"T":null,"S":"`+strings.Repeat(`long text, \"escaped\" `, 20)+`"}`)
	return "{" + start + strings.TrimPrefix(text, "{") + " \n"
}

// TestDecodeCut ends the body after each byte: only the white space at its end may be missing.
func TestDecodeCut(t *testing.T) {
	for _, dialect := range []hunting.Dialect{hunting.Graph, hunting.Defender} {
		text := everything(dialect)
		cause := errors.New("connection reset")
		for n := range len(text) - 2 {
			for _, opts := range []hunting.DecodeOptions{{Dialect: dialect}, {Dialect: dialect, BatchRows: 1}} {
				if _, err := decodeAll(t, strings.NewReader(text[:n]), opts); !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Fatalf("%v, cut after %q: error %v", dialect, text[:n], err)
				} else if e := decodeError(t, err); e.Offset > int64(n) {
					t.Fatalf("%v, cut after byte %d: noticed at byte %d", dialect, n, e.Offset)
				}
				if _, err := decodeAll(t, io.MultiReader(strings.NewReader(text[:n]), iotest.ErrReader(cause)), opts); !errors.Is(err, cause) {
					t.Fatalf("%v, reset after %q: error %v", dialect, text[:n], err)
				}
			}
		}
	}
}

// A reader's error behind a whole body is an error as well: it is where gzip tells that the sum is wrong.
func TestDecodeErrorAtTheEnd(t *testing.T) {
	cause := errors.New("checksum")
	_, err := decodeAll(t, io.MultiReader(strings.NewReader(everything(hunting.Graph)), iotest.ErrReader(cause)), hunting.DecodeOptions{Dialect: hunting.Graph})
	if !errors.Is(err, cause) {
		t.Errorf("error %v, want the reader's", err)
	}
}

// TestDecodePieces hands the same body over in pieces of every size, so that a window ends at each place in it.
func TestDecodePieces(t *testing.T) {
	for _, dialect := range []hunting.Dialect{hunting.Graph, hunting.Defender} {
		text := everything(dialect)
		opts := hunting.DecodeOptions{Dialect: dialect}
		whole, err := decodeAll(t, strings.NewReader(text), opts)
		if err != nil {
			t.Fatal(err)
		}
		readers := map[string]io.Reader{
			"halves":       iotest.HalfReader(strings.NewReader(text)),
			"data and EOF": iotest.DataErrReader(strings.NewReader(text)),
			"with pauses":  &pausing{strings.NewReader(text), 0},
		}
		for n := 1; n < len(text); n++ {
			readers[fmt.Sprint("pieces of ", n)] = &pieces{strings.NewReader(text), n}
			readers[fmt.Sprint("two, cut at ", n)] = io.MultiReader(strings.NewReader(text[:n]), strings.NewReader(text[n:]))
		}
		for name, r := range readers {
			answer, err := decodeAll(t, r, opts)
			if err != nil {
				t.Fatalf("%v, %s: %v", dialect, name, err)
			}
			if diff := cmp.Diff(values(t, whole), values(t, answer)); diff != "" || answer.Bytes != int64(len(text)) {
				t.Fatalf("%v, %s: %d bytes, %s", dialect, name, answer.Bytes, diff)
			}
		}
	}
}

// TestDecodeSmallWindow makes the window as small as the longest token allows.
func TestDecodeSmallWindow(t *testing.T) {
	text := everything(hunting.Graph)
	whole, err := decodeAll(t, strings.NewReader(text), hunting.DecodeOptions{Dialect: hunting.Graph})
	if err != nil {
		t.Fatal(err)
	}
	fits := 0
	for limit := 1; limit < len(text); limit++ {
		answer, err := decodeAll(t, strings.NewReader(text), hunting.DecodeOptions{Dialect: hunting.Graph, MaxValueBytes: limit})
		if err == nil {
			fits++
			if diff := cmp.Diff(values(t, whole), values(t, answer)); diff != "" {
				t.Fatalf("limit %d: %s", limit, diff)
			}
		}
	}
	if fits < len(text)/2 {
		t.Errorf("only %d of %d limits were enough", fits, len(text))
	}
}

// A record ends after 32 MiB of JSON, and an error just there is no worse than elsewhere.
func TestDecodeLongRows(t *testing.T) {
	long := `{"A":"` + strings.Repeat("x", 20<<20) + `","B":`
	answer, err := decodeAll(t, strings.NewReader(body(hunting.Graph, "A String, B Int64", long+"1}", long+"2}", long+"3}")), hunting.DecodeOptions{Dialect: hunting.Graph})
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Records) != 2 || answer.Records[0].NumRows() != 2 {
		t.Errorf("%d records, the first of %d rows, want 2 of 2 and 1", len(answer.Records), answer.Records[0].NumRows())
	}
	_, err = decodeAll(t, strings.NewReader(body(hunting.Graph, "A String, B Int64", long+"1}", long+"x}")), hunting.DecodeOptions{Dialect: hunting.Graph})
	if e := decodeError(t, err); e.Row != 1 || e.Column != "B" {
		t.Errorf("error %v, want it in row 1, column B", err)
	}
}

// The window grows with a single long value, and is used on behind it.
func TestDecodeLongValue(t *testing.T) {
	long := `["` + strings.Repeat("x", 1<<20) + `"]`
	text := body(hunting.Graph, "A Object, B Int64", `{"A":`+long+`,"B":1}`, `{"A":[2],"B":2}`)
	answer, err := decodeAll(t, strings.NewReader(text), hunting.DecodeOptions{Dialect: hunting.Graph})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{fmt.Sprintf("%q", long), "1"}, {`"[2]"`, "2"}}
	if diff := cmp.Diff(want, values(t, answer)); diff != "" || answer.Bytes != int64(len(text)) {
		t.Errorf("%d bytes, %.200s", answer.Bytes, diff)
	}
}

func TestDecodeReaderWithoutProgress(t *testing.T) {
	if _, err := decodeAll(t, &pausing{strings.NewReader(""), 1 << 30}, hunting.DecodeOptions{}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("error %v, want no progress", err)
	}
}

// pieces reads at most n bytes at a time.
type pieces struct {
	r io.Reader
	n int
}

func (p *pieces) Read(b []byte) (int, error) { return p.r.Read(b[:min(p.n, len(b))]) }

// pausing returns nothing several times before each byte.
type pausing struct {
	r    io.Reader
	wait int
}

func (p *pausing) Read(b []byte) (int, error) {
	if p.wait > 0 {
		p.wait--
		return 0, nil
	}
	p.wait = 3
	return p.r.Read(b[:1])
}
