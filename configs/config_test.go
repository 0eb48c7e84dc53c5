package configs_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"huntlake/configs"
)

// environment is what ${NAME} finds in the tests.
func environment(name string) (string, bool) {
	v, ok := map[string]string{
		"HUNTLAKE_CLIENT_SECRET":        "s3cret",
		"HUNTLAKE_CERTIFICATE_PASSWORD": "pa$$word",
		"HUNTLAKE_TOKEN":                "eyJ0: # not YAML",
		"CALLS":                         "30",
		"EMPTY":                         "",
	}[name]
	return v, ok
}

// same compares configs by what they say, secrets included.
var same = cmp.Options{
	cmpopts.IgnoreUnexported(configs.Config{}),
	cmp.Comparer(func(a, b configs.Secret) bool { return a == b }),
}

func TestLoadExamples(t *testing.T) {
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) < 6 {
		t.Fatalf("examples: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			if _, err := configs.Load(file, environment); err != nil {
				t.Error(err)
			}
		})
	}
}

const minimal = `
lake: s3://bucket
tenants: [{id: 00000000-0000-0000-0000-00000000000A}]
tables: [EmailEvents]
`

func parse(t *testing.T, text string) *configs.Config {
	t.Helper()
	c, err := configs.Parse("/etc/huntlake.yaml", []byte(text), environment)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParseDefaults(t *testing.T) {
	want := &configs.Config{
		Lake:    "s3://bucket",
		Source:  configs.Source{API: configs.Graph, Cloud: configs.Global, Window: 30 * 24 * time.Hour},
		Tenants: []configs.Tenant{{ID: "00000000-0000-0000-0000-00000000000a", Auth: configs.Auth{Method: configs.AuthDefault}}},
		Tables:  []configs.Table{{Name: "EmailEvents", Cursor: configs.CursorAuto, Every: 24 * time.Hour}},
		Quota:   configs.Quota{CallsPerMinute: 45, RunTimePerHour: 10 * time.Minute, RunTimePerDay: 4 * time.Hour, Share: 1},
		Publish: configs.Publish{MaxDelay: time.Hour, TargetSize: 128 << 20},
		Settle:  10 * time.Minute,
	}
	if diff := cmp.Diff(want, parse(t, minimal), same); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestParseEverything(t *testing.T) {
	got := parse(t, `
lake: ./lake
source: {api: defender, cloud: dod, endpoint: "http://[::1]:80/", window: 1d12h}
tenants:
  - id: 00000000-0000-0000-0000-000000000001
    auth: {method: client-certificate, client_id: AAAAAAAA-0000-0000-0000-000000000000, certificate: keys/a.pem, certificate_password: 0123}
  - id: 00000000-0000-0000-0000-000000000002
    auth: {method: workload-identity, client_id: 00000000-0000-0000-0000-000000000003, token_file: /run/token}
  - id: 00000000-0000-0000-0000-000000000003
    auth: {method: token, token: "${HUNTLAKE_TOKEN}"}
  - id: 00000000-0000-0000-0000-000000000004
    auth: {method: client-secret, client_id: 00000000-0000-0000-0000-000000000003, client_secret: "a$$b$c${HUNTLAKE_CLIENT_SECRET}${EMPTY}"}
tables:
  - {name: AlertInfo, cursor: timestamp, mode: event}
  - {name: DeviceTvmSoftwareInventory, mode: snapshot, every: 48h}
queries:
  - name: powershell
    query: |
      DeviceProcessEvents
      | where FileName =~ "powershell.exe"
quota: {calls_per_minute: "${CALLS}", run_time_per_hour: 5m, run_time_per_day: 1h, share: 12.5%}
publish: {max_delay: 90s, target_size: 1GB}
settle: 0s
`)
	want := &configs.Config{
		Lake:   "file:///etc/lake",
		Source: configs.Source{API: configs.Defender, Cloud: configs.DoD, Endpoint: "http://[::1]:80/", Window: 36 * time.Hour},
		Tenants: []configs.Tenant{
			{ID: "00000000-0000-0000-0000-000000000001", Auth: configs.Auth{
				Method: configs.AuthClientCertificate, ClientID: "aaaaaaaa-0000-0000-0000-000000000000",
				Certificate: "/etc/keys/a.pem", CertificatePassword: configs.NewSecret("0123"),
			}},
			{ID: "00000000-0000-0000-0000-000000000002", Auth: configs.Auth{
				Method: configs.AuthWorkloadIdentity, ClientID: "00000000-0000-0000-0000-000000000003", TokenFile: "/run/token",
			}},
			{ID: "00000000-0000-0000-0000-000000000003", Auth: configs.Auth{
				Method: configs.AuthToken, Token: configs.NewSecret("eyJ0: # not YAML"),
			}},
			{ID: "00000000-0000-0000-0000-000000000004", Auth: configs.Auth{
				Method: configs.AuthClientSecret, ClientID: "00000000-0000-0000-0000-000000000003", ClientSecret: configs.NewSecret("a$b$cs3cret"),
			}},
		},
		Tables: []configs.Table{
			{Name: "AlertInfo", Cursor: configs.CursorTimestamp, Mode: configs.ModeEvent, Every: 24 * time.Hour},
			{Name: "DeviceTvmSoftwareInventory", Cursor: configs.CursorAuto, Mode: configs.ModeSnapshot, Every: 48 * time.Hour},
		},
		Queries: []configs.Query{{Name: "powershell", Text: "DeviceProcessEvents\n| where FileName =~ \"powershell.exe\"\n"}},
		Quota:   configs.Quota{CallsPerMinute: 30, RunTimePerHour: 5 * time.Minute, RunTimePerDay: time.Hour, Share: 0.125},
		Publish: configs.Publish{MaxDelay: 90 * time.Second, TargetSize: 1e9},
	}
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestParseDefenderCalls(t *testing.T) {
	for text, want := range map[string]int{
		"source: {api: defender}":                                10,
		"source: {api: defender}\nquota: {calls_per_minute: 45}": 45,
		"source: {api: defender}\nquota: {calls_per_minute: }":   10,
		"source: {api: graph}\nquota: {share: 1%}":               45,
	} {
		if got := parse(t, minimal+text).Quota.CallsPerMinute; got != want {
			t.Errorf("%q: %d calls a minute, want %d", text, got, want)
		}
	}
}

func TestParseLake(t *testing.T) {
	for _, c := range []struct{ written, want string }{
		{"./lake", "file:///etc/lake"},
		{"lake", "file:///etc/lake"},
		{"../a b", "file:///a%20b"},
		{"./a?b#c", "file:///etc/a%3Fb%23c"},
		{"/srv/lake/", "file:///srv/lake"},
		{"file:///srv/lake", "file:///srv/lake"},
		{"file://./lake", "file:///etc/lake"},
		{"file://../lake", "file:///lake"},
		{"s3://b/p?region=eu-west-1", "s3://b/p?region=eu-west-1"},
		{"azblob://b", "azblob://b"},
		{"./s3:/b", "file:///etc/s3:/b"},
	} {
		got := parse(t, strings.Replace(minimal, "s3://bucket", `"`+c.written+`"`, 1)).Lake
		if got != c.want {
			t.Errorf("lake %q is %q, want %q", c.written, got, c.want)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	folder := t.TempDir()
	if _, err := configs.Load(filepath.Join(folder, "none.yaml"), environment); !os.IsNotExist(errors.Unwrap(err)) {
		t.Errorf("no file: %v", err)
	}
	large := filepath.Join(folder, "large.yaml")
	if err := os.WriteFile(large, bytes.Repeat([]byte("#"), 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := configs.Load(large, environment); err == nil || !strings.Contains(err.Error(), "larger than 1MiB") {
		t.Errorf("large file: %v", err)
	}
}

func TestValidateChanged(t *testing.T) {
	c := parse(t, minimal)
	if err := c.Validate(); err != nil {
		t.Fatalf("as parsed: %v", err)
	}
	c.Source.Window = 31 * 24 * time.Hour
	c.Tables = append(c.Tables, c.Tables[0])
	const want = `/etc/huntlake.yaml:1: source.window: 31d is not between 1s and 30d: the service keeps rows no longer
/etc/huntlake.yaml:4: tables[1].name: "EmailEvents" is tables[0] already: remove one of them`
	if got := c.Validate().Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := (&configs.Config{Lake: "nowhere"}).Validate(); err == nil || strings.Contains(err.Error(), ":1:") {
		t.Errorf("built by hand: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte("a: &x [*x]\n<<: *x\n? {}\n: !!str y\n---\n\t'"))
	f.Add([]byte("lake: |\n  x\n\nquota: {share: 1%}}"))
	files, _ := filepath.Glob("*.yaml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := configs.Parse("f.yaml", text, environment)
		if (c == nil) == (err == nil) {
			t.Fatalf("config %v, error %v", c, err)
		}
		if err == nil && c.Validate() != nil {
			t.Errorf("parsed, but not valid: %v", c.Validate())
		}
	})
}

// Who asks no tenant needs no secret, and is told everything else that is wrong.
func TestLoadUnsigned(t *testing.T) {
	none := func(string) (string, bool) { return "", false }
	c, err := configs.LoadUnsigned("huntlake.yaml", none)
	if err != nil {
		t.Fatal(err)
	}
	if want := []configs.Tenant{{ID: c.Tenants[0].ID}}; !cmp.Equal(want, c.Tenants, same) || c.Tenants[0].ID == "" {
		t.Errorf("tenants %v", c.Tenants)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	if _, err := configs.Load("huntlake.yaml", none); err == nil {
		t.Error("Load does without the secret")
	}
	file := filepath.Join(t.TempDir(), "f.yaml")
	if err := os.WriteFile(file, []byte("lake: s3://bucket\ntenants: [{id: 7, auth: {token: \"${NONE}\"}}]\ntables: [EmailEvents]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := configs.LoadUnsigned(file, none); err == nil || !strings.Contains(err.Error(), "tenants[0].id") || strings.Contains(err.Error(), "NONE") {
		t.Errorf("error %v", err)
	}
}
