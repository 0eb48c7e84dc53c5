package configs_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"huntlake/configs"
)

// TestParseForms writes the minimal config in other ways that mean the same.
func TestParseForms(t *testing.T) {
	want := parse(t, minimal)
	for name, text := range map[string]string{
		"CRLF":            strings.ReplaceAll(minimal, "\n", "\r\n"),
		"no last newline": strings.TrimRight(minimal, "\n"),
		"byte order mark": "\ufeff" + minimal,
		"document marks":  "---" + minimal + "...\n",
		"comments":        strings.ReplaceAll(minimal, "\n", " # why\n"),
		"quoted keys":     strings.NewReplacer("lake:", `"lake":`, "tables:", "'tables':").Replace(minimal),
		"JSON":            `{"lake": "s3://bucket", "tenants": [{"id": "00000000-0000-0000-0000-00000000000A"}], "tables": [{"name": "EmailEvents"}]}`,
		"block lists":     "lake: s3://bucket\ntenants:\n  - id: 00000000-0000-0000-0000-00000000000A\ntables:\n- EmailEvents\n",
		"folded":          strings.Replace(minimal, "s3://bucket", ">-\n  s3://bucket", 1),
		"sections empty":  minimal + "source:\nqueries: ~\nquota: {}\npublish: null\nsettle:\n",
		"fields empty":    minimal + "source: {api: , cloud: ~, endpoint: null, window: }\n",
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, parse(t, text), same); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestParseExpands(t *testing.T) {
	for written, want := range map[string]string{
		"T | where a == 'x'":        "T | where a == 'x'",
		"${EMPTY}T":                 "T",
		"T${CALLS}${CALLS}":         "T3030",
		"$${CALLS}":                 "${CALLS}",
		"$$${CALLS}":                "$30",
		"$$$$":                      "$$",
		"$left.a == $right.a $":     "$left.a == $right.a $",
		"$CALLS":                    "$CALLS",
		"${HUNTLAKE_TOKEN}":         "eyJ0: # not YAML",
		"T${EMPTY} | where a == $$": "T | where a == $",
		// What a variable holds is not looked at again.
		"${HUNTLAKE_CERTIFICATE_PASSWORD}": "pa$$word",
	} {
		c := parse(t, minimal+"queries:\n- name: q\n  query: |-\n    "+written+"\n")
		if got := c.Queries[0].Text; got != want {
			t.Errorf("%q expands to %q, want %q", written, got, want)
		}
	}
	for _, written := range []string{"${", "${}", "${CALLS", "${A B}", "${1A}", "${A-b}", "$$${NO}"} {
		text := minimal + "queries:\n- name: q\n  query: |-\n    " + written + "\n"
		if _, err := configs.Parse("f.yaml", []byte(text), environment); err == nil || !strings.HasPrefix(err.Error(), "f.yaml:7: queries[0].query: ") {
			t.Errorf("%q: %v", written, err)
		}
	}
}

func TestParseHints(t *testing.T) {
	for written, want := range map[string]string{
		"tabels":   "did you mean tables?",
		"Table":    "did you mean tables?",
		"LAKE":     "did you mean lake?",
		"tenant":   "did you mean tenants?",
		"setle":    "did you mean settle?",
		"query":    "want one of ",
		"lk":       "want one of ",
		"":         "want one of ",
		"publish ": "did you mean publish?",
		"ключ":     "want one of ",
	} {
		_, err := configs.Parse("f.yaml", []byte(minimal+`"`+written+`": 1`), environment)
		if err == nil || !strings.Contains(err.Error(), "there is no such field: "+want) {
			t.Errorf("%q: got %v, want %s", written, err, want)
		}
	}
}

func TestParseWrongShapes(t *testing.T) {
	for text, want := range map[string]string{
		"lake: [a]\n":              "lake: want a single value, without anchor, alias or tag",
		"lake: {a: b}\n":           "lake: want a single value, without anchor, alias or tag",
		"lake: &a b\n":             "lake: want a single value, without anchor, alias or tag",
		"tables: EmailEvents\n":    "tables: want a list, each item after a dash",
		"tenants: {id: x}\n":       "tenants: want a list, each item after a dash",
		"source: graph\n":          "source: want a mapping of api, cloud, endpoint, window",
		"publish: [max_delay]\n":   "publish: want a mapping of max_delay, target_size",
		"tenants: [{auth: cli}]\n": "tenants[0].auth: want a mapping of certificate, certificate_password, client_id, client_secret, method, token, token_file",
	} {
		_, err := configs.Parse("f.yaml", []byte(text), environment)
		if err == nil || !strings.Contains(err.Error(), "f.yaml:1: "+want+"\n") {
			t.Errorf("%q: got\n%v\nwant %s", text, err, want)
		}
		field, _, _ := strings.Cut(want, ":")
		if strings.Count(err.Error(), " "+field+":") != 1 {
			t.Errorf("%q: one mistake, several messages:\n%v", text, err)
		}
	}
}
