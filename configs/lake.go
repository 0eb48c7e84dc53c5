package configs

import (
	"net/url"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// lakeSchemes are the stores that a lake can lie in.
var lakeSchemes = []string{"file", "s3", "gs", "azblob"}

var (
	almostURL = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]+:`)
	drive     = regexp.MustCompile(`^[A-Za-z]:[\\/]`)
)

// pathFault says why a lake without :// is hardly meant to be a path: it would become a folder of that name here.
func pathFault(lake string) string {
	switch {
	case strings.Contains(lake, "://"):
		return ""
	case strings.HasPrefix(lake, "~"):
		return "~ is not expanded here: write the folder's whole path"
	case almostURL.MatchString(lake):
		return "it is neither a URL, which has ://, nor a path: write s3://bucket/prefix, or ./ before the name of a folder"
	case runtime.GOOS != "windows" && drive.MatchString(lake):
		return "it is a path of Windows, and this is not Windows"
	}
	return ""
}

// lakeURL turns a path into a file URL, and a relative one into an absolute one below folder; file://./lake and
// file://../lake are such paths too, with file: in front. Any other URL stays as it is.
func lakeURL(lake, folder string) string {
	path := lake
	switch scheme, rest, found := strings.Cut(lake, "://"); {
	case found && scheme == "file" && strings.HasPrefix(rest, "."):
		path = rest
	case found:
		return lake
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(folder, path)
	}
	path = filepath.ToSlash(filepath.Clean(path))
	return (&url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(path, "/")}).String()
}

func validateLake(f *faults, lake string) {
	const path = "lake"
	if lake == "" {
		f.add(path, "it is missing: name a bucket or a folder, such as s3://bucket/prefix?region=eu-west-1 or ./lake")
		return
	}
	u, err := url.Parse(lake)
	if err != nil {
		f.add(path, "it is not a URL: write a path without ://, or a URL such as s3://bucket/prefix")
		return
	}
	if !oneOf(f, path, u.Scheme, lakeSchemes...) {
		return
	}
	f.check(u.User == nil, path, "it carries credentials, which would be printed: give them to the store's own environment variables")
	f.check(u.Fragment == "", path, "it has a #fragment: write %%23 for a # in a name")
	switch u.Scheme {
	case "file":
		f.check(u.Host == "" && u.Path != "", path, "want an absolute path after file://, such as file:///srv/lake, or a path alone")
		f.check(u.RawQuery == "", path, "a folder takes no options: remove what follows the ?, or write %%3F for a ? in a name")
	case "s3", "gs", "azblob":
		f.check(u.Host != "", path, "the bucket is missing: write it like %s://bucket/prefix", u.Scheme)
	}
}
