package interop

import (
	"crypto/rand"
	"encoding/hex"
	"testing"
	"time"

	"huntlake/partition"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/pipeline/hunting/simulator"
	"huntlake/schema/catalog"
	"huntlake/writers"
)

const tenantID = "00000000-0000-0000-0000-000000000001"

// lake is an export of a simulated service into a bucket.
type lake struct {
	t        *testing.T
	url      string
	at       time.Time // the time there
	service  *simulator.Service
	exporter *pipeline.Exporter
}

func nonce() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// newLake makes an exporter of the tables, at an instant that moves only if the lake's time is set.
func newLake(t *testing.T, url string, dialect hunting.Dialect, tables []simulator.Table, at time.Time, change ...func(*simulator.Options)) *lake {
	t.Helper()
	l := &lake{t: t, url: url, at: at}
	now := func() time.Time { return l.at }
	simulated := simulator.Options{Tables: tables, Now: now, Limits: simulator.Limits{
		CallsPerMinute: -1, CallsPerHour: -1, RunTimePerHour: -1, RunTimePerDay: -1,
	}}
	for _, c := range change {
		c(&simulated)
	}
	service, err := simulator.New(simulated)
	if err != nil {
		t.Fatal(err)
	}
	credential, err := hunting.Credential("token", hunting.CredentialOptions{Token: hunting.NewSecret("a-token-of-the-tests")})
	if err != nil {
		t.Fatal(err)
	}
	client, err := hunting.New(hunting.Options{
		Dialect: dialect, Credential: credential, Transport: service.Transport(), Now: now, Tenant: tenantID,
	})
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := writers.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	opts := pipeline.Options{
		Bucket: bucket, Program: "huntlake/interop", Now: now, Nonce: nonce, OneShot: true,
		Tenants: []pipeline.Tenant{{ID: tenantID, API: client}},
	}
	for _, table := range tables {
		known, _ := catalog.Lookup(table.Name())
		opts.Tables = append(opts.Tables, pipeline.Table{
			Table:  partition.Table{Name: table.Name()},
			Source: hunting.Source{Name: table.Name(), TimeColumn: table.TimeColumn(), Stamp: true, Keys: known.KeyColumns},
		})
	}
	exporter, err := pipeline.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	l.service, l.exporter = service, exporter
	return l
}

// fill runs the export and proves it.
func (l *lake) fill() {
	l.t.Helper()
	if _, err := l.exporter.Run(l.t.Context()); err != nil {
		l.t.Fatalf("run: %v", err)
	}
	v, err := l.exporter.Verify(l.t.Context())
	if err != nil {
		l.t.Fatalf("verify: %v", err)
	}
	if !v.Clean() {
		l.t.Fatalf("verify: %+v", v)
	}
}
