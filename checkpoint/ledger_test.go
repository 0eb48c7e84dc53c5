package checkpoint_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"huntlake/checkpoint"
	"huntlake/partition"
)

func TestLedger(t *testing.T) {
	b := newBucket()
	l := open(t, b)
	if l.Key() != ours {
		t.Errorf("Key = %v", l.Key())
	}
	for i, name := range []string{"a", "b", "c"} {
		sent, rows := note(name), int64(i)
		sent.Rows = &rows
		c, err := l.Append(t.Context(), func(s *checkpoint.State, number int64) (checkpoint.Body, error) {
			if s.Number != int64(i) || number != s.Number+1 {
				t.Errorf("build sees state %d and number %d", s.Number, number)
			}
			return sent, nil
		})
		if err != nil || c.Number != int64(i+1) || c.Program != "huntlake test" || c.Time != at(6) || c.Body != checkpoint.Body(sent) {
			t.Fatalf("Append = %+v, %v", c, err)
		}
		sent.Why, rows = "changed by the caller later", 99 // the state shares nothing with it
	}
	if got := names(l); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("the ledger holds %q", got)
	}
	if again := open(t, b); encodedState(t, again) != encodedState(t, l) {
		t.Error("a second reader sees another state")
	}
}

func TestAppendStops(t *testing.T) {
	b := newBucket()
	l := open(t, b)
	enough := errors.New("enough")
	if _, err := l.Append(t.Context(), func(*checkpoint.State, int64) (checkpoint.Body, error) { return nil, enough }); err != enough {
		t.Errorf("an error of build is returned as %v", err)
	}
	if _, err := l.Append(t.Context(), body(stage())); !errors.Is(err, checkpoint.ErrRejected) {
		t.Errorf("an invalid body gives %v", err)
	}
	// A body whose text nobody could read would stop every process at that number.
	unreadable := note("x")
	unreadable.Below = partition.MaxTick + 1
	if _, err := l.Append(t.Context(), body(unreadable)); err == nil || !strings.Contains(err.Error(), "parse instant") {
		t.Errorf("a body that does not read back gives %v", err)
	}
	opts := options()
	opts.Nonce = func() string { return "" }
	anonymous, err := checkpoint.Open(t.Context(), b, opts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := anonymous.Append(t.Context(), body(note("x"))); err == nil {
		t.Error("a commit without a nonce is written")
	}
	if len(b.objects) != 0 {
		t.Errorf("%d objects were written", len(b.objects))
	}
}

// A writer that loses a race folds everything there is, and builds anew.
func TestLostRace(t *testing.T) {
	b := newBucket()
	asleep, other := open(t, b), open(t, b)
	for _, name := range []string{"a", "b", "c"} {
		if _, err := other.Append(t.Context(), body(note(name))); err != nil {
			t.Fatal(err)
		}
	}
	var seen []int64
	c, err := asleep.Append(t.Context(), func(s *checkpoint.State, number int64) (checkpoint.Body, error) {
		seen = append(seen, s.Number)
		return note(fmt.Sprintf("d%d", number)), nil
	})
	if err != nil || c.Number != 4 || !slices.Equal(seen, []int64{0, 3}) {
		t.Errorf("Append = %+v, %v after builds on %v", c, err, seen)
	}
	if err := other.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := names(other), []string{"a", "b", "c", "d4"}; !slices.Equal(got, want) {
		t.Errorf("the ledger holds %q, want %q", got, want)
	}
}

// A plan that was overtaken is not written: what it builds on the newer state is refused.
func TestOvertaken(t *testing.T) {
	b := newBucket()
	asleep, other := open(t, b), open(t, b)
	if _, err := other.Append(t.Context(), body(plan(partition.Stamped, 0, 1, 10))); err != nil {
		t.Fatal(err)
	}
	if _, err := asleep.Append(t.Context(), body(plan(partition.Stamped, 0, 1, 10))); !errors.Is(err, checkpoint.ErrRejected) {
		t.Errorf("the second plan of a range gives %v", err)
	}
	if len(b.objects) != 1 {
		t.Errorf("%d objects were written, want 1", len(b.objects))
	}
}

// The refusal of a write may be the echo of that very write.
func TestEcho(t *testing.T) {
	for name, f := range map[string]fault{"echo": echo, "no answer": after} {
		b, cut := newBucket(), false
		l := open(t, b)
		b.fail = func(_ int, verb string) fault {
			if verb == "create" && !cut {
				cut = true
				return f
			}
			return none
		}
		builds := 0
		c, err := l.Append(t.Context(), func(*checkpoint.State, int64) (checkpoint.Body, error) {
			builds++
			return note("a"), nil
		})
		if err != nil || c.Number != 1 || builds != 1 || !slices.Equal(names(l), []string{"a"}) {
			t.Errorf("%s: Append = %+v, %v after %d builds; the ledger holds %q", name, c, err, builds, names(l))
		}
	}
}

// A write of which nothing is known may have happened: the next commit finds out, and neither is lost or done twice.
func TestUnknownOutcome(t *testing.T) {
	b := newBucket()
	l := open(t, b)
	b.fail = func(_ int, verb string) fault { return map[string]fault{"create": after, "read": before}[verb] }
	if _, err := l.Append(t.Context(), body(note("a"))); !errors.Is(err, errInjected) {
		t.Fatalf("Append = %v", err)
	}
	if len(names(l)) != 0 {
		t.Errorf("the state holds %q before the outcome is known", names(l))
	}
	b.fail = func(int, string) fault { return none }
	if c, err := l.Append(t.Context(), body(note("b"))); err != nil || c.Number != 2 {
		t.Errorf("Append = %+v, %v", c, err)
	}
	if got := names(l); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("the ledger holds %q", got)
	}
}

// An inert record takes its number and nothing else, also from a ledger.
func TestInertRecord(t *testing.T) {
	b := newBucket()
	zombie := &checkpoint.Commit{Number: 1, Nonce: "zombie", Time: at(1), Program: "p", Body: stage(receipt(reading(stamped(0), 1), 10))}
	b.put(ours.LogKey(1), encoded(t, zombie))
	l := open(t, b)
	if c, err := l.Append(t.Context(), body(note("a"))); err != nil || c.Number != 2 {
		t.Errorf("Append = %+v, %v", c, err)
	}
	l.View(func(s *checkpoint.State) {
		if s.Totals.Rejected != 1 || s.Totals.Calls != 0 {
			t.Errorf("totals %+v", s.Totals)
		}
	})
}

// A record that is not understood whole stops the reader, who is told where and, if it helps, what to do.
func TestRefusedRecords(t *testing.T) {
	good := string(encoded(t, commit(checkpoint.NewState(ours), &checkpoint.Verify{Floor: floor})))
	swap := func(old, now string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%s has no %s", good, old)
		}
		return strings.Replace(good, old, now, 1)
	}
	for name, c := range map[string]struct{ text, want string }{
		"a newer format":        {`{"format":2,"number":1,"seal":"x","kind":"merge","body":[]}`, "format 2 is newer than this program's 1: upgrade huntlake"},
		"no format":             {swap(`"format":1,`, ``), "format 0"},
		"another number":        {swap(`"number":1`, `"number":2`), "it holds commit 2"},
		"no number":             {swap(`"number":1,`, ``), "it has no number, no nonce or no body"},
		"no nonce":              {swap(`"n1"`, `""`), "it has no number, no nonce or no body"},
		"an unknown kind":       {swap(`"verify"`, `"merge"`), `unknown kind "merge"`},
		"an unknown field":      {swap(`"nonce"`, `"seal":1,"nonce"`), `unknown field "seal"`},
		"an unknown body field": {swap(`"files"`, `"filez"`), `unknown field "filez"`},
		"no body":               {`{"format":1,"number":1,"nonce":"n","kind":"verify"}`, "it has no number, no nonce or no body"},
		"a body of null":        {`{"format":1,"number":1,"nonce":"n","kind":"verify","body":null}`, "it has no number, no nonce or no body"},
		"a body of numbers":     {`{"format":1,"number":1,"nonce":"n","kind":"verify","body":[1]}`, "it has no number, no nonce or no body"},
		"an instant that is no": {swap(`2026-10-23T`, `2026-10-33T`), "parse instant"},
		"a second object":       {good + good, "after top-level value"},
		"a brace too many":      {good + "}", "after top-level value"},
		"half of it":            {good[:len(good)/2], "unexpected end of JSON input"},
		"nothing":               {"", "unexpected end of JSON input"},
		"zeros":                 {strings.Repeat("\x00", len(good)), `invalid character '\x00'`},
		"zeros at the end":      {good + "\x00", `invalid character '\x00'`},
		"null":                  {"null", "format 0"},
	} {
		b := newBucket()
		b.put(ours.LogKey(1), []byte(c.text))
		_, err := checkpoint.Open(t.Context(), b, options())
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), ours.LogKey(1)) {
			t.Errorf("%s: Open = %v\nwant %s", name, err, c.want)
		}
	}
}

func TestReadFaults(t *testing.T) {
	b := newBucket()
	l := open(t, b)
	b.fail = func(_ int, verb string) fault { return map[string]fault{"first": before}[verb] }
	if _, err := checkpoint.Open(t.Context(), b, options()); !errors.Is(err, errInjected) {
		t.Errorf("Open without a listing = %v", err)
	}
	b.fail = func(int, string) fault { return before }
	if err := l.Refresh(t.Context()); !errors.Is(err, errInjected) {
		t.Errorf("Refresh = %v", err)
	}
	if _, err := l.Append(t.Context(), body(note("a"))); !errors.Is(err, errInjected) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Append = %v", err)
	}
}
