package checkpoint_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"huntlake/checkpoint"
	"huntlake/partition"
)

// process is a claim on tenant t1 by the named process, with a clock of its own.
type process struct {
	*checkpoint.Tenancy
	hour int
}

func newProcess(b checkpoint.Bucket, name string, hour int) *process {
	p := &process{hour: hour}
	p.Tenancy = checkpoint.NewTenancy(b, "t1", checkpoint.Claimant{Nonce: name, Program: "huntlake test"}, func() time.Time { return at(p.hour).Time() })
	return p
}

// says is an account of the quota that is the same whatever was spent before.
func says(spent string) func(checkpoint.Owner) (json.RawMessage, error) {
	return func(checkpoint.Owner) (json.RawMessage, error) { return json.RawMessage(spent), nil }
}

// claim tries until the bucket lets it.
func (p *process) claim(t *testing.T, hours int, spent string) (before checkpoint.Owner, owned bool) {
	t.Helper()
	before, err := p.Claim(t.Context(), time.Duration(hours)*time.Hour, says(spent))
	if errors.Is(err, errInjected) {
		return p.claim(t, hours, spent)
	}
	var other *checkpoint.OwnedError
	if errors.As(err, &other) {
		return other.Owner, false
	}
	if err != nil {
		t.Fatal(err)
	}
	return before, true
}

func TestOwner(t *testing.T) {
	b := newBucket()
	first, second := newProcess(b, "p1", 0), newProcess(b, "p2", 0)
	if before, ok := first.claim(t, 2, `{"calls":1}`); !ok || before.Number != 0 {
		t.Fatalf("a free tenant is refused: %+v", before)
	}
	if before, ok := second.claim(t, 2, `{}`); ok || before.Number != 1 || before.Until != at(2) || !first.Mine(before) || second.Mine(before) {
		t.Errorf("a tenant that is taken is given away: %+v", before)
	}
	first.hour = 1
	if before, ok := first.claim(t, 2, `{"calls":2}`); !ok || before.Number != 1 {
		t.Errorf("renewal: %+v, %v", before, ok)
	}
	second.hour = 2
	if before, ok := second.claim(t, 2, `{}`); ok || before.Until != at(3) {
		t.Errorf("a renewed tenant is given away: %+v", before)
	}
	second.hour = 3
	if before, ok := second.claim(t, 2, `{"calls":9}`); !ok || string(before.Spent) != `{"calls":2}` {
		t.Errorf("an expired tenant is refused, or forgets what was spent: %+v, %v", before, ok)
	}
	if before, ok := first.claim(t, 2, `{}`); ok || !second.Mine(before) {
		t.Errorf("the tenant is owned twice: %+v", before)
	}
	if _, ok := second.claim(t, 0, `{"calls":9}`); !ok {
		t.Error("the owner may not give up")
	}
	first.hour = 3
	if before, ok := first.claim(t, 1, `{}`); !ok || string(before.Spent) != `{"calls":9}` {
		t.Errorf("a tenant given up is refused: %+v", before)
	}
	keys := slices.Sorted(maps.Keys(b.objects))
	want := []string{partition.OwnerKey("t1", 3), partition.OwnerKey("t1", 4), partition.OwnerKey("t1", 5)}
	if !slices.Equal(keys, want) {
		t.Errorf("records %q, want %q", keys, want)
	}
}

// A record that cannot be read counts as expired, a stranger's file as none.
func TestOwnerCorrupt(t *testing.T) {
	for _, text := range []string{"", "null", "{", `{"format":1,"number":9,"nonce":"p9","until":"2026-11-25T00:00:00Z"}`, "\x00\x00"} {
		b := newBucket()
		b.put(partition.OwnerKey("t1", 3), []byte(text))
		b.put(partition.OwnerPrefix("t1")+"readme.txt", []byte("x"))
		p := newProcess(b, "p1", 0)
		before, ok := p.claim(t, 1, `{}`)
		if _, written := b.objects[partition.OwnerKey("t1", 4)]; !ok || before.Number != 3 || !written {
			t.Errorf("after %q: %+v, %v, next record written: %v", text, before, ok, written)
		}
	}
}

// Whatever fails, one process owns the tenant in the end, and the other knows.
func TestOwnerFaults(t *testing.T) {
	for op := range 6 {
		for _, kind := range []fault{before, after, echo} {
			b := newBucket()
			first, second := newProcess(b, "p1", 0), newProcess(b, "p2", 0)
			b.fail = func(n int, _ string) fault {
				if n == op+1 {
					return kind
				}
				return none
			}
			_, owned := first.claim(t, 1, `{}`)
			if before, ok := second.claim(t, 1, `{}`); !owned || ok || !first.Mine(before) {
				t.Errorf("operation %d, fault %d: the tenant is owned twice: %+v", op, kind, before)
			}
		}
	}
}

// Who finds its number taken between looking and writing looks again.
func TestOwnerOvertaken(t *testing.T) {
	b := newBucket()
	slow, fast := newProcess(b, "p1", 0), newProcess(b, "p2", 0)
	b.hook = func(verb, _ string) {
		if verb == "create" {
			b.hook = nil
			fast.claim(t, 1, `{}`)
		}
	}
	if before, ok := slow.claim(t, 1, `{}`); ok || !fast.Mine(before) {
		t.Errorf("the tenant is owned twice: %+v", before)
	}
}

func TestOwnerRace(t *testing.T) {
	b := newBucket()
	var group sync.WaitGroup
	var mu sync.Mutex
	owners := 0
	for _, name := range []string{"p1", "p2", "p3", "p4", "p5", "p6"} {
		p := newProcess(b, name, 0)
		group.Go(func() {
			if _, ok := p.claim(t, 1, `{}`); ok {
				mu.Lock()
				defer mu.Unlock()
				owners++
			}
		})
	}
	group.Wait()
	if owners != 1 {
		t.Errorf("%d processes own the tenant", owners)
	}
}

// A record is never without what the one before it said of the quota: who is killed right after its first claim has
// forgotten nothing, and who keeps no account passes it on.
func TestOwnerAccounts(t *testing.T) {
	b := newBucket()
	first, second, third := newProcess(b, "p1", 0), newProcess(b, "p2", 1), newProcess(b, "p3", 2)
	first.claim(t, 1, `["p1"]`)
	_, err := second.Claim(t.Context(), time.Hour, func(before checkpoint.Owner) (json.RawMessage, error) {
		return json.RawMessage(`["p2",` + string(before.Spent) + `]`), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if before, err := third.Claim(t.Context(), time.Hour, nil); err != nil || string(before.Spent) != `["p2",["p1"]]` {
		t.Errorf("after the second: %s, %v", before.Spent, err)
	}
	if o, _, err := third.Latest(t.Context()); err != nil || string(o.Spent) != `["p2",["p1"]]` || !third.Mine(o) {
		t.Errorf("after the third: %s, %v", o.Spent, err)
	}
	broken := errors.New("no account")
	_, err = third.Claim(t.Context(), time.Hour, func(checkpoint.Owner) (json.RawMessage, error) { return nil, broken })
	if o, _, _ := third.Latest(t.Context()); !errors.Is(err, broken) || o.Number != 3 {
		t.Errorf("without an account: %v, record %d", err, o.Number)
	}
}

// A tenant that was given up is free, whatever the clock of the one who gave it up.
func TestGivenUpByClockAhead(t *testing.T) {
	b := newBucket()
	ahead := checkpoint.NewTenancy(b, "t1", checkpoint.Claimant{Nonce: "p1", Process: "podA/1"}, func() time.Time {
		return at(1).Time().AddDate(0, 0, 40)
	})
	for _, life := range []time.Duration{2 * time.Minute, 0} {
		if _, err := ahead.Claim(t.Context(), life, nil); err != nil {
			t.Fatal(err)
		}
	}
	next := checkpoint.NewTenancy(b, "t1", checkpoint.Claimant{Nonce: "p2", Process: "podB/1", Gone: func(string) bool { return false }}, func() time.Time {
		return at(1).Time()
	})
	if _, err := next.Claim(t.Context(), 2*time.Minute, nil); err != nil {
		t.Errorf("given up, and yet: %v", err)
	}
}

// A claim of a process whose clock ran months ahead, and which was killed, is not waited for.
func TestOwnerOfTheFuture(t *testing.T) {
	b := newBucket()
	killed, next := newProcess(b, "p1", 90*24), newProcess(b, "p2", 24)
	if _, ok := killed.claim(t, 2, "{}"); !ok {
		t.Fatal("a free tenant is refused")
	}
	if before, ok := next.claim(t, 2, "{}"); !ok {
		t.Errorf("the tenant is taken until %v", before.Until)
	}
}
