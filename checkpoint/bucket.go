package checkpoint

import "context"

// Bucket is the part of a store that a ledger lives on. Implementations must be safe for concurrent use by many
// processes, and retry what is worth it: the ledger does not.
type Bucket interface {
	// Create writes a new object and is durable on return. It fails with fs.ErrExist if the key is there, which may be
	// the echo of a try of its own. After any other error the outcome is unknown. In both cases the ledger reads back.
	Create(ctx context.Context, key string, content []byte) error
	// Read returns a whole object of at most limit bytes, or fs.ErrNotExist. It sees every Create that has returned.
	Read(ctx context.Context, key string, limit int64) ([]byte, error)
	// First returns the first n keys that begin with prefix, in ascending order. It sees every Create that has returned.
	First(ctx context.Context, prefix string, n int) ([]string, error)
	// Delete removes an object; that it is not there is no error. No commit is ever deleted: only what can be done
	// without, old snapshots and owner records.
	Delete(ctx context.Context, key string) error
}
