package configs

import (
	"net"
	"net/url"
	"strings"
	"time"
)

// API names a dialect of the hunting API.
type API string

// The dialects.
const (
	Graph    API = "graph"    // Microsoft Graph, security/runHuntingQuery
	Defender API = "defender" // the older api/advancedhunting/run
)

// Cloud names a sovereign cloud.
type Cloud string

// The clouds.
const (
	Global  Cloud = "global"
	GCC     Cloud = "gcc"
	GCCHigh Cloud = "gcc-high"
	DoD     Cloud = "dod"
)

// MaxWindow is how far back the service keeps rows.
const MaxWindow = 30 * day

// Source says where rows come from and how far back.
type Source struct {
	API      API
	Cloud    Cloud
	Endpoint string        // base URL instead of the cloud's; "" is the cloud's
	Window   time.Duration // at most MaxWindow
}

var defaultSource = Source{API: Graph, Cloud: Global, Window: MaxWindow}

func (s *Source) keys(r *reader) read {
	return r.mapping(keys{
		"api":      text(r, &s.API),
		"cloud":    text(r, &s.Cloud),
		"endpoint": text(r, &s.Endpoint),
		"window":   parsed(r, &s.Window, ParseDuration),
	})
}

func (s *Source) validate(f *faults) {
	oneOf(f, "source.api", s.API, Graph, Defender)
	oneOf(f, "source.cloud", s.Cloud, Global, GCC, GCCHigh, DoD)
	f.check(s.Window > 0 && s.Window <= MaxWindow, "source.window", "%s is not between 1s and %s: the service keeps rows no longer",
		FormatDuration(s.Window), FormatDuration(MaxWindow))
	if s.Endpoint != "" {
		s.validateEndpoint(f)
	}
}

// validateEndpoint refuses to send a bearer token over plain HTTP to any other machine.
func (s *Source) validateEndpoint(f *faults) {
	const path = "source.endpoint"
	u, err := url.Parse(s.Endpoint)
	if err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http") {
		f.add(path, "want a base URL such as https://graph.microsoft.com, or nothing for the cloud's own")
		return
	}
	f.check(u.Scheme == "https" || loopback(u.Hostname()), path, "http reaches %s unencrypted: use https, or a loopback address", u.Hostname())
	f.check(u.User == nil && u.RawQuery == "" && u.Fragment == "" && strings.Trim(u.Path, "/") == "", path,
		"want scheme and host only: the API's path is known, and credentials belong under auth")
}

func loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
