package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"huntlake/partition"
)

// question is a query of the vocabulary, or of another strategy, as far as they are asked here.
type question struct {
	ingestion          bool // the clock
	from, to           partition.Tick
	floor, ceiling     partition.Tick // of Timestamp
	take               int            // rows at most; -1: all
	what               string         // "rows", "read" (rows whose values somebody looks at), "count", "probe" or "bins"
	binIngestion       bool
	bin                partition.Tick
	bucketOf, bucketNo uint64 // 0 of 0: none
}

var (
	ranged = regexp.MustCompile(`^Events \| where (ingestion_time\(\)|Timestamp) >= datetime\(([^)]*)\) and [a-zA-Z_()]+ < datetime\(([^)]*)\)` +
		`(?: and Timestamp >= datetime\(([^)]*)\))?(?: and Timestamp < datetime\(([^)]*)\))?(?: \| (.*))?$`)
	takes   = regexp.MustCompile(`^take (\d+)$`)
	bins    = regexp.MustCompile(`^summarize Rows = count\(\), Oldest = min\(Timestamp\) by Bin = bin\((ingestion_time\(\)|Timestamp), (\d+)([a-z]+)\)$`)
	whole   = regexp.MustCompile(`^Events \| where Timestamp >= datetime\(([^)]*)\) \| summarize Rows = count\(\), Oldest = min\(Timestamp\) by Bin = bin\(ingestion_time\(\), (\d+)([a-z]+)\)$`)
	probes  = regexp.MustCompile(`^summarize Rows = count\(\), Unstamped = `)
	buckets = regexp.MustCompile(`^where tolong\(.*\) % (\d+) == (\d+)$`)
)

var units = map[string]partition.Tick{
	"d": partition.Day, "h": partition.Hour, "m": partition.Minute, "s": partition.Second, "ms": partition.Millisecond,
	"microsecond": partition.Microsecond, "tick": 1,
}

// parse reads a query, and refuses what it does not know.
func parse(text string) (q question, err error) {
	if m := whole.FindStringSubmatch(text); m != nil {
		floor, err := partition.ParseTick(m[1])
		q = question{from: floor, to: partition.MaxTick, ceiling: partition.MaxTick, take: -1, what: "bins", binIngestion: true}
		err = errors.Join(err, q.parseBin(m[2], m[3]))
		return q, err
	}
	parts := ranged.FindStringSubmatch(text)
	if parts == nil {
		return q, fmt.Errorf("unknown query %q", text)
	}
	q.ingestion, q.take, q.ceiling = parts[1] != "Timestamp", -1, partition.MaxTick
	for i, into := range []*partition.Tick{&q.from, &q.to, &q.floor, &q.ceiling} {
		if parts[2+i] != "" {
			if *into, err = partition.ParseTick(parts[2+i]); err != nil {
				return q, err
			}
		}
	}
	rest := parts[6]
	switch {
	case rest == "":
		q.what = "rows"
	case rest == "extend _IngestionTime = ingestion_time()":
		q.what = "read"
	case rest == "count":
		q.what = "count"
	case probes.MatchString(rest):
		q.what = "probe"
	default:
		err = q.parseRest(rest)
	}
	return q, err
}

func (q *question) parseRest(rest string) (err error) {
	if m := takes.FindStringSubmatch(rest); m != nil {
		q.what = "read"
		q.take, err = strconv.Atoi(m[1])
		return err
	}
	if m := buckets.FindStringSubmatch(rest); m != nil {
		q.what = "rows"
		q.bucketOf, _ = strconv.ParseUint(m[1], 10, 32)
		q.bucketNo, err = strconv.ParseUint(m[2], 10, 32)
		return err
	}
	if m := bins.FindStringSubmatch(rest); m != nil {
		q.what, q.binIngestion = "bins", m[1] != "Timestamp"
		return q.parseBin(m[2], m[3])
	}
	return fmt.Errorf("unknown query part %q", rest)
}

// parseBin reads the width of a bin.
func (q *question) parseBin(n, unit string) error {
	width, err := strconv.ParseInt(n, 10, 64)
	if q.bin = partition.Tick(width) * units[unit]; q.bin <= 0 && err == nil {
		return fmt.Errorf("unknown bin width %q", n+unit)
	}
	return err
}
