package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// From the configuration to the text that is sent: no name and no query brings a second statement, another table or
// another path along. What is refused is refused before the first call, and nothing is written.
func TestNothingIsSmuggled(t *testing.T) {
	query := func(text string) string { return fmt.Sprintf("queries: [{name: q, query: %q}]\n", text) }
	table := func(name string) string { return fmt.Sprintf("tables: [%q]\n", name) }
	named := func(name string) string {
		return fmt.Sprintf("queries: [{name: %q, query: AlertInfo}]\n", name)
	}
	r := newRig(t)
	for name, more := range map[string]string{
		"table: statement":       table("AlertInfo; DeviceProcessEvents"),
		"table: bar":             table("AlertInfo | union DeviceProcessEvents"),
		"table: line":            table("AlertInfo\n| take 1"),
		"table: comment":         table("AlertInfo //"),
		"table: brackets":        table("['AlertInfo']"),
		"table: look-alike":      table("\u0410lertInfo"),
		"table: NUL":             table("AlertInfo\x00"),
		"table: path":            table("../AlertInfo"),
		"table: the lake's own":  table("_export"),
		"table: query folder":    table("queries"),
		"name: path":             named("../../q"),
		"name: partition":        named("q/tenant=x"),
		"name: statement":        named("q; x"),
		"query: statement":       query("AlertInfo; DeviceProcessEvents"),
		"query: set":             query("set notruncation; AlertInfo"),
		"query: let":             query("let X = DeviceProcessEvents; AlertInfo"),
		"query: union":           query("AlertInfo | union DeviceProcessEvents"),
		"query: join":            query("AlertInfo\n// a comment\n| join kind=inner (DeviceProcessEvents) on Timestamp"),
		"query: lookup":          query("AlertInfo | lookup DeviceProcessEvents on Timestamp"),
		"query: externaldata":    query("AlertInfo | where AlertId in (externaldata(x:string)['https://example.org'])"),
		"query: other table":     query("AlertInfo | where AlertId in (DeviceProcessEvents)"),
		"query: search":          query("AlertInfo | where AlertId in (search 'x')"),
		"query: subquery":        query("AlertInfo | where AlertId in ((DeviceProcessEvents | project DeviceId))"),
		"query: command":         query(".show tables"),
		"query: end of a string": query("AlertInfo | where Title == 'x\\\\' | union DeviceProcessEvents //'"),
		"query: verbatim":        query(`AlertInfo | where Title == @'x\' | union DeviceProcessEvents //'`),
		"query: line separator":  query("AlertInfo // x\u2028| union DeviceProcessEvents"),
		"query: wide semicolon":  query("AlertInfo \uff1b DeviceProcessEvents"),
		"query: hidden letter":   query("AlertInfo | un\u200bion DeviceProcessEvents"),
		"query: our column":      query("AlertInfo | extend _IngestionTime = now()"),
		"query: moved time":      query("AlertInfo | extend Timestamp = datetime(2020-01-01)"),
		"query: hidden time":     query("AlertInfo | project Title"),
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(more, "tables:") {
				more += "tables: [AlertInfo]\n"
			}
			r.configure(more)
			r.verb("run").want(t, 2)
			if calls := r.service.Calls(); len(calls) > 0 {
				t.Errorf("sent %q", calls[0].Query)
			}
			if _, err := os.Stat(r.lake()); err == nil {
				t.Error("the lake was made")
			}
		})
	}
	for _, id := range []string{"../../x", "a/b", tenantID + "/..", tenantID + "\n", "tenant=" + tenantID} {
		text := fmt.Sprintf("lake: ./lake\ntables: [AlertInfo]\ntenants: [{id: %q, auth: {method: token, token: t}}]\n", id)
		if err := os.WriteFile(r.config(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r.verb("run").want(t, 2, "tenants[0]")
	}
}

// What of a query is accepted is sent as one line, behind its table and the range of time.
func TestQueriesAreSentOnOneLine(t *testing.T) {
	r := newRig(t)
	r.configure(fmt.Sprintf("queries:\n  - {name: q, query: %q}\n  - {name: plain, query: AlertInfo}\n",
		"// what: | take 1; drop\nAlertInfo // ; x\n| where Title != ```a;\r\n| union U``` and Severity != @'\\' // '\n| extend Note = 'x; | count'"))
	r.verb("run").want(t, 0)
	begin := regexp.MustCompile(`^(AlertInfo|DeviceProcessEvents) \| where [A-Za-z_(]+\)? >= datetime\(`)
	seen := false
	for _, c := range r.service.Calls() {
		if !begin.MatchString(c.Query) || strings.ContainsAny(c.Query, ";\r\n\u2028\u2029") || strings.Contains(c.Query, "//") {
			t.Errorf("sent %q", c.Query)
		}
		seen = seen || strings.Contains(c.Query, `| where Title != "a\u003b\r\n| union U" and Severity != "\\" | extend Note = 'x\u003b | count'`)
	}
	if !seen {
		t.Error("the query was not sent as it was meant")
	}
	for _, path := range r.files() {
		if rel, err := filepath.Rel(r.lake(), path); err != nil || strings.HasPrefix(rel, "..") {
			t.Errorf("%s lies outside", path)
		}
	}
}
