package main_test

import (
	"runtime"
	"testing"
)

func TestVersion(t *testing.T) {
	huntlake(t, "version").want(t, 0, "huntlake ", runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
	got := decode[map[string]any](t, huntlake(t, "version", "--json"))
	if got["version"] == "" || got["go"] != runtime.Version() {
		t.Errorf("got %v", got)
	}
}
