package checkpoint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"huntlake/partition"
)

// Owner says who works on a tenant, until when, and what of its quota was spent. It saves quota and nothing else: two
// processes that both think they own a tenant make calls twice, and commit once.
type Owner struct {
	Format  int             `json:"format"`
	Number  int64           `json:"number"`
	Nonce   string          `json:"nonce"` // of the process
	Program string          `json:"program"`
	Process string          `json:"process,omitempty"` // names the process on its machine; only that machine can use it
	Time    partition.Tick  `json:"time"`
	Until   partition.Tick  `json:"until"` // not after Time: the tenant is free
	Spent   json.RawMessage `json:"spent,omitempty"`
}

// OwnedError says that another process works on the tenant.
type OwnedError struct{ Owner Owner }

// Error names the owner and the time.
func (e *OwnedError) Error() string {
	return fmt.Sprintf("another process (%s, %s) works on this tenant, which is its own until %v or longer", e.Owner.Program, e.Owner.Nonce, e.Owner.Until)
}

// Claimant is a process that claims tenants.
type Claimant struct {
	Nonce   string // unique among all processes, ever
	Program string // name and version, for the record
	Process string // names the process on its machine; "" where nobody could tell whether it has ended
	// Gone reports whether the process of a record has ended for certain, so that its claim need not be waited for. It
	// answers false wherever it cannot know; nil stands for never knowing.
	Gone func(process string) bool
}

// Tenancy is one process's claim on one tenant. It is not safe for concurrent use.
type Tenancy struct {
	bucket Bucket
	tenant string
	who    Claimant
	now    func() time.Time
}

// NewTenancy returns a claim that has not been made yet.
func NewTenancy(b Bucket, tenant string, who Claimant, now func() time.Time) *Tenancy {
	return &Tenancy{bucket: b, tenant: tenant, who: who, now: now}
}

const (
	maxOwnerRecord = 1 << 20
	maxOwners      = 1 << 16 // records listed: renewals delete all but the newest few
	keepOwners     = 2

	clockError = partition.Day // how far ahead the clock of an owner is believed to be
)

// Latest returns the newest record, or a zero one where there is none. One that cannot be read counts as expired.
func (y *Tenancy) Latest(ctx context.Context) (Owner, []string, error) {
	keys, err := y.bucket.First(ctx, partition.OwnerPrefix(y.tenant), maxOwners)
	if err != nil {
		return Owner{}, nil, fmt.Errorf("list owners of %s: %w", y.tenant, err)
	}
	for i := len(keys) - 1; i >= 0; i-- {
		number, err := ownerNumber(keys[i])
		if err != nil {
			continue
		}
		text, err := y.bucket.Read(ctx, keys[i], maxOwnerRecord)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Owner{}, nil, fmt.Errorf("read owner of %s: %w", y.tenant, err)
		}
		var o Owner
		if json.Unmarshal(text, &o) != nil || o.Number != number {
			o = Owner{Number: number}
		}
		return o, keys[:i+1], nil
	}
	return Owner{}, nil, nil
}

// Mine reports whether this process wrote a record.
func (y *Tenancy) Mine(o Owner) bool { return o.Nonce == y.who.Nonce }

// taken reports whether another process owns the tenant at an instant. One that was killed does not: its claim runs on,
// but it makes no more calls.
func (y *Tenancy) taken(o Owner, at partition.Tick) bool {
	if y.Mine(o) || o.Until <= o.Time || o.Until <= at || o.Time > at+clockError {
		return false // given up, whatever clock that was done by, or over, or by a clock that nobody may wait for
	}
	return o.Process == "" || y.who.Gone == nil || !y.who.Gone(o.Process)
}

func ownerNumber(key string) (int64, error) {
	return strconv.ParseInt(strings.TrimSuffix(path.Base(key), ".json"), 10, 64)
}

// Claim makes this process the tenant's owner for the given time, or renews that, and returns the record before its
// own. A life of zero gives the tenant up. While another process owns the tenant, and has not certainly ended, the
// error is an *OwnedError.
//
// What the new record says of the quota comes from spent, which is called with the record before, perhaps more than
// once: what that one says is counted first if it is another process's, so that no record forgets what the one before
// it knew, whenever who writes it is killed. A nil spent leaves what is known as it is.
func (y *Tenancy) Claim(ctx context.Context, life time.Duration, spent func(before Owner) (json.RawMessage, error)) (Owner, error) {
	const races = 8
	for range races {
		before, keys, err := y.Latest(ctx)
		if err != nil {
			return Owner{}, err
		}
		now := partition.TickOf(y.now())
		if y.taken(before, now) {
			return before, &OwnedError{before}
		}
		known := before.Spent
		if spent != nil {
			if known, err = spent(before); err != nil {
				return Owner{}, err
			}
		}
		mine := Owner{
			Format: Format, Number: before.Number + 1, Nonce: y.who.Nonce, Program: y.who.Program, Process: y.who.Process,
			Time: now, Until: now.Add(life), Spent: known,
		}
		won, err := y.create(ctx, mine)
		if err != nil {
			return Owner{}, err
		}
		if won {
			y.prune(ctx, keys)
			return before, nil
		}
	}
	return Owner{}, fmt.Errorf("claim tenant %s: lost %d races", y.tenant, races)
}

// create writes a record and, if that was refused or may have failed, reads back whose it is.
func (y *Tenancy) create(ctx context.Context, o Owner) (bool, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return false, fmt.Errorf("encode owner of %s: %w", y.tenant, err)
	}
	key := partition.OwnerKey(y.tenant, o.Number)
	wrote := y.bucket.Create(ctx, key, append(text, '\n'))
	if wrote == nil {
		return true, nil
	}
	there, err := y.bucket.Read(ctx, key, maxOwnerRecord)
	if err != nil {
		return false, fmt.Errorf("claim tenant %s: %w", y.tenant, errors.Join(wrote, err))
	}
	var winner Owner
	return json.Unmarshal(there, &winner) == nil && winner.Nonce == o.Nonce, nil
}

// prune deletes old records. A number may be used again by a process that slept through it all and finds it free; it
// then owns nothing, since the newest record decides.
func (y *Tenancy) prune(ctx context.Context, keys []string) {
	for _, key := range keys[:max(0, len(keys)-keepOwners)] {
		_ = y.bucket.Delete(ctx, key) // the next renewal tries again
	}
}
