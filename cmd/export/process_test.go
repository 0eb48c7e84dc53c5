package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	main "huntlake/cmd/export"
)

func TestProcessGone(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	ended := exec.Command(os.Args[0], "-test.run", "^$")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, process string
		want          bool
	}{
		{"ended", fmt.Sprintf("%s/%d", host, ended.Process.Pid), true},
		{"our own number, from before", main.ProcessName(), true},
		{"alive", fmt.Sprintf("%s/%d", host, os.Getppid()), false},
		{"another machine", fmt.Sprintf("another-%s/%d", host, ended.Process.Pid), false},
		{"no number", host + "/x", false},
		{"negative", host + "/-1", false},
		{"unnamed", "", false},
	} {
		if got := main.ProcessGone(c.process); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}
