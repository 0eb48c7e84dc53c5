package folder_test

import (
	"io/fs"
	"strings"
	"testing"

	"huntlake/writers/folder"
)

func TestPathOf(t *testing.T) {
	for _, c := range []struct{ key, want string }{
		{"DeviceEvents/tenant=1/dt=2026-11-22/x-1.parquet", "DeviceEvents/tenant=1/dt=2026-11-22/x-1.parquet"},
		{"_export/log/1.json", "_export/log/1.json"},
		{"..", "%2E%2E"},
		{"../../etc/passwd", "%2E%2E/%2E%2E/etc/passwd"},
		{"...", "%2E.%2E"},
		{"a/./b", "a/%2E/b"},
		{"/etc/passwd", "%/etc/passwd"},
		{"a//b/", "a/%/b/%"},
		{".uploads/x", "%2Euploads/x"},
		{"nul\x00byte", "nul%00byte"},
		{`a\..\b`, "a%5C..%5Cb"},
		{"100%", "100%25"},
		{"end.", "end%2E"},
		{"end ", "end%20"},
		{"世界", "世界"},
	} {
		got, err := folder.PathOf(c.key)
		if err != nil || got != c.want {
			t.Errorf("path of %q: got %q and error %v, want %q", c.key, got, err, c.want)
		}
	}
	for _, key := range []string{"", strings.Repeat("x", 256), "a/" + strings.Repeat("%", 86)} {
		if got, err := folder.PathOf(key); err == nil {
			t.Errorf("path of %.10q… (%d bytes): got %q, want an error", key, len(key), got)
		}
	}
}

func TestForeignNamesAreNoKeys(t *testing.T) {
	for _, name := range []string{".hidden", "a:b", "a%2", "a%zz", "a%2e", "%41", "x.", `a\b`} {
		if got, ok := folder.KeyElement(name); ok {
			t.Errorf("key element of %q: got %q, want none", name, got)
		}
	}
}

func FuzzPathOf(f *testing.F) {
	for _, seed := range []string{"a/b", "../x", "/", "a//b", ".", "%", "\x00", "é世"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		path, err := folder.PathOf(key)
		if err != nil {
			return
		}
		if !fs.ValidPath(path) {
			t.Fatalf("path of %q leads out of the folder: %q", key, path)
		}
		var elements []string
		for _, name := range strings.Split(path, "/") {
			element, ok := folder.KeyElement(name)
			if !ok || strings.HasPrefix(name, ".") {
				t.Fatalf("path of %q has the name %q, which is no key's", key, name)
			}
			elements = append(elements, element)
		}
		if got := strings.Join(elements, "/"); got != key {
			t.Fatalf("path of %q reads back as %q", key, got)
		}
	})
}
