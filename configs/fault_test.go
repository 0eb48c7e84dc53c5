package configs_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/configs"
)

// TestParseReportsEveryFault holds the messages, their places and their order against testdata/broken.txt.
func TestParseReportsEveryFault(t *testing.T) {
	text, err := os.ReadFile("testdata/broken.yaml")
	if err != nil {
		t.Fatal(err)
	}
	golden, err := os.ReadFile("testdata/broken.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, err = configs.Parse("broken.yaml", text, environment)
	if err == nil {
		t.Fatal("no fault found")
	}
	if diff := cmp.Diff(strings.Split(string(golden), "\n"), strings.Split(err.Error()+"\n", "\n")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestParseFaults(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "f.yaml:1: lake: it is missing: name a bucket or a folder, such as s3://bucket/prefix?region=eu-west-1 or ./lake\n" +
			"f.yaml:1: tenants: there is none: list at least one id\n" +
			"f.yaml:1: tables: there is nothing to export: list a table, or a query under queries"},
		{"comment only", "# nothing\n", "f.yaml:1: lake: it is missing"},
		{"not YAML", "lake: [s3://bucket\n", "f.yaml:1: it is not YAML: "},
		{"not YAML, with a secret", "tenants:\n  - auth: {token: hunter2}}\n", "f.yaml:2: it is not YAML: "},
		{"a list", "- lake\n", "f.yaml:1: want a mapping of lake, publish, queries, quota, settle, source, tables, tenants"},
		{"two documents", minimal + "---\nlake: x\n", "f.yaml:6: a second document begins here: write one document a file"},
		{"alias", minimal + "source: &s {cloud: gcc}\nquota: *s\n", "f.yaml:5: source: want a mapping of api, cloud, endpoint, window\n" +
			"f.yaml:6: quota: want a mapping of calls_per_minute, run_time_per_day, run_time_per_hour, share"},
		{"tag", minimal + "settle: !!str 5m\n", "f.yaml:5: settle: want a single value, without anchor, alias or tag"},
		{"merge", minimal + "<<: {settle: 5m}\n", "f.yaml:5: <<: there is no such field: want one of lake, publish, queries, quota, settle, source, tables, tenants"},
		{"twice", minimal + "lake: s3://other\n", "f.yaml:5: lake: it is on line 2 already: remove one of them"},
		{"misspelt", minimal + "Sorce: {}\n", "f.yaml:5: Sorce: there is no such field: did you mean source?"},
		{"unset", minimal + "settle: ${NO}\n", "f.yaml:5: settle: the environment variable NO is not set: set it, or write $${NO} for the characters themselves"},
		{"unclosed", minimal + "settle: ${NO\n", "f.yaml:5: settle: ${ begins a variable: write it like ${NAME}, or $${ for the characters themselves"},
		{"cloud", minimal + "source: {cloud: gcch}\n", `f.yaml:5: source.cloud: "gcch" is not one of global, gcc, gcc-high, dod`},
		{"settle", minimal + "settle: 40d\n", "f.yaml:5: settle: 40d is not between 0s and the window of 30d"},
		{"empty secret", minimal + "queries: [{name: q, query: '${EMPTY}'}]\n", "f.yaml:5: queries[0].query: it is empty: write a table and what to do with each row"},
		{"query named as a table", minimal + "queries: [{name: emailEvents, query: T}]\n", `f.yaml:5: queries[0].name: "emailEvents" is tables[0] already: remove one of them`},
	} {
		t.Run(c.name, func(t *testing.T) {
			config, err := configs.Parse("f.yaml", []byte(c.text), environment)
			if err == nil || config != nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Fatalf("got\n%v\nwant\n%s", err, c.want)
			}
			if !strings.HasSuffix(c.want, " ") && c.name != "comment only" && err.Error() != c.want {
				t.Errorf("got more:\n%v", err)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("tells a secret: %v", err)
			}
		})
	}
}

func TestParseLakeFaults(t *testing.T) {
	for written, want := range map[string]string{
		"http://b":           `"http" is not one of file, s3, gs, azblob`,
		"mem://":             `"mem" is not one of file, s3, gs, azblob`,
		"s3:/b/x":            "it is neither a URL, which has ://, nor a path",
		"gs:b":               "it is neither a URL",
		"~/lake":             "~ is not expanded here",
		"s3:///prefix":       "the bucket is missing: write it like s3://bucket/prefix",
		"s3://key:hunter2@b": "it carries credentials",
		"s3://b#c":           "it has a #fragment",
		"file://host/x":      "want an absolute path after file://",
		"file:///x?create=1": "a folder takes no options",
		"s3://%zz":           "it is not a URL",
	} {
		text := strings.Replace(minimal, "s3://bucket", `"`+written+`"`, 1)
		_, err := configs.Parse("f.yaml", []byte(text), environment)
		if err == nil || !strings.HasPrefix(err.Error(), "f.yaml:2: lake: "+want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("lake %q: got %v, want %s", written, err, want)
		}
	}
}

func TestParseEndpointFaults(t *testing.T) {
	for written, want := range map[string]string{
		"graph.microsoft.com":  "want a base URL",
		"ftp://graph":          "want a base URL",
		"http://10.0.0.1:8080": "http reaches 10.0.0.1 unencrypted: use https, or a loopback address",
		"http://127.0.0.1.x":   "http reaches 127.0.0.1.x unencrypted",
		"https://u:p@host":     "want scheme and host only",
		"https://host?x=1":     "want scheme and host only",
		"https://host/path":    "want scheme and host only",
		"http://localhost:1":   "",
		"http://127.9.9.9":     "",
		"http://[::1]:80":      "",
		"https://example.org":  "",
	} {
		_, err := configs.Parse("f.yaml", []byte(minimal+"source: {endpoint: \""+written+"\"}\n"), environment)
		if want == "" && err != nil {
			t.Errorf("endpoint %q: %v", written, err)
		}
		if want != "" && (err == nil || !strings.HasPrefix(err.Error(), "f.yaml:5: source.endpoint: "+want)) {
			t.Errorf("endpoint %q: got %v, want %s", written, err, want)
		}
	}
}

// What the parser quotes of a text that it cannot read may be a secret.
func TestSecretInBadYAML(t *testing.T) {
	head := "lake: ./x\ntables: [AlertInfo]\ntenants:\n  - id: 00000000-0000-0000-0000-000000000001\n    auth:\n      method: client-secret\n      client_secret: "
	for _, secret := range []string{"|hunter2", ">hunter2", "'hunter2", "\"hunter2", "[hunter2", "{hunter2", "&hunter2", "*hunter2", "!hunter2", "@hunter2", "`hunter2", "%hunter2"} {
		if _, err := configs.Parse("f.yaml", []byte(head+secret+"\n"), environment); err == nil || strings.Contains(err.Error(), "hunter2") || !strings.HasPrefix(err.Error(), "f.yaml:") {
			t.Errorf("%s: %v", secret, err)
		}
	}
}
