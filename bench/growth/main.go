// Command growth counts what a lake costs that has grown old, large or many: requests to the store, bytes and memory. It
// prints three tables.
package main

import (
	"fmt"
	"testing"
)

// main runs as a test does, since only tests have virtual time.
func main() {
	all := func(_, _ string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{{Name: "growth", F: func(t *testing.T) {
		lakes(t, 100, 10_000, 100_000, 1_000_000)
		day(t, 2000)
		tenants(t, 300)
	}}}, nil, nil)
}

func lakes(t *testing.T, commits ...int) {
	fmt.Printf("%9s %9s  %-24s %9s %6s %7s  %-24s %s\n", "commits", "snapshot", "opening", "read", "took", "heap", "status", "one more hour")
	for _, n := range commits {
		g := measureGrowth(t, n)
		fmt.Printf("%9d %9d  %-24v %9d %4dms %5dkB  %-24v %v\n", g.commits, g.snapshot, g.open, g.open.read, g.took.Milliseconds(), g.heap>>10, g.status, g.hour)
	}
}

func day(t *testing.T, slices int) {
	p := measureDay(t, slices)
	fmt.Printf("\na day of %d slices becomes %d files: %v; heap %d MB at most; %.1fs\n", p.slices, p.files, p.spent, p.peak>>20, p.took.Seconds())
}

func tenants(t *testing.T, n int) {
	f := measureFleet(t, n)
	fmt.Printf("\n%d tenants in a process: heap %d MB, services and lake included; an idle round: %v, %d calls\n", f.tenants, f.peak>>20, f.idle, f.idleCalls)
	fmt.Printf("small tenants have asked for everything after %.1fs to %.1fs, alone after %.1fs, the one of fifty times the rows after %.0fs\n",
		f.first.Seconds(), f.last.Seconds(), f.alone.Seconds(), f.whale.Seconds())
}
