package configs

import (
	"fmt"
	"regexp"
	"strings"
)

// Tenant is one Defender tenant and how to sign in to it.
type Tenant struct {
	ID   string // a GUID in lower case
	Auth Auth
}

func (t *Tenant) keys(r *reader) read {
	t.Auth.Method = AuthDefault
	return r.mapping(keys{
		"id":   text(r, &t.ID),
		"auth": t.Auth.keys(r),
	})
}

func (t *Tenant) complete(folder string) {
	t.ID = strings.ToLower(t.ID)
	t.Auth.complete(folder)
}

var guid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

func validateTenants(f *faults, tenants []Tenant) {
	f.check(len(tenants) > 0, "tenants", "there is none: list at least one id")
	seen := unique{}
	for i, t := range tenants {
		path := fmt.Sprintf("tenants[%d]", i)
		f.check(guid.MatchString(t.ID), path+".id", "%q is not a GUID in lower case such as 01234567-89ab-cdef-0123-456789abcdef", t.ID)
		seen.check(f, path+".id", t.ID, path)
		t.Auth.validate(f, path+".auth")
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
