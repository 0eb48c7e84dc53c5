package main_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

func TestHelp(t *testing.T) {
	for _, verb := range []string{"", "demo", "check", "plan", "run", "status", "verify", "tables", "sql", "simulate", "version"} {
		name, args := "huntlake", []string{"--help"}
		if verb != "" {
			name, args = verb, []string{verb, "--help"}
		}
		t.Run(name, func(t *testing.T) {
			got := huntlake(t, args...)
			got.want(t, 0, "Examples:", "--config")
			path := filepath.Join("testdata", "help", name+".txt")
			if *update {
				if err := os.WriteFile(path, []byte(got.stdout), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.stdout); diff != "" {
				t.Errorf("go test -run Help -update writes it anew; -want +got:\n%s", diff)
			}
		})
	}
}

// A watch that would run once and end is refused, before anything is looked at.
func TestWatchWantsTime(t *testing.T) {
	for _, every := range []string{"0", "-5m"} {
		huntlake(t, "run", "--watch="+every).want(t, 2, "is no time to wait: want one such as 5m")
	}
}

// TestUsage holds that what cannot be understood is an error of usage, and is said in one message.
func TestUsage(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"unknown verb", []string{"exprot"}, `unknown command "exprot" for "huntlake"`},
		{"misspelt verb", []string{"chek"}, `unknown command "chek" for "huntlake": did you mean check?`},
		{"unknown flag", []string{"run", "--wtach"}, "unknown flag: --wtach"},
		{"argument", []string{"run", "now"}, `unknown command "now" for "huntlake run"`},
		{"flag's value", []string{"run", "--watch=often"}, `invalid argument "often" for "--watch" flag`},
		{"flag's value apart", []string{"run", "--watch", "5m"}, "the time goes behind an equals sign: --watch=5m"},
		{"log level", []string{"run", "--log-level", "loud"}, `--log-level: "loud" is not one of debug, info, warn, error`},
		{"log format", []string{"run", "--log-format", "xml"}, `--log-format: "xml" is not one of text, json`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := huntlake(t, c.args...)
			got.want(t, 2, "huntlake: "+c.want, "what to do: see huntlake --help")
			if got.stdout != "" {
				t.Errorf("on stdout: %s", got.stdout)
			}
		})
	}
}
