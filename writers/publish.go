package writers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"golang.org/x/sync/errgroup"

	"huntlake/schema"
	"huntlake/writers/parquet"
)

// Output is the file that a publish makes.
type Output struct {
	Key        string
	Schema     *arrow.Schema     // of the lake, now; inputs may have been staged under an older one
	TimeColumn string            // what the inputs are sorted by; empty for a snapshot, whose inputs are concatenated
	Metadata   map[string]string // put into the file
	Program    string            // the program and its version, as in huntlake/1.2.3
	Allocator  memory.Allocator  // memory.DefaultAllocator by default
}

// Publish merges sections, by event time and for equal times in the order of in, into one Parquet file, and returns it
// as read back from the bucket. What the file holds is proved to be what the inputs' receipts say: as many rows, with
// the same digest. A file that is there already is accepted on the same proof, whoever wrote it, and refused otherwise.
//
// The file is built in a pipe to its upload, so that neither a second copy nor the disk is needed: in memory are one
// record of each input (of a snapshot's inputs, which are concatenated, one at a time), one row group, compressed, with
// its dictionaries, and the buffers of the store's client. If anything fails, the upload's source fails, and nothing becomes visible.
func (b *Bucket) Publish(ctx context.Context, in []Input, out Output) (File, error) {
	if out.Allocator == nil {
		out.Allocator = memory.DefaultAllocator
	}
	if len(in) == 0 {
		return File{}, fmt.Errorf("publish %s: no inputs", b.at(out.Key))
	}
	// A crash anywhere in here leaves nothing, or the whole file: whoever finds the publish begun runs it again.
	_, err := b.size(ctx, out.Key)
	if errors.Is(err, fs.ErrNotExist) {
		err = b.upload(ctx, in, out)
	}
	f, unproved := b.prove(ctx, in, out)
	if unproved != nil && err != nil && !errors.Is(err, fs.ErrExist) {
		return File{}, err // why there is no file, or why nobody knows whose it is
	}
	return f, unproved
}

// prove reads the output and holds it against the inputs' receipts.
func (b *Bucket) prove(ctx context.Context, in []Input, out Output) (File, error) {
	f, err := b.inspect(ctx, out.Allocator, out.Key, out.TimeColumn)
	if err != nil {
		return File{}, err
	}
	var rows int64
	var digest schema.Digest
	for _, i := range in {
		rows, digest = rows+i.Rows, digest.Add(i.Digest)
	}
	if f.Rows != rows || f.Digest != digest {
		return File{}, fmt.Errorf("publish %s: the file there holds %d rows of digest %v, its inputs %d of %v; find out who wrote it before moving it away",
			b.at(out.Key), f.Rows, f.Digest, rows, digest)
	}
	return f, nil
}

// upload merges into a pipe that is uploaded at the same time.
func (b *Bucket) upload(ctx context.Context, in []Input, out Output) error {
	r, w := io.Pipe()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		err := b.encode(ctx, in, out, w)
		return errors.Join(err, w.CloseWithError(err))
	})
	g.Go(func() error {
		err := b.Upload(ctx, out.Key, r)
		// Nobody reads any further: where the upload has failed, the merge fails as well, for the same reason.
		return errors.Join(err, r.CloseWithError(err))
	})
	return g.Wait()
}

// encode writes the file to w.
func (b *Bucket) encode(ctx context.Context, in []Input, out Output, w io.Writer) error {
	opts := parquet.Options{LookUp: lookUpColumns(), Metadata: out.Metadata, CreatedBy: createdBy(out.Program)}
	if out.TimeColumn != "" {
		opts.SortedBy = []string{out.TimeColumn, out.TimeColumn + schema.CompanionSuffix}
	}
	file, err := parquet.NewWriter(w, out.Schema, opts)
	if err != nil {
		return fmt.Errorf("publish %s: %w", b.at(out.Key), err)
	}
	m, err := newMerger(out, file)
	if err != nil {
		return fmt.Errorf("publish %s: %w", b.at(out.Key), err)
	}
	defer m.close()
	if err := m.merge(ctx, b, in); err != nil {
		return fmt.Errorf("publish %s: %w", b.at(out.Key), err)
	}
	return file.Commit()
}

// createdBy puts a program's name and version into the form that readers of Parquet look for.
func createdBy(program string) string {
	name, version, _ := strings.Cut(program, "/")
	return fmt.Sprintf("%s version %s (build huntlake)", name, version)
}

// lookUpColumns are what analysts look single values up in, rather than ranges: they get Bloom filters.
func lookUpColumns() []string {
	return []string{
		"AccountObjectId", "AccountSid", "AccountUpn", "AlertId", "CorrelationId", "DeviceId", "DeviceName", "FileName",
		"InitiatingProcessMD5", "InitiatingProcessSHA1", "InitiatingProcessSHA256", "IPAddress", "LocalIP", "MD5",
		"NetworkMessageId", "RecipientEmailAddress", "RecipientObjectId", "RemoteIP", "RemoteUrl", "SenderFromAddress", "SHA1",
		"SHA256", "Url",
	}
}
