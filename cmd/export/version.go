package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set when a release is linked (-X main.version=v1.2.3); otherwise the build's own record is all there is.
var version string

// build says what this program is.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Modified bool   `json:"modified,omitempty"` // built from a tree with changes that no commit has
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func thisBuild() build {
	b := build{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if b.Version == "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	if b.Version == "" {
		b.Version = "(devel)"
	}
	return b
}

// programName is what commits, files and requests are signed with.
func programName() string { return "huntlake/" + thisBuild().Version }

func newVersion(p *program) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Long:    "Prints the version of huntlake, the commit it was built from, and the version of Go.",
		Example: "  huntlake version\n  huntlake version --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b := thisBuild()
			if asJSON {
				return p.printJSON(b)
			}
			fmt.Fprintf(p.stdout, "huntlake %s\n", b.Version)
			if b.Commit != "" {
				changed := ""
				if b.Modified {
					changed = ", with changes"
				}
				fmt.Fprintf(p.stdout, "commit   %s%s\n", b.Commit, changed)
			}
			fmt.Fprintf(p.stdout, "go       %s %s\n", b.Go, b.Platform)
			return nil
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}
