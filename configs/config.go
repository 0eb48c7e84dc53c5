package configs

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Config is one file, with its defaults filled in.
type Config struct {
	Lake    string // bucket URL; a folder is file:///…
	Source  Source
	Tenants []Tenant
	Tables  []Table
	Queries []Query
	Quota   Quota
	Publish Publish
	Settle  time.Duration // how far behind now the source is taken to be complete

	origin   origin
	unsigned bool // tenants lack Auth
}

// maxBytes bounds a configuration file.
const maxBytes = 1 << 20

// Load reads the file at path. Variables are looked up with env, such as os.LookupEnv. The error is that of Parse,
// or of reading the file: fs.ErrNotExist where there is none.
func Load(path string, env func(string) (string, bool)) (*Config, error) {
	return load(path, env, false)
}

// LoadUnsigned is Load for those who ask no tenant for anything: how to sign in is not looked at, so that no secret need
// be there, and every Tenant.Auth is zero.
func LoadUnsigned(path string, env func(string) (string, bool)) (*Config, error) {
	return load(path, env, true)
}

func load(path string, env func(string) (string, bool), unsigned bool) (*Config, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return parse(path, text, env, unsigned)
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err == nil && len(text) > maxBytes {
		err = fmt.Errorf("%s is larger than %s", path, FormatSize(maxBytes))
	}
	return text, err
}

// Parse reads text, which came from the file called name. The error lists every fault, one a line, in the order of
// the file; the config is nil then.
func Parse(name string, text []byte, env func(string) (string, bool)) (*Config, error) {
	return parse(name, text, env, false)
}

func parse(name string, text []byte, env func(string) (string, bool), unsigned bool) (*Config, error) {
	r := newReader(name, env)
	c := &Config{
		Source:   defaultSource,
		Quota:    defaultQuota,
		Publish:  defaultPublish,
		Settle:   10 * time.Minute,
		origin:   r.origin,
		unsigned: unsigned,
	}
	if root := r.parse(text); root != nil {
		c.keys(r)(root, "")
		c.complete(r)
		c.validate(&r.faults)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Config) keys(r *reader) read {
	return r.mapping(keys{
		"lake":    text(r, &c.Lake),
		"source":  c.Source.keys(r),
		"tenants": list(r, &c.Tenants, c.tenantKeys),
		"tables":  list(r, &c.Tables, (*Table).keys),
		"queries": list(r, &c.Queries, (*Query).keys),
		"quota":   c.Quota.keys(r),
		"publish": c.Publish.keys(r),
		"settle":  parsed(r, &c.Settle, ParseDuration),
	})
}

// complete fills in what depends on other fields or on where the file lies.
func (c *Config) complete(r *reader) {
	if c.Source.API == Defender && !r.given("quota.calls_per_minute") {
		c.Quota.CallsPerMinute = defenderCallsPerMinute
	}
	folder, err := filepath.Abs(filepath.Dir(r.origin.file))
	if err != nil {
		r.refuse("lake", "find the folder of the configuration: %v", err)
		return
	}
	if fault := pathFault(c.Lake); fault != "" {
		r.refuse("lake", "%s", fault)
	} else if c.Lake != "" {
		c.Lake = lakeURL(c.Lake, folder)
	}
	for i := range c.Tenants {
		c.Tenants[i].complete(folder)
	}
}

// Validate checks c against everything that Parse checks but the YAML itself: for one that was changed after it was
// read. The error lists every fault, one a line.
func (c *Config) Validate() error {
	f := &faults{origin: c.origin}
	c.validate(f)
	return f.err()
}

// Fault is the error that something is wrong with the field at path, such as queries[0].query: it names file and line, as
// the errors of Parse do.
func (c *Config) Fault(path string, err error) error { return c.origin.fault(path, err) }

func (c *Config) validate(f *faults) {
	validateLake(f, c.Lake)
	c.Source.validate(f)
	validateTenants(f, c.Tenants, c.unsigned)
	validateNames(f, c.Tables, c.Queries)
	c.Quota.validate(f)
	c.Publish.validate(f)
	f.check(c.Settle >= 0 && c.Settle < c.Source.Window, "settle", "%s is not between 0s and the window of %s",
		FormatDuration(c.Settle), FormatDuration(c.Source.Window))
}
