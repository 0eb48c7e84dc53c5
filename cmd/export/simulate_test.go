package main_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	main "huntlake/cmd/export"
)

// TestSimulate lets the program export from another one of itself, through the configuration that the first prints.
func TestSimulate(t *testing.T) {
	folder := t.TempDir()
	row := `{"Timestamp":"2026-11-01T00:00:00Z","AlertId":"a","Title":"t"}` + "\n"
	if err := os.WriteFile(filepath.Join(folder, "AlertInfo.jsonl"), []byte(row), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"made up", []string{"--tables", "AlertInfo,EmailEvents", "--rows", "50", "--calls-per-minute", "0"}, "EmailEvents: 52 columns"},
		{"states", []string{"--tables", "DeviceTvmSoftwareInventory,AlertInfo", "--rows", "50"}, "DeviceTvmSoftwareInventory: "},
		{"folder", []string{"--data", folder, "--slow"}, "AlertInfo: 9 columns"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			var stdout, stderr bytes.Buffer
			out := &locked{w: &stdout}
			var g errgroup.Group
			code := -1
			g.Go(func() error {
				code = main.Run(ctx, append([]string{"simulate"}, c.args...), out, &locked{w: &stderr}, os.LookupEnv)
				return nil
			})
			config := filepath.Join(t.TempDir(), "huntlake.yaml")
			if err := os.WriteFile(config, []byte(await(t, out, "  - AlertInfo\n")), 0o600); err != nil {
				t.Fatal(err)
			}
			huntlake(t, "check", "--config", config).want(t, 0, c.want)
			stop()
			_ = g.Wait()
			if code != 0 || !strings.Contains(stderr.String(), "stopped after ") {
				t.Errorf("exit code %d; stderr: %s", code, stderr.String())
			}
		})
	}
}

// The configuration for a rehearsal fits the server as it is started without options.
func TestRehearsal(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	var stdout bytes.Buffer
	out := &locked{w: &stdout}
	var g errgroup.Group
	g.Go(func() error {
		main.Run(ctx, []string{"simulate", "--rows", "50"}, out, io.Discard, os.LookupEnv)
		return nil
	})
	printed := await(t, out, "  - AlertInfo\n")
	text, err := os.ReadFile("../../configs/demo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	dir := t.TempDir()
	config := filepath.Join(dir, "huntlake.yaml")
	ours := strings.ReplaceAll(address.ReplaceAllString(string(text), address.FindString(printed)), "lake: ../lake", "lake: ./lake")
	if err := os.WriteFile(config, []byte(ours), 0o600); err != nil {
		t.Fatal(err)
	}
	huntlake(t, "check", "--config", config).want(t, 0, "EmailEvents")
	stop()
	_ = g.Wait()
}

// await returns what was printed, once word is in it.
func await(t *testing.T, out *locked, word string) string {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if text := out.String(); strings.Contains(text, word) && strings.HasSuffix(text, "\n") {
			return text
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%q was not printed: %s", word, out.String())
		}
	}
}

func TestSimulateRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"all interfaces", []string{"--listen", ":8765"}, "listens on loopback only"},
		{"another address", []string{"--listen", "192.0.2.1:0"}, "listens on loopback only"},
		{"a name", []string{"--listen", "example.com:0"}, "listens on loopback only"},
		{"no port", []string{"--listen", "localhost"}, "want host:port"},
		{"shape", []string{"--shape", "wild"}, `--shape: "wild" is not one of office, even, storm`},
		{"rows", []string{"--rows", "0"}, "--rows 0 --days 30: want no fewer than 1 row, and 1 day"},
		{"days", []string{"--days", "0"}, "--rows 1 --days 0: want"},
		{"table", []string{"--tables", "Nonesuch"}, `table "Nonesuch" is not in the catalog`},
		{"empty folder", []string{"--data", t.TempDir()}, "has no .json, .jsonl, .ndjson or .csv file"},
		{"no folder", []string{"--data", "nonesuch"}, "--data: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			huntlake(t, append([]string{"simulate", "--rows", "1"}, c.args...)...).want(t, 2, c.want)
		})
	}
}
