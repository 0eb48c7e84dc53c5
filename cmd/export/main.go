// Command huntlake moves Microsoft Defender's hunting tables into Parquet files in the user's own bucket, completely
// and once, and proves that nothing is missing.
//
// This package is the command line: verbs and flags, one file a verb, and the wiring of everything below. It is the
// one place that reads the clock, draws random numbers and looks at the environment. Exit codes: 0 done, 1 error,
// 2 usage or configuration, 3 gaps or differences, 4 quota spent, 130 interrupted.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
)

// memoryLimit is from where on the collector works harder, in bytes, rather than let the heap double before it looks. It
// is no bound: what bounds memory is how many answers are held at once.
const memoryLimit = 400 << 20

func main() {
	if _, set := os.LookupEnv("GOMEMLIMIT"); !set {
		debug.SetMemoryLimit(memoryLimit)
	}
	// A library of Amazon's logs by itself what it also returns, and would break the log that a machine reads.
	log.SetOutput(io.Discard)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the work in order: what has been paid for is committed. The second finds the signals'
	// usual effect again, and kills.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr, os.LookupEnv))
}

// run is the program: results go to stdout, progress, log and errors to stderr. It returns the exit code. When ctx
// ends it stops in order.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, env func(string) (string, bool)) int {
	p := &program{stdout: stdout, stderr: stderr, env: env, now: time.Now}
	return p.run(ctx, args)
}
