package hunting

import "fmt"

// Cloud is one of Microsoft's separate clouds. The zero value is the one that is not a government's.
type Cloud uint8

// The clouds that have a hunting API.
const (
	Global  Cloud = iota // worldwide
	GCC                  // US government, on the worldwide cloud's login
	GCCHigh              // US government
	DoD                  // US Department of Defense
)

var cloudNames = [...]string{Global: "global", GCC: "gcc", GCCHigh: "gcc-high", DoD: "dod"}

// String prints the cloud's name: global, gcc, gcc-high or dod.
func (c Cloud) String() string {
	if int(c) >= len(cloudNames) {
		return fmt.Sprintf("cloud(%d)", uint8(c))
	}
	return cloudNames[c]
}

// ParseCloud reads what String prints.
func ParseCloud(text string) (Cloud, error) {
	for c, name := range cloudNames {
		if name == text {
			return Cloud(c), nil
		}
	}
	return 0, fmt.Errorf("parse cloud %q: want global, gcc, gcc-high or dod", text)
}

// Where the APIs are, by cloud: learn.microsoft.com/graph/deployments and
// learn.microsoft.com/defender-xdr/usgov.
var (
	graphHosts    = [...]string{Global: "graph.microsoft.com", GCC: "graph.microsoft.com", GCCHigh: "graph.microsoft.us", DoD: "dod-graph.microsoft.us"}
	defenderHosts = [...]string{Global: "api.security.microsoft.com", GCC: "api-gcc.security.microsoft.us", GCCHigh: "api-gov.security.microsoft.us", DoD: "api-gov.security.microsoft.us"}
	loginHosts    = [...]string{Global: "login.microsoftonline.com", GCC: "login.microsoftonline.com", GCCHigh: "login.microsoftonline.us", DoD: "login.microsoftonline.us"}
)

// Endpoint returns where a cloud answers in a dialect, the scope of the token that it wants, and the authority that
// issues it.
func Endpoint(d Dialect, c Cloud) (baseURL, scope, authority string, err error) {
	if int(c) >= len(cloudNames) {
		return "", "", "", fmt.Errorf("endpoint: no %v", c)
	}
	switch d {
	case Graph:
		baseURL = "https://" + graphHosts[c]
	case Defender:
		baseURL = "https://" + defenderHosts[c]
	default:
		return "", "", "", fmt.Errorf("endpoint: no dialect %d", d)
	}
	return baseURL, baseURL + "/.default", "https://" + loginHosts[c] + "/", nil
}

// path is where the API's one call is.
func (d Dialect) path() string {
	if d == Defender {
		return "/api/advancedhunting/run"
	}
	return "/v1.0/security/runHuntingQuery"
}

// Permission is what an application must be granted to use the API.
func (d Dialect) Permission() string {
	if d == Defender {
		return "AdvancedHunting.Read.All (API: Microsoft Threat Protection)"
	}
	return "ThreatHunting.Read.All (API: Microsoft Graph)"
}
