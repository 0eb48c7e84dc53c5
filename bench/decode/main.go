// Command decode measures the way from the bytes of answers to a Parquet file: huntlake beside DuckDB and beside what one
// writes in an hour with encoding/json, on the same rows, in one run, on equal threads. It prints Markdown tables:
//
//	go run ./decode
//	go run ./decode -answers 1 -n 1 -threads 1
//
// Every way is run once before any is run again, and the best of its runs counts, so that what else the machine does
// falls on all of them.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
)

// answerBytes is about what an answer has that is as large as the service sends one.
const answerBytes = 50_000_000

func main() {
	answers := flag.Int("answers", 5, "how many answers of about 50 MB the rows come in")
	n := flag.Int("n", 3, "how often each way is run; the best run counts")
	threads := flag.String("threads", "1,2", "numbers of threads to measure with")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *answers, *n, *threads); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run makes the rows, and measures and prints everything about them.
func run(ctx context.Context, answers, n int, threads string) error {
	counts, err := numbers(threads)
	if err != nil || answers < 1 || n < 1 {
		return fmt.Errorf("want positive numbers: -answers %d, -n %d, -threads %s", answers, n, threads)
	}
	c, err := newCorpus(answers, answerBytes)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "huntlake-decode")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Printf("%v; best of %d\n\n", c, n)
	r := &report{ways: sheet{rows: c.rows, base: linesWay}, unzips: sheet{rows: c.rows}}
	for _, t := range counts {
		if err := c.measure(ctx, dir, t, n, r); err != nil {
			return err
		}
	}
	r.ways.print(os.Stdout, "way")
	fmt.Println()
	r.unzips.print(os.Stdout, "gzip alone")
	if err := c.measureStaging(ctx, dir, n); err != nil {
		return err
	}
	return checkContent(ctx, os.Stdout, c, dir)
}

func numbers(list string) (out []int, err error) {
	for word := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is not a positive number", word)
		}
		out = append(out, n)
	}
	return out, nil
}

// report is what is printed about speed.
type report struct{ ways, unzips sheet }

// measure adds what the ways come to on so many threads.
func (c *corpus) measure(ctx context.Context, dir string, threads, n int, r *report) error {
	s, err := newScene(ctx, c, dir, threads)
	if err != nil {
		return err
	}
	defer s.close()
	if err := r.ways.add(ctx, s, s.ways(), n); err != nil {
		return err
	}
	zips, err := c.unzips()
	if err != nil {
		return err
	}
	return r.unzips.add(ctx, s, zips, n)
}

// checkContent says whether DuckDB reads equal rows from huntlake's file and from its own.
func checkContent(ctx context.Context, w io.Writer, c *corpus, dir string) error {
	s, err := newScene(ctx, c, dir, 2)
	if err != nil {
		return err
	}
	defer s.close()
	ours, theirs, err := s.files(ctx)
	if err != nil {
		return err
	}
	d, err := s.duck.compare(ctx, c.fields, ours.path, theirs.path)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nDuckDB reads %d rows from huntlake's file and %d from its own: %d are only in huntlake's, %d only in its own.\n",
		d.ours, d.theirs, d.onlyOurs, d.onlyTheirs)
	fmt.Fprintf(w, "huntlake's file has %.3f of the size of DuckDB's.\n", float64(ours.bytes)/float64(theirs.bytes))
	if !d.equal() {
		return fmt.Errorf("content differs: %+v", d)
	}
	return nil
}
