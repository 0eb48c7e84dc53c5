package checkpoint

import "huntlake/partition"

// Verify records what a comparison of source, ledger and files found.
type Verify struct {
	Floor       partition.Tick `json:"floor"`       // Timestamps above it were compared with the source
	SourceRows  int64          `json:"source_rows"` // counted by the source
	LedgerRows  int64          `json:"ledger_rows"` // in the receipts, for the same range
	FileRows    int64          `json:"file_rows"`   // read back from the files
	Files       int            `json:"files"`       // read back
	Differences []string       `json:"differences,omitempty"`
}

// RecordedVerify is a verify and when it was committed.
type RecordedVerify struct {
	Number int64          `json:"number"`
	Time   partition.Tick `json:"time"`
	Verify
}

// Kind is KindVerify.
func (*Verify) Kind() Kind { return KindVerify }

func (*Verify) check(*State, *Commit) error { return nil }

func (p *Verify) apply(s *State, c *Commit) {
	s.Verdict = &RecordedVerify{c.Number, c.Time, *p}
}
