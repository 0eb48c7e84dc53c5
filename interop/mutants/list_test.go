package mutants

// all are the mutants, in the order of a row's way.
var all = []mutant{
	{
		name: "the floor is left out",
		rule: "what a slice contains does not change while it waits",
		file: "pipeline/hunting/vocabulary.go",
		old:  `	filter := fmt.Sprintf("%s >= %s and %s < %s and %s >= %s",`,
		new:  `	filter := fmt.Sprintf("%s >= %s and %s < %s and %s >= %[2]s",`,
		test: "pipeline/hunting TestVocabulary",
	},
	{
		name: "ranges are closed",
		rule: "slices that touch share no row",
		file: "pipeline/hunting/vocabulary.go",
		old:  `	filter := fmt.Sprintf("%s >= %s and %s < %s and`,
		new:  `	filter := fmt.Sprintf("%s >= %s and %s <= %s and`,
		test: "pipeline/hunting TestVocabulary",
	},
	{
		name: "a literal has six digits",
		rule: "an instant keeps its seventh digit",
		file: "partition/tick.go",
		old:  `"2006-01-02T15:04:05.0000000Z"`,
		new:  `"2006-01-02T15:04:05.000000Z"`,
		test: "partition TestTickText",
	},
	{
		name: "the seventh digit of a value is dropped",
		rule: "values arrive as they were sent",
		file: "schema/datetime.go",
		old:  `ticks/10, int32(ticks % 10), nil`,
		new:  `ticks/10, 0, nil`,
		test: "schema TestParseDateTime",
	},
	{
		name: "a cell is taken for the one above by all of its bytes but the last",
		rule: "values arrive as they were sent",
		file: "pipeline/hunting/decode_above.go",
		old:  `a.cells[alike].end <= differs;`,
		new:  `a.cells[alike].end <= differs+1;`,
		test: "pipeline/hunting TestDecodeLikeTheRowAbove",
	},
	{
		name: "a key is not known to be there where its cell is like the one above",
		rule: "a key that a row has twice is refused",
		file: "pipeline/hunting/decode_rows.go",
		old:  `d.columns[cell.column].repeatTo(d.rows + 1)`,
		new:  `d.columns[cell.column].repeatTo(d.rows)`,
		test: "pipeline/hunting TestDecodeFaultBelowALikeRow",
	},
	{
		name: "a refusal for good is repeated",
		rule: "only what may pass is asked again",
		file: "pipeline/hunting/client_retry.go",
		old: `		if err != nil && !isPassing(ctx, err) {
			return result, backoff.Permanent(err)`,
		new: `		if err != nil && ctx.Err() != nil {
			return result, backoff.Permanent(err)`,
		test: "pipeline/hunting TestRunRepeats",
	},
	{
		name: "redirects are followed",
		rule: "the token goes to one host",
		file: "pipeline/hunting/client_call.go",
		old:  `c.opts.Transport.RoundTrip(req)`,
		new:  `(&http.Client{Transport: c.opts.Transport}).Do(req)`,
		test: "pipeline/hunting TestOwnTransport",
	},
	{
		name: "a discovery document may name any host",
		rule: "secrets go to the cloud's authority",
		file: "pipeline/hunting/credential_exchange.go",
		old:  `raw.Method == http.MethodPost && !w.trusts(host)`,
		new:  `raw.Method == "" && !w.trusts(host)`,
		test: "pipeline/hunting TestSignInKeepsSecretsAtHome",
	},
	{
		name: "a token of another tenant will do",
		rule: "rows are filed under the tenant they are of",
		file: "pipeline/hunting/credential_signin.go",
		old:  `other != "" && !strings.EqualFold(other, s.opts.Tenant)`,
		new:  `other != "" && other == s.opts.ClientID`,
		test: "pipeline/hunting TestSignInToAnotherTenant",
	},
	{
		name: "what earlier runs spent is forgotten",
		rule: "a run that follows another makes no burst",
		file: "pipeline/hunting/quota_spent.go",
		old:  `		q.spent = append(q.spent, s)`,
		new:  `		_ = s`,
		test: "pipeline/hunting TestQuotaSpentAndRestore",
	},
	{
		name: "an answer is believed because it came",
		rule: "an answer holds as many rows as were counted",
		file: "pipeline/read.go",
		old: `	case r.Received == last:
		return true, nil`,
		new: `	case r.Received <= last:
		return true, nil`,
		test: "pipeline TestCutAnswers",
	},
	{
		name: "a receipt is believed because it is there",
		rule: "Fold takes no reading that is short of its count",
		file: "checkpoint/stage.go",
		old:  `	case !r.Moved && r.Received != r.Counted[n-1]:`,
		new:  `	case !r.Moved && r.Received > r.Counted[n-1]:`,
		test: "checkpoint TestFoldStage",
	},
	{
		name: "an answer at the cap is taken",
		rule: "an answer that reaches the row cap proves nothing",
		file: "checkpoint/stage.go",
		old:  `r.Received >= RowCap:`,
		new:  `r.Received > RowCap:`,
		test: "checkpoint TestFoldStage",
	},
	{
		name: "a reading of another generation is taken",
		rule: "a repair stages what the newest generation lacks, once",
		file: "checkpoint/stage.go",
		old:  `!leaf.Open || leaf.Generation != r.Reading.Generation {`,
		new:  `!leaf.Open {`,
		test: "checkpoint TestFoldStage",
	},
	{
		name: "a generation is used again",
		rule: "each reading again is the generation after the newest",
		file: "checkpoint/plan.go",
		old:  `p.Generation != s.newestGeneration()+1 {`,
		new:  `p.Generation > s.newestGeneration()+1 {`,
		test: "checkpoint TestFoldPlanAgain",
	},
	{
		name: "a plan begins where it likes",
		rule: "plans tile a stream, without a hole and without a row twice",
		file: "checkpoint/plan.go",
		old:  `	if known && p.Start != r.End {`,
		new:  `	if known && p.Start > r.End {`,
		test: "checkpoint TestFoldPlan",
	},
	{
		name: "the stage is committed before its object is there",
		rule: "what a commit names was durable before it",
		file: "pipeline/stage.go",
		old: `		if err := t.upload(ctx, &r, a, table); err != nil {
			return err
		}
`,
		new: `		if err := t.upload(ctx, &r, a, table); err != nil {
			return err
		}
		if b := t.opts().Bucket; r.Object != "" {
			object, _ := b.Read(ctx, r.Object, 1<<30)
			_ = b.Delete(ctx, r.Object)
			defer func() { _ = b.Create(ctx, r.Object, object) }()
		}
`,
		test: "pipeline TestCrash",
	},
	{
		name: "a number is used again",
		rule: "of two commits of one number, one is made",
		file: "checkpoint/ledger.go",
		old:  `	return there.Nonce == c.Nonce, l.fold(there)`,
		new:  `	return there.Nonce != "", l.fold(c)`,
		test: "checkpoint TestLostRace",
	},
	{
		name: "a create overwrites",
		rule: "an object never changes once it is there",
		file: "writers/bucket.go",
		old:  `IfNotExist: true}`,
		new:  `IfNotExist: b.place == ""}`,
		test: "writers TestMemory",
	},
	{
		name: "a folder renames over what is there",
		rule: "of several creators of an object in a folder, one succeeds",
		file: "writers/folder/folder.go",
		old:  `link: os.Link,`,
		new:  `link: os.Rename,`,
		test: "writers/folder TestOneOfManyProcessesWins",
	},
	{
		name: "a refusal is taken for a loss",
		rule: "after a refusal a commit is read back: it may be the echo of one's own write",
		file: "checkpoint/ledger.go",
		old:  `	return there.Nonce == c.Nonce, l.fold(there)`,
		new:  `	return there.Nonce == "", l.fold(there)`,
		test: "checkpoint TestEcho",
	},
	{
		name: "a claim that was refused is taken for one's own",
		rule: "of two that claim a tenant at once, one has it",
		file: "checkpoint/owner.go",
		old:  `	return json.Unmarshal(there, &winner) == nil && winner.Nonce == o.Nonce, nil`,
		new:  `	return json.Unmarshal(there, &winner) == nil && winner.Nonce != "", nil`,
		test: "checkpoint TestOwnerOvertaken",
	},
	{
		name: "a published file is not read back",
		rule: "after an error of the store a file is read back and proved",
		file: "writers/publish.go",
		old: `		err = b.upload(ctx, in, out)
	}
`,
		new: `		if err = b.upload(ctx, in, out); err != nil {
			return File{}, err
		}
	}
`,
		test: "writers TestLostAnswers",
	},
	{
		name: "a file is known by its bytes",
		rule: "a file of another version of the program is accepted by rows and digest",
		file: "writers/publish.go",
		old: `	f, unproved := b.prove(ctx, in, out)
`,
		new: `	f, unproved := b.prove(ctx, in, out)
	if there, _ := b.Read(ctx, out.Key, 1<<30); err == nil {
		var own strings.Builder
		if b.encode(ctx, in, out, &own) == nil && own.String() != string(there) {
			return File{}, errors.New("another file is there")
		}
	}
`,
		test: "writers TestPublishOfAnotherVersion",
	},
	{
		name: "a file is known by its rows",
		rule: "a file that is there holds the inputs' rows, by digest",
		file: "writers/publish.go",
		old:  `	if f.Rows != rows || f.Digest != digest {`,
		new:  `	if f.Rows != rows {`,
		test: "writers TestPublishOverAnotherFile",
	},
	{
		name: "Fold takes any file",
		rule: "publish-end holds the sums of its inputs",
		file: "checkpoint/publish.go",
		old:  `	if rows != p.File.Rows || digest != p.File.Digest {`,
		new:  `	if rows < p.File.Rows {`,
		test: "checkpoint TestFoldPublishEnd",
	},
	{
		name: "rows are claimed twice",
		rule: "a row goes into one file",
		file: "checkpoint/publish.go",
		old:  `		if !ok || sec.Publish != 0 {`,
		new:  `		if !ok || sec.Publish < 0 {`,
		test: "checkpoint TestFoldPublishBegin",
	},
	{
		name: "publish-end comes before the file",
		rule: "staged rows are forgotten when readers have them, not before",
		file: "pipeline/publish.go",
		old: `		_, err = t.ledger.Append(ctx, func(*checkpoint.State, int64) (checkpoint.Body, error) {
			return &checkpoint.PublishEnd{File: file}, nil`,
		new: `		b := t.opts().Bucket
		there, _ := b.Read(ctx, file.Key, 1<<30)
		_ = b.Delete(ctx, file.Key)
		defer func() { _ = b.Create(ctx, file.Key, there) }()
		_, err = t.ledger.Append(ctx, func(*checkpoint.State, int64) (checkpoint.Body, error) {
			return &checkpoint.PublishEnd{File: file}, nil`,
		test: "pipeline TestSeedsRepeat",
	},
	{
		name: "what changed in place is staged beside what it was",
		rule: "rows that changed in place are reported, and not doubled",
		file: "pipeline/subtract.go",
		old:  `		if n := read[hour]; lake > n.shown {`,
		new:  `		if n := read[hour]; lake > n.shown && n.fresh() < 0 {`,
		test: "pipeline TestChangedInPlace",
	},
	{
		name: "what the lake lacks in a column that was away is a value like any",
		rule: "a row whose columns were away when it was read is the same row when they are back",
		file: "pipeline/subtract.go",
		old: `	if h.incomplete == nil {
		return none`,
		new: `	if h.incomplete == nil || rec != nil {
		return none`,
		test: "pipeline TestColumnIsAwayAtFirst",
	},
	{
		name: "rows are told apart by the columns of the first reading alone",
		rule: "a row that another reading has staged is not another's",
		file: "pipeline/subtract.go",
		old:  `{h.inAll, h.inCompared, h.butForNulls}`,
		new:  `{h.inCompared, h.butForNulls}`,
		test: "pipeline TestTwinsInNewColumn",
	},
	{
		name: "a short answer is taken though rows may have expired since the call began",
		rule: "what expires unread is a gap",
		file: "pipeline/read.go",
		old:  `case min(last, r.Received) < counted && t.edge() > safe &&`,
		new:  `case min(last, r.Received) < counted && t.edge() < 0 &&`,
		test: "pipeline TestRowsExpireUnseen",
	},
	{
		name: "the local clock tells what has expired",
		rule: "what expires unread is a gap",
		file: "pipeline/discover.go",
		old:  `clock.service() - retention`,
		new:  `clock.tick() - retention`,
		test: "pipeline TestLocalClockLags",
	},
	{
		name: "files without a ledger are nobody's",
		rule: "rows are exported once, whatever is copied",
		file: "pipeline/orphans.go",
		old:  `if path.Ext(key) == ".parquet" {`,
		new:  `if path.Ext(key) == "" {`,
		test: "pipeline TestCopiedWithoutLedger",
	},
	{
		name: "a bucket is chosen by a column that was away",
		rule: "a row lies in the same bucket in the lake as at the source",
		file: "pipeline/bucketing.go",
		old:  `printable(steady(commonColumns(s.Schema, columns), awayOnce(s)), s.Schema)`,
		new:  `printable(commonColumns(s.Schema, columns), s.Schema)`,
		test: "pipeline TestColumnIsAwayAtFirst",
	},
	{
		name: "the lake is expected to have nothing that has expired",
		rule: "what expires at the source has not changed there",
		file: "pipeline/subtract.go",
		old:  `case stamps[i] < h.edge:`,
		new:  `case stamps[i] < h.edge && h.edge < 0:`,
		test: "pipeline TestReadAgainAfterPartHasExpired",
	},
	{
		name: "rows that the lake has are given up",
		rule: "a gap is of rows that nobody has",
		file: "pipeline/floor.go",
		old:  `lost = min(lost-expired, counted-all)`,
		new:  `lost = min(lost, counted+all-all+expired-expired)`,
		test: "pipeline TestReadAgainAfterPartHasExpired",
	},
	{
		name: "a slice is given up by the local clock",
		rule: "nothing is given up before the service has told its time",
		file: "pipeline/floor.go",
		old:  `if t.tenant.clock.isHeard() {`,
		new:  `if t != nil {`,
		test: "pipeline TestClockAheadGivesUpNothing",
	},
	{
		name: "a bucket whose key is gone is asked for again and again",
		rule: "a table goes on when a column goes",
		file: "pipeline/read.go",
		old:  `if err == nil || r.Slice.Of == 0 {`,
		new:  `if err == nil || r.Slice.Of >= 0 {`,
		test: "pipeline TestKeyIsGone",
	},
	{
		name: "a damaged staged object keeps all others back",
		rule: "what cannot be published keeps nothing else from being",
		file: "pipeline/publish.go",
		old:  `if errors.Is(err, fs.ErrNotExist) || errors.Is(err, writers.ErrDamaged) {`,
		new:  `if errors.Is(err, fs.ErrNotExist) {`,
		test: "pipeline TestStagedDamaged",
	},
	{
		name: "filters and indexes are not looked at",
		rule: "what a store has done to a file is found",
		file: "writers/parquet/file.go",
		old:  `if f.between != nil && checksum`,
		new:  `if f.between == nil && checksum`,
		test: "writers/parquet TestDamage",
	},
	{
		name: "one slice that cannot be read holds its table",
		rule: "what cannot be read keeps nothing else from being",
		file: "pipeline/read.go",
		old:  `if value || errors.Is(err, errSmallest) {`,
		new:  `if value && err == nil {`,
		test: "pipeline TestOneValueHoldsOneSlice",
	},
	{
		name: "a refused token is asked for as any other",
		rule: "a token that is refused is replaced",
		file: "pipeline/hunting/client_token.go",
		old:  `claims = newerThan(t.now())`,
		new:  `claims = newerThan(t.now())[:0]`,
		test: "pipeline/hunting TestRefusedTokenIsReplaced",
	},
	{
		name: "a staged object is known by its rows",
		rule: "verify finds what a store has done to staged rows",
		file: "writers/staged.go",
		old:  `if sum != in.Digest {`,
		new:  `if sum != in.Digest && r.rows != in.Rows {`,
		test: "writers TestProveStaged",
	},
	{
		name: "the totals of rows without ingestion time are not looked at",
		rule: "no predicate hides rows from export and verify alike",
		file: "pipeline/verify_source.go",
		old:  `(stream == partition.Stamped || day.End() <= t.plannedTo(stream))`,
		new:  `stream == partition.Stamped`,
		test: "pipeline TestVerifyHiddenRows",
	},
	{
		name: "the buckets of the lake are others than the source's",
		rule: "a second reading by buckets is compared with the same rows of the lake",
		file: "pipeline/hunting/vocabulary.go",
		old:  `Uint64(sum[:8]) >> 4 %`,
		new:  `Uint64(sum[:8]) >> 8 %`,
		test: "pipeline TestGrownInBuckets",
	},
	{
		name: "a commit that is wrong is taken for a lost race",
		rule: "nothing is asked again that cannot succeed",
		file: "pipeline/read.go",
		old:  `	if waiting {`,
		new:  `	if waiting && ctx.Err() != nil {`,
		test: "pipeline TestWrongCommitIsNotRepeated",
	},
	{
		name: "a table is probed once",
		rule: "rows of the other stream that first come later are exported, too",
		file: "pipeline/discover.go",
		old:  `partition.DateOf(last) < partition.DateOf(t.tenant.clock.tick())`,
		new:  `last < 0`,
		test: "pipeline TestOtherStreamComesLate",
	},
	{
		name: "a floor rises by the slack alone",
		rule: "where the quota is tight, a slice is read at last",
		file: "pipeline/floor.go",
		old:  `			ahead *= 2`,
		new:  `			ahead *= 1`,
		test: "pipeline TestFloorsPassWhileSlicesWait",
	},
	{
		name: "tables are read one after the other",
		rule: "what expires first is read first",
		file: "pipeline/dispatch.go",
		old:  `(best == nil || w.expires < best.expires)`,
		new:  `best == nil`,
		test: "pipeline TestWhatExpiresFirstIsReadFirst",
	},
	{
		name: "what is left is counted anew before any of it has expired",
		rule: "no row is given up that is still read in time",
		file: "pipeline/plan.go",
		old:  `l.stale(t.edge())`,
		new:  `l.stale(t.freshFloor())`,
		test: "pipeline TestRowsExpireDuringRun",
	},
	{
		name: "a publish that has ended is merged again",
		rule: "a publish that another process has ended is a lost race",
		file: "pipeline/publish.go",
		old: `	if !open {
		return checkpoint.File{}`,
		new: `	if !open && number < 0 {
		return checkpoint.File{}`,
		test: "pipeline TestPublishEndedMeanwhile",
	},
	{
		name: "days are published before they settle",
		rule: "on the timestamp cursor a dt is published once it has settled",
		file: "checkpoint/publish.go",
		old:  `		if day := SettleDay(in.Slice, p.DT); !s.IsSettled(in.Slice.Stream, day) {`,
		new:  `		if day := SettleDay(in.Slice, p.DT); false {`,
		test: "checkpoint TestFoldPublishBegin",
	},
	{
		name: "objects of open slices are swept",
		rule: "an object of a slice that is open stays, however old",
		file: "pipeline/sweep.go",
		old:  `		free = !open && s.Staged[r].Object != key`,
		new:  `		free = (!open || open) && s.Staged[r].Object != key`,
		test: "pipeline TestSweepLeavesSleepers",
	},
	{
		name: "the sweep lists after it folds",
		rule: "a sweep judges by a state that is younger than its listing",
		file: "pipeline/sweep.go",
		old: `	l := t.ledger.Key()
	objects, err := t.opts().Bucket.List(ctx, l.StagedPrefix(), 0)
	if err != nil {
		return fmt.Errorf("sweep %v: %w", l.Table, err)
	}
`,
		new: `	l := t.ledger.Key()
	if err := t.ledger.Refresh(ctx); err != nil {
		return err
	}
	objects, err := t.opts().Bucket.List(ctx, l.StagedPrefix(), 0)
	if err != nil {
		return fmt.Errorf("sweep %v: %w", l.Table, err)
	}
	if true {
		for _, o := range objects {
			if t.sweepable(o.Key) {
				_ = t.opts().Bucket.Delete(ctx, o.Key)
			}
		}
		return nil
	}
`,
		test: "pipeline TestSweepListsFirst",
	},
	{
		name: "a query is gone on with as another",
		rule: "rows of two queries do not lie in one table",
		file: "pipeline/query_record.go",
		old:  `!bytes.Equal(have, want)`,
		new:  `len(have) == 0`,
		test: "pipeline TestNamedQueryStays",
	},
	{
		name: "an upload ends with its ctx",
		rule: "what is given up leaves nothing behind",
		file: "writers/bucket.go",
		old:  `	upload, cancel := outlive(ctx, grace)`,
		new:  `	upload, cancel := context.WithTimeout(ctx, time.Hour+grace)`,
		test: "writers TestAmazonAborts",
	},
	{
		name: "a run plans by its own clock",
		rule: "no plan reaches into rows that are still to come",
		file: "pipeline/clock.go",
		old:  `func (c *clock) wasAhead(at partition.Tick) bool { return c.tick() < at-partition.Minute }`,
		new:  `func (c *clock) wasAhead(partition.Tick) bool { return false }`,
		test: "pipeline TestLocalClockAhead",
	},
}
