package main_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"huntlake/configs"
)

// The examples of deployment call huntlake in a way that it understands, with a configuration that it takes.
func TestDeployments(t *testing.T) {
	folder := filepath.Join(root, "configs", "deploy")
	service, err := os.ReadFile(filepath.Join(folder, "huntlake.service"))
	if err != nil {
		t.Fatal(err)
	}
	command := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/huntlake (.*)$`).FindSubmatch(service)
	if command == nil {
		t.Fatal("huntlake.service does not call huntlake")
	}
	understands(t, strings.Fields(string(command[1])))

	manifest, err := os.ReadFile(filepath.Join(folder, "kubernetes.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for documents := yaml.NewDecoder(bytes.NewReader(manifest)); ; {
		var object struct {
			Kind string
			Data map[string]string
			Spec struct {
				Template struct {
					Spec struct{ Containers []struct{ Args []string } }
				}
			}
		}
		if err := documents.Decode(&object); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		switch object.Kind {
		case "ConfigMap":
			seen++
			none := func(string) (string, bool) { return "", false }
			if _, err := configs.Parse("kubernetes.yaml", []byte(object.Data["huntlake.yaml"]), none); err != nil {
				t.Error(err)
			}
		case "Deployment":
			seen++
			understands(t, object.Spec.Template.Spec.Containers[0].Args)
		}
	}
	if seen != 2 {
		t.Errorf("kubernetes.yaml has %d of a ConfigMap and a Deployment", seen)
	}
}

// understands holds that there is such a verb with such flags and values: it comes as far as the configuration.
func understands(t *testing.T, args []string) {
	t.Helper()
	huntlake(t, append(args, "--config", "nonesuch.yaml")...).want(t, 2, "read configuration: open nonesuch.yaml")
}
