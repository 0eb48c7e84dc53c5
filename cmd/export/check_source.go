package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"huntlake/configs"
	"huntlake/pipeline"
	"huntlake/pipeline/hunting"
	"huntlake/schema"
)

// tenancy is what a check finds out about one tenant.
type tenancy struct {
	*checklist
	prefix string        // of what is checked, where there are several tenants
	permit string        // the permission, by name
	behind time.Duration // how far the service's clock is behind this machine's
	dated  bool          // behind is known
}

// tenant tries to sign in to a tenant, asks for the columns of everything that is exported, and compares clocks.
func (c *checklist) tenant(ctx context.Context, j *job, i int) {
	t := &tenancy{checklist: c, permit: dialectOf(j.config.Source.API).Permission()}
	if len(j.config.Tenants) > 1 {
		t.prefix = "tenant " + j.config.Tenants[i].ID + ": "
	}
	s, err := j.source(i)
	if err == nil {
		err = s.client.SignIn(ctx)
	}
	t.take(err)
	t.add(t.prefix+"sign in", err, describeMethod(j.config.Tenants[i].Auth.Method))
	if err != nil {
		t.skip(t.prefix+"permission", "without a sign-in")
		t.skip(t.prefix+plural(len(j.opts.Tables), "table"), "without a sign-in")
	} else {
		t.tables(ctx, s.client, j.opts.Tables)
	}
	t.clock()
}

func describeMethod(m configs.Method) string {
	if m == configs.AuthToken {
		return "by token, as it is; the first call tries it"
	}
	return "by " + string(m)
}

// tables asks for each table's columns, and thereby for the permission: an application without it gets tokens, too.
func (t *tenancy) tables(ctx context.Context, client *hunting.Client, tables []pipeline.Table) {
	permitted := false
	for i, table := range tables {
		if t.ended() != nil {
			t.skip(t.prefix+plural(len(tables)-i, "other table"), "interrupted")
			break
		}
		a, err := columns(ctx, client, table)
		if a != nil {
			t.behind, t.dated, permitted = t.program.now().Sub(a.Date), !a.Date.IsZero(), true
		}
		t.take(err)
		if errors.Is(err, hunting.ErrDenied) && !permitted {
			t.refused(err, len(tables)-i)
			return
		}
		t.add(t.prefix+table.Table.Path(), err, describeColumns(a))
		if left := len(tables) - i - 1; left > 0 && t.ended() == nil && hopeless(err) {
			t.skip(t.prefix+plural(left, "other table"), "which would go the same way")
			break
		}
	}
	if permitted {
		t.add(t.prefix+"permission", nil, t.permit)
	} else {
		t.skip(t.prefix+"permission", "no table has answered, which would prove "+t.permit)
	}
}

// refused notes a token or a permission that does not do, and with it that so many tables were not tried.
func (t *tenancy) refused(err error, tables int) {
	var refusal *hunting.Error
	what := "token"
	if errors.As(err, &refusal) && refusal.Status != http.StatusUnauthorized {
		what = "permission"
	}
	t.add(t.prefix+what, err, "")
	t.skip(t.prefix+plural(tables, "table"), "without the "+what)
}

// hopeless reports whether every other table would meet the same error. A service that refuses one as if it were down may
// yet answer for another; where nobody answers at all, that is the same for all.
func hopeless(err error) bool {
	silent := hunting.IsOutage(err) && !errors.As(err, new(*hunting.Error))
	return silent || errors.Is(err, hunting.ErrDenied) || errors.Is(err, hunting.ErrQuota)
}

// take takes the clock of whoever refused, where nothing better is known.
func (t *tenancy) take(err error) {
	var refusal *hunting.Error
	var signIn *hunting.SignInError
	var date time.Time
	switch {
	case errors.As(err, &refusal):
		date = refusal.Date
	case errors.As(err, &signIn):
		date = signIn.Date
	}
	if !t.dated && !date.IsZero() {
		t.behind, t.dated = t.program.now().Sub(date), true
	}
}

func (t *tenancy) clock() {
	if !t.dated {
		t.skip(t.prefix+"clock", "no answer was dated")
		return
	}
	t.add(t.prefix+"clock", skew(t.behind), fmt.Sprintf("within %s of the service's", length(t.behind.Abs().Round(time.Second)+time.Second)))
}

// columns asks for a table's columns, one of which has to be its time, unless it is read as snapshots.
func columns(ctx context.Context, client *hunting.Client, t pipeline.Table) (*hunting.Answer, error) {
	a, err := client.Run(ctx, hunting.Query{Table: t.Table.Path(), Text: t.Source.Schema()})
	if err != nil {
		return nil, err
	}
	a.Release()
	if t.Source.TimeColumn == "" {
		return a, nil
	}
	for _, f := range a.Fields {
		if f.Name != t.Source.TimeColumn {
			continue
		}
		if kind, err := schema.KindOf(f.Type); err != nil || kind != schema.Timestamp {
			return a, fmt.Errorf("column %s of %s is a %s, want a datetime", f.Name, t.Table.Path(), f.Type)
		}
		return a, nil
	}
	return a, fmt.Errorf("%s has no column %s, which says what day a row belongs to", t.Table.Path(), t.Source.TimeColumn)
}

func describeColumns(a *hunting.Answer) string {
	if a == nil {
		return ""
	}
	return plural(len(a.Fields), "column")
}

// maxSkew is how far the clocks may be apart before tokens are refused and plans end too early.
const maxSkew = 2 * time.Minute

func skew(behind time.Duration) error {
	if behind.Abs() <= maxSkew {
		return nil
	}
	where := "ahead of"
	if behind < 0 {
		where = "behind"
	}
	return fmt.Errorf("this machine's clock is %s %s the service's: set it by a time server", length(behind.Abs()), where)
}
