package pipeline

import (
	"context"
	"fmt"
	"path"

	"huntlake/checkpoint"
)

// refuseOrphans is the error of a table of which files are there and no ledger: a lake that was copied or restored without
// it. A run would export all of their rows again, beside them.
func (e *Exporter) refuseOrphans(ctx context.Context, ledger *checkpoint.Ledger) error {
	begun := false
	ledger.View(func(s *checkpoint.State) { begun = s.Number > 0 })
	if begun {
		return nil
	}
	l := ledger.Key()
	files, err := e.opts.Bucket.First(ctx, l.FilesPrefix(), mostBeside)
	if err != nil {
		return fmt.Errorf("list files of %v: %w", l.Table, err)
	}
	for _, key := range files {
		if path.Ext(key) == ".parquet" {
			return fmt.Errorf("%s lies in the lake, and nothing in %s says how it came there: bring that back with it, or move the table's files away, since their rows would be exported again", key, l.Prefix())
		}
	}
	return nil
}
