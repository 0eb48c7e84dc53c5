package files

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// Options says what is made of the rows of files.
type Options struct {
	// NoNullStrings makes a null in a string column "", as the service itself would. Usually it stays null, so
	// that an exporter can be shown to keep the two apart.
	NoNullStrings bool

	// ShiftTo moves a table's time column and its ingestion times, all by the same amount, so that the newest of
	// them falls just before this instant. The zero time leaves them.
	ShiftTo time.Time
	// ShiftAll moves all other datetime columns with them.
	ShiftAll bool

	// MedianLag is the median of the made-up time from event to arrival where the file does not have it, with a tail
	// of hours for a row in a hundred; 0 means 100 seconds. Negative leaves such rows without ingestion time, there
	// from the instant of their event.
	MedianLag time.Duration
}

// Load reads every .json, .jsonl, .ndjson and .csv file of a folder, with or without .gz. The table is named by the
// file's name up to its first dot or, for records of the streaming export, by the record. Errors name the file and the
// line.
func Load(dir string, opts Options) ([]*Table, error) {
	if opts.MedianLag == 0 {
		opts.MedianLag = 100 * time.Second
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("load tables: %w", err)
	}
	drafts := map[string]*draft{}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		if err := loadFile(filepath.Join(dir, e.Name()), drafts); err != nil {
			return nil, fmt.Errorf("load table %s: %w", e.Name(), err)
		}
	}
	tables := make([]*Table, 0, len(drafts))
	for _, d := range drafts {
		t, err := d.table(opts)
		if err != nil {
			return nil, fmt.Errorf("load table %s: %w", d.name, err)
		}
		tables = append(tables, t)
	}
	sort.Slice(tables, func(i, j int) bool { return tables[i].name < tables[j].name })
	return tables, nil
}

// loadFile adds a file's rows to the drafts; a file of another kind has none.
func loadFile(path string, drafts map[string]*draft) error {
	base := filepath.Base(path)
	name, _, _ := strings.Cut(base, ".")
	plain, zipped := strings.CutSuffix(base, ".gz")
	read := readJSON
	switch filepath.Ext(plain) {
	case ".json", ".jsonl", ".ndjson":
	case ".csv":
		read = readCSV
	default:
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var r io.Reader = f
	if zipped {
		z, err := gzip.NewReader(f)
		if err != nil {
			return err
		}
		defer z.Close()
		r = z
	}
	return read(withoutMark(r), name, drafts)
}

// withoutMark skips the byte order mark that Windows programs write first.
func withoutMark(r io.Reader) io.Reader {
	b := bufio.NewReaderSize(r, 64<<10)
	if mark, err := b.Peek(3); err == nil && string(mark) == "\ufeff" {
		b.Discard(3)
	}
	return b
}
