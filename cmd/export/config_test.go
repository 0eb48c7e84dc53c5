package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestConfigurationFaults holds that every verb that reads a configuration names file, place and remedy, and ends as a
// fault of usage.
func TestConfigurationFaults(t *testing.T) {
	const good = "tenants: [{id: " + tenantID + ", auth: {method: token, token: t}}]\n"
	for _, c := range []struct {
		name, text string
		words      []string
	}{
		{"not there", "", []string{"huntlake.yaml: no such file", "what to do: write it (huntlake run --help shows a small one), or name another with --config"}},
		{"no YAML", "lake: [\n", []string{"huntlake.yaml:1: it is not YAML"}},
		{"several", "lkae: x\ntables: [AlertInfo]\n", []string{"huntlake.yaml:1: lkae: there is no such field", "huntlake.yaml:1: lake: it is missing", "tenants: there is none", "huntlake.yaml:1: lake: it is missing"}},
		{"variable", "lake: ${NOT_SET_ANYWHERE}\ntables: [AlertInfo]\n" + good, []string{"huntlake.yaml:1: lake: the environment variable NOT_SET_ANYWHERE is not set"}},
		{"query", "lake: x\nqueries: [{name: q, query: 'AlertInfo | summarize count()'}]\n" + good, []string{"huntlake.yaml:2: queries[0].query: ", "summarize is not row-wise"}},
		{"query without its time", "lake: x\nqueries: [{name: q, query: 'AlertInfo | project Title'}]\n" + good, []string{"huntlake.yaml:2: queries[0].query: ", "time column Timestamp"}},
		{"event", "lake: x\ntables: [{name: ExposureGraphNodes, mode: event}]\n" + good, []string{"huntlake.yaml:2: tables[0].mode: ExposureGraphNodes has no time column: set mode: snapshot, or nothing"}},
		{"clock", "lake: x\ntables: [{name: ExposureGraphNodes, cursor: ingestion}]\n" + good, []string{"huntlake.yaml:2: tables[0].cursor: ExposureGraphNodes has no time column, and so no clock to be read along: remove it"}},
		{"certificate", "lake: x\ntables: [AlertInfo]\ntenants: [{id: " + tenantID + ", auth: {method: client-certificate, client_id: " + tenantID + ", certificate: ./none.pem}}]\n",
			[]string{"tenants[0]: ", "none.pem"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "huntlake.yaml")
			if c.text != "" {
				if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for _, verb := range []string{"run", "plan", "verify", "check"} {
				huntlake(t, verb, "--config", path).want(t, 2, c.words...)
			}
			if got := huntlake(t, "run", "--config", path); strings.Contains(got.stdout+got.stderr, "Usage:") {
				t.Errorf("it prints its help:\n%s", got.stderr)
			}
		})
	}
}

// Verbs that ask no tenant for anything need no secret: whoever reads the lake may not have it.
func TestSecretIsForThoseWhoAsk(t *testing.T) {
	r := newRig(t)
	r.verb("run").want(t, 0)
	rewrite(t, r.config(), `"right"`, `"${NOT_SET_ANYWHERE}"`)
	for _, verb := range []string{"status", "sql", "tables"} {
		r.verb(verb).want(t, 0, "AlertInfo")
	}
	for _, args := range [][]string{{"run"}, {"verify"}, {"plan"}, {"tables", "--probe"}} {
		r.verb(args...).want(t, 2, "tenants[0].auth.token: the environment variable NOT_SET_ANYWHERE is not set")
	}
	r.verb("check").want(t, 2, "FAILED  configuration", "NOT_SET_ANYWHERE is not set")
}
