package configs_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"huntlake/configs"
)

func TestSecretTellsNobody(t *testing.T) {
	secret := configs.NewSecret("hunter2")
	inside := struct {
		Plain   configs.Secret
		Pointer *configs.Secret
		Map     map[string]configs.Secret
	}{secret, &secret, map[string]configs.Secret{"k": secret}}

	printed := map[string]string{"String": secret.String(), "GoString": secret.GoString()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%5.2f", "%!"} {
		printed[verb] = fmt.Sprintf(verb, secret) + fmt.Sprintf(verb, inside) + fmt.Sprintf(verb, &inside)
	}
	for name, marshal := range map[string]func(any) ([]byte, error){"JSON": json.Marshal, "YAML": yaml.Marshal} {
		b, err := marshal(inside)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		printed[name] = string(b)
	}
	b, err := xml.Marshal(secret)
	if err != nil {
		t.Error(err)
	}
	printed["XML"] = string(b)
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("m", "secret", secret, "inside", inside)
	}
	printed["slog"] = log.String()

	for how, got := range printed {
		if strings.Contains(got, "hunter2") || strings.Contains(got, "68756e74657232") {
			t.Errorf("%s tells it: %s", how, got)
		}
	}
	for _, how := range []string{"String", "GoString", "%v", "%d", "JSON", "YAML", "XML", "slog"} {
		if !strings.Contains(printed[how], "[redacted]") {
			t.Errorf("%s does not say that it is redacted: %s", how, printed[how])
		}
	}
	if secret.Reveal() != "hunter2" || secret != configs.NewSecret("hunter2") || secret == (configs.Secret{}) {
		t.Error("a secret is not what it was made of")
	}
}

func TestConfigTellsNobody(t *testing.T) {
	c := parse(t, minimal+"queries: []\n")
	c.Tenants[0].Auth.Token = configs.NewSecret("hunter2")
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(b) + fmt.Sprintf("%v %+v %#v", c, *c, *c); strings.Contains(got, "hunter2") {
		t.Errorf("tells it: %s", got)
	}
}
