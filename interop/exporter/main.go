//go:build unix

// Command exporter is one run of the Exporter, or a verify, in a process of its own, with what the program keeps from
// its users: a claim that lives for seconds, and one that all processes share, so that none of them is ever held off.
// It ends with the program's exit codes: 0 done, 1 error, 4 the tenant is another process's.
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"huntlake/checkpoint"
	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/schema/catalog"
	"huntlake/writers"
)

func main() {
	var f flags
	flag.StringVar(&f.lake, "lake", "", "the bucket")
	flag.StringVar(&f.endpoint, "endpoint", "", "of the service")
	flag.StringVar(&f.tenant, "tenant", "", "its id")
	flag.StringVar(&f.tables, "tables", "", "to export, with commas between")
	flag.StringVar(&f.claim, "claim", "", "what to claim the tenant as; drawn if empty")
	flag.DurationVar(&f.life, "lease", 0, "how long a claim lives")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var owned *checkpoint.OwnedError
	switch err := f.run(ctx); {
	case errors.As(err, &owned):
		os.Exit(4)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type flags struct {
	lake, endpoint, tenant, tables, claim string
	life                                  time.Duration
}

func (f flags) run(ctx context.Context) error {
	bucket, err := writers.Open(ctx, f.lake)
	if err != nil {
		return err
	}
	defer bucket.Close()
	credential, err := hunting.Credential("token", hunting.CredentialOptions{Token: hunting.NewSecret("right")})
	if err != nil {
		return err
	}
	client, err := hunting.New(hunting.Options{
		Dialect: hunting.Graph, Endpoint: f.endpoint, Tenant: f.tenant, Credential: credential, Now: time.Now,
	})
	if err != nil {
		return err
	}
	exporter, err := pipeline.New(pipeline.Options{
		Bucket: bucket, Tenants: []pipeline.Tenant{{ID: f.tenant, API: client}}, Tables: f.sources(),
		Program: "huntlake/interop", Now: time.Now, Nonce: nonce, OneShot: true,
		Process: processName(os.Getpid()), Gone: gone, Claim: f.claim, LeaseLife: f.life,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	_, err = exporter.Run(ctx)
	return err
}

// sources are the tables as the catalog knows them.
func (f flags) sources() (tables []pipeline.Table) {
	for name := range strings.SplitSeq(f.tables, ",") {
		known, _ := catalog.Lookup(name)
		tables = append(tables, pipeline.Table{
			Table:  partition.Table{Name: name},
			Source: hunting.Source{Name: name, TimeColumn: known.TimeColumn, Stamp: true, Keys: known.KeyColumns},
		})
	}
	return tables
}

func nonce() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// A process is named by its number alone: all of them run on one machine.
func processName(pid int) string { return fmt.Sprintf("interop/%d", pid) }

// gone reports whether a process has been killed. One that is only stopped has not.
func gone(name string) bool {
	var pid int
	if _, err := fmt.Sscanf(name, "interop/%d", &pid); err != nil {
		return false
	}
	return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
