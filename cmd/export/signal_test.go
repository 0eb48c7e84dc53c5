package main_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"

	main "huntlake/cmd/export"
	"huntlake/pipeline/hunting/entratest"
	"huntlake/pipeline/hunting/simulator"
)

// internet is all that tests reach beyond this machine.
var internet *entratest.Internet

// asProgram makes the test binary behave as the program.
const asProgram = "HUNTLAKE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main.Main()
	}
	var err error
	if internet, err = entratest.Connect(); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// TestSignal interrupts the real program while calls are under way: it ends in order, and the next run reads the rest.
// A call that hangs is left; a second signal is not waited for.
func TestSignal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("a process cannot be sent an interrupt here")
		return
	}
	for _, c := range []struct {
		name string
		hang bool
	}{{"answering", false}, {"hanging", true}} {
		t.Run(c.name, func(t *testing.T) {
			started := make(chan *os.Process, 1)
			var once sync.Once
			r := newRig(t, func(o *simulator.Options) {
				o.Faults = func(_ int, query string) (f simulator.Fault) {
					if strings.Contains(query, "extend _IngestionTime") {
						once.Do(func() {
							f.Hang = c.hang
							if err := (<-started).Signal(os.Interrupt); err != nil {
								t.Error(err)
							}
						})
					}
					return f
				}
			})
			program := exec.Command(os.Args[0], "run", "--config", r.config())
			program.Env = append(os.Environ(), asProgram+"=1")
			var stderr bytes.Buffer
			program.Stderr = &stderr
			if err := program.Start(); err != nil {
				t.Fatal(err)
			}
			started <- program.Process
			var exit *exec.ExitError
			if err := program.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 || !strings.Contains(stderr.String(), "huntlake: interrupted") {
				t.Fatalf("%v; stderr:\n%s", err, stderr.String())
			}
			r.verb("run").want(t, 0)
			r.verb("verify").want(t, 0)
		})
	}
}
