package hunting_test

import (
	"testing"

	"huntlake/pipeline/hunting"
)

func TestEndpoint(t *testing.T) {
	for _, tt := range []struct {
		dialect                hunting.Dialect
		cloud                  hunting.Cloud
		base, scope, authority string
	}{
		{hunting.Graph, hunting.Global, "https://graph.microsoft.com", "https://graph.microsoft.com/.default", "https://login.microsoftonline.com/"},
		{hunting.Graph, hunting.GCC, "https://graph.microsoft.com", "https://graph.microsoft.com/.default", "https://login.microsoftonline.com/"},
		{hunting.Graph, hunting.GCCHigh, "https://graph.microsoft.us", "https://graph.microsoft.us/.default", "https://login.microsoftonline.us/"},
		{hunting.Graph, hunting.DoD, "https://dod-graph.microsoft.us", "https://dod-graph.microsoft.us/.default", "https://login.microsoftonline.us/"},
		{hunting.Defender, hunting.Global, "https://api.security.microsoft.com", "https://api.security.microsoft.com/.default", "https://login.microsoftonline.com/"},
		{hunting.Defender, hunting.GCC, "https://api-gcc.security.microsoft.us", "https://api-gcc.security.microsoft.us/.default", "https://login.microsoftonline.com/"},
		{hunting.Defender, hunting.GCCHigh, "https://api-gov.security.microsoft.us", "https://api-gov.security.microsoft.us/.default", "https://login.microsoftonline.us/"},
		{hunting.Defender, hunting.DoD, "https://api-gov.security.microsoft.us", "https://api-gov.security.microsoft.us/.default", "https://login.microsoftonline.us/"},
	} {
		t.Run(tt.dialect.String()+" "+tt.cloud.String(), func(t *testing.T) {
			base, scope, authority, err := hunting.Endpoint(tt.dialect, tt.cloud)
			if err != nil || base != tt.base || scope != tt.scope || authority != tt.authority {
				t.Errorf("got %s %s %s, %v", base, scope, authority, err)
			}
			if again, err := hunting.ParseCloud(tt.cloud.String()); err != nil || again != tt.cloud {
				t.Errorf("parsed as %v, %v", again, err)
			}
		})
	}
	if _, _, _, err := hunting.Endpoint(hunting.Graph, 4); err == nil {
		t.Error("a fifth cloud")
	}
	if _, _, _, err := hunting.Endpoint(3, hunting.Global); err == nil {
		t.Error("a third dialect")
	}
	if _, err := hunting.ParseCloud("china"); err == nil {
		t.Error("parsed china")
	}
	if got := hunting.Cloud(4).String(); got != "cloud(4)" {
		t.Errorf("got %s", got)
	}
}
