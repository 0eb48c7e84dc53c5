package configs

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Tenant is one Defender tenant and how to sign in to it.
type Tenant struct {
	ID   string // a GUID in lower case
	Auth Auth
}

func (c *Config) tenantKeys(t *Tenant, r *reader) read {
	auth := func(ast.Node, string) {}
	if !c.unsigned {
		t.Auth.Method = AuthDefault
		auth = t.Auth.keys(r)
	}
	return r.mapping(keys{"id": text(r, &t.ID), "auth": auth})
}

func (t *Tenant) complete(folder string) {
	t.ID = strings.ToLower(t.ID)
	t.Auth.complete(folder)
}

var guid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

func validateTenants(f *faults, tenants []Tenant, unsigned bool) {
	f.check(len(tenants) > 0, "tenants", "there is none: list at least one id")
	seen := unique{}
	for i, t := range tenants {
		path := fmt.Sprintf("tenants[%d]", i)
		f.check(guid.MatchString(t.ID), path+".id", "%q is not a GUID in lower case such as 01234567-89ab-cdef-0123-456789abcdef", t.ID)
		seen.check(f, path+".id", t.ID, path)
		if !unsigned {
			t.Auth.validate(f, path+".auth")
		}
	}
}

// unique maps a name in lower case to where it was first used.
type unique map[string]string

func (u unique) check(f *faults, path, name, owner string) {
	if name == "" {
		return
	}
	first, taken := u[strings.ToLower(name)]
	if taken {
		f.add(path, "%q is %s already: remove one of them", name, first)
		return
	}
	u[strings.ToLower(name)] = owner
}
